//! What X-Ray is told of whole traces.

use std::collections::BTreeSet;

use serde_json::Value;
use spanwright::export::{Exporter as _, xray};
use spanwright::record::{
    Array, Attribute, Destinations, EventRecord, LocalTrace, SpanId, SpanKind, TraceId,
};
use spanwright::sample::xray::Pattern;
use support::segments::{below, failed, node, segment, trace};

use super::judge::{self, HEADER};
use super::normal_form::normal_form;

/// A request with so many subsegments as an annotated service has them.
fn usual(subsegments: u64) -> LocalTrace {
    let children = (2..2 + subsegments).map(|number| {
        let mut child = node(number);
        child.name = "home_activities".into();
        child
    });
    trace(children.chain([node(1)]))
}

fn all_ids(count: u64) -> BTreeSet<String> {
    (1..=count).map(|number| format!("{number:016x}")).collect()
}

fn told(documents: &[Value]) -> BTreeSet<String> {
    let ids = judge::ids(documents);
    let told: BTreeSet<_> = ids.iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(told.len(), ids.len(), "every span is told once");
    told
}

#[test]
fn a_hundred_and_fifty_subsegments_are_one_document_of_less_than_twenty_kilobytes() {
    // The reference client makes 125 datagrams of this scenario.
    let request = judge::request(&xray::Settings::new("127.0.0.1:2000"), &[usual(150)]);
    let [datagram] = &request.body[..] else { panic!("{} datagrams", request.body.len()) };
    assert!(datagram.len() <= 20_000, "{} bytes", datagram.len());
    assert_eq!(told(&[judge::judge(datagram)]), all_ids(151));
}

#[test]
fn children_that_end_before_their_parents_are_nested_in_them() {
    // Segment, parent, three children: five datagrams for a client that streams at once.
    let children = [3, 4, 5].map(|number| below(node(number), 2));
    let documents = judge::documents(&trace(children.into_iter().chain([node(2), node(1)])));
    let [segment] = &documents[..] else { panic!("{} documents", documents.len()) };
    let names = |node: &Value| node["subsegments"].as_array().map_or(0, Vec::len);
    assert_eq!((names(segment), names(&segment["subsegments"][0])), (1, 3));
}

#[test]
fn what_ends_after_its_root_is_sent_for_itself() {
    let documents = judge::documents(&trace([node(2), below(node(3), 2), node(4)]));
    let independent: Vec<_> =
        documents.iter().map(|it| (it["id"].as_str(), it["parent_id"].as_str())).collect();
    let id = |number: u64| format!("{number:016x}");
    let (two, four, root) = (id(2), id(4), id(1));
    assert_eq!(independent, [(Some(&*two), Some(&*root)), (Some(&*four), Some(&*root))]);
    assert_eq!(told(&documents), [id(2), id(3), id(4)].into());
}

#[test]
fn an_oversize_trace_is_split_and_nothing_is_lost() {
    let big = |number: u64| {
        let mut span = below(node(number), 1 + (number - 2) / 10);
        span.attributes = vec![Attribute::new("note", "x".repeat(3_000))];
        span
    };
    let documents = judge::documents(&trace((2..=100).map(big).chain([node(1)])));
    assert!((6..=12).contains(&documents.len()), "{} documents", documents.len());
    assert_eq!(documents[0]["id"], "0000000000000001", "the segment comes first");
    assert_eq!(told(&documents), all_ids(100));
    // Put together again it is the tree it was.
    let whole = normal_form(&documents);
    assert_eq!((whole.len(), whole[0]["subsegments"].as_array().map_or(0, Vec::len)), (1, 10));
}

#[test]
fn a_chain_ten_thousand_deep_is_told_to_its_end() {
    let chain = (2..=10_000).rev().map(|number| below(node(number), number - 1));
    let documents = judge::documents(&trace(chain.chain([node(1)])));
    assert_eq!(told(&documents), all_ids(10_000));
}

#[test]
fn spans_that_are_their_own_ancestors_are_told_all_the_same() {
    let documents = judge::documents(&trace([
        below(node(2), 3),
        below(node(3), 2),
        below(node(4), 4),
        below(node(5), 2),
        node(1),
    ]));
    assert_eq!(told(&documents), all_ids(5));
}

#[test]
fn a_failure_is_told_once_on_its_way_through_three_levels() {
    // As the reference client has it: the innermost has the exception, the others its id.
    let inner = failed(below(node(3), 2), &["'missing'"]);
    let documents = judge::documents(&trace([
        inner,
        failed(node(2), &["'missing'"]),
        failed(node(1), &["'missing'"]),
    ]));
    let nodes = judge::nodes(&documents[0]);
    let exception = nodes[2]["cause"]["exceptions"][0]["id"].as_str().expect("it is told there");
    assert_eq!([&nodes[0]["cause"], &nodes[1]["cause"]], [exception, exception]);
    assert!(nodes.iter().all(|node| node["fault"] == true));
}

