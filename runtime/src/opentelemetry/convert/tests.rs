//! Every noun there and back.

use super::*;

#[test]
fn an_id_is_the_same_bytes_on_both_sides() {
    for id in [0, 1, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, u128::MAX] {
        let ours = TraceId::from_u128(id);
        let theirs = api::TraceId::from(ours);
        assert_eq!(theirs.to_bytes(), ours.to_bytes());
        assert_eq!(TraceId::from(theirs), ours);
    }
    for id in [0, 1, 0x00f0_67aa_0ba9_02b7, u64::MAX] {
        let ours = SpanId::from_u64(id);
        let theirs = api::SpanId::from(ours);
        assert_eq!(theirs.to_bytes(), ours.to_bytes());
        assert_eq!(SpanId::from(theirs), ours);
    }
}

#[test]
fn the_flags_we_know_pass_and_others_stay_behind() {
    for (theirs, ours, back) in [(0, 0, 0), (1, 1, 1), (2, 2, 2), (3, 3, 3), (0xFF, 3, 3)] {
        let flags = TraceFlags::from(api::TraceFlags::new(theirs));
        assert_eq!(flags.to_u8(), ours);
        assert_eq!(api::TraceFlags::from(flags).to_u8(), back);
    }
}

#[test]
fn a_span_context_comes_back_whole_with_its_trace_state_beside_it() {
    for is_remote in [false, true] {
        let ours = SpanContext {
            trace_id: TraceId::from_u128(7),
            span_id: SpanId::from_u64(8),
            flags: TraceFlags::SAMPLED.with(TraceFlags::RANDOM),
            is_remote,
        };
        let theirs = api_span_context(ours, trace_state(Some("a=1,b=2")));
        assert_eq!(SpanContext::from(&theirs), ours);
        assert_eq!(theirs.trace_state().header(), "a=1,b=2");
        assert_eq!(api::SpanContext::from(ours).trace_state(), &TraceState::NONE);
    }
    assert_eq!(SpanContext::from(&api::SpanContext::NONE), SpanContext::INVALID);
}

#[test]
fn a_trace_state_that_cannot_be_read_is_left_out() {
    for (text, expected) in
        [(None, ""), (Some("a=1"), "a=1"), (Some("A B"), ""), (Some("a=1,B"), "")]
    {
        assert_eq!(trace_state(text).header(), expected, "{text:?}");
    }
}

#[test]
fn every_kind_and_status_has_one_counterpart() {
    for (ours, theirs) in [
        (SpanKind::Internal, api::SpanKind::Internal),
        (SpanKind::Server, api::SpanKind::Server),
        (SpanKind::Client, api::SpanKind::Client),
        (SpanKind::Producer, api::SpanKind::Producer),
        (SpanKind::Consumer, api::SpanKind::Consumer),
    ] {
        assert_eq!(api::SpanKind::from(ours), theirs);
        assert_eq!(SpanKind::from(theirs), ours);
    }
    for (ours, theirs) in [
        (Status::Unset, api::Status::Unset),
        (Status::Ok, api::Status::Ok),
        (Status::Error { message: "".into() }, api::Status::error("")),
        (Status::Error { message: "no".into() }, api::Status::error("no")),
    ] {
        assert_eq!(api::Status::from(ours.clone()), theirs);
        assert_eq!(Status::from(theirs), ours);
    }
}

#[test]
fn a_value_keeps_its_type() {
    use opentelemetry::{Array as ApiArray, Value as ApiValue};
    let texts = || vec!["a".to_owned(), String::new()];
    let their_texts = texts().into_iter().map(Into::into).collect();
    for (ours, theirs) in [
        (Value::Bool(true), ApiValue::Bool(true)),
        (Value::I64(i64::MIN), ApiValue::I64(i64::MIN)),
        (Value::F64(0.5), ApiValue::F64(0.5)),
        (Value::from("text"), "text".into()),
        (Value::from(String::from("ä")), "ä".into()),
        (Array::Bool(vec![true, false]).into(), ApiValue::Array(vec![true, false].into())),
        (Array::I64(vec![1, -1]).into(), ApiValue::Array(vec![1, -1].into())),
        (Array::F64(vec![1.5]).into(), ApiValue::Array(vec![1.5].into())),
        (Array::Str(texts()).into(), ApiValue::Array(ApiArray::String(their_texts))),
        (Array::I64(vec![]).into(), ApiValue::Array(ApiArray::I64(vec![]))),
    ] {
        let attribute = Attribute::new("key", ours.clone());
        let key_value = KeyValue::new("key", theirs.clone());
        assert_eq!(KeyValue::from(attribute.clone()), key_value);
        assert_eq!(Attribute::from(key_value), attribute);
        assert_eq!(ApiValue::from(ours.clone()), theirs);
        assert_eq!(Value::from(theirs), ours);
    }
}

#[test]
fn events_and_links_keep_their_parts() {
    let attributes = vec![Attribute::new("n", 1)];
    let event = EventRecord {
        name: "hit".into(),
        unix_ns: 1_500,
        attributes: attributes.clone(),
        dropped_attributes: 2,
    };
    let at = UNIX_EPOCH + Duration::from_nanos(1_500);
    assert_eq!(api::Event::from(event), api::Event::new("hit", at, vec![KeyValue::new("n", 1)], 2));

    let context = SpanContext {
        trace_id: TraceId::from_u128(7),
        span_id: SpanId::from_u64(8),
        flags: TraceFlags::NONE,
        is_remote: true,
    };
    assert_eq!(
        api::Link::from(LinkRecord { context, attributes, dropped_attributes: 3 }),
        api::Link::new(context.into(), vec![KeyValue::new("n", 1)], 3)
    );
}
