//! Items, decoded again with the message types of the specification.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::ScopeSpans;

use super::*;
use crate::record::{Array, Dropped, Level, SpanContext, SpanId, TraceId};

static SOURCE: Source = Source {
    name: "home_activities",
    target: "cruddur",
    function: "cruddur::home_activities",
    file: "src/home_activities.rs",
    line: 12,
    level: Level::Info,
};

static BY_HAND: Source = Source::by_hand("by hand", "cruddur");

fn plain() -> SpanRecord {
    SpanRecord::new(context(7), &BY_HAND, 10, 20)
}

fn context(id: u64) -> SpanContext {
    let trace_id = TraceId::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10);
    SpanContext::sampled(trace_id, SpanId::from_u64(id))
}

/// A span that uses every field.
fn full() -> SpanRecord {
    SpanRecord {
        name: "GET /api/activities/home".into(),
        context: SpanContext {
            flags: TraceFlags::SAMPLED.with(TraceFlags::RANDOM),
            ..context(0x1112_1314_1516_1718)
        },
        parent_span_id: Some(SpanId::from_u64(0x2122_2324_2526_2728)),
        parent_is_remote: true,
        trace_state: Some(Arc::from("congo=t61rcWkgMzE")),
        kind: SpanKind::Server,
        attributes: vec![
            Attribute::new("text", "größer"),
            Attribute::new("yes", true),
            Attribute::new("minus", -1),
            Attribute::new("half", 0.5),
            Attribute::new("bools", Array::Bool(vec![true, false])),
            Attribute::new("numbers", Array::I64(vec![0, i64::MIN])),
            Attribute::new("floats", Array::F64(vec![1.5])),
            Attribute::new("texts", Array::Str(vec!["a".to_owned(), String::new()])),
        ],
        events: vec![EventRecord {
            name: "exception".into(),
            unix_ns: 15,
            attributes: vec![Attribute::new("exception.type", "DbError")],
            dropped_attributes: 4,
        }],
        links: vec![LinkRecord {
            context: SpanContext { is_remote: true, ..context(9) },
            attributes: vec![Attribute::new("n", 1)],
            dropped_attributes: 5,
        }],
        dropped: Dropped { attributes: 1, events: 2, links: 3 },
        status: Status::Error { message: "no such table".into() },
        outcome: Outcome::Panic,
        source: &SOURCE,
        ..plain()
    }
}

fn encode_with(encoder: &mut Encoder, records: &[SpanRecord]) -> Vec<Span> {
    let mut out = Vec::new();
    for record in records {
        encoder.encode(record, &mut out);
    }
    ScopeSpans::decode(out.as_slice()).expect("items join to a scope").spans
}

fn encode(record: &SpanRecord) -> Span {
    encode_with(&mut Encoder::new(usize::MAX), std::slice::from_ref(record)).remove(0)
}

