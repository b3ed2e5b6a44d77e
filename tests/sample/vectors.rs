//! What other implementations were found to do, case by case.

use serde_json::{Value, json};
use spanwright::sample::RequestFacts;
use spanwright::sample::xray::{Central, Matching, Pattern, Rules, Sampler, Settings};

use crate::{START, ask, at_ms, fetched, is_sampled, local, reply, reported, rule};

fn vectors() -> Value {
    serde_json::from_str(include_str!("data/sampling.json")).expect("the file is JSON")
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
    assert!(!list.is_empty(), "{name}");
    list
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value[name].as_str()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_else(|| panic!("{name} of {value} is a number"))
}

fn whole(value: &Value, name: &str) -> u64 {
    value[name].as_u64().unwrap_or_else(|| panic!("{name} of {value} is a whole number"))
}

/// Which rule decides about a request as the vectors have it.
fn deciding(rules: &Value, request: &Value, matching: Matching) -> Option<String> {
    let attributes = request["attributes"].as_object().into_iter().flatten();
    let attributes: Vec<_> = attributes
        .map(|(key, value)| (key.as_str(), value.as_str().expect("values are texts")))
        .collect();
    let of = |name| text(request, name).map(str::to_owned);
    let sampler = Sampler::new(Settings {
        // Nothing else than a name that is not there can match nothing.
        service_name: of("service").unwrap_or_default(),
        service_type: of("service_type"),
        resource_arn: of("arn"),
        rules: Some(Rules::from_json(&rules.to_string()).expect("the rules are right")),
        matching,
        ..Settings::default()
    });
    let facts = RequestFacts {
        host: text(request, "host"),
        method: text(request, "method"),
        path: text(request, "path"),
        user_agent: None,
        attributes: &attributes,
    };
    Some(ask(&sampler, facts, 0.5, at_ms(0)).rule?.to_string())
}

#[test]
fn patterns_match_as_in_the_sdks() {
    let cases: Value = serde_json::from_str(include_str!("data/wildcard.json")).expect("JSON");
    let cases = cases.as_array().expect("the file is a list");
    assert_eq!(cases.len(), 97);
    for case in cases {
        let (pattern, has_case) = (text(case, "pattern"), case["case_insensitive"] == false);
        let pattern = pattern.expect("there is a pattern");
        let pattern =
            if has_case { Pattern::case_sensitive(pattern) } else { Pattern::new(pattern) };
        let is_match = pattern.matches(text(case, "text").expect("there is a text"));
        assert_eq!(json!(is_match), case["match"], "{case}");
    }
}

#[test]
fn rules_match_as_in_opentelemetry() {
    let vectors = vectors();
    let cases = list(&vectors, "strict_match");
    assert_eq!(cases.len(), 48);
    for case in cases {
        let rule = &vectors["rules"][text(case, "rule").expect("a rule is named")];
        let found = deciding(&json!([rule]), &case["request"], Matching::Strict);
        assert_eq!(json!(found.is_some()), case["match"], "{case}");
    }
}

#[test]
fn rules_are_selected_as_in_the_sdks_where_that_is_asked_for() {
    let vectors = vectors();
    let lenient = &vectors["sdk_lenient_selection"];
    let rules: Vec<_> = lenient["rules"].as_object().expect("an object").values().collect();
    let order = Rules::from_json(&json!(rules).to_string()).expect("the rules are right");
    let order: Vec<_> = order.as_slice().iter().map(|rule| rule.name()).collect();
    assert_eq!(json!(order), lenient["order"]);
    for case in list(lenient, "cases") {
        // A service has a name; the one of the rules is meant where the case has none.
        let mut request = case[0].clone();
        if request.get("service").is_none() {
            let rule = &lenient["rules"][case[1].as_str().expect("a name")];
            request["service"] = rule["ServiceName"].clone();
        }
        let found = deciding(&json!(rules), &request, Matching::LikeXraySdks);
        assert_eq!(json!(found), case[1], "{case}");
    }
}

