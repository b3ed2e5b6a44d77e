//! Code that uses the OpenTelemetry API or exporters of its SDK, beside ours.

mod data;
mod destination;
mod global;
mod headers;
mod other_sdk;
mod parents;
mod real_exporter;
mod spans;
mod tracing;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use spanwright::opentelemetry::{Tracer, TracerProvider};
use spanwright::traced;

fn tracer() -> Tracer {
    TracerProvider::new().tracer("")
}

#[traced]
fn annotated<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// A span of another process.
fn remote(trace_state: &str) -> SpanContext {
    let state: TraceState = trace_state.parse().expect("a list");
    SpanContext::new(TraceId::from(0xa), SpanId::from(0xb), TraceFlags::SAMPLED, true, state)
}
