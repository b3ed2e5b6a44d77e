//! Sampling with a control plane, second by second.

use std::time::Duration;

use serde_json::json;
use spanwright::sample::xray::{Answer, Central, Sampler, Settings};

use crate::control_plane::ControlPlane;
use crate::{START, at_ms, facts, fetched, is_sampled, reply, rule, rule_for, rule_of};

/// Sends what is due until nothing is.
fn drive(central: &mut Central, service: &mut ControlPlane, now: Duration) {
    while let Some(request) = central.poll(now) {
        assert_eq!(central.next_at(), None, "one request at a time");
        let (status, body) = service.answer(&request);
        let answer = Answer::Replied { status, body: body.as_bytes() };
        assert_eq!(central.answered(answer, now).is_ok(), status == 200);
    }
    assert!(central.next_at().is_some_and(|next_at| next_at > now), "it comes back later");
}

fn central() -> (Sampler, Central) {
    let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
    let central = sampler.central(1).expect("it was asked for");
    (sampler, central)
}

/// Twenty requests of one second, after what is polled at its beginning. Of each ten, one is below
/// 10 % of all traces, five are below 50 %, and so on.
fn second_of_requests(sampler: &Sampler, second: u64) -> usize {
    let kept = (0..20_u32).filter(|at| {
        let now = at_ms(second * 1000 + 600 + u64::from(*at) * 20);
        is_sampled(sampler, f64::from(at % 10) / 10.0 + 0.05, now)
    });
    kept.count()
}

#[test]
fn sixty_seconds_are_sampled_and_reported_by_the_arithmetic() {
    let (sampler, mut central) = central();
    let mut service = ControlPlane { rules: vec![rule("all", 10, 0.1)], ..ControlPlane::default() };
    let mut by_second = Vec::new();
    for second in 0..60 {
        let target = match second {
            10 => json!({ "FixedRate": 0.1, "ReservoirQuota": 5, "ReservoirQuotaTTL": START + 35 }),
            // No quota: the one there is holds until its end.
            20 => json!({ "FixedRate": 0.5 }),
            50 => json!({ "FixedRate": 0.2, "ReservoirQuota": 0, "ReservoirQuotaTTL": START + 99 }),
            _ => json!({}),
        };
        let mut target = target;
        target["RuleName"] = json!("all");
        service.targets.insert("all".to_owned(), target);
        service.status = (second == 40).then_some(500);
        for ms in (0..600).step_by(50) {
            drive(&mut central, &mut service, at_ms(second * 1000 + ms));
        }
        by_second.push(second_of_requests(&sampler, second));
    }
    drive(&mut central, &mut service, at_ms(60_600));
    for (seconds, expected, why) in [
        (0..10, 2, "one is borrowed, and one of the rest is in the share"),
        (10..20, 6, "five are the quota, and one of the rest is in the share"),
        (20..36, 10, "five are the quota, and five of the rest are in the share"),
        (36..50, 10, "the quota has ended: one is borrowed, nine are in the share"),
        (50..60, 4, "the quota is none: four are in the share, nothing is borrowed"),
    ] {
        for second in seconds {
            assert_eq!(by_second[second], expected, "second {second}: {why}");
        }
    }
    assert_eq!(
        service.log,
        [
            "/GetSamplingRules {}",
            "/SamplingTargets [(\"all\", [200, 20, 10])]",
            "/SamplingTargets [(\"all\", [200, 60, 0])]",
            "/SamplingTargets [(\"all\", [200, 100, 0])]",
            // This one fails, so the next one has its counts too.
            "/SamplingTargets [(\"all\", [200, 100, 4])]",
            "/SamplingTargets [(\"all\", [400, 200, 14])]",
            "/SamplingTargets [(\"all\", [200, 40, 0])]",
        ]
    );
    let kept: usize = by_second.iter().sum();
    assert_eq!(service.taken["all"], [1200, kept as u64, 24]);
    assert_eq!(sampler.status().failures, 1);
}

