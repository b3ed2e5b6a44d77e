//! Both forms of B3, with the examples of its specification.

use super::*;

const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SPAN: &str = "e457b5a2e4d86bd1";

fn extract(headers: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    B3::single().extract(&headers, &mut context);
    context
}

fn inject(format: B3, context: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    format.inject(context, &mut |name, value| lines.push(format!("{name}: {value}")));
    lines
}

/// Trace id, span id, sampled, deferred and debug.
fn facts(context: &Context) -> (String, String, bool, bool, bool) {
    let SpanContext { trace_id, span_id, flags, is_remote } = context.span;
    assert!(is_remote, "{context:?}");
    let (is_deferred, is_debug) = (context.is_deferred, context.is_debug);
    (trace_id.to_string(), span_id.to_string(), flags.is_sampled(), is_deferred, is_debug)
}

#[test]
fn the_single_header_is_read_with_each_sampling_state() {
    let ids = || (TRACE.to_owned(), SPAN.to_owned());
    for (rest, is_sampled, is_deferred, is_debug) in [
        ("-1-05e3ac9a4f6e3b90", true, false, false),
        ("-1", true, false, false),
        ("-0", false, false, false),
        ("-d", true, false, true),
        ("", false, true, false),
    ] {
        let context = extract(&[("b3", &format!("{TRACE}-{SPAN}{rest}"))]);
        let (trace_id, span_id) = ids();
        let expected = (trace_id, span_id, is_sampled, is_deferred, is_debug);
        assert_eq!(facts(&context), expected, "{rest}");
    }
}

#[test]
fn the_multiple_headers_are_read_with_each_sampling_state() {
    for (header, is_sampled, is_deferred, is_debug) in [
        (("X-B3-Sampled", "1"), true, false, false),
        (("X-B3-Sampled", "true"), true, false, false),
        (("X-B3-Sampled", "0"), false, false, false),
        (("X-B3-Sampled", "false"), false, false, false),
        (("X-B3-Sampled", "yes"), false, true, false),
        (("X-B3-Flags", "1"), true, false, true),
        (("X-B3-Flags", "0"), false, true, false),
    ] {
        let ids = [("X-B3-TraceId", TRACE), ("X-B3-SpanId", SPAN)];
        let parent = ("X-B3-ParentSpanId", "05e3ac9a4f6e3b90");
        let context = extract(&[ids[0], ids[1], parent, header]);
        let expected = (TRACE.to_owned(), SPAN.to_owned(), is_sampled, is_deferred, is_debug);
        assert_eq!(facts(&context), expected, "{header:?}");
    }
}

#[test]
fn a_trace_id_of_64_bits_is_padded_on_the_left() {
    let padded = format!("{:0>32}", &TRACE[16..]);
    let single = extract(&[("b3", &format!("{}-{SPAN}-1", &TRACE[16..]))]);
    let multi = extract(&[("x-b3-traceid", &TRACE[16..]), ("x-b3-spanid", SPAN)]);
    assert_eq!((facts(&single).0, facts(&multi).0), (padded.clone(), padded));
}

#[test]
fn the_single_header_takes_precedence_and_an_invalid_one_does_not() {
    let other = [("x-b3-traceid", "463ac35c9f6413ad48485a3953bb6124"), ("x-b3-spanid", SPAN)];
    let single = format!("{TRACE}-{SPAN}-0");
    let context = extract(&[other[0], other[1], ("b3", &single), ("x-b3-sampled", "1")]);
    assert_eq!((facts(&context).0.as_str(), facts(&context).2), (TRACE, false));
    let context = extract(&[other[0], other[1], ("b3", "invalid")]);
    assert_eq!(facts(&context).0, other[0].1);
}

#[test]
fn headers_without_valid_ids_are_ignored() {
    let zero = "0000000000000000";
    for single in [
        "0",
        "1",
        "d",
        "",
        &format!("{TRACE}-{zero}-1"),
        &format!("{zero}{zero}-{SPAN}-1"),
        &format!("{}-{SPAN}-1", &TRACE[1..]),
        &format!("{}-{SPAN}-1", TRACE.to_uppercase()),
        &format!("{TRACE}-{}-1", &SPAN[1..]),
        &format!("{TRACE}-{SPAN}-2"),
        &format!("{TRACE}-{SPAN}-1-x"),
        &format!("{TRACE}-{SPAN}-1-{SPAN}-1"),
        &format!("{TRACE}-{SPAN}-"),
    ] {
        assert_eq!(extract(&[("b3", single)]), Context::default(), "{single}");
    }
    assert_eq!(extract(&[("x-b3-traceid", TRACE)]), Context::default());
    assert_eq!(extract(&[("x-b3-spanid", SPAN), ("x-b3-sampled", "1")]), Context::default());
}

#[test]
fn each_form_writes_its_headers_without_a_parent() {
    for (state, multi) in
        [("1", "x-b3-sampled: 1"), ("0", "x-b3-sampled: 0"), ("d", "x-b3-flags: 1")]
    {
        let context = extract(&[("b3", &format!("{TRACE}-{SPAN}-{state}-05e3ac9a4f6e3b90"))]);
        assert_eq!(inject(B3::single(), &context), [format!("b3: {TRACE}-{SPAN}-{state}")]);
        let ids = [format!("x-b3-traceid: {TRACE}"), format!("x-b3-spanid: {SPAN}")];
        assert_eq!(inject(B3::multi(), &context), [&ids[0], &ids[1], multi]);
    }
    assert!(inject(B3::multi(), &Context::default()).is_empty());
}

#[test]
fn debug_is_not_written_for_a_trace_that_is_not_sampled() {
    let mut context = extract(&[("b3", &format!("{TRACE}-{SPAN}-d"))]);
    context.span.flags = TraceFlags::NONE;
    assert_eq!(inject(B3::single(), &context), [format!("b3: {TRACE}-{SPAN}-0")]);
}