#[test]
fn fetched_rules_do_not_count_after_an_hour() {
    let max_age_s = whole(&vectors()["sdk_lenient_selection"], "cache_ttl_s");
    let (sampler, _) = fetched(&[rule("all", 0, 1.0)]);
    let rule_at = |s: u64| ask(&sampler, RequestFacts::default(), 0.5, at_ms(s * 1000)).rule;
    assert_eq!(rule_at(max_age_s).as_deref(), Some("all"));
    assert_eq!(rule_at(max_age_s + 1), None);
    assert_eq!(rule_at(24 * 3600), None);
}

#[test]
fn rules_are_taken_whatever_they_ask_if_they_are_of_version_1() {
    let vectors = vectors();
    assert_eq!(vectors["rule_filter"]["otel_accepts_all"], true);
    let asks = &vectors["rules"]["exact"];
    assert!(asks["ResourceARN"] != "*" && asks["Attributes"] != json!({}));
    assert!(Rules::from_json(&json!([asks]).to_string()).is_ok());
    let mut other = asks.clone();
    other["Version"] = json!(2);
    assert!(Rules::from_json(&json!([other]).to_string()).is_err());
}

#[test]
fn a_local_reservoir_gives_so_many_a_second() {
    let vectors = vectors();
    let [one, ten, five] = list(&vectors, "reservoir_local") else { panic!("three cases") };
    let sampler = |case: &Value| {
        let size = u32::try_from(whole(case, "capacity")).expect("it is small");
        local(&json!([rule("all", size, 0.0)]), Matching::Strict)
    };
    for case in [one, ten] {
        assert_eq!(case["steps"], "15 takes, one each 100 ms from t=0");
        let sampler = sampler(case);
        let taken = (0..15).filter(|at| is_sampled(&sampler, 0.5, at_ms(at * 100))).count();
        assert_eq!(json!(taken), case["taken"], "{case}");
    }
    assert_eq!(five["steps"], "6 takes in second 0, 1 in second 1");
    let sampler = sampler(five);
    let ms = [0, 0, 0, 0, 0, 999, 1000];
    let taken = ms.map(|ms| u8::from(is_sampled(&sampler, 0.5, at_ms(ms))));
    assert_eq!(json!(taken), five["result"]);
}

/// A sampler with one rule and the quota that a case has until its end.
fn with_quota(quota: &Value, until: u64, size: u32, fixed_rate: f64) -> (Sampler, Central) {
    let (sampler, mut central) = fetched(&[rule("all", size, fixed_rate)]);
    // The first report is there to be answered.
    is_sampled(&sampler, 0.0, at_ms(0));
    central.poll(at_ms(10_100)).expect("there is a count");
    let target = json!({
        "RuleName": "all", "ReservoirQuota": quota, "ReservoirQuotaTTL": until, "Interval": 10,
    });
    let answer = json!({ "SamplingTargetDocuments": [target] });
    reply(&mut central, &answer, at_ms(10_100)).expect("the answer is right");
    (sampler, central)
}

#[test]
fn a_quota_is_used_up_in_its_second_and_ends() {
    let vectors = vectors();
    let [fresh, used, five, expired, borrow, none] = list(&vectors, "reservoir_central") else {
        panic!("six cases")
    };
    let now = at_ms(20_000);
    for case in [fresh, used] {
        let (sampler, _) = with_quota(&case["quota"], START + 60, 0, 0.0);
        for _ in 0..whole(case, "used") {
            is_sampled(&sampler, 0.5, now);
        }
        assert_eq!(json!(is_sampled(&sampler, 0.5, now)), case["take"], "{case}");
    }
    let (sampler, _) = with_quota(&five["quota"], START + 60, 0, 0.0);
    let taken = [0; 6].map(|_: u8| u8::from(is_sampled(&sampler, 0.5, now)));
    assert_eq!(json!(taken), five["takes_same_second"]);
    assert_eq!(json!(is_sampled(&sampler, 0.5, at_ms(21_000))), five["next_second"]);

    assert_eq!((whole(expired, "expires_at"), whole(expired, "now")), (START, START + 1));
    let (sampler, _) = with_quota(&json!(1), START + 20, 0, 0.0);
    assert!(is_sampled(&sampler, 0.5, now) && !is_sampled(&sampler, 0.5, at_ms(21_000)));

    let borrows = |case: &Value, ms| {
        let size = u32::try_from(whole(case, "capacity")).expect("it is small");
        let (sampler, _) = fetched(&[rule("all", size, 0.0)]);
        [ms, ms, ms + 1000].map(|ms| is_sampled(&sampler, 0.5, at_ms(ms)))
    };
    let [first, second, next] = borrows(borrow, 0);
    assert_eq!(json!([first, second]), borrow["borrow_twice_same_second"]);
    assert_eq!(json!(next), borrow["after_next_second"]);
    assert_eq!(json!(borrows(none, 0)[0]), none["borrow"]);
}

