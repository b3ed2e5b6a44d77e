//! Finished spans to hand to exporters.

use spanwright::record::{
    Attribute, Destinations, Dropped, Level, Outcome, Source, SpanContext, SpanId, SpanKind,
    SpanRecord, Status, TraceFlags, TraceId,
};

/// The callsite of all test spans.
pub static SOURCE: Source = Source {
    name: "home_activities",
    target: "cruddur::services",
    function: "cruddur::services::home_activities",
    file: "src/services/home_activities.rs",
    line: 12,
    level: Level::Info,
};

/// A span whose ids are made of `number`, from 1.
pub fn span(number: u64) -> SpanRecord {
    SpanRecord {
        name: SOURCE.name.into(),
        context: SpanContext {
            trace_id: TraceId::from_u128(
                0x6918_0000_0000_0000_0000_0000_0000_0000 | u128::from(number),
            ),
            span_id: SpanId::from_u64(number),
            flags: TraceFlags::SAMPLED,
            is_remote: false,
        },
        parent_span_id: None,
        parent_is_remote: false,
        local_root_id: SpanId::from_u64(number),
        trace_state: None,
        kind: SpanKind::Internal,
        start_unix_ns: 1_763_596_800_000_000_000,
        end_unix_ns: 1_763_596_800_000_250_000,
        attributes: vec![Attribute::new("app.result_length", 3_i64)],
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        status: Status::Unset,
        outcome: Outcome::Ok,
        source: &SOURCE,
        destinations: Destinations::SPANS,
        segment: None,
    }
}
