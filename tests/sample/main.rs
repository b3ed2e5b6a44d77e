//! Sampling by the rules of X-Ray: vectors of other implementations, a control plane in memory,
//! and what holds for every pattern and every answer.

mod central;
mod control_plane;
mod explain;
mod failures;
mod properties;
mod threads;
mod vectors;

use std::time::Duration;

use serde_json::{Value, json};
use spanwright::record::{SpanKind, TraceId};
use spanwright::sample::xray::{Answer, Central, CentralError, Decision, Request, Rules, Sampler};
use spanwright::sample::xray::{Matching, Settings};
use spanwright::sample::{Input, RequestFacts};

/// The second in which tests begin.
const START: u64 = 1_500_000_000;

/// So many milliseconds after the beginning.
fn at_ms(ms: u64) -> Duration {
    Duration::from_secs(START) + Duration::from_millis(ms)
}

/// A rule for every request of every service.
fn rule(name: &str, reservoir_size: u32, fixed_rate: f64) -> Value {
    json!({
        "RuleName": name, "ResourceARN": "*", "Priority": 1, "FixedRate": fixed_rate,
        "ReservoirSize": reservoir_size, "ServiceName": "*", "ServiceType": "*", "Host": "*",
        "HTTPMethod": "*", "URLPath": "*", "Version": 1, "Attributes": {},
    })
}

/// The same rule for one path.
fn rule_for(name: &str, path: &str, reservoir_size: u32, fixed_rate: f64) -> Value {
    let mut rule = rule(name, reservoir_size, fixed_rate);
    rule["URLPath"] = json!(path);
    rule
}

/// The answer that has rules.
fn rules_answer(rules: &[Value]) -> Value {
    let records: Vec<_> = rules.iter().map(|rule| json!({ "SamplingRule": rule })).collect();
    json!({ "SamplingRuleRecords": records, "NextToken": null })
}

fn local(rules: &Value, matching: Matching) -> Sampler {
    let rules = Some(Rules::from_json(&rules.to_string()).expect("the rules are right"));
    Sampler::new(Settings { rules, matching, ..Settings::default() })
}

/// A sampler that has fetched rules at the beginning, and what asks for more.
fn fetched(rules: &[Value]) -> (Sampler, Central) {
    let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
    let mut central = sampler.central(1).expect("it was asked for");
    let request = central.poll(at_ms(0)).expect("rules are fetched at once");
    assert_eq!((request.path, &*request.body), ("/GetSamplingRules", "{}"));
    reply(&mut central, &rules_answer(rules), at_ms(0)).expect("the rules are right");
    (sampler, central)
}

fn reply(central: &mut Central, body: &Value, now: Duration) -> Result<(), CentralError> {
    let body = body.to_string();
    central.answered(Answer::Replied { status: 200, body: body.as_bytes() }, now)
}

/// The counts of a request, by rule: requests, sampled, borrowed.
fn reported(request: &Request) -> Vec<(String, [u64; 3])> {
    assert_eq!(request.path, "/SamplingTargets");
    let body: Value = serde_json::from_str(&request.body).expect("bodies are JSON");
    let documents = body["SamplingStatisticsDocuments"].as_array().expect("there are some");
    let count = |document: &Value, field| document[field].as_u64().expect("counts are whole");
    let read = |document: &Value| {
        let name = document["RuleName"].as_str().expect("rules have names");
        let counts = ["RequestCount", "SampledCount", "BorrowCount"].map(|it| count(document, it));
        (name.to_owned(), counts)
    };
    documents.iter().map(read).collect()
}

/// A trace whose randomness is so much, from 0 to 1.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 0 to 1")]
fn trace(randomness: f64) -> TraceId {
    TraceId::from_u128(1 << 100 | (randomness * 9_007_199_254_740_992.0) as u128)
}

fn ask(sampler: &Sampler, request: RequestFacts<'_>, randomness: f64, now: Duration) -> Decision {
    let input = Input {
        parent: None,
        trace_id: trace(randomness),
        name: "request",
        kind: SpanKind::Server,
        request,
    };
    sampler.decide(&input, now)
}

/// A request for a path, of which nothing else is known.
fn facts(path: &str) -> RequestFacts<'_> {
    RequestFacts { path: Some(path), ..RequestFacts::default() }
}

/// Whether a request of which nothing is known is sampled.
fn is_sampled(sampler: &Sampler, randomness: f64, now: Duration) -> bool {
    ask(sampler, RequestFacts::default(), randomness, now).is_sampled
}

/// The rule that decides about a request for a path.
fn rule_of(sampler: &Sampler, path: &str, now: Duration) -> Option<String> {
    Some(ask(sampler, facts(path), 0.5, now).rule?.to_string())
}
