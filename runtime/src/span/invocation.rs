//! Segments that the platform makes for each invocation of a function, as AWS Lambda does.
//!
//! The platform sends such a segment itself and names it in a header; the process sends only the
//! subsegments below it. A process elsewhere has no [`Invocation`], and pays nothing for it.

use super::tracer::Tracer;
use crate::propagate::{Context, Sampled, XrayContext};
use crate::record::{SpanContext, SpanId};
use crate::sample::SegmentDecision;

/// Reads the context of the invocation that is under way; the context is empty where there is none.
///
/// Called for each span without a parent in this process, because the platform changes the context with
/// each invocation. It must not block.
pub(crate) type Invocation = fn() -> Context;

/// The segment of an invocation, or the decision that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facade {
    /// The segment; invalid if it is not sampled.
    pub(super) id: SpanId,
    is_sampled: bool,
}

/// Reads the context of the invocation for a span under `remote`, whose trace must be the same.
pub(super) fn context(tracer: &Tracer, remote: Option<SpanContext>) -> Option<Context> {
    let context = tracer.invocation?();
    let trace_id = context.span.trace_id;
    let is_same = trace_id.is_valid() && remote.is_none_or(|remote| remote.trace_id == trace_id);
    is_same.then_some(context)
}

/// The trace of an invocation as the parent of spans. Its segment is no span to other destinations.
pub(super) const fn trace_alone(context: &Context) -> SpanContext {
    SpanContext { span_id: SpanId::INVALID, ..context.span }
}

impl Facade {
    /// Reads the header of an invocation. Without a decision, or a parent of sampled subsegments, it
    /// names no segment, as for X-Ray's SDKs.
    pub(super) fn of(xray: &XrayContext) -> Option<Self> {
        match (xray.sampled, xray.parent_id) {
            (Sampled::No, _) => Some(Self { id: SpanId::INVALID, is_sampled: false }),
            (Sampled::Yes, Some(id)) => Some(Self { id, is_sampled: true }),
            _ => None,
        }
    }

    /// The decision about segments, which the platform has taken.
    pub(super) const fn decision(self) -> SegmentDecision {
        SegmentDecision { is_sampled: self.is_sampled, rule: None }
    }
}
