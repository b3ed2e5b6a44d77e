//! One session of requests: every span arrives once, below the span it belongs to.

use std::collections::BTreeMap;

use reqwest::{Client, Method};
use support::otlp_sink::OtlpSink;

use crate::programs::{Collector, OTLP, Service, TEAM, endpoint, free_ports};
use crate::traces::{trace_id, traceparent, trees, wait_for_spans};

struct Step {
    request: &'static str,
    body: Option<&'static str>,
    status: u16,
    spans: &'static str,
}

/// The spans of a step stand under that of the caller.
const SESSION: &[Step] = &[
    Step { request: "GET /api/health-check", body: None, status: 200, spans: "" },
    Step {
        request: "GET /api/activities/home",
        body: None,
        status: 200,
        spans: "
  GET /api/activities/home
    find-user
      SELECT user by handle
    home-activities
      SELECT home feed
",
    },
    Step {
        request: "POST /api/activities",
        body: Some(r#"{"message": "hello", "ttl": "7-days"}"#),
        status: 200,
        spans: "
  POST /api/activities
    find-user
      SELECT user by handle
    create-activity
      INSERT activity
",
    },
    Step {
        request: "POST /api/activities",
        body: Some(r#"{"message": "", "ttl": "7-days"}"#),
        status: 422,
        spans: "
  POST /api/activities
    find-user
      SELECT user by handle
    create-activity
",
    },
    Step {
        request: "GET /api/users/@nobody/short",
        body: None,
        status: 404,
        spans: "
  GET /api/users/@{handle}/short
    find-user
      SELECT user by handle
",
    },
    Step {
        request: "GET /rollbar/test/error",
        body: None,
        status: 500,
        spans: "
  GET /rollbar/test/error
    find-user
      SELECT user by handle
    rollbar-test-error
",
    },
    Step {
        request: "GET /rollbar/test/panic",
        body: None,
        status: 500,
        spans: "
  GET /rollbar/test/panic
    find-user
      SELECT user by handle
    rollbar-test-panic
",
    },
];

#[tokio::test]
async fn every_span_of_a_session_arrives_once_and_in_its_place() {
    let Some(program) = crate::program("SPANWRIGHT_ROTEL") else { return };
    let sink = OtlpSink::start();
    let ports = free_ports();
    let collector = Collector::start(&program, ports, &sink.endpoint());
    let service = Service::start("delivery", &[(OTLP, &endpoint(ports[0]))]);
    let client = Client::new();
    for (number, step) in SESSION.iter().enumerate() {
        let (method, path) = step.request.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let mut request = client.request(method, format!("{}{path}", service.url));
        request = request.header("traceparent", traceparent(number));
        if let Some(body) = step.body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.expect("the service answers");
        assert_eq!(answer.status().as_u16(), step.status, "{}", step.request);
        answer.bytes().await.expect("the body arrives whole");
    }
    let expected: BTreeMap<_, _> = SESSION
        .iter()
        .enumerate()
        .filter(|(_, step)| !step.spans.is_empty())
        .map(|(number, step)| {
            (trace_id(number), format!("{}{}", crate::traces::CALLER, step.spans))
        })
        .collect();
    let spans = expected.values().map(|tree| tree.lines().count() - 1).sum();

    let report = service.stop();
    let all = format!("otlp: accepted {spans}, delivered {spans}, rejected 0, lost 0");
    assert!(report.ends_with(&all), "{report}");
    wait_for_spans(&sink, spans);
    // Whatever it sends a second time is sent by now.
    collector.stop();
    assert_eq!(trees(&sink), expected);
    for request in sink.received() {
        assert_eq!(request.header(TEAM.0), Some(TEAM.1), "{request:?}");
    }
}