#[test]
fn rules_come_in_pages_and_are_fetched_again_after_five_minutes() {
    let (sampler, mut central) = central();
    let rules =
        vec![rule_for("a", "/a", 0, 1.0), rule_for("b", "/b", 0, 1.0), rule("Default", 0, 1.0)];
    let mut service = ControlPlane { rules, page: 1, ..ControlPlane::default() };
    drive(&mut central, &mut service, at_ms(0));
    let pages = ["{}", "{\"NextToken\":\"1\"}", "{\"NextToken\":\"2\"}"];
    assert_eq!(service.log, pages.map(|page| format!("/GetSamplingRules {page}")));
    assert_eq!(rule_of(&sampler, "/b", at_ms(0)).as_deref(), Some("b"));
    assert_eq!(rule_of(&sampler, "/c", at_ms(0)).as_deref(), Some("Default"));
    assert_eq!(sampler.status().rules, 3);
    service.log.clear();
    service.page = 0;
    let mut fetched_at = Vec::new();
    for second in (10..700).step_by(1) {
        drive(&mut central, &mut service, at_ms(second * 1000));
        if service.log.iter().any(|line| line.starts_with("/GetSamplingRules")) {
            fetched_at.push(second);
        }
        service.log.clear();
    }
    let [first, second] = fetched_at[..] else { panic!("{fetched_at:?}") };
    assert!((300..=306).contains(&first), "{first}");
    assert!((300..=306).contains(&(second - first)), "{second}");
}

#[test]
fn more_rules_than_fit_are_reported_in_several_requests() {
    let (sampler, mut central) = central();
    let rules = (0..60).map(|at| rule_for(&format!("rule-{at:02}"), &format!("/{at}"), 0, 1.0));
    let mut service = ControlPlane { rules: rules.collect(), ..ControlPlane::default() };
    drive(&mut central, &mut service, at_ms(0));
    for at in 0..60 {
        rule_of(&sampler, &format!("/{at}"), at_ms(0));
    }
    service.log.clear();
    drive(&mut central, &mut service, at_ms(10_100));
    assert_eq!(service.log.len(), 3, "25, 25 and 10");
    assert!(service.taken.values().all(|counts| *counts == [1, 1, 0]));
    assert_eq!(service.taken.len(), 60);
}

#[test]
fn a_rule_is_reported_at_its_own_interval() {
    let (sampler, mut central) = fetched(&[rule("all", 0, 1.0)]);
    let mut service = ControlPlane::default();
    let target = json!({ "RuleName": "all", "Interval": 30 });
    service.targets.insert("all".to_owned(), target);
    let mut reported_at = Vec::new();
    for second in 0..100 {
        is_sampled(&sampler, 0.5, at_ms(second * 1000));
        for ms in (0..1000).step_by(100) {
            drive(&mut central, &mut service, at_ms(second * 1000 + ms));
        }
        if service.log.iter().any(|line| line.starts_with("/SamplingTargets")) {
            reported_at.push(second);
        }
        service.log.clear();
    }
    assert_eq!(reported_at, [10, 40, 70]);
}

#[test]
fn the_same_rule_keeps_its_quota_and_a_changed_one_its_counts() {
    let (sampler, mut central) = central();
    let mut service = ControlPlane {
        rules: vec![rule_for("same", "/same", 1, 0.0), rule_for("other", "/other", 1, 0.0)],
        ..ControlPlane::default()
    };
    for name in ["same", "other"] {
        let target = json!({
            "RuleName": name, "FixedRate": 0.25, "ReservoirQuota": 3, "ReservoirQuotaTTL": START + 999,
        });
        service.targets.insert(name.to_owned(), target);
    }
    drive(&mut central, &mut service, at_ms(0));
    let ask_all = |now| ["/same", "/other"].map(|path| rule_of(&sampler, path, now));
    ask_all(at_ms(0));
    drive(&mut central, &mut service, at_ms(10_100));
    ask_all(at_ms(11_000));
    service.targets.clear();
    service.rules[1]["FixedRate"] = json!(0.75);
    drive(&mut central, &mut service, at_ms(306_000));
    let rates = ["/same", "/other"].map(|path| {
        let rule = sampler.explain(&facts(path), at_ms(306_000));
        let rule = rule.deciding().expect("nothing is excluded");
        (rule.reservoir, rule.fixed_rate)
    });
    assert_eq!(rates, [(3, 0.25), (1, 0.75)]);
    drive(&mut central, &mut service, at_ms(320_000));
    assert_eq!(service.taken["same"], [2, 2, 1]);
    assert_eq!(service.taken["other"], [2, 2, 1]);
}

