//! What holds for every pattern and every answer.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};
use spanwright::sample::xray::{Answer, CentralError, Pattern, Rules, Sampler, Settings};

use crate::{at_ms, is_sampled, reply, reported, rule, rules_answer};

/// The obvious way, which takes exponential time.
fn naive(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], _) => text.is_empty(),
        (['*', rest @ ..], _) => {
            naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..]))
        }
        (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
        ([expected, rest @ ..], [found, tail @ ..]) => expected == found && naive(rest, tail),
        (_, []) => false,
    }
}

fn folded(text: &str) -> Vec<char> {
    let fold = |char: char| {
        let lower: Vec<_> = char.to_lowercase().collect();
        if let [lower] = lower[..] { lower } else { char }
    };
    text.chars().map(fold).collect()
}

/// What may come back from what calls itself a control plane.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let number = prop_oneof![
        Just(json!(0.05)),
        Just(json!(-1)),
        Just(json!(1e300)),
        Just(json!("5")),
        Just(Value::Null),
        any::<u32>().prop_map(|it| json!(it)),
    ];
    let target = vec(number, 4).prop_map(|numbers| {
        json!({
            "RuleName": "all", "FixedRate": numbers[0], "ReservoirQuota": numbers[1],
            "ReservoirQuotaTTL": numbers[2], "Interval": numbers[3],
        })
    });
    let code = prop_oneof![Just("400"), Just("500"), Just(""), Just("Throttled")];
    let unprocessed = vec(code.prop_map(|it| json!({ "RuleName": "all", "ErrorCode": it })), 0..3);
    let targets = (vec(target, 0..3), unprocessed, any::<Option<u32>>()).prop_map(
        |(targets, unprocessed, modified_at)| {
            json!({
                "SamplingTargetDocuments": targets, "UnprocessedStatistics": unprocessed,
                "LastRuleModification": modified_at,
            })
        },
    );
    let rules = (vec(0_u32..20_000, 0..4), "[ab]{0,1}").prop_map(|(priorities, token)| {
        let rules: Vec<_> = priorities
            .iter()
            .map(|priority| {
                let mut rule = rule("all", priority % 3, 0.5);
                rule["Priority"] = json!(priority);
                rule
            })
            .collect();
        let mut answer = rules_answer(&rules);
        answer["NextToken"] = json!(token);
        answer
    });
    let text = |value: Value| value.to_string().into_bytes();
    prop_oneof![
        4 => targets.prop_map(text),
        2 => rules.prop_map(text),
        1 => "[\\[\\]{}\":,a0]{0,20}".prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..40),
    ]
}

