//! Functions of AWS Lambda: the segment is Lambda's, subsegments are documents of their own.

use serde_json::Value;
use spanwright::record::SpanKind;
use spanwright::span::missing_segments;
use spanwright::{Span, Telemetry, traced, xray_subsegment};
use support::otlp_sink::OtlpSink;
use support::xray_daemon::XrayDaemon;

use super::{LONG, install, turn, xray};

const TRACE_ID: &str = "1-5759e988-bd862e3fe1be46a994272793";
const PARENT: &str = "53995c3f42cd8ad8";
const SCHEMA: &str = include_str!("../xray/data/xray-segmentdocument-schema-v1.0.0.json");

/// The header of an invocation of the function.
fn header(rest: &str) -> String {
    format!("Root={TRACE_ID};{rest}")
}

/// Begins an invocation as the runtime does, which sets the header before it calls the handler.
struct Invocation;

impl Invocation {
    fn of(header: &str) -> Self {
        #[expect(unsafe_code, reason = "as the runtime does it")]
        // SAFETY: the tests of this program take turns, and Rust's own reads take a lock.
        unsafe {
            std::env::set_var("_X_AMZN_TRACE_ID", header);
        }
        Self
    }
}

impl Drop for Invocation {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "as the runtime does it")]
        // SAFETY: as above.
        unsafe {
            std::env::remove_var("_X_AMZN_TRACE_ID");
        }
    }
}

fn in_lambda(daemon: &XrayDaemon, variables: &[(&str, &str)]) -> Telemetry {
    install(daemon, &[&[("AWS_LAMBDA_FUNCTION_NAME", "home")], variables].concat())
}

/// The documents of a function, each of which the schema accepts.
fn documents(daemon: &XrayDaemon, count: usize) -> Vec<Value> {
    daemon.wait_for(count);
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is one");
    let documents: Vec<_> = daemon.documents().into_iter().map(|it| it.json).collect();
    for document in &documents {
        let errors: Vec<_> = schema.iter_errors(document).map(|it| it.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{document}");
    }
    documents
}

/// A document or what is nested in one, by its name.
fn find<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let nested = |document: &'a Value| document["subsegments"].as_array().into_iter().flatten();
    let mut open: Vec<&Value> = documents.iter().collect();
    while let Some(document) = open.pop() {
        if document["name"] == name {
            return document;
        }
        open.extend(nested(document));
    }
    panic!("no {name} in {documents:#?}")
}

#[xray_subsegment]
fn load(number: u64) -> u64 {
    number + 1
}

#[xray_subsegment]
fn answer() -> u64 {
    load(1) + load(2)
}

#[traced]
fn handle() -> u64 {
    answer()
}

fn outgoing() -> Vec<String> {
    let mut headers = Vec::new();
    spanwright::inject(|name, value| {
        if name == "x-amzn-trace-id" {
            headers.push(value.to_owned());
        }
    });
    headers
}

#[test]
fn a_subsegment_of_a_function_is_a_document_below_lambdas_segment() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let before = missing_segments();
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    assert_eq!(answer(), 5);
    assert!(telemetry.flush(LONG).in_time);
    let documents = documents(&daemon, 1);
    let outer = find(&documents, "answer");
    assert_eq!(
        (&outer["type"], &outer["trace_id"], &outer["parent_id"]),
        (&"subsegment".into(), &TRACE_ID.into(), &PARENT.into()),
        "{outer}"
    );
    assert_eq!(outer["subsegments"].as_array().map(Vec::len), Some(2), "{outer}");
    assert!(documents.iter().all(|it| it["type"] == "subsegment"), "{documents:#?}");
    assert_eq!(missing_segments(), before);
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn each_invocation_has_its_own_trace_and_its_documents_go_at_once() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    for number in 1..=3 {
        let trace_id = format!("1-5759e988-bd862e3fe1be46a99427279{number}");
        let _invocation =
            Invocation::of(&format!("Root={trace_id};Parent={PARENT};Sampled=1;Lineage=a:1"));
        assert_eq!(load(1), 2);
        // Without a flush: a process may be frozen now.
        assert_eq!(documents(&daemon, number)[number - 1]["trace_id"], *trace_id);
    }
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn a_span_of_other_destinations_stands_between_without_a_document() {
    let _turn = turn();
    let (daemon, sink) = (XrayDaemon::start(), OtlpSink::start());
    let telemetry = in_lambda(&daemon, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())]);
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    assert_eq!(handle(), 5);
    assert!(telemetry.shutdown(LONG).in_time);
    let documents = documents(&daemon, 1);
    assert_eq!(find(&documents, "answer")["parent_id"], PARENT);
    let spans: Vec<_> = sink.spans().into_iter().flatten().collect();
    let [span] = spans.as_slice() else { panic!("the handler alone: {spans:#?}") };
    let id = u128::from_str_radix(&TRACE_ID[2..].replace('-', ""), 16).expect("digits");
    assert_eq!(span.trace_id, id.to_be_bytes(), "one trace id");
    assert_eq!(span.parent_span_id, b"", "Lambda's segment is no span");
}

