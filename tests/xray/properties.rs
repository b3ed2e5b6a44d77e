//! Whatever a span says, the document is one that X-Ray takes.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use spanwright::export::xray::Settings;
use spanwright::record::{
    Array, Attribute, ErrorClass, EventRecord, LinkRecord, LocalTrace, Metadata, Namespace,
    Outcome, SpanContext, SpanId, SpanKind, SpanRecord, Status, TraceId, Value,
};
use support::segments::{below, node, segment, trace};

use super::judge;

/// Names that mean something to the dialect, beside any others.
const KEYS: [&str; 24] = [
    "http.request.method",
    "http.response.status_code",
    "url.full",
    "url.path",
    "url.scheme",
    "server.address",
    "server.port",
    "client.address",
    "user_agent.original",
    "http.route",
    "db.system",
    "db.query.text",
    "db.namespace",
    "db.connection_string",
    "rpc.system",
    "rpc.method",
    "aws.dynamodb.table_names",
    "aws.xray.annotations",
    "aws.xray.metadata.more",
    "user.id",
    "error.type",
    "code.stacktrace",
    "AWS.key",
    "exception.message",
];

/// Any text, now and then a long one or one of signs that need escapes.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => any::<String>(),
        2 => "[a-zA-Z0-9 ./:?=&'\"-]{0,40}",
        1 => (any::<char>(), 0..9_000_usize).prop_map(|(char, len)| String::from(char).repeat(len)),
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(&KEYS[..]).prop_map(str::to_owned), text()]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::I64),
        (100..600_i64).prop_map(Value::I64),
        any::<f64>().prop_map(Value::F64),
        text().prop_map(|text| Value::Str(text.into())),
        Just(Value::from("postgresql")),
        Just(Value::from("aws-api")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => scalar(),
        1 => vec(any::<f64>(), 0..20).prop_map(|items| Value::Array(Array::F64(items))),
        1 => vec(text(), 0..6).prop_map(|items| Value::Array(Array::Str(items))),
    ]
}

fn attributes(max: usize) -> impl Strategy<Value = Vec<Attribute>> {
    let attribute = (key(), value()).prop_map(|(key, value)| Attribute::new(key, value));
    vec(attribute, 0..max)
}

fn json() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        text().prop_map(|text| serde_json::json!({ "a": [text, 1.5, null] }).to_string()),
        (0..200_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
        Just("{\n\t\"pretty\" : 1 }".to_owned()),
    ]
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let namespace = prop_oneof![Just("default".to_owned()), Just("sdk".to_owned()), text()];
    (namespace, key(), json()).prop_map(|(namespace, key, json)| Metadata {
        namespace: namespace.into(),
        key: key.into(),
        json,
    })
}

fn event() -> impl Strategy<Value = EventRecord> {
    let name = prop_oneof![Just("exception".to_owned()), text()];
    (name, any::<u64>(), attributes(4)).prop_map(|(name, unix_ns, attributes)| EventRecord {
        name: name.into(),
        unix_ns,
        attributes,
        dropped_attributes: 0,
    })
}

fn link() -> impl Strategy<Value = LinkRecord> {
    (any::<u128>(), any::<u64>(), attributes(2)).prop_map(|(trace_id, span_id, attributes)| {
        let (trace_id, span_id) = (TraceId::from_u128(trace_id), SpanId::from_u64(span_id));
        let context = SpanContext { trace_id, span_id, ..SpanContext::INVALID };
        LinkRecord { context, attributes, dropped_attributes: 0 }
    })
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![
        Just(Status::Unset),
        Just(Status::Ok),
        text().prop_map(|message| Status::Error { message: message.into() }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use Outcome::{Cancelled, Error, None, Ok, Panic};
    proptest::sample::select(vec![Ok, Error, None, Panic, Cancelled])
}

fn kind() -> impl Strategy<Value = SpanKind> {
    use SpanKind::{Client, Consumer, Internal, Producer, Server};
    proptest::sample::select(vec![Client, Consumer, Internal, Producer, Server])
}

fn failure() -> impl Strategy<Value = Option<ErrorClass>> {
    use ErrorClass::{Error, Fault, Ignored, Throttle};
    option::of(proptest::sample::select(vec![Error, Fault, Ignored, Throttle]))
}

/// A span without its place, so far the segment 1.
fn span() -> impl Strategy<Value = SpanRecord> {
    let said = (text(), attributes(12), vec(event(), 0..3), vec(link(), 0..24));
    let ended = (status(), outcome(), kind(), failure(), vec(text(), 0..20));
    let more = (attributes(70), vec(metadata(), 0..6), option::of(Just(Namespace::Aws)));
    let times = (any::<u64>(), any::<u64>());
    (said, ended, more, times).prop_map(|(said, ended, more, times)| {
        let mut span = node(1);
        span.name = said.0.into();
        (span.attributes, span.events, span.links) = (said.1, said.2, said.3);
        (span.status, span.outcome, span.kind) = (ended.0, ended.1, ended.2);
        (span.start_unix_ns, span.end_unix_ns) =
            (times.0.min(times.1), times.0.max(times.1).max(1));
        let segment = segment(&mut span);
        (segment.error_class, segment.errors) = (ended.3, ended.4);
        (segment.annotations, segment.metadata, segment.namespace) = more;
        span
    })
}

/// Spans with any of them as parents, even themselves.
fn any_trace() -> impl Strategy<Value = LocalTrace> {
    vec((span(), any::<u8>(), any::<bool>()), 1..9).prop_map(|spans| {
        let count = spans.len() as u64;
        let place = |(at, (mut span, parent, is_root)): (usize, (SpanRecord, u8, bool))| {
            span.context.span_id = SpanId::from_u64(at as u64 + 1);
            let mut span = below(span, u64::from(parent) % (count + 2));
            segment(&mut span).is_root = is_root && at == 0;
            span
        };
        trace(spans.into_iter().enumerate().map(place))
    })
}

fn runner(cases: u32) -> TestRunner {
    // The same cases every time.
    TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    )
}

fn check_ids(trace: &LocalTrace, settings: &Settings) {
    let documents = judge::judged(settings, trace);
    let ids = judge::ids(&documents);
    let expected: BTreeSet<_> =
        trace.spans.iter().map(|span| span.context.span_id.to_string()).collect();
    assert_eq!(ids.len(), trace.spans.len(), "each once");
    assert_eq!(ids.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn any_trace_makes_valid_documents_that_lose_no_span() {
    let settings = Settings::new("127.0.0.1:2000");
    let checked = runner(100).run(&any_trace(), |trace| {
        check_ids(&trace, &settings);
        Ok(())
    });
    checked.expect("every trace does");
    let notes = settings.notes.all();
    for kind in ["name", "annotation key", "metadata values shortened"] {
        assert!(notes.contains_key(kind), "the cases reach `{kind}`: {:?}", notes.keys());
    }
}

#[test]
fn any_shape_of_a_trace_is_told_span_by_span() {
    let settings = Settings::new("127.0.0.1:2000");
    let shape = vec((any::<u16>(), 0..4_000_usize), 1..400);
    let checked = runner(20).run(&shape, |shape| {
        let count = shape.len() as u64;
        let spans = shape.into_iter().enumerate().map(|(at, (parent, bytes))| {
            let number = at as u64 + 1;
            let mut span = node(number);
            span.attributes = vec![Attribute::new("note", "x".repeat(bytes))];
            if number == 1 { span } else { below(span, u64::from(parent) % count + 1) }
        });
        check_ids(&trace(spans), &settings);
        Ok(())
    });
    checked.expect("every shape does");
}