#[test]
fn decisions_and_counts_are_those_of_the_algorithm() {
    let vectors = vectors();
    for case in list(&vectors, "decide") {
        let size = case.get("capacity").map_or(0, |_| 10);
        let (now, ttl) = (whole(case, "now"), whole(case, "ttl"));
        // The quota is told ten seconds after the beginning; all times are later by a hundred.
        let now = at_ms((now - START + 100) * 1000);
        let until = if ttl == 0 { 1 } else { ttl + 100 };
        let (sampler, mut central) = with_quota(&case["quota"], until, size, number(case, "rate"));
        let has_borrowed = case["borrowed_this_second"] == true;
        let before = whole(case, "used") + u64::from(has_borrowed);
        for _ in 0..before {
            assert!(is_sampled(&sampler, 0.999, now), "{case}");
        }
        let is_sampled = is_sampled(&sampler, number(case, "rand"), now);
        assert_eq!(json!(is_sampled), case["sampled"], "{case}");
        let expected = case.get("counts").unwrap_or(&case["counts_docs_and_otel"]);
        let expected = ["requests", "sampled", "borrowed"].map(|it| whole(expected, it));
        let request = central.poll(at_ms(200_000)).expect("there are counts");
        let [requests, kept, borrowed] = reported(&request)[0].1;
        let own = [requests - before, kept - before, borrowed - u64::from(has_borrowed)];
        assert_eq!(own, expected, "{case}");
    }
}

#[test]
fn counts_are_reported_when_they_are_due() {
    let vectors = vectors();
    for case in list(&vectors, "stale_to_report") {
        assert_eq!((whole(case, "refreshed_at"), whole(case, "interval")), (START, 10));
        let (sampler, mut central) = fetched(&[rule("all", 0, 0.0)]);
        for _ in 0..whole(case, "requests") {
            is_sampled(&sampler, 0.5, at_ms(0));
        }
        // The tenth of a second is the spread of polls.
        let now = at_ms((whole(case, "now") - START) * 1000 + 100);
        assert_eq!(json!(central.poll(now).is_some()), case["report"], "{case}");
    }
}

#[test]
fn a_report_takes_the_counts_away() {
    let snapshot = &vectors()["snapshot"];
    let (sampler, mut central) = fetched(&[rule("rule1", 1, 0.5)]);
    let [requests, kept, borrowed] =
        ["requests", "sampled", "borrowed"].map(|name| whole(&snapshot["before"], name));
    for second in 0..borrowed {
        assert!(is_sampled(&sampler, 0.9, at_ms(second * 1000)), "borrowed");
    }
    for at in borrowed..requests {
        let randomness = if at < kept { 0.1 } else { 0.9 };
        assert_eq!(is_sampled(&sampler, randomness, at_ms(1000)), at < kept);
    }
    let request = central.poll(at_ms(10_100)).expect("there are counts");
    let body: Value = serde_json::from_str(&request.body).expect("bodies are JSON");
    let mut document = body["SamplingStatisticsDocuments"][0].clone();
    let object = document.as_object_mut().expect("it is an object");
    assert_eq!(object.remove("ClientID").and_then(|id| Some(id.as_str()?.len())), Some(24));
    assert_eq!(object.insert("Timestamp".to_owned(), json!(START)), Some(json!(START + 10)));
    assert_eq!(document, snapshot["document"]);
    reply(&mut central, &json!({ "SamplingTargetDocuments": [] }), at_ms(10_200)).expect("right");
    assert_eq!(central.poll(at_ms(20_300)), None, "nothing is left to report");
}

