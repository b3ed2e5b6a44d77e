//! What becomes of sampling when the control plane does not behave.

use serde_json::{Value, json};
use spanwright::sample::RequestFacts;
use spanwright::sample::xray::{Answer, Rules, Sampler, Settings, Source};

use crate::{at_ms, fetched, is_sampled, reply, reported, rule, rule_for, rule_of, rules_answer};

const NOTHING_KNOWN: &str = "one a second and 5 %, by no rule";

/// How a sampler without rules behaves.
fn assert_built_in(sampler: &Sampler, second: u64) {
    let answers = [0.9, 0.9, 0.04, 0.06].map(|it| is_sampled(sampler, it, at_ms(second * 1000)));
    assert_eq!(answers, [true, false, true, false], "{NOTHING_KNOWN}");
    assert_eq!(rule_of(sampler, "/", at_ms(second * 1000)), None);
}

fn failing_answers() -> [(Answer<'static>, &'static str); 6] {
    let replied = |status, body: &'static str| Answer::Replied { status, body: body.as_bytes() };
    [
        (Answer::Failed { reason: "connection refused" }, "/GetSamplingRules: connection refused"),
        (
            replied(404, "<html>no such API</html>"),
            "/GetSamplingRules: the daemon answered with status 404, expected 200",
        ),
        (
            replied(200, "<!DOCTYPE html><p>Welcome"),
            "/GetSamplingRules: the answer cannot be used: it is not JSON: expected value at line 1 \
             column 1",
        ),
        (
            replied(200, "{\"SamplingRuleRecords\":{}}"),
            "/GetSamplingRules: the answer cannot be used: it has no list `SamplingRuleRecords`",
        ),
        (replied(500, ""), "/GetSamplingRules: the daemon answered with status 500, expected 200"),
        (
            Answer::Refused { status: 403, reason: "no such key" },
            "/GetSamplingRules: the daemon answered with status 403, expected 200: no such key",
        ),
    ]
}

#[test]
fn without_an_answer_requests_are_sampled_all_the_same_and_it_is_tried_again() {
    for (answer, message) in failing_answers() {
        let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
        let mut central = sampler.central(1).expect("it was asked for");
        let mut tried_at_s = Vec::new();
        for second in 0..1000 {
            if central.poll(at_ms(second * 1000)).is_some() {
                let error = central.answered(answer, at_ms(second * 1000)).expect_err("it failed");
                assert_eq!(error.to_string(), message);
                tried_at_s.push(second);
            }
        }
        assert_built_in(&sampler, 1000);
        let waits: Vec<_> = tried_at_s.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits.len(), 7, "{waits:?}");
        for (wait, expected) in waits.iter().zip([10, 20, 40, 80, 160, 300, 300]) {
            assert!((expected..=expected + 6).contains(wait), "{waits:?}");
        }
        let status = sampler.status();
        assert_eq!((status.rules, status.failures), (0, 8));
        assert_eq!(status.last_failure.expect("there was one").1.to_string(), message);
        // And then it works.
        while central.poll(at_ms(2_000_000)).is_none() {}
        reply(&mut central, &rules_answer(&[rule("all", 0, 1.0)]), at_ms(2_000_000))
            .expect("right");
        assert_eq!(rule_of(&sampler, "/", at_ms(2_000_000)).as_deref(), Some("all"));
    }
}

#[test]
fn rules_of_the_file_count_until_there_are_others_and_when_these_are_too_old() {
    let file = json!([rule("of-the-file", 0, 0.0)]).to_string();
    let sampler = Sampler::new(Settings {
        is_central: true,
        rules: Some(Rules::from_json(&file).expect("the rules are right")),
        ..Settings::default()
    });
    let mut central = sampler.central(1).expect("it was asked for");
    let source = |ms| sampler.explain(&RequestFacts::default(), at_ms(ms)).source;
    assert_eq!(source(0), Source::Local);
    central.poll(at_ms(0)).expect("rules are fetched at once");
    reply(&mut central, &rules_answer(&[rule("fetched", 0, 1.0)]), at_ms(0)).expect("right");
    for (ms, expected) in [(0, "fetched"), (3_600_000, "fetched"), (3_600_001, "of-the-file")] {
        assert_eq!(rule_of(&sampler, "/", at_ms(ms)).as_deref(), Some(expected), "{ms}");
    }
    assert_eq!(source(3_600_001), Source::Local);
}

#[test]
fn failures_leave_rules_quotas_and_counts_as_they_are() {
    let (sampler, mut central) = fetched(&[rule("all", 1, 0.5)]);
    for (at, (answer, _)) in (1..).zip(failing_answers()) {
        let now = at_ms(at * 10_500);
        assert!(is_sampled(&sampler, 0.9, now), "one is borrowed");
        let request = central.poll(now).expect("there are counts");
        assert_eq!(reported(&request), [("all".to_owned(), [at * 2 - 1, at, at])]);
        // A refusal of the whole, and things that are no answer.
        assert!(central.answered(answer, now).is_err());
        assert_eq!(rule_of(&sampler, "/", now).as_deref(), Some("all"));
    }
}