#[test]
fn calls_of_a_function_carry_its_subsegment_and_lineage() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let lineage = "Lineage=a87bd80c:1";
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1;{lineage}")));
    let call = Span::build("call").kind(SpanKind::Client).start();
    let sent = call.in_scope(outgoing);
    drop(call);
    let documents = documents(&daemon, 1);
    let id = documents[0]["id"].as_str().expect("an id");
    assert_eq!(sent, [header(&format!("Parent={id};Sampled=1;{lineage}"))]);
    assert_eq!(documents[0]["namespace"], "remote");
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn an_unsampled_invocation_sends_nothing_and_misses_nothing() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let before = missing_segments();
    for rest in [&*format!("Parent={PARENT};Sampled=0"), "Sampled=0"] {
        let _invocation = Invocation::of(&header(rest));
        assert_eq!(answer(), 5);
        let call = Span::build("call").kind(SpanKind::Client).start();
        let sent = call.in_scope(outgoing);
        let [sent] = sent.as_slice() else { panic!("one header: {sent:?}") };
        assert!(sent.starts_with(&header("Parent=")) && sent.ends_with(";Sampled=0"), "{sent}");
    }
    let report = telemetry.shutdown(LONG);
    assert_eq!((xray(&report).accepted, missing_segments() - before), (0, 0), "{report}");
}

#[test]
fn a_subsegment_outside_of_an_invocation_is_missing_its_segment() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    for value in [
        header("Sampled=1"),
        header(&format!("Parent={PARENT}")),
        header(&format!("Parent={PARENT};Sampled=?")),
        header("Parent=0000000000000000;Sampled=1"),
        // As doubles of Lambda set it.
        TRACE_ID.to_owned(),
        format!("Parent={PARENT};Sampled=1"),
        "None".to_owned(),
        String::new(),
    ] {
        let _invocation = Invocation::of(&value);
        let before = missing_segments();
        assert_eq!(load(1), 2);
        assert_eq!(missing_segments() - before, 1, "{value}");
    }
    let before = missing_segments();
    assert_eq!(load(1), 2);
    assert_eq!(missing_segments() - before, 1, "while the function starts");
    assert_eq!(xray(&telemetry.shutdown(LONG)).accepted, 0);
}

#[test]
fn a_handler_may_be_given_the_header_of_its_invocation() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[("LAMBDA_TASK_ROOT", "/var/task")]);
    // Another one runs in the same process.
    let _invocation = Invocation::of("Root=1-5759e988-000000000000000000000001;Sampled=0");
    let own = header(&format!("Parent={PARENT};Sampled=1"));
    let incoming = spanwright::extract(&[("X-Amzn-Trace-Id", own)].as_slice());
    for handler in [
        Span::build("handler").incoming(&incoming).subsegment(),
        Span::build("handler").incoming(&incoming),
    ] {
        handler.start().in_scope(answer);
    }
    assert!(telemetry.flush(LONG).in_time);
    let documents = documents(&daemon, 2);
    let handler = find(&documents, "handler");
    assert_eq!((&handler["type"], &handler["parent_id"]), (&"subsegment".into(), &PARENT.into()));
    assert_eq!(handler["subsegments"][0]["name"], "answer");
    let alone = documents.iter().find(|it| it["name"] == "answer").expect("not in a handler");
    assert_eq!((&alone["trace_id"], &alone["parent_id"]), (&TRACE_ID.into(), &PARENT.into()));
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn a_request_in_a_function_is_a_segment_below_lambdas() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    Span::build("GET /home").kind(SpanKind::Server).start().in_scope(|| load(1));
    assert!(telemetry.flush(LONG).in_time);
    let documents = documents(&daemon, 1);
    let segment = find(&documents, "cruddur");
    assert_eq!((&segment["type"], &segment["parent_id"]), (&Value::Null, &PARENT.into()));
    assert_eq!(segment["trace_id"], TRACE_ID);
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn outside_of_lambda_the_variable_means_nothing() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[]);
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    let before = missing_segments();
    assert_eq!(load(1), 2);
    assert_eq!(missing_segments() - before, 1);
    assert_eq!(xray(&telemetry.shutdown(LONG)).accepted, 0);
}

/// See <https://github.com/aws-powertools/powertools-lambda-python/issues/2047>.
#[test]
fn threads_of_an_invocation_have_subsegments_of_their_own_or_of_their_span() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let _invocation = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    let outer = Span::build("outer").subsegment().start();
    outer.in_scope(|| {
        let span = spanwright::current();
        std::thread::scope(|scope| {
            scope.spawn(|| drop(Span::build("alone").subsegment().start()));
            scope.spawn(move || {
                drop(Span::build("within").parent(span).subsegment().start());
            });
        });
    });
    drop(outer);
    assert!(telemetry.flush(LONG).in_time);
    let documents = documents(&daemon, 2);
    let alone = find(&documents, "alone");
    assert_eq!((&alone["parent_id"], &alone["trace_id"]), (&PARENT.into(), &TRACE_ID.into()));
    let within = find(&documents, "within");
    let outer = find(&documents, "outer");
    let is_nested = outer["subsegments"][0]["name"] == "within";
    assert!(is_nested || within["parent_id"] == outer["id"], "{documents:#?}");
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn work_that_outlives_its_invocation_stays_in_its_trace() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = in_lambda(&daemon, &[]);
    let first = Invocation::of(&header(&format!("Parent={PARENT};Sampled=1")));
    let background = Span::build("background").subsegment().start();
    drop(first);
    let _second = Invocation::of("Root=1-5759e988-000000000000000000000002;Sampled=0");
    background.in_scope(|| assert_eq!(load(1), 2));
    drop(background);
    assert!(telemetry.flush(LONG).in_time);
    let documents = documents(&daemon, 1);
    assert!(documents.iter().all(|it| it["trace_id"] == TRACE_ID), "{documents:#?}");
    assert_eq!(find(&documents, "background")["parent_id"], PARENT);
    find(&documents, "load");
    assert!(telemetry.shutdown(LONG).in_time);
}
