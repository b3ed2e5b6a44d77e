//! Jaeger's header, its flags, and its baggage.

use super::*;

const TRACE_ID: &str = "80f198ee56343ba864fe8b2a57d3eff7";
const SPAN_ID: &str = "e457b5a2e4d86bd1";

fn extract(headers: &[(&str, &str)]) -> Context {
    let mut context = Context::default();
    Jaeger.extract(&headers, &mut context);
    context
}

fn inject(context: &Context) -> Vec<String> {
    let mut lines = Vec::new();
    Jaeger.inject(context, &mut |name, value| lines.push(format!("{name}: {value}")));
    lines
}

#[test]
fn a_header_is_read_with_its_flags_and_written_again() {
    for (flags, is_sampled, is_debug, sent) in [
        ("1", true, false, "01"),
        ("01", true, false, "01"),
        ("0", false, false, "00"),
        ("3", true, true, "03"),
        ("2", true, true, "03"),
        ("9", true, false, "01"),
    ] {
        let header = format!("{TRACE_ID}:{SPAN_ID}:05e3ac9a4f6e3b90:{flags}");
        let context = extract(&[("Uber-Trace-Id", &header)]);
        assert_eq!(context.span.trace_id.to_string(), TRACE_ID);
        assert_eq!(context.span.span_id.to_string(), SPAN_ID);
        assert!(context.span.is_remote && !context.is_deferred);
        assert_eq!((context.span.flags.is_sampled(), context.is_debug), (is_sampled, is_debug));
        assert_eq!(inject(&context), [format!("uber-trace-id: {TRACE_ID}:{SPAN_ID}:0:{sent}")]);
    }
}

#[test]
fn short_ids_are_padded_and_escaped_colons_are_read() {
    for header in ["57d3eff7:4d86bd1:0:1", "57d3eff7%3A4d86bd1%3a0%3A1"] {
        let span = extract(&[("uber-trace-id", header)]).span;
        assert_eq!(span.trace_id, TraceId::from_u128(0x57d3_eff7), "{header}");
        assert_eq!(span.span_id, SpanId::from_u64(0x4d8_6bd1), "{header}");
    }
}

#[test]
fn an_invalid_header_is_ignored() {
    for header in [
        "",
        "1:2:0",
        "1:2:0:1:1",
        "0:2:0:1",
        "1:0:0:1",
        "1:2:0:",
        "1:2:0:100",
        "+1:2:0:1",
        "g:2:0:1",
        &format!("1{TRACE_ID}:2:0:1"),
        &format!("1:1{SPAN_ID}:0:1"),
        &format!("{TRACE_ID}:{SPAN_ID}:{}:1", "0".repeat(100)),
    ] {
        assert_eq!(extract(&[("uber-trace-id", header)]), Context::default(), "{header}");
    }
    let valid = "1:2:0:1";
    assert_eq!(extract(&[("uber-trace-id", valid), ("uber-trace-id", valid)]), Context::default());
}

#[test]
fn each_baggage_member_has_a_header_of_its_own() {
    let context = extract(&[("Uberctx-tenant", "a%20b"), ("uberctx-k", "v"), ("uberctx", "x")]);
    assert_eq!(context.baggage.get("tenant").as_deref(), Some("a b"));
    assert_eq!(context.baggage.len(), 2);
    assert_eq!(inject(&context), ["uberctx-tenant: a%20b", "uberctx-k: v"]);
}
