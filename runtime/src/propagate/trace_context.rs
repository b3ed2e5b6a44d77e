//! The W3C trace context: the headers `traceparent` and `tracestate`.
//!
//! In: headers of any caller. Out: a span context that is valid, or nothing at all.
//! Never: guesses what a broken `traceparent` may have meant; the trace is begun anew.
//!
//! Wire format: <https://www.w3.org/TR/trace-context-2/>. Not supported: the response headers.

use super::{Carrier, Context, Propagator, ids, trace_state, trim_white_space};
use crate::record::{SpanContext, SpanId, TraceFlags, TraceId};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// Version `ff` is forbidden.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#version>.
const FORBIDDEN_VERSION: u8 = 0xff;

/// Reads and writes `traceparent` and `tracestate`, level 2.
///
/// A request with several `traceparent` headers has none. A `tracestate` that breaks the rules is
/// dropped whole and leaves the `traceparent` alone; without a `traceparent` it is not looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceContext;

impl Propagator for TraceContext {
    fn fields(&self) -> &[&'static str] {
        &[TRACEPARENT, TRACESTATE]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        let Some(span) = ids(carrier, TRACEPARENT).and_then(parse) else { return };
        let mut list = trace_state::List::default();
        carrier.each_value(TRACESTATE, &mut |value| list.add(value));
        context.continue_trace(span);
        context.trace_state = list.into_text().map(Into::into);
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        let SpanContext { trace_id, span_id, flags, .. } = context.span;
        if !context.span.is_valid() {
            return;
        }
        set(TRACEPARENT, &format!("00-{trace_id}-{span_id}-{:02x}", flags.to_u8()));
        if let Some(trace_state) = &context.trace_state {
            // The field is public: what was put there by hand must not break the header.
            let mut list = trace_state::List::default();
            list.add(trace_state.as_bytes());
            if let Some(text) = list.into_text() {
                set(TRACESTATE, &text);
            }
        }
    }
}

/// Higher versions may add fields at the end, version 00 may not.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#versioning-of-traceparent>.
fn parse(header: &[u8]) -> Option<SpanContext> {
    let mut fields = trim_white_space(header).splitn(5, |&byte| byte == b'-');
    let version = parse_hex_byte(fields.next()?)?;
    let trace_id = TraceId::parse(fields.next()?).ok()?;
    let span_id = SpanId::parse(fields.next()?).ok()?;
    let flags = TraceFlags::from_u8(parse_hex_byte(fields.next()?)?);
    let has_more_fields = fields.next().is_some();
    if version == FORBIDDEN_VERSION || (version == 0 && has_more_fields) {
        return None;
    }
    Some(SpanContext { trace_id, span_id, flags, is_remote: true })
}

fn parse_hex_byte(text: &[u8]) -> Option<u8> {
    let digit = |byte| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let &[high, low] = text else { return None };
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests;
