//! Questions about a request, and requests that are left out.

use serde_json::json;
use spanwright::sample::RequestFacts;
use spanwright::sample::xray::{Exclusion, Rules, Sampler, Settings, Source};

use crate::{ask, at_ms, fetched, is_sampled, reply, rule, rule_for};

fn request() -> RequestFacts<'static> {
    RequestFacts {
        host: Some("api.cruddur.com"),
        method: Some("GET"),
        path: Some("/api/activities/home"),
        user_agent: Some("curl/8.14.1"),
        attributes: &[("plan", "free")],
    }
}

fn cruddur(exclusions: Vec<Exclusion>, is_central: bool) -> Sampler {
    let mut writes = rule_for("writes", "/api/activities/*", 5, 1.0);
    writes["HTTPMethod"] = json!("POST");
    writes["ServiceType"] = json!("AWS::ECS::Container");
    let mut paid = rule("paid", 5, 1.0);
    paid["Attributes"] = json!({ "plan": "paid", "team": "*" });
    paid["Priority"] = json!(2);
    let mut curl = rule("curl", 2, 0.25);
    curl["Attributes"] = json!({ "user_agent.original": "curl/*", "url.path": "/api/*" });
    curl["Priority"] = json!(3);
    let mut default = rule("Default", 1, 0.05);
    default["Priority"] = json!(10_000);
    let rules = json!([writes, paid, curl, default]).to_string();
    Sampler::new(Settings {
        service_name: "cruddur".to_owned(),
        rules: Some(Rules::from_json(&rules).expect("the rules are right")),
        is_central,
        exclusions,
        ..Settings::default()
    })
}

#[test]
fn each_rule_says_why_it_is_for_a_request_or_not() {
    let explanation = cruddur(Vec::new(), false).explain(&request(), at_ms(0));
    assert_eq!(
        explanation.to_string(),
        "local rules\n\
         writes: no, ServiceType is not known, the rule wants \"AWS::ECS::Container\"; \
         HTTPMethod is \"GET\", not \"POST\"\n\
         paid: no, plan is \"free\", not \"paid\"; team is not known, the rule wants \"*\"\n\
         curl: decides: 2 a second, then 25 %\n\
         Default: would match: 1 a second, then 5 %\n\
         (built in): would match: 1 a second, then 5 %\n"
    );
    let deciding = explanation.deciding().expect("nothing is excluded");
    assert_eq!(deciding.name.as_deref(), Some("curl"));
    let decision = ask(&cruddur(Vec::new(), false), request(), 0.5, at_ms(0));
    assert_eq!(decision.rule.as_deref(), Some("curl"), "as it is explained");
}

#[test]
fn what_is_excluded_reaches_no_rule() {
    let exclusion = Exclusion::default().method("GET").path("/api/*/home");
    let sampler = cruddur(vec![Exclusion::default().path("/health"), exclusion.clone()], true);
    for _ in 0..3 {
        let decision = ask(&sampler, request(), 0.0, at_ms(0));
        assert!(!decision.is_sampled && decision.rule.is_none());
    }
    let other = RequestFacts { path: Some("/api/activities"), ..request() };
    assert!(ask(&sampler, other, 0.9, at_ms(0)).is_sampled, "the reservoir is as it was");
    let explanation = sampler.explain(&request(), at_ms(0));
    assert_eq!(explanation.excluded_by, Some(exclusion));
    assert_eq!(explanation.deciding(), None);
    let text = explanation.to_string();
    assert!(text.starts_with(
        "local rules, the control plane has given none of late\n\
         excluded by method GET, path /api/*/home: not sampled, whatever the rules say\nwrites: no"
    ));
}

#[test]
fn excluded_requests_are_not_reported() {
    let sampler = Sampler::new(Settings {
        is_central: true,
        exclusions: vec![Exclusion::default().user_agent("curl/*")],
        ..Settings::default()
    });
    let mut central = sampler.central(1).expect("it was asked for");
    central.poll(at_ms(0)).expect("rules are fetched at once");
    let answer = crate::rules_answer(&[rule("all", 1, 1.0)]);
    reply(&mut central, &answer, at_ms(0)).expect("the rules are right");
    ask(&sampler, request(), 0.0, at_ms(0));
    assert_eq!(central.poll(at_ms(10_100)), None);
}

#[test]
fn fetched_rules_are_shown_with_their_age_quota_and_share() {
    let (sampler, mut central) = fetched(&[rule("all", 9, 0.5)]);
    is_sampled(&sampler, 0.5, at_ms(0));
    central.poll(at_ms(10_100)).expect("there is a count");
    let target = json!({
        "RuleName": "all", "FixedRate": 0.125, "ReservoirQuota": 3, "ReservoirQuotaTTL": 1_500_000_020,
    });
    let answer = json!({ "SamplingTargetDocuments": [target] });
    reply(&mut central, &answer, at_ms(10_100)).expect("the answer is right");
    for (ms, reservoir) in [(20_900, 3), (21_000, 9)] {
        let explanation = sampler.explain(&RequestFacts::default(), at_ms(ms));
        let age = at_ms(ms).saturating_sub(at_ms(0));
        assert_eq!(explanation.source, Source::Central { age });
        let all = explanation.deciding().expect("nothing is excluded");
        assert_eq!((all.reservoir, all.fixed_rate), (reservoir, 0.125));
    }
    let text = sampler.explain(&RequestFacts::default(), at_ms(21_000)).to_string();
    assert!(text.starts_with("rules of the control plane, fetched 21 s ago\nall: decides: 9 a"));
}