/// An `exception` event, as OpenTelemetry's `record_error` and ours make it.
fn exception_event(type_name: &'static str, message: &'static str) -> EventRecord {
    EventRecord {
        name: "exception".into(),
        unix_ns: 1_763_596_800_000_000_000,
        attributes: vec![
            Attribute::new("exception.type", type_name),
            Attribute::new("exception.message", message),
        ],
        dropped_attributes: 0,
    }
}

// <https://github.com/aws-observability/aws-otel-community/issues/38>: exceptions that were recorded
// and handled are dropped.
#[test]
fn handled_exception_is_kept_beside_the_error_that_is_returned() {
    let mut span = failed(node(1), &["gone", "no route to host"]);
    span.events = vec![
        exception_event("app::Timeout", "the first try took too long"),
        exception_event("app::Gone", "gone"),
    ];
    let document = judge::documents(&trace([span])).remove(0);
    let exceptions = document["cause"]["exceptions"].as_array().expect("exceptions");
    let told: Vec<_> =
        exceptions.iter().map(|it| (it["type"].as_str(), it["message"].as_str())).collect();
    assert_eq!(told, [(Some("Gone"), Some("gone")), (None, Some("no route to host"))]);
    let [event] = &document["metadata"]["sdk"]["events"].as_array().expect("events")[..] else {
        panic!("one event: {document}")
    };
    assert_eq!(event["attributes"]["exception.type"], "app::Timeout");
    assert_eq!(event["attributes"]["exception.message"], "the first try took too long");
}

#[test]
fn error_without_an_event_is_told_beside_a_handled_exception() {
    let mut outer = failed(node(1), &["gone"]);
    segment(&mut outer).errors.clear();
    outer.events = vec![exception_event("app::Timeout", "the first try took too long")];
    let inner = failed(node(2), &["gone"]);
    let document = judge::documents(&trace([inner, outer])).remove(0);
    let below = &document["subsegments"][0]["cause"]["exceptions"][0];
    assert_eq!((&document["cause"], &below["message"]), (&below["id"], &"gone".into()));
    let events = document["metadata"]["sdk"]["events"].as_array().expect("events");
    assert_eq!(events[0]["attributes"]["exception.type"], "app::Timeout");
}

// <https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/1255>: the id of a trace that
// another service began at random is replaced, or its spans are dropped.
#[test]
fn trace_id_without_a_time_in_it_is_kept() {
    let trace_id = TraceId::from_u128(0xffff_ffff_0000_0000_0000_0000_0000_0001);
    let mut root = node(1);
    root.context.trace_id = trace_id;
    let mut linked = node(2);
    linked.context.trace_id = trace_id;
    let expected = "1-ffffffff-000000000000000000000001";
    for documents in
        [judge::documents(&trace([linked.clone(), root])), judge::documents(&trace([linked]))]
    {
        assert_eq!(documents[0]["trace_id"], expected);
    }
}

#[test]
fn a_trace_without_segments_sends_nothing() {
    let mut span = node(1);
    span.segment = None;
    span.destinations = Destinations::SPANS;
    assert_eq!(judge::documents(&trace([span])), [Value::Null; 0]);
}

#[test]
fn segments_are_called_as_the_settings_say() {
    let name = |naming: xray::Naming, host: &'static str| {
        let mut settings = xray::Settings::new("127.0.0.1:2000");
        settings.naming = naming;
        settings.resource.set(Attribute::new("service.name", "cruddur"));
        let mut root = node(1);
        root.attributes =
            vec![Attribute::new("server.address", host), Attribute::new("http.route", "/api/{id}")];
        judge::judged(&settings, &trace([root]))[0]["name"].clone()
    };
    let by_host = || xray::Naming::Host {
        pattern: Pattern::new("*.example.com"),
        fallback: Some("MyApp".to_owned()),
    };
    assert_eq!(name(by_host(), "api.example.com"), "api.example.com");
    assert_eq!(name(by_host(), "evil.test"), "MyApp");
    assert_eq!(name(xray::Naming::Service, "evil.test"), "cruddur");
    assert_eq!(name(xray::Naming::Fixed("fixed".into()), "evil.test"), "fixed");
    assert_eq!(name(xray::Naming::Route, "evil.test"), "/api/:id");
}

