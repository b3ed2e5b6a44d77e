//! What the service of X-Ray stores of a session is what was recorded: every span's other way out
//! of the program, OTLP, says the same.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use opentelemetry_proto::tonic::trace::v1::Span;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use support::otlp_sink::OtlpSink;
use support::xray_daemon::XrayDaemon;

use crate::programs::{Moto, OTLP, Service};
use crate::recorded::{attributes, errors, frame, told};
use crate::traces::{CALLER, hex, wait_for_spans, xray_id};

/// Requests with their bodies, and the status of the answer.
const SESSION: &[(&str, &str, u16)] = &[
    ("GET /api/activities/home", "", 200),
    ("GET /api/activities/@worf", "", 200),
    ("GET /api/activities/@nobody", "", 404),
    ("GET /api/activities/248959df-3079-4947-b847-9e0892d1bab4", "", 200),
    ("POST /api/activities", r#"{"message": "hello", "ttl": "7-days"}"#, 200),
    ("POST /api/activities", r#"{"message": "", "ttl": "7-days"}"#, 422),
    ("POST /api/messages", r#"{"message": "hello", "user_receiver_handle": "worf"}"#, 200),
    ("GET /api/message_groups", "", 200),
    ("GET /rollbar/test", "", 200),
    ("GET /rollbar/test/error", "", 500),
    ("GET /rollbar/test/panic", "", 500),
    ("GET /nowhere", "", 404),
];

/// How many traces the service gives at once.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html>.
const MAX_TRACE_IDS: usize = 5;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_stores_of_datagrams_is_what_was_recorded() {
    let Some(program) = crate::program("SPANWRIGHT_MOTO") else { return };
    let (moto, daemon) = (Moto::start(&program), XrayDaemon::start());
    let spans = session("segments-udp", &daemon, "udp").await;
    daemon.wait_for(SESSION.len());
    let sent: Vec<String> = daemon.documents().into_iter().map(|document| document.text).collect();
    assert_eq!((daemon.dropped().len(), daemon.overflowed()), (0, 0));
    let answer = moto.ask("/TraceSegments", &json!({"TraceSegmentDocuments": sent})).await;
    assert_eq!(answer, json!({"UnprocessedTraceSegments": []}));
    let stored = stored(&moto).await;
    assert_eq!(stored.values().cloned().collect::<BTreeSet<_>>(), sent.into_iter().collect());
    compare(&stored, spans);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_service_acknowledges_through_the_daemon_is_what_was_recorded() {
    let Some(program) = crate::program("SPANWRIGHT_MOTO") else { return };
    let (moto, daemon) = (Moto::start(&program), XrayDaemon::start());
    daemon.answer("/TraceSegments", moto.answering());
    let spans = session("segments-tcp", &daemon, "tcp-acked").await;
    compare(&stored(&moto).await, spans);
}

/// Plays the session, stops the service, and returns its spans as they came by OTLP.
async fn session(name: &str, daemon: &XrayDaemon, transport: &str) -> Vec<Span> {
    let sink = OtlpSink::start();
    let service = Service::start(
        name,
        &[
            (OTLP, &sink.endpoint()),
            ("AWS_XRAY_DAEMON_ADDRESS", &daemon.address().to_string()),
            ("SPANWRIGHT_XRAY_TRANSPORT", transport),
        ],
    );
    let client = Client::builder().no_proxy().build().expect("a plain client can be built");
    for (number, (request, body, status)) in SESSION.iter().enumerate() {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let header = format!("Root={};Parent={CALLER};Sampled=1", xray_id(number));
        let asked = client.request(method, format!("{}{path}", service.url));
        let asked = asked.header("x-amzn-trace-id", header);
        let asked = asked.header("content-type", "application/json").body(*body);
        let answer = asked.send().await.expect("the service answers");
        assert_eq!(answer.status().as_u16(), *status, "{request}");
        answer.bytes().await.expect("the body arrives whole");
    }
    let report = service.stop();
    let count = SESSION.len();
    let outcome = match transport {
        "udp" => format!("delivered 0, sent {count}"),
        _ => format!("delivered {count}"),
    };
    let all = format!("xray: accepted {count}, {outcome}, rejected 0, lost 0");
    assert!(report.contains(&all), "{report}");
    let spans = report.split_once("otlp: accepted ").and_then(|(_, rest)| rest.split_once(','));
    let spans = spans.and_then(|(count, _)| count.parse().ok()).expect("it reports");
    wait_for_spans(&sink, spans);
    sink.spans().into_iter().flatten().collect()
}

/// The one document of each trace, by the trace's id.
async fn stored(moto: &Moto) -> BTreeMap<String, String> {
    let ids: Vec<_> = (0..SESSION.len()).map(xray_id).collect();
    let mut stored = BTreeMap::new();
    for ids in ids.chunks(MAX_TRACE_IDS) {
        let answer = moto.ask("/Traces", &json!({"TraceIds": ids})).await;
        assert_eq!(answer["UnprocessedTraceIds"], json!([]));
        for trace in answer["Traces"].as_array().expect("a list of traces") {
            let [segment] = &trace["Segments"].as_array().expect("a list of segments")[..] else {
                panic!("a request is one document: {trace}");
            };
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            stored.insert(text(&trace["Id"]), text(&segment["Document"]));
        }
    }
    assert_eq!(stored.len(), SESSION.len());
    stored
}

/// Compares what is stored with the spans, one by one, until none is left of either.
fn compare(stored: &BTreeMap<String, String>, spans: Vec<Span>) {
    let mut left: BTreeMap<String, Span> =
        spans.into_iter().map(|span| (hex(&span.span_id), span)).collect();
    let schema = include_str!("../xray/data/xray-segmentdocument-schema-v1.0.0.json");
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    for (id, text) in stored {
        let document: Value = serde_json::from_str(text).expect("a document is JSON");
        check(&schema, &document);
        assert_eq!(document["trace_id"], **id);
        assert_eq!(
            (&document["name"], &document["parent_id"]),
            (&"cruddur".into(), &CALLER.into())
        );
        compare_node(&document, CALLER, document.get("user"), &mut left);
    }
    assert!(left.is_empty(), "only OTLP has {left:#?}");
}

fn check(schema: &Validator, document: &Value) {
    let errors: Vec<_> = schema.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {document}");
}

/// Compares a segment or a subsegment below a span, and everything below it; the user is told once,
/// with the segment.
fn compare_node(
    node: &Value,
    parent: &str,
    user: Option<&Value>,
    left: &mut BTreeMap<String, Span>,
) {
    let id = node["id"].as_str().expect("an id");
    let below = if let Some(span) = left.remove(id) {
        assert_eq!(hex(&span.parent_span_id), parent, "{node}");
        compare_span(node, user, &span);
        id
    } else {
        // It has no `#[traced]`, so it is no span, and OTLP does not see it between two others.
        assert_eq!(node["name"], "mock-data");
        let data = &node["metadata"]["namespace"]["key"];
        assert!(data["results-size"] == 1 && data["now"].is_string(), "{node}");
        parent
    };
    for child in node["subsegments"].as_array().into_iter().flatten() {
        compare_node(child, below, user, left);
    }
}

fn compare_span(node: &Value, user: Option<&Value>, span: &Span) {
    let mut told = told(node);
    if let Some(user) = user {
        told.entry("user.id".to_owned()).or_insert_with(|| user.clone());
    }
    assert_eq!(told, attributes(span), "{node}");
    for (key, unix_ns) in
        [("start_time", span.start_time_unix_nano), ("end_time", span.end_time_unix_nano)]
    {
        let seconds = node[key].as_f64().expect("a time is a number");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is now")]
        let micros = (seconds * 1e6).round() as u64;
        assert_eq!(micros, unix_ns / 1_000, "{key} of {node}");
    }
    let Some(exceptions) = node.pointer("/cause/exceptions") else { return };
    let exceptions = exceptions.as_array().expect("a list of exceptions");
    // A span has a chain of errors as one text.
    let messages: Vec<_> = exceptions.iter().filter_map(|it| it["message"].as_str()).collect();
    let chain = messages.join(": ");
    assert!(chain == "panicked" || errors(span).contains(&json!(chain)), "{node} is not {span:?}");
    for pair in exceptions.windows(2) {
        assert_eq!(pair[0]["cause"], pair[1]["id"], "{node}");
    }
    // What fails in a function says which; the segment itself is none.
    if exceptions[0]["stack"].is_array() {
        assert_eq!(exceptions[0]["stack"][0], frame(span), "{node}");
    }
}
