//! A failing request, in the words of all that are told of it; and Rollbar while it is not well.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::Client;
use serde_json::{Value, json};
use support::cloudwatch_server::{self, CloudwatchServer, Event};
use support::http_server::Answer;
use support::otlp_sink::OtlpSink;
use support::rollbar_server::{RollbarServer, TOKEN, refusal};
use support::turn::Turn;
use support::xray_daemon::XrayDaemon;

use crate::programs::{Collector, OTLP, Service, endpoint, free_ports};
use crate::recorded::{collect, errors};
use crate::traces::{CALLER, hex, trace_id, traceparent, wait_for_spans, xray_id};

/// What `/rollbar/test/error` says, the outermost error first.
const CHAIN: [&str; 4] = [
    "the demonstration failed",
    "the hello could not be sent",
    "the number of hellos is `many`, expected a whole number",
    "invalid digit found in string",
];

/// What fails, and the requests of each: less than are reported one by one in a minute.
const FAILING: [&str; 3] = ["/rollbar/test", "/rollbar/test/error", "/rollbar/test/panic"];
const ROUNDS: usize = 8;

/// Where the log goes.
const GROUP: &str = "cruddur";
const STREAM: &str = "one-request";

#[tokio::test]
async fn one_request_has_one_trace_id_in_spans_in_segments_in_the_log_and_in_its_report() {
    let Some(program) = crate::program("SPANWRIGHT_ROTEL") else { return };
    let (sink, daemon, rollbar) = (OtlpSink::start(), XrayDaemon::start(), RollbarServer::start());
    let logs = CloudwatchServer::with(GROUP, STREAM).in_real_time();
    let ports = free_ports();
    let collector = Collector::start(&program, ports, &sink.endpoint());
    let service = Service::start(
        "reports",
        &[
            (OTLP, &endpoint(ports[0])),
            ("AWS_XRAY_DAEMON_ADDRESS", &daemon.address().to_string()),
            ("SPANWRIGHT_XRAY_SAMPLING", "as-spans"),
            ("ROLLBAR_ACCESS_TOKEN", TOKEN),
            ("ROLLBAR_ENDPOINT", &rollbar.endpoint()),
            ("CLOUDWATCH_LOG_GROUP", GROUP),
            ("CLOUDWATCH_LOG_STREAM", STREAM),
            ("AWS_REGION", cloudwatch_server::REGION),
            ("AWS_ENDPOINT_URL_LOGS", &logs.url()),
            ("AWS_ACCESS_KEY_ID", cloudwatch_server::ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", cloudwatch_server::SECRET_ACCESS_KEY),
        ],
    );
    ask(&Client::new(), &service, "/rollbar/test/error", 7).await;
    let report = service.stop();
    for destination in ["rollbar: accepted 1", "otlp: accepted 4", "xray: accepted 1"] {
        assert!(report.contains(destination), "{report}");
    }
    let items = rollbar.wait_for(1);
    daemon.wait_for(1);
    wait_for_spans(&sink, 4);
    collector.stop();

    let spans: Vec<_> = sink.spans().into_iter().flatten().collect();
    let span = spans.iter().find(|span| span.name == "rollbar-test-error").expect("it arrived");
    compare_span(span);
    let document = daemon.documents().remove(0).text;
    compare_document(&serde_json::from_str(&document).expect("a document is JSON"), span);
    let [item] = &items[..] else { panic!("one failure is one item: {items:#?}") };
    compare_item(item, span);
    compare_event(&logs);
}

fn compare_span(span: &Span) {
    assert_eq!(hex(&span.trace_id), trace_id(7));
    assert_eq!(collect(&span.attributes)["error.type"], "cruddur_app::error::AppError");
    let [event] = &span.events[..] else { panic!("one failure is one event: {span:?}") };
    let exception = collect(&event.attributes);
    assert_eq!(event.name, "exception");
    // As it was known where it began.
    let class = "cruddur_app::services::rollbar_test::SettingError";
    assert_eq!(
        (&exception["exception.type"], &exception["exception.message"]),
        (&json!(class), &json!(CHAIN[2]))
    );
    assert!(errors(span).contains(&json!(CHAIN.join(": "))), "{span:?}");
}

fn compare_document(document: &Value, span: &Span) {
    assert_eq!(document["trace_id"], xray_id(7));
    assert_eq!(document["parent_id"], CALLER);
    // So a console shows the log beside the trace.
    assert_eq!(document["aws"]["cloudwatch_logs"], json!([{ "log_group": GROUP }]));
    let subsegments = document["subsegments"].as_array().expect("it has some");
    let failed = subsegments.iter().find(|it| it["name"] == "rollbar_test_error");
    let failed = failed.expect("the service is one");
    assert_eq!((&failed["id"], &failed["fault"]), (&json!(hex(&span.span_id)), &json!(true)));
    let causes = failed["cause"]["exceptions"].as_array().expect("it has a cause").iter();
    assert_eq!(causes.filter_map(|cause| cause["message"].as_str()).collect::<Vec<_>>(), CHAIN);
}

fn compare_item(item: &Value, span: &Span) {
    let custom = &item["custom"];
    assert_eq!(custom["trace_id"], trace_id(7));
    assert_eq!(custom["xray_trace_id"], xray_id(7));
    assert_eq!(custom["span_id"], hex(&span.span_id));
    let chain = item["body"]["trace_chain"].as_array().expect("it has causes").iter();
    let messages = chain.filter_map(|it| it["exception"]["message"].as_str());
    assert_eq!(messages.collect::<Vec<_>>(), CHAIN);
}

/// The request has a line of its own, in the course's words, beside those of the service.
fn compare_event(logs: &CloudwatchServer) {
    let events = logs.store().events(GROUP, STREAM);
    let mut messages = events.iter().map(Event::json);
    let is_line = |message: &Value| {
        message["trace_id"] == trace_id(7) && message["target"] == "spanwright::access"
    };
    let line = messages.find(is_line).expect("the request is over");
    assert_eq!((&line["level"], &line["xray_trace_id"]), (&json!("ERROR"), &json!(xray_id(7))));
    assert!(line["user"].is_string(), "{line}");
    let text = line["message"].as_str().expect("it says something");
    assert!(text.ends_with(" GET http /rollbar/test/error? 500 INTERNAL SERVER ERROR"), "{text}");
    assert_eq!(logs.refusals(), []);
}

#[tokio::test]
async fn what_fails_while_rollbar_does_arrives_once_it_is_back() {
    // Only where the service is built.
    let Some(_) = crate::program("SPANWRIGHT_ROTEL") else { return };
    let reset = || Turn::Instead(Answer::Reset);
    let script = vec![refusal(503), reset(), Turn::JudgeUnheard, refusal(500), reset()];
    let outages = script.len();
    let rollbar = RollbarServer::scripted(script);
    let variables = [("ROLLBAR_ACCESS_TOKEN", TOKEN), ("ROLLBAR_ENDPOINT", &rollbar.endpoint())];
    let service = Service::start("reports-outage", &variables);
    let client = Client::new();
    let count = ROUNDS * FAILING.len();
    for number in 0..count {
        ask(&client, &service, FAILING[number % FAILING.len()], number).await;
    }
    let items = rollbar.wait_for(count);
    let report = service.stop();
    let all = format!("rollbar: accepted {count}, delivered {count}, rejected 0, lost 0");
    assert!(report.ends_with(&all), "{report}");
    let expected: BTreeSet<_> = (0..count).map(trace_id).collect();
    let told: BTreeSet<_> =
        items.iter().filter_map(|it| it["custom"]["trace_id"].as_str()).collect();
    assert_eq!(told, expected.iter().map(String::as_str).collect());
    assert_eq!(rollbar.items().len(), count);
    // What was taken without an answer came again, and the double has known it by its uuid.
    assert_eq!(rollbar.received().len(), count + outages);
    assert_eq!(rollbar.refusals(), []);
}

/// Fails, as whoever has the trace of this number.
async fn ask(client: &Client, service: &Service, path: &str, number: usize) {
    let request = client.get(format!("{}{path}", service.url));
    let answer = request.header("traceparent", traceparent(number)).send().await;
    let answer = answer.expect("the service answers");
    let expected = if path == "/rollbar/test" { 200 } else { 500 };
    assert_eq!(answer.status().as_u16(), expected);
    answer.bytes().await.expect("the body arrives whole");
}
