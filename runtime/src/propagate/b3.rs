//! The B3 headers of Zipkin, in the single-header and the multi-header form.
//!
//! ```text
//! b3: 80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90
//!     └ trace id: 32 or 16 digits      └ span id        │ └ parent span id, ignored
//!                                              0, 1 or d ┘
//! ```
//!
//! Wire format: <https://github.com/openzipkin/b3-propagation>. Rules for SDKs:
//! <https://opentelemetry.io/docs/specs/otel/context/api-propagators/#b3-requirements>.

use super::{Carrier, Context, Propagator, ids, trim_white_space};
use crate::record::{SpanContext, SpanId, TraceFlags, TraceId};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_SPAN_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// Reads both forms of B3, of which `b3` takes precedence, and writes one of them.
///
/// A trace id of 64 bits is padded with zeros on the left. Without a sampling state the decision is
/// [deferred](Context::is_deferred); the debug state implies a sampled trace and is passed on. A header
/// without ids, such as `b3: 0`, names no span and is ignored, like an invalid one. The parent span id
/// is not passed on.
#[derive(Clone, Copy, Debug)]
pub struct B3 {
    is_multi: bool,
}

/// The sampling state of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampling {
    Deferred,
    Denied,
    Accepted,
    Debug,
}

impl B3 {
    /// Writes the header `b3`; `b3` in `OTEL_PROPAGATORS`.
    pub const fn single() -> Self {
        Self { is_multi: false }
    }

    /// Writes the headers `x-b3-*`; `b3multi` in `OTEL_PROPAGATORS`.
    pub const fn multi() -> Self {
        Self { is_multi: true }
    }
}

impl Propagator for B3 {
    fn fields(&self) -> &[&'static str] {
        &[SINGLE, TRACE_ID, SPAN_ID, PARENT_SPAN_ID, SAMPLED, FLAGS]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        let single = || read_single(ids(carrier, SINGLE)?);
        let Some((span, sampling)) = single().or_else(|| read_multi(carrier)) else { return };
        let is_sampled = matches!(sampling, Sampling::Accepted | Sampling::Debug);
        let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NONE };
        context.continue_trace(SpanContext { flags, ..span });
        context.is_deferred = sampling == Sampling::Deferred;
        context.is_debug = sampling == Sampling::Debug;
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        let SpanContext { trace_id, span_id, flags, .. } = context.span;
        if !context.span.is_valid() {
            return;
        }
        let is_debug = context.is_debug && flags.is_sampled();
        let sampled = if flags.is_sampled() { "1" } else { "0" };
        if !self.is_multi {
            let state = if is_debug { "d" } else { sampled };
            return set(SINGLE, &format!("{trace_id}-{span_id}-{state}"));
        }
        set(TRACE_ID, &trace_id.to_string());
        set(SPAN_ID, &span_id.to_string());
        // Debug implies a sampled trace; the two headers never stand side by side.
        if is_debug { set(FLAGS, "1") } else { set(SAMPLED, sampled) }
    }
}

fn read_single(header: &[u8]) -> Option<(SpanContext, Sampling)> {
    let mut fields = trim_white_space(header).splitn(5, |&byte| byte == b'-');
    let span = span(fields.next()?, fields.next()?)?;
    let sampling = match fields.next() {
        None => Sampling::Deferred,
        Some(b"0") => Sampling::Denied,
        Some(b"1") => Sampling::Accepted,
        Some(b"d") => Sampling::Debug,
        Some(_) => return None,
    };
    let is_parent_valid = fields.next().is_none_or(|parent| SpanId::parse(parent).is_ok());
    (is_parent_valid && fields.next().is_none()).then_some((span, sampling))
}

fn read_multi(carrier: &dyn Carrier) -> Option<(SpanContext, Sampling)> {
    let value = |name| ids(carrier, name).map(trim_white_space);
    let span = span(value(TRACE_ID)?, value(SPAN_ID)?)?;
    let sampling = match (value(FLAGS), value(SAMPLED)) {
        (Some(b"1"), _) => Sampling::Debug,
        // Old tracers write words.
        (_, Some(b"1" | b"true")) => Sampling::Accepted,
        (_, Some(b"0" | b"false")) => Sampling::Denied,
        _ => Sampling::Deferred,
    };
    Some((span, sampling))
}

fn span(trace_id: &[u8], span_id: &[u8]) -> Option<SpanContext> {
    let mut padded = [b'0'; 32];
    match trace_id.len() {
        length @ (16 | 32) => padded[32 - length..].copy_from_slice(trace_id),
        _ => return None,
    }
    Some(SpanContext {
        trace_id: TraceId::parse(&padded).ok()?,
        span_id: SpanId::parse(span_id).ok()?,
        flags: TraceFlags::NONE,
        is_remote: true,
    })
}

#[cfg(test)]
mod tests;