#[test]
fn annotations_are_kept_as_the_reference_client_keeps_them_and_the_others_are_not_lost() {
    let mut root = node(1);
    segment(&mut root).annotations = vec![
        Attribute::new("str", "v"),
        Attribute::new("int", 3_i64),
        Attribute::new("float", 1.5),
        Attribute::new("bool", true),
        Attribute::new("zero", 0_i64),
        Attribute::new("empty", ""),
        Attribute::new("bad-key", "mapped"),
        Attribute::new("listval", Array::I64(vec![1])),
    ];
    let document = judge::documents(&trace([root])).remove(0);
    let expected = serde_json::json!({
        "str": "v", "int": 3, "float": 1.5, "bool": true, "zero": 0, "empty": "", "bad_key": "mapped",
    });
    assert_eq!(document["annotations"], expected);
    assert_eq!(document["metadata"]["default"]["listval"], serde_json::json!([1]));
}

#[test]
fn a_field_that_is_an_annotation_too_is_told_once() {
    let mut span = node(1);
    segment(&mut span).annotations = vec![Attribute::new("user.id", 7_i64)];
    span.attributes = vec![
        Attribute::new("aws.xray.annotations", Array::Str(vec!["user.id".into()])),
        Attribute::new("user.id", 7_i64),
    ];
    let document = judge::documents(&trace([span])).remove(0);
    assert_eq!(document["annotations"], serde_json::json!({ "user_id": 7 }));
    assert!(document["metadata"].get("default").is_none(), "{document}");
}

#[test]
fn every_attribute_can_be_searched_for_when_that_is_asked() {
    let mut settings = xray::Settings::new("127.0.0.1:2000");
    settings.indexed = xray::Indexed::Listed(vec!["app.now".into()]);
    let mut span = node(1);
    span.attributes = vec![Attribute::new("app.now", "x"), Attribute::new("app.len", 1_i64)];
    let document = judge::judged(&settings, &trace([span.clone()])).remove(0);
    assert_eq!(document["annotations"], serde_json::json!({ "app_now": "x" }));
    settings.indexed = xray::Indexed::All;
    let document = judge::judged(&settings, &trace([span])).remove(0);
    assert_eq!(document["annotations"], serde_json::json!({ "app_now": "x", "app_len": 1 }));
}

#[test]
fn what_was_changed_can_be_asked_for() {
    let settings = xray::Settings::new("127.0.0.1:2000");
    let mut call = node(2);
    call.kind = SpanKind::Client;
    call.name = "crud<dur>".into();
    segment(&mut call).annotations = vec![
        Attribute::new("größe", 1_i64),
        Attribute::new("user.id", 1_i64),
        Attribute::new("user_id", 2_i64),
        Attribute::new("long", "x".repeat(2_000)),
    ];
    judge::judged(&settings, &trace([call.clone(), node(1)]));
    judge::judged(&settings, &trace([call, node(1)]));
    let notes = settings.notes.all();
    let kinds: Vec<_> = notes.iter().map(|(name, kind)| (*name, kind.count)).collect();
    let expected = [
        ("annotation key", 2),
        ("annotation key given twice", 2),
        ("annotation value shortened", 2),
        ("name", 2),
    ];
    assert_eq!(kinds, expected);
    assert_eq!((notes["name"].examples.len(), &*notes["name"].examples[0].became), (1, "crud_dur"));
    assert_eq!(notes["annotation key"].examples[0].was, "größe");
    assert_eq!(notes["annotation key given twice"].examples[0].was, "user_id");
}

#[test]
fn documented_mappings_are_no_changes() {
    let settings = xray::Settings::new("127.0.0.1:2000");
    let mut call = node(2);
    call.kind = SpanKind::Client;
    call.name = "GET /users/{id}".into();
    // One value under two spellings of a key is one annotation.
    segment(&mut call).annotations =
        vec![Attribute::new("user.id", 1_i64), Attribute::new("user_id", 1_i64)];
    let document = judge::judged(&settings, &trace([call, node(1)])).remove(0);
    let node = &document["subsegments"][0];
    assert_eq!(node["annotations"], serde_json::json!({ "user_id": 1 }), "{document}");
    assert_eq!(node["metadata"]["annotations_overflow"], Value::Null, "{document}");
    assert!(settings.notes.all().is_empty(), "{:?}", settings.notes.all());
}

#[test]
fn a_root_that_runs_is_a_segment_in_progress() {
    let mut running = node(1);
    running.end_unix_ns = 0;
    let document = judge::documents(&trace([running])).remove(0);
    assert_eq!(
        (&document["in_progress"], &document["end_time"]),
        (&Value::Bool(true), &Value::Null)
    );
    assert_eq!(document["id"], "0000000000000001");
}

#[test]
fn the_same_trace_makes_the_same_bytes() {
    let once = || {
        let mut exporter = xray::Exporter::new(&xray::Settings::new("127.0.0.1:2000"));
        let mut out = Vec::new();
        exporter.encode(&usual(10), &mut out).expect("it has a form");
        out
    };
    assert_eq!(once(), once());
    assert!(String::from_utf8_lossy(&once()).contains(HEADER));
    assert_eq!(usual(0).root_id, SpanId::from_u64(1));
}
