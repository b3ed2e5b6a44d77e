//! The context that a call made under a span carries.

use super::current::{self, Current};
use super::handle::SpanRef;
use super::{live, request};
use crate::propagate::{Context, Sampled, XrayContext};
use crate::record::{Destinations, SpanContext, SpanId};

/// Returns the context of a call made now; `None` where no trace is current.
pub(crate) fn outgoing_now() -> Option<Context> {
    let current = Current::get();
    current.trace_id().is_valid().then(|| outgoing(SpanRef::from_current(current)))
}

/// Returns the context of a call made under `span`: the span, and the trace state and baggage of its
/// request.
///
/// Takes a short lock while any request has a trace state, baggage or a user.
pub(crate) fn outgoing(span: SpanRef) -> Context {
    let request = request::of(span).unwrap_or_default();
    let current = span.to_current();
    let span_id = SpanId::from_u64(calling_id(&current));
    Context {
        span: SpanContext { span_id, ..current.context() },
        is_debug: request.is_debug,
        trace_state: request.trace_state,
        baggage: request.baggage,
        xray: Some(xray(span, span_id, request.xray)),
        ..Context::default()
    }
}

/// The id of the span that makes the call. No recorded span makes an unsampled call, so each such
/// call has a new id, as if an unsampled client span had been begun for it.
fn calling_id(current: &Current) -> u64 {
    let destinations = current.traits.destinations();
    if destinations.contains(Destinations::SPANS) {
        current.span_id
    } else if destinations.contains(Destinations::SEGMENTS) && current.segment_id != 0 {
        current.segment_id
    } else {
        current::with(live::next_span_id)
    }
}

/// The X-Ray header beside the trace. A request that is not recorded passes the header of its caller
/// on; without one it leaves the decision to the next service unless the caller has decided.
fn xray(span: SpanRef, span_id: SpanId, incoming: Option<XrayContext>) -> XrayContext {
    let current = span.to_current();
    if !span.is_propagation_only() {
        let segment_id = SpanId::from_u64(current.segment_id);
        return XrayContext {
            parent_id: Some(if segment_id.is_valid() { segment_id } else { span_id }),
            sampled: span.xray_decision(),
            rest: incoming.and_then(|xray| xray.rest),
        };
    }
    let caller = current.caller();
    let decided = || Sampled::from(caller.flags.is_sampled());
    incoming.unwrap_or_else(|| XrayContext {
        parent_id: Some(span_id),
        sampled: if caller.is_valid() { decided() } else { Sampled::Unsaid },
        rest: None,
    })
}
