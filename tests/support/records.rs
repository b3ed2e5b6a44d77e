//! Finished spans and failures to hand to exporters.

use spanwright::record::{
    Attribute, Cause, ErrorRecord, Level, ReportId, Severity, Source, SpanContext, SpanId,
    SpanRecord, StackFrame, Subject, TraceId,
};

/// The callsite of all test spans and failures.
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
    let start_unix_ns = 1_763_596_800_000_000_000;
    SpanRecord {
        attributes: vec![Attribute::new("app.result_length", 3_i64)],
        ..SpanRecord::new(context(number), &SOURCE, start_unix_ns, start_unix_ns + 250_000)
    }
}

/// A failure in the span of the same number, whose id is made of it too.
pub fn failure(number: u64) -> ErrorRecord {
    let cause = |type_name: &'static str, message: &str| Cause {
        type_name: Some(type_name.into()),
        message: message.to_owned(),
    };
    let causes =
        vec![cause("cruddur::Error", "no activities"), cause("sqlx::Error", "pool timed out")];
    let (id, unix_ns) = (ReportId::from_random(number.into()), 1_763_596_800_000_250_000);
    ErrorRecord {
        stack: vec![StackFrame {
            function: Some(SOURCE.function.to_owned()),
            file: Some(SOURCE.file.to_owned()),
            line: Some(42),
            is_in_app: true,
            ..StackFrame::default()
        }],
        path: vec![&SOURCE],
        spans: vec![SOURCE.name.into()],
        span: Some(context(number)),
        custom: vec![Attribute::new("attempt", 3_i64)],
        ..ErrorRecord::new(id, unix_ns, Severity::Error, Subject::Error(causes))
    }
}

fn context(number: u64) -> SpanContext {
    let trace_id = 0x6918_0000_0000_0000_0000_0000_0000_0000 | u128::from(number);
    SpanContext::sampled(TraceId::from_u128(trace_id), SpanId::from_u64(number))
}