#[test]
fn a_report_has_the_fields_that_the_python_sdk_sends() {
    let seen = &vectors()["target_request_python_seen_on_the_wire"];
    let keys = |body: &Value| -> Vec<String> {
        let document = &body["SamplingStatisticsDocuments"][0];
        document.as_object().expect("an object").keys().cloned().collect()
    };
    let (sampler, mut central) = fetched(&[rule("Default", 1, 0.05)]);
    is_sampled(&sampler, 0.5, at_ms(0));
    let request = central.poll(at_ms(10_100)).expect("there is a count");
    let ours: Value = serde_json::from_str(&request.body).expect("bodies are JSON");
    assert_eq!(keys(&ours), keys(seen));
}

#[test]
fn local_rules_of_the_sdks_match_as_there() {
    let manifest = &vectors()["local_manifest"];
    let cases = &manifest["match_cases"];
    let file = json!({
        "version": 2, "default": { "fixed_target": 0, "rate": 0 }, "rules": [cases["rule"]],
    });
    for case in list(cases, "cases") {
        let request = json!({ "host": case[0][0], "method": case[0][1], "path": case[0][2] });
        let found = deciding(&file, &request, Matching::LikeXraySdks);
        assert_eq!(json!(found.as_deref() == Some("rule 1")), case[1], "{case}");
    }
    let rules = Rules::from_json(&manifest["default_builtin"].to_string()).expect("it is right");
    let [default] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!((default.reservoir_size(), default.fixed_rate()), (1, 0.05));
}

#[test]
fn each_mistake_in_a_file_of_the_sdks_is_reported() {
    let valid = json!({
        "version": 2, "default": { "fixed_target": 1, "rate": 0.05 },
        "rules": [{
            "host": "*", "http_method": "*", "url_path": "*", "fixed_target": 1, "rate": 0.05,
        }],
    });
    let vectors = vectors();
    let mistakes = list(&vectors["local_manifest"], "errors");
    assert_eq!(mistakes.len(), 10);
    for mistake in mistakes {
        let mut file = valid.clone();
        let remove = |value: &mut Value, key| value.as_object_mut().and_then(|it| it.remove(key));
        let rule = &mut file["rules"][0];
        let word = match mistake.as_str().expect("a text") {
            "missing version" => (remove(&mut file, "version"), "version is missing").1,
            "version 3" => (file["version"] = json!(3), "version is 3").1,
            "missing default" => (remove(&mut file, "default"), "default is missing").1,
            "default with host/url_path/http_method" => {
                (file["default"]["url_path"] = json!("*"), "default: url_path is").1
            }
            "rule without url_path/host/http_method" => {
                (remove(rule, "http_method"), "rule 1: http_method is missing").1
            }
            "negative rate" => (rule["rate"] = json!(-1), "rule 1: rate is -1").1,
            "negative fixed_target" => {
                (rule["fixed_target"] = json!(-1), "rule 1: fixed_target is -1").1
            }
            "v1 rule with host" => (file["version"] = json!(1), "rule 1: host is").1,
            "v2 rule with service_name" => {
                (rule["service_name"] = json!("*"), "rule 1: service_name is").1
            }
            "broken JSON" => "not JSON",
            other => panic!("what is {other}?"),
        };
        let mut text = file.to_string();
        if word == "not JSON" {
            text.pop();
        }
        let message = Rules::from_json(&text).expect_err("it is wrong").to_string();
        assert!(message.contains(word), "{mistake}: {message}");
    }
}
