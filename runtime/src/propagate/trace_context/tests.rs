//! The header rules, point by point.

use super::*;

const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const SPAN: u64 = 0x00f0_67aa_0ba9_02b7;
const PARENT: (&str, &str) =
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

fn extract(headers: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    TraceContext.extract(&headers, &mut context);
    context
}

fn inject(context: &Context) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    TraceContext
        .inject(context, &mut |name, value| headers.push((name.to_owned(), value.to_owned())));
    headers
}

#[test]
fn a_traceparent_is_read_strictly() {
    let valid = |flags| {
        Some(SpanContext {
            trace_id: TraceId::from_u128(TRACE),
            span_id: SpanId::from_u64(SPAN),
            flags,
            is_remote: true,
        })
    };
    let both = TraceFlags::SAMPLED.with(TraceFlags::RANDOM);
    for (header, expected) in [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", valid(TraceFlags::NONE)),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", valid(TraceFlags::SAMPLED)),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02", valid(TraceFlags::RANDOM)),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", valid(both)),
        ("\t 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03 \t", valid(both)),
        ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", valid(both)),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more-to-come", valid(both)),
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03.more", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", None),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
        ("0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
        ("000-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
        ("CC-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
        ("+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e47360-00f067aa0ba902b7-01", None),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00F067AA0BA902B7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0f067aa0ba902b7-01", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-001", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0A", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", None),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01", None),
        ("", None),
    ] {
        assert_eq!(parse(header.as_bytes()), expected, "{header}");
    }
}

#[test]
fn two_traceparents_are_none_even_when_they_agree() {
    assert_eq!(extract(&[PARENT, ("tracestate", "a=1"), PARENT]), Context::default());
}

#[test]
fn several_tracestates_are_one_list() {
    let context = extract(&[PARENT, ("tracestate", "a=1"), ("TraceState", "b=2 , a=3")]);
    assert_eq!(context.trace_state.as_deref(), Some("a=1,b=2,a=3"));
}

#[test]
fn a_broken_tracestate_leaves_the_traceparent_alone() {
    let context = extract(&[PARENT, ("tracestate", "a=1,B=2")]);
    assert_eq!((context.span.is_valid(), context.trace_state), (true, None));
}

#[test]
fn a_tracestate_without_a_traceparent_is_dropped() {
    assert_eq!(extract(&[("tracestate", "a=1")]), Context::default());
    assert_eq!(extract(&[("traceparent", "00-0-0-00"), ("tracestate", "a=1")]).trace_state, None);
}

#[test]
fn headers_that_cannot_be_read_leave_an_earlier_context_and_others_replace_it_whole() {
    let earlier = extract(&[PARENT, ("tracestate", "a=1")]);

    let mut context = earlier.clone();
    TraceContext.extract(&[("traceparent", "no"), ("tracestate", "b=2")].as_slice(), &mut context);
    assert_eq!(context, earlier);

    let other = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-00");
    TraceContext.extract(&[other].as_slice(), &mut context);
    assert_eq!((context.span.span_id, context.trace_state), (SpanId::from_u64(0xff), None));
}

#[test]
fn what_came_in_goes_out_with_sampled_and_random_kept() {
    let random = ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02");
    for parent in [PARENT, random] {
        let headers = inject(&extract(&[parent, ("tracestate", "a=1")]));
        let expected = [parent, ("tracestate", "a=1")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

#[test]
fn a_context_without_a_span_writes_nothing() {
    let context = Context { trace_state: Some("a=1".into()), ..Context::default() };
    assert_eq!(inject(&context), []);
}

#[test]
fn a_tracestate_set_by_hand_is_written_only_when_it_is_one() {
    let with = |text: &str| {
        let context = Context { trace_state: Some(text.into()), ..extract(&[PARENT]) };
        inject(&context).into_iter().nth(1).map(|(_, value)| value)
    };
    assert_eq!(with(",a=1, ,"), Some("a=1".to_owned()));
    assert_eq!(with(" , "), None);
    assert_eq!(with("a=1\r\nx-admin: 1"), None);
}