proptest! {
    #[test]
    fn a_pattern_covers_what_the_obvious_way_says(
        pattern in "[aAbkZ@*?é☃İß\u{212a}]{0,12}",
        text in "[aAbkZ@`é☃İßÉ\u{212a}]{0,12}",
    ) {
        let chars: Vec<_> = pattern.chars().collect();
        let sensitive = naive(&chars, &text.chars().collect::<Vec<_>>());
        prop_assert_eq!(Pattern::case_sensitive(&pattern).matches(&text), sensitive);
        let insensitive = naive(&folded(&pattern), &folded(&text));
        prop_assert_eq!(Pattern::new(&pattern).matches(&text), insensitive);
        // In a rule other ways are taken for what does not match.
        let sampler = in_a_rule(&pattern);
        let rule = crate::rule_of(&sampler, &text, at_ms(0));
        prop_assert_eq!(rule.is_some(), insensitive);
        let explanation = sampler.explain(&crate::facts(&text), at_ms(0));
        let deciding = explanation.deciding().and_then(|rule| rule.name.as_deref());
        prop_assert_eq!(deciding, rule.as_deref());
    }

    #[test]
    fn a_pattern_made_of_a_text_covers_it(
        text in "[a-z/A-Z0-9@.é-]{1,40}",
        holes in vec((any::<proptest::sample::Index>(), any::<bool>()), 0..5),
    ) {
        let mut pattern: Vec<_> = text.chars().collect();
        for (at, is_star) in holes {
            let at = at.index(pattern.len());
            pattern[at] = if is_star { '*' } else { '?' };
        }
        let pattern: String = pattern.into_iter().collect();
        prop_assert!(Pattern::new(&pattern).matches(&text), "{} {}", pattern, text);
        prop_assert!(Pattern::new(&pattern.to_uppercase()).matches(&text.to_lowercase()));
        prop_assert!(crate::rule_of(&in_a_rule(&pattern), &text, at_ms(0)).is_some());
    }

    #[test]
    fn no_text_of_rules_makes_more_than_an_error(text in "[\\[\\]{}\":,0-9a-zA-Z ]{0,60}") {
        if let Err(error) = Rules::from_json(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn after_any_answer_there_is_a_next_request(answers in vec((status(), body()), 0..40)) {
        let (sampler, mut central) = crate::fetched(&[rule("all", 1, 0.5)]);
        for (second, (status, body)) in (0..).step_by(11).zip(answers) {
            is_sampled(&sampler, 0.3, at_ms(second * 1000));
            if central.poll(at_ms(second * 1000)).is_some() {
                let answer = Answer::Replied { status, body: &body };
                // Whether it is an error is not the question here.
                let _ = central.answered(answer, at_ms(second * 1000));
            }
            prop_assert!(central.next_at().is_some());
        }
        let far = at_ms(10_000_000);
        prop_assert!(central.poll(far).is_some());
    }

    #[test]
    fn every_decision_is_reported_once_whatever_is_answered(
        answers in vec((status(), body()), 0..40),
    ) {
        let rules = rules_answer(&[rule("all", 1, 0.5)]);
        let (sampler, mut central) = crate::fetched(&[rule("all", 1, 0.5)]);
        let (mut decided, mut taken, mut now_ms) = ([0, 0], [0, 0], 0);
        for (status, body) in answers {
            now_ms += 11_000;
            decided[0] += 1;
            decided[1] += u64::from(is_sampled(&sampler, 0.3, at_ms(now_ms)));
            while let Some(request) = central.poll(at_ms(now_ms)) {
                if request.path == "/GetSamplingRules" {
                    reply(&mut central, &rules, at_ms(now_ms)).expect("the rules are right");
                    continue;
                }
                let [requests, kept, borrowed] = reported(&request)[0].1;
                prop_assert!(requests >= kept && kept >= borrowed);
                let answer = Answer::Replied { status, body: &body };
                let result = central.answered(answer, at_ms(now_ms));
                if is_taken(&result, &body) {
                    taken = [taken[0] + requests, taken[1] + kept];
                }
            }
        }
        // An answer may have asked for a pause of any length.
        let last = at_ms(now_ms) + Duration::from_secs(u32::MAX.into());
        while let Some(request) = central.poll(last) {
            if request.path == "/SamplingTargets" {
                let [requests, kept, _] = reported(&request)[0].1;
                taken = [taken[0] + requests, taken[1] + kept];
            }
            reply(&mut central, &rules, last).ok();
        }
        prop_assert_eq!(taken, decided);
    }
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![4 => Just(200_u16), 1 => any::<u16>()]
}

/// Whether the service has the counts: it said so, or that it never wants them.
fn is_taken(result: &Result<(), CentralError>, body: &[u8]) -> bool {
    match result {
        Ok(()) => true,
        Err(CentralError::Unprocessed { .. }) => {
            let body: Value = serde_json::from_slice(body).expect("it was read");
            let reports = body["UnprocessedStatistics"].as_array().expect("it was read");
            reports.iter().all(|report| report["ErrorCode"] == "400")
        }
        Err(_) => false,
    }
}

fn in_a_rule(pattern: &str) -> Sampler {
    let rules = json!([crate::rule_for("all", pattern, 0, 0.5)]).to_string();
    let rules = Some(Rules::from_json(&rules).expect("the rules are right"));
    Sampler::new(Settings { rules, ..Settings::default() })
}
