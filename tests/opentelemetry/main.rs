//! Code that uses the OpenTelemetry API or exporters of its SDK, beside ours.

mod data;
mod destination;
mod global;
mod headers;
mod parents;
mod real_exporter;
mod spans;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use spanwright::opentelemetry::{Tracer, TracerProvider};
use spanwright::record::{Level, Source, SpanKind};
use spanwright::span::{Callsite, Frame};

static ANNOTATED: Callsite = Callsite {
    source: Source {
        name: "annotated",
        target: "app",
        function: "app::annotated",
        file: "src/app.rs",
        line: 7,
        level: Level::Info,
    },
    kind: SpanKind::Internal,
    keys: &[],
};

fn tracer() -> Tracer {
    TracerProvider::new().tracer("")
}

/// What an annotated function does.
fn annotated<R>(body: impl FnOnce() -> R) -> R {
    let mut frame = Frame::<0>::new();
    frame.enter(&ANNOTATED);
    body()
}

/// A span of another process.
fn remote(trace_state: &str) -> SpanContext {
    let state: TraceState = trace_state.parse().expect("a list");
    SpanContext::new(TraceId::from(0xa), SpanId::from(0xb), TraceFlags::SAMPLED, true, state)
}
