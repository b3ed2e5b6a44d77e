//! The header that tells a caller its trace, as services of AWS do.
//!
//! In: what came with a request, and its span. Out: `X-Amzn-Trace-Id` of the response.
//! Never: speaks where the format is not installed; replaces what a handler said.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::propagate::{Context, Propagator, Sampled, Xray, xray};
use crate::record::TraceId;
use crate::span::{SpanRef, tracer};

/// The header that carries the trace in both directions.
static HEADER: HeaderName = HeaderName::from_static(xray::HEADER);

/// What one response says.
#[derive(Clone, Copy, Debug)]
pub(super) struct TraceHeader {
    trace_id: TraceId,
    decision: Sampled,
}

impl TraceHeader {
    /// What the response to a request says; nothing where nobody reads the format.
    pub(super) fn of(incoming: &Context, span: SpanRef) -> Option<Self> {
        tracer::here().filter(|tracer| tracer.propagator.fields().contains(&xray::HEADER))?;
        let is_asked = incoming.xray.as_ref().is_some_and(|xray| xray.sampled == Sampled::Asked);
        let decision = if is_asked { span.xray_decision() } else { Sampled::Unsaid };
        Some(Self { trace_id: span.context().trace_id, decision })
    }

    /// Puts the header among those of a response that has none of its own.
    pub(super) fn add_to(self, headers: &mut HeaderMap) {
        if headers.contains_key(&HEADER) {
            return;
        }
        if let Ok(value) = HeaderValue::try_from(Xray::answer(self.trace_id, self.decision)) {
            headers.insert(HEADER.clone(), value);
        }
    }
}
