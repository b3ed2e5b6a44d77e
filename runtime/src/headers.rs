//! The headers of one request, by the formats that are installed.
//!
//! In: the headers of a request that came in, or the current span. Out: a [`Context`], or the
//! headers of a request that goes out.
//! Never: does anything when nothing is installed.

use crate::propagate::{Carrier, Context, Propagator, XrayContext};
use crate::span::{current, request, tracer};

/// Reads who called from the headers of a request.
///
/// Never blocks. Without an installation, and from headers that say nothing, the context is empty.
pub fn extract(headers: &dyn Carrier) -> Context {
    let mut context = Context::default();
    if let Some(tracer) = tracer::here() {
        tracer.propagator.extract(headers, &mut context);
    }
    context
}

/// Calls `set` with the name and value of each header that a call made now must carry: the current
/// span, and the trace state and baggage of its request.
///
/// An unsampled span goes along too, so that the next service does not record either. Without a
/// current span `set` is not called. Takes a short lock while any request has a trace state,
/// baggage or a user.
///
/// ```
/// let mut headers = Vec::new();
/// spanwright::inject(|name, value| headers.push((name.to_owned(), value.to_owned())));
/// assert!(headers.is_empty(), "nothing is installed here");
/// ```
pub fn inject(mut set: impl FnMut(&str, &str)) {
    let span = current();
    if !span.context().is_valid() {
        return;
    }
    let Some(tracer) = tracer::here() else { return };
    let request = request::of(span).unwrap_or_default();
    let context = Context {
        span: span.context(),
        trace_state: request.trace_state,
        baggage: request.baggage,
        xray: Some(XrayContext { rest: request.xray_rest, ..span.xray() }),
        ..Context::default()
    };
    tracer.propagator.inject(&context, &mut set);
}
