//! Finished traces for destinations that take segments.

use spanwright::record::{
    Destinations, LocalTrace, Outcome, Segment, SpanContext, SpanId, SpanKind, SpanRecord, Status,
    TraceId,
};

use crate::records::SOURCE;

/// A span of one trace, made of `number`: 1 is the segment, the others are its subsegments.
pub fn node(number: u64) -> SpanRecord {
    let root = SpanId::from_u64(1);
    let parent_id = (number != 1).then_some(root);
    let start_unix_ns = 1_763_596_800_000_000_000 + number * 1_000_000;
    let trace_id = TraceId::from_u128(0x6918_0000_0000_0000_0000_0000_0000_000a);
    let context = SpanContext::sampled(trace_id, SpanId::from_u64(number));
    SpanRecord {
        parent_span_id: parent_id,
        local_root_id: root,
        kind: if number == 1 { SpanKind::Server } else { SpanKind::Internal },
        destinations: Destinations::ALL,
        segment: Some(Box::new(Segment { is_root: number == 1, parent_id, ..Segment::default() })),
        ..SpanRecord::new(context, &SOURCE, start_unix_ns, start_unix_ns + 500_000)
    }
}

/// Nests a span below another.
#[must_use]
pub fn below(mut span: SpanRecord, parent: u64) -> SpanRecord {
    span.parent_span_id = Some(SpanId::from_u64(parent));
    segment(&mut span).parent_id = Some(SpanId::from_u64(parent));
    span
}

/// Lets a span fail with what its error says, and what the errors below say.
#[must_use]
pub fn failed(mut span: SpanRecord, errors: &[&str]) -> SpanRecord {
    let message = errors.first().copied().unwrap_or_default().to_owned();
    span.outcome = Outcome::Error;
    span.status = Status::Error { message: message.into() };
    segment(&mut span).errors = errors.iter().map(|&error| error.to_owned()).collect();
    span
}

/// What a span says to those that take segments.
pub fn segment(span: &mut SpanRecord) -> &mut Segment {
    span.segment.get_or_insert_default()
}

/// A trace of these spans.
pub fn trace(spans: impl IntoIterator<Item = SpanRecord>) -> LocalTrace {
    LocalTrace { root_id: SpanId::from_u64(1), spans: spans.into_iter().collect() }
}