#[test]
fn what_was_not_processed_is_reported_again_unless_the_report_is_wrong() {
    let rules = ["a", "b", "c"].map(|name| rule_for(name, &format!("/{name}"), 0, 1.0));
    let (sampler, mut central) = fetched(&rules);
    for name in ["a", "b", "c"] {
        rule_of(&sampler, &format!("/{name}"), at_ms(0));
    }
    central.poll(at_ms(10_100)).expect("there are counts");
    let unprocessed =
        |name, code: &str| json!({ "RuleName": name, "ErrorCode": code, "Message": "no" });
    let answer = json!({
        "SamplingTargetDocuments": [],
        "UnprocessedStatistics": [unprocessed("b", "500"), unprocessed("c", "400")],
    });
    let error = reply(&mut central, &answer, at_ms(10_100)).expect_err("not all were taken");
    let message = "statistics of 2 rules were not processed, of `b` for 500 \"no\"";
    assert_eq!(error.to_string(), message);
    // The service does not know one of the rules, so they are fetched.
    let request = central.poll(at_ms(10_100)).expect("rules are wanted");
    assert_eq!(request.path, "/GetSamplingRules");
    reply(&mut central, &rules_answer(&rules), at_ms(10_200)).expect("the rules are right");
    let request = central.poll(at_ms(20_300)).expect("counts went back");
    assert_eq!(reported(&request), [("b".to_owned(), [1, 1, 0])]);
}

#[test]
fn a_rule_that_is_none_is_left_out_and_the_others_count() {
    let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
    let mut central = sampler.central(1).expect("it was asked for");
    central.poll(at_ms(0)).expect("rules are fetched at once");
    let mut odd = rule("odd", 0, 2.0);
    odd["NewField"] = json!({});
    let mut fine = rule("fine", 0, 1.0);
    fine["NewField"] = json!({});
    let error = reply(&mut central, &rules_answer(&[odd, fine]), at_ms(0)).expect_err("one is odd");
    assert_eq!(
        error.to_string(),
        "a rule of the control plane is left out: rule `odd`: FixedRate is 2.0, expected a number \
         from 0 to 1"
    );
    assert_eq!(rule_of(&sampler, "/", at_ms(0)).as_deref(), Some("fine"));
    assert_eq!(sampler.status().rules, 1);
}

#[test]
fn pages_without_an_end_are_given_up() {
    let turning = |token: &str| -> Value {
        let mut page = rules_answer(&[rule("all", 0, 1.0)]);
        page["NextToken"] = json!(token);
        page
    };
    let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
    let mut central = sampler.central(1).expect("it was asked for");
    for (tokens, expected) in [(&["a", "a"][..], 2), (&["a", "b"], 21)] {
        let now = at_ms(expected * 1_000_000);
        let mut turned = 0;
        for token in tokens.iter().cycle() {
            central.poll(now).expect("the next page is wanted");
            turned += 1;
            if let Err(error) = reply(&mut central, &turning(token), now) {
                assert!(error.to_string().ends_with("its pages do not end"), "{error}");
                break;
            }
        }
        assert_eq!(turned, expected);
        assert!(central.poll(now).is_none() && sampler.status().rules == 0);
    }
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let (sampler, mut central) = fetched(&[rule("all", 0, 1.0)]);
    let before = (sampler.status(), central.next_at());
    let answer = Answer::Failed { reason: "late" };
    assert_eq!(central.answered(answer, at_ms(1)), Ok(()));
    assert_eq!((sampler.status(), central.next_at()), before);
}

#[test]
fn rules_of_more_than_512_kib_are_refused() {
    let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
    let mut central = sampler.central(1).expect("it was asked for");
    let records = vec![json!({ "SamplingRule": null }); 12_000];
    for page in 0..2 {
        let answer = json!({ "SamplingRuleRecords": &records, "NextToken": page.to_string() });
        let answer = answer.to_string();
        assert!((256 * 1024..512 * 1024).contains(&answer.len()), "{} bytes", answer.len());
        central.poll(at_ms(1_000)).expect("rules are due");
        let answer = Answer::Replied { status: 200, body: answer.as_bytes() };
        let result = central.answered(answer, at_ms(1_000)).map_err(|error| error.to_string());
        let expected = [
            Ok(()),
            Err("/GetSamplingRules: the answer cannot be used: its rules have \
            more than 524288 bytes"
                .to_owned()),
        ];
        assert_eq!(result, expected[page]);
    }
    assert!(central.poll(at_ms(2_000)).is_none(), "it is tried again later");
}