#[test]
fn changed_rules_are_fetched_at_once_and_once_for_each_change() {
    let (sampler, mut central) = central();
    let mut service = ControlPlane { rules: vec![rule("all", 0, 1.0)], ..ControlPlane::default() };
    let fetches = |service: &ControlPlane| {
        service.log.iter().filter(|line| line.starts_with("/GetSamplingRules")).count()
    };
    drive(&mut central, &mut service, at_ms(500));
    for (modified_at, now_ms, expected, why) in [
        (START - 1, 11_000, 1, "the change is older than the rules"),
        (START, 22_000, 2, "it is of the second in which they were fetched"),
        (START, 33_000, 2, "it is known"),
        (START + 9_999, 44_000, 3, "it is new, by a clock that is fast"),
        (START + 9_999, 55_000, 3, "it is known, although it lies ahead"),
    ] {
        service.modified_at = Some(Duration::from_secs(modified_at).as_secs_f64());
        is_sampled(&sampler, 0.5, at_ms(now_ms));
        drive(&mut central, &mut service, at_ms(now_ms));
        assert_eq!(fetches(&service), expected, "{why}");
    }
}

#[test]
fn polls_of_different_processes_differ() {
    let mut ids_and_times = Vec::new();
    for seed in [0x7 << 64 | 0x8, 0x9 << 64 | 0xa] {
        let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
        let mut central = sampler.central(seed).expect("it was asked for");
        central.poll(at_ms(0));
        reply(&mut central, &crate::rules_answer(&[rule("all", 1, 0.0)]), at_ms(0)).expect("right");
        let next_at = central.next_at().expect("nothing is under way");
        assert!((at_ms(10_000)..at_ms(10_100)).contains(&next_at));
        is_sampled(&sampler, 0.5, at_ms(0));
        let body = central.poll(at_ms(10_100)).expect("there is a count").body;
        ids_and_times.push((body, next_at));
    }
    assert_ne!(ids_and_times[0].0, ids_and_times[1].0);
    assert_ne!(ids_and_times[0].1, ids_and_times[1].1);
}

#[test]
fn a_clock_that_is_put_back_does_not_stop_polling() {
    let (sampler, mut central) = central();
    let mut service = ControlPlane { rules: vec![rule("all", 0, 1.0)], ..ControlPlane::default() };
    drive(&mut central, &mut service, at_ms(86_400_000));
    is_sampled(&sampler, 0.5, at_ms(1000));
    let mut requests = 0;
    while let Some(request) = central.poll(at_ms(20_000)) {
        let (status, body) = service.answer(&request);
        let answer = Answer::Replied { status, body: body.as_bytes() };
        central.answered(answer, at_ms(20_000)).expect("the answer is right");
        requests += 1;
    }
    assert_eq!(requests, 2, "rules and targets, a day before they were planned");
    assert_eq!(service.taken["all"], [1, 1, 0]);
}

#[test]
fn without_a_control_plane_there_is_nothing_to_drive() {
    assert!(Sampler::new(Settings::default()).central(1).is_none());
}

#[test]
fn a_boost_of_the_control_plane_holds_until_its_end() {
    let mut rule = rule("all", 0, 0.0);
    rule["SamplingRateBoost"] = json!({ "MaxRate": 0.5, "CooldownWindowMinutes": 10 });
    let plain = rule_for("a-plain", "/plain", 0, 0.0);
    let sampler = Sampler::new(Settings {
        service_name: "cruddur".to_owned(),
        is_central: true,
        ..Settings::default()
    });
    let mut central = sampler.central(1).expect("it was asked for");
    central.poll(at_ms(0)).expect("rules are fetched at once");
    reply(&mut central, &crate::rules_answer(&[plain, rule]), at_ms(0)).expect("right");
    crate::ask(&sampler, facts("/"), 0.3, at_ms(0));
    let request = central.poll(at_ms(10_100)).expect("there are counts");
    // Reports about failed requests are a matter of services that keep them all.
    assert!(!request.body.contains("Boost"), "{}", request.body);
    let boost = json!({ "BoostRate": 0.5, "BoostRateTTL": START + 60 });
    let targets = [json!({ "RuleName": "all", "SamplingBoost": boost })];
    reply(&mut central, &json!({ "SamplingTargetDocuments": targets }), at_ms(10_400))
        .expect("right");
    let is_kept = |path, ms| crate::ask(&sampler, facts(path), 0.3, at_ms(ms)).is_sampled;
    let kept = [is_kept("/", 59_999), is_kept("/", 60_000), is_kept("/plain", 30_000)];
    assert_eq!(kept, [true, false, false]);
}
