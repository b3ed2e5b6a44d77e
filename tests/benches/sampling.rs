//! What the decision about one request costs with 25 rules of X-Ray.
//!
//! Prints one line a figure: `workload median unit`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use spanwright::record::{SpanKind, TraceId};
use spanwright::sample::xray::{Answer, Rules, Sampler, Settings};
use spanwright::sample::{Input, RequestFacts};

const RULES: usize = 25;
/// Few enough that most rounds run through where other programs run too.
const DECISIONS: u32 = 500;
const ROUNDS: usize = 2001;
const NOW: Duration = Duration::from_hours(500_000);

/// A rule by number; the last one is `Default`, for everything.
fn rule(at: usize, path: &str) -> Value {
    let is_default = at + 1 == RULES;
    json!({
        "RuleName": if is_default { "Default".to_owned() } else { format!("rule-{at:02}") },
        "ResourceARN": "*", "Priority": at + 1, "FixedRate": 0.05, "ReservoirSize": 1,
        "ServiceName": if at.is_multiple_of(2) { "cruddur" } else { "crud*" }, "ServiceType": "*",
        "Host": "*", "HTTPMethod": if at.is_multiple_of(3) { "GET" } else { "*" },
        "URLPath": if is_default { "*" } else { path }, "Version": 1,
    })
}

/// `path` is the pattern of all rules but the last; `{}` in it is their number.
fn rules(path: &str) -> Vec<Value> {
    (0..RULES).map(|at| rule(at, &path.replace("{}", &at.to_string()))).collect()
}

fn local(path: &str) -> Sampler {
    let text = json!({ "SamplingRules": rules(path) }).to_string();
    let rules = Rules::from_json(&text).expect("the rules are right");
    Sampler::new(Settings {
        service_name: "cruddur".to_owned(),
        rules: Some(rules),
        ..Settings::default()
    })
}

fn central(path: &str) -> Sampler {
    let sampler = Sampler::new(Settings {
        service_name: "cruddur".to_owned(),
        is_central: true,
        ..Settings::default()
    });
    let mut central = sampler.central(7).expect("it was asked for");
    central.poll(NOW).expect("rules are fetched first");
    let records: Vec<_> =
        rules(path).into_iter().map(|rule| json!({ "SamplingRule": rule })).collect();
    let body = json!({ "SamplingRuleRecords": records }).to_string();
    let answer = Answer::Replied { status: 200, body: body.as_bytes() };
    central.answered(answer, NOW).expect("the rules are right");
    sampler
}

/// The median time of one decision, each about another trace.
fn measure(workload: &str, sampler: &Sampler, request: RequestFacts<'_>) {
    let mut trace_id = 1_u128;
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..DECISIONS {
                trace_id = trace_id.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645 | 1);
                let input = Input {
                    parent: None,
                    trace_id: TraceId::from_u128(trace_id),
                    name: "GET",
                    kind: SpanKind::Server,
                    request: black_box(request),
                };
                black_box(sampler.decide(&input, black_box(NOW)));
            }
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("{workload} {} ns/decision", (times[ROUNDS / 2] / DECISIONS).as_nanos());
}

fn main() {
    let request = RequestFacts {
        host: Some("api.cruddur.com"),
        method: Some("GET"),
        path: Some("/api/activities/@andrewbrown"),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
        attributes: &[],
    };
    for (name, path) in [
        ("other-paths", "/admin/{}/*"),
        ("alike-paths", "/api/activities/{}*"),
        ("infix-paths", "*/activities/{}*"),
    ] {
        measure(&format!("decide/local/25-rules/{name}"), &local(path), request);
        measure(&format!("decide/central/25-rules/{name}"), &central(path), request);
    }
    let id = RequestFacts {
        path: Some("/api/activities/26e12864-1c26-5c3a-9658-97a10f8fea67"),
        ..request
    };
    for (name, path) in
        [("same-letters", "/api/activities/{}*a"), ("same-letters-infix", "*/{}*a*")]
    {
        measure(&format!("decide/central/25-rules/{name}"), &central(path), id);
    }
    let unicode = RequestFacts { path: Some("/api/activities/@andré"), ..request };
    measure("decide/central/25-rules/not-ascii", &central("/api/activities/{}*"), unicode);
    measure("decide/central/first-of-25", &central("*"), request);
    measure("decide/built-in", &Sampler::new(Settings::default()), request);
}
