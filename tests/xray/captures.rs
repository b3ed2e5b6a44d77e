//! What the reference client sent, and what we make of records that say the same.
//!
//! The captures are of the X-Ray SDK for Python 2.15.0, one file a scenario.

use serde_json::Value;
use spanwright::export::xray::{Naming, Settings};
use spanwright::record::{Attribute, Metadata, SpanRecord};
use support::segments::{below, failed, node, segment, trace};

use super::judge;
use super::normal_form::normal_form;

/// The documents of a capture.
fn captured(lines: &str) -> Vec<Value> {
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"));
    lines.filter(|line| line["kind"] == "datagram").map(|mut line| line["doc"].take()).collect()
}

/// Our documents have the form of the captured ones, as far as the resource is not in them.
fn check(capture: &str, service: &str, spans: impl IntoIterator<Item = SpanRecord>) {
    let naming = Naming::Fixed(service.to_owned());
    let settings = Settings { naming, ..Settings::new("127.0.0.1:2000") };
    let ours = normal_form(&judge::judged(&settings, &trace(spans)));
    let theirs = normal_form(&captured(capture));
    assert!(!theirs.is_empty());
    assert_eq!(ours, theirs, "\nours:\n{ours:#?}\ntheirs:\n{theirs:#?}");
}

fn named(mut span: SpanRecord, name: &'static str) -> SpanRecord {
    span.name = name.into();
    span
}

fn answered(path: &'static str, status: i64, bytes: i64) -> SpanRecord {
    let mut root = node(1);
    root.attributes = vec![
        Attribute::new("http.request.method", "GET"),
        Attribute::new("url.scheme", "http"),
        Attribute::new("server.address", "localhost"),
        Attribute::new("server.port", 80_i64),
        Attribute::new("url.path", path),
        Attribute::new("network.peer.address", "127.0.0.1"),
        Attribute::new("client.address", "127.0.0.1"),
        Attribute::new("user_agent.original", "Werkzeug/3.1.9"),
        Attribute::new("http.response.status_code", status),
        Attribute::new("http.response.body.size", bytes),
    ];
    root
}

#[test]
fn requests_that_were_refused_look_the_same() {
    let capture = include_str!("data/captures/flask_404.jsonl");
    check(capture, "golden-svc", [answered("/missing", 404, 207)]);
    let capture = include_str!("data/captures/flask_429.jsonl");
    check(capture, "golden-svc", [answered("/throttle", 429, 9)]);
}

#[test]
fn five_datagrams_of_a_streaming_client_are_our_one_document() {
    let capture = include_str!("data/captures/streaming_threshold_0.jsonl");
    let children = [(3, "child0"), (4, "child1"), (5, "child2")];
    let children = children.map(|(number, name)| named(below(node(number), 2), name));
    check(capture, "seg", children.into_iter().chain([named(node(2), "parent"), node(1)]));
}

#[test]
fn annotations_and_metadata_look_the_same() {
    let capture = include_str!("data/captures/subsegment_annotation_metadata.jsonl");
    let mut root = node(1);
    root.attributes = vec![Attribute::new("user.id", "alice")];
    segment(&mut root).annotations = vec![
        Attribute::new("str", "v"),
        Attribute::new("int", 3_i64),
        Attribute::new("float", 1.5),
        Attribute::new("bool", true),
        Attribute::new("zero", 0_i64),
        Attribute::new("empty", ""),
    ];
    let mut sub = named(node(2), "sub");
    segment(&mut sub).annotations = vec![Attribute::new("k", "v")];
    let value = |namespace: &'static str, key: &'static str, json: &str| Metadata {
        namespace: namespace.into(),
        key: key.into(),
        json: json.to_owned(),
    };
    segment(&mut sub).metadata = vec![
        value("default", "obj", r#"{"a":[1,2,{"b":null}],"t":[1,2]}"#),
        value("default", "set", "[3]"),
        value("my_ns", "n", "1"),
    ];
    check(capture, "seg", [sub, root]);
}

#[test]
fn an_error_through_three_levels_looks_the_same() {
    let capture = include_str!("data/captures/capture_exception_nested.jsonl");
    let fails = |span| {
        let mut span = failed(span, &["'missing'"]);
        span.attributes = vec![Attribute::new("error.type", "KeyError")];
        span
    };
    let inner = fails(named(below(node(3), 2), "inner"));
    check(capture, "seg", [inner, fails(named(node(2), "outer")), fails(node(1))]);
}