fn value(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

fn text_attribute(key: &str, value: &str) -> KeyValue {
    attributes::message(key, any_value::Value::StringValue(value.to_owned()))
}

/// What [`full`] must become.
fn full_wire() -> Span {
    Span {
        trace_id: (1..=16).collect(),
        span_id: (0x11..=0x18).collect(),
        trace_state: "congo=t61rcWkgMzE".to_owned(),
        parent_span_id: (0x21..=0x28).collect(),
        flags: 0x303,
        name: "GET /api/activities/home".to_owned(),
        kind: 2,
        start_time_unix_nano: 10,
        end_time_unix_nano: 20,
        attributes: full_wire_attributes(),
        dropped_attributes_count: 1,
        events: vec![span::Event {
            time_unix_nano: 15,
            name: "exception".to_owned(),
            attributes: vec![text_attribute("exception.type", "DbError")],
            dropped_attributes_count: 4,
        }],
        dropped_events_count: 2,
        links: vec![span::Link {
            trace_id: (1..=16).collect(),
            span_id: vec![0, 0, 0, 0, 0, 0, 0, 9],
            trace_state: String::new(),
            attributes: vec![attributes::message("n", any_value::Value::IntValue(1))],
            dropped_attributes_count: 5,
            flags: 0x301,
        }],
        dropped_links_count: 3,
        status: Some(WireStatus { message: "no such table".to_owned(), code: 2 }),
    }
}

fn full_wire_attributes() -> Vec<KeyValue> {
    use any_value::Value as Wire;
    let text = |text: &str| value(Wire::StringValue(text.to_owned()));
    let array = |values: Vec<AnyValue>| Wire::ArrayValue(ArrayValue { values });
    vec![
        text_attribute("text", "größer"),
        attributes::message("yes", Wire::BoolValue(true)),
        attributes::message("minus", Wire::IntValue(-1)),
        attributes::message("half", Wire::DoubleValue(0.5)),
        attributes::message(
            "bools",
            array(vec![value(Wire::BoolValue(true)), value(Wire::BoolValue(false))]),
        ),
        attributes::message(
            "numbers",
            array(vec![value(Wire::IntValue(0)), value(Wire::IntValue(i64::MIN))]),
        ),
        attributes::message("floats", array(vec![value(Wire::DoubleValue(1.5))])),
        attributes::message("texts", array(vec![text("a"), text("")])),
        text_attribute("code.function.name", "cruddur::home_activities"),
        text_attribute("code.file.path", "src/home_activities.rs"),
        attributes::message("code.line.number", Wire::IntValue(12)),
        text_attribute("spanwright.outcome", "panic"),
    ]
}

#[test]
fn every_field_arrives() {
    assert_eq!(encode(&full()), full_wire());
}

#[test]
fn a_plain_span_says_no_more_than_it_knows() {
    let span = encode(&plain());
    assert_eq!((span.kind, span.flags, span.status), (1, 0x101, None));
    assert!(span.parent_span_id.is_empty() && span.trace_state.is_empty());
    assert_eq!(span.attributes, []);
}

#[test]
fn kinds_and_statuses_have_the_numbers_of_the_specification() {
    for (kind, number) in [
        (SpanKind::Internal, 1),
        (SpanKind::Server, 2),
        (SpanKind::Client, 3),
        (SpanKind::Producer, 4),
        (SpanKind::Consumer, 5),
    ] {
        assert_eq!(encode(&SpanRecord { kind, ..plain() }).kind, number);
    }
    let ok = encode(&SpanRecord { status: Status::Ok, ..plain() }).status;
    assert_eq!(ok, Some(WireStatus { message: String::new(), code: 1 }));
}

#[test]
fn only_an_outcome_the_status_cannot_say_is_an_attribute() {
    for (outcome, expected) in [
        (Outcome::Ok, None),
        (Outcome::Error, None),
        (Outcome::None, Some("none")),
        (Outcome::Panic, Some("panic")),
        (Outcome::Cancelled, Some("cancelled")),
    ] {
        let expected = expected.map(|text| text_attribute(origin::OUTCOME, text));
        let attributes = encode(&SpanRecord { outcome, ..plain() }).attributes;
        assert_eq!(attributes, Vec::from_iter(expected));
    }
}

#[test]
fn memory_of_earlier_spans_leaves_no_trace_in_later_ones() {
    let shorter = SpanRecord {
        attributes: vec![Attribute::new("yes", 1), Attribute::new("text", "b")],
        ..plain()
    };
    let records = [full(), shorter, plain(), full(), full()];
    let mut encoder = Encoder::new(usize::MAX);
    let together = encode_with(&mut encoder, &records);
    let alone: Vec<_> = records.iter().map(encode).collect();
    assert_eq!(together, alone);
}

#[test]
fn texts_are_cut_on_a_character_boundary() {
    let record = SpanRecord { name: "grö".into(), ..full() };
    let span = encode_with(&mut Encoder::new(3), &[record]).remove(0);
    assert_eq!(span.name, "gr");
    let value = span.attributes[0].value.clone().and_then(|value| value.value);
    assert_eq!(value, Some(any_value::Value::StringValue("gr".to_owned())));
    assert_eq!(span.status.map(|status| status.message).as_deref(), Some("no "));
}

#[test]
fn a_record_weighs_more_than_its_encoded_form() {
    let texts = vec![String::new(); 1000];
    let many = vec![
        Attribute::new("bools", Array::Bool(vec![true; 1000])),
        Attribute::new("numbers", Array::I64(vec![-1; 1000])),
        Attribute::new("floats", Array::F64(vec![1.5; 1000])),
        Attribute::new("texts", Array::Str(texts)),
    ];
    let many = SpanRecord { attributes: many, ..plain() };
    for record in [plain(), full(), many] {
        let mut out = Vec::new();
        Encoder::new(usize::MAX).encode(&record, &mut out);
        assert!(weigh(&record) >= out.len(), "{} < {}", weigh(&record), out.len());
    }
}

#[test]
fn an_attribute_of_the_users_own_wins_over_ours_of_the_same_key() {
    for key in ["code.function.name", "code.file.path", "code.line.number", "spanwright.outcome"] {
        let record = SpanRecord { attributes: vec![Attribute::new(key, "mine")], ..full() };
        let attributes = encode(&record).attributes;
        assert_eq!(attributes[0], text_attribute(key, "mine"));
        let keys: std::collections::BTreeSet<_> =
            attributes.iter().map(|attribute| &attribute.key).collect();
        assert_eq!((keys.len(), attributes.len()), (4, 4), "{attributes:?}");
    }
}

#[test]
fn a_library_named_by_the_span_is_its_scope_and_not_its_attribute() {
    let attributes = vec![
        Attribute::new("otel.scope.name", "my.lib"),
        Attribute::new("n", 1),
        Attribute::new("otel.scope.version", "1.2"),
    ];
    let record = SpanRecord { attributes, ..plain() };
    let mut encoder = Encoder::new(usize::MAX);
    let mut out = Vec::new();
    encoder.encode(&record, &mut out);
    assert!(encoder.has_met_scopes());
    let found = ScopeSpans::decode(out.as_slice()).expect("an item is a scope's beginning");
    let scope = found.scope.expect("the item names its scope");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("my.lib", "1.2"));
    let n = attributes::message("n", any_value::Value::IntValue(1));
    assert_eq!(found.spans[0].attributes, [n]);
}

#[test]
fn a_scope_whose_name_is_no_text_is_an_attribute() {
    let record = SpanRecord { attributes: vec![Attribute::new("otel.scope.name", 7)], ..plain() };
    assert_eq!(encode(&record).attributes[0].key, "otel.scope.name");
}
