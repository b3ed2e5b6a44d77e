//! Spans of the SDK's own tracer provider, beside ours in one process.

use opentelemetry::trace::{
    Span as _, SpanContext, TraceContextExt, Tracer as _, TracerProvider as _,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use spanwright::Span;
use spanwright::opentelemetry::context;
use spanwright::testing::capture;

use crate::{annotated, tracer};

#[test]
fn spans_of_both_make_one_trace() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let sdk = provider.tracer("sdk");
    let mut between = SpanContext::NONE;
    let ours = capture(|| {
        // Makes sure that contexts are followed.
        let _ours = tracer();
        Span::new("root").in_scope(|| {
            sdk.in_span_with_context("between", &context(), |cx| {
                between = cx.span().span_context().clone();
                assert!(spanwright::current().is_none());
                annotated(|| sdk.start_with_context("leaf", &context()).end());
            });
            assert!(!spanwright::current().is_none());
        });
    });
    let find = |name: &str| {
        let found = ours.iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("{name} ended: {ours:?}"))
    };
    let (root, below) = (find("root"), find("annotated"));
    let theirs = exporter.get_finished_spans().unwrap();
    let leaf = theirs.iter().find(|span| span.name == "leaf").expect("leaf ended");
    let middle = theirs.iter().find(|span| span.name == "between").expect("between ended");
    assert_eq!(middle.parent_span_id, root.context.span_id.into());
    assert_eq!(below.parent_span_id, Some(between.span_id().into()));
    assert_eq!(leaf.parent_span_id, below.context.span_id.into());
    assert!(theirs.iter().all(|span| span.span_context.trace_id() == root.context.trace_id.into()));
    assert_eq!(below.context.trace_id, root.context.trace_id);
}
