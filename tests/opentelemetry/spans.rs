//! What is said about a span through the API.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    Event, Link, Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt,
    TraceFlags, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Array, Context, InstrumentationScope, KeyValue, Value};
use spanwright::opentelemetry::TracerProvider;
use spanwright::record;
use spanwright::sample::Sampler;
use spanwright::testing::{Capture, capture, tree};

use crate::{annotated, remote, tracer};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_builder_is_obeyed_in_every_field() {
    let event = Event::new("queued", at(1_001), vec![KeyValue::new("place", 4)], 0);
    let link = Link::new(remote(""), vec![KeyValue::new("why", "batch")], 0);
    let spans = capture(|| {
        let mut span = SpanBuilder::from_name("job")
            .with_kind(SpanKind::Consumer)
            .with_start_time(at(1_000))
            .with_attributes([KeyValue::new("a", 1.5), KeyValue::new("b", true)])
            .with_events(vec![event])
            .with_links(vec![link])
            .start(&tracer());
        span.end_with_timestamp(at(1_003));
    });
    let [span] = spans.as_slice() else { panic!("one span: {spans:?}") };
    assert_eq!(tree(&spans), "job [Consumer] a=1.5 b=true @queued\n");
    assert_eq!(
        (span.start_unix_ns, span.end_unix_ns),
        (1_000 * 1_000_000_000, 1_003 * 1_000_000_000)
    );
    assert_eq!(span.events[0].unix_ns, 1_001 * 1_000_000_000);
    assert_eq!(span.events[0].attributes, [record::Attribute::new("place", 4)]);
    assert_eq!(span.links[0].context, (&remote("")).into());
    assert_eq!(span.links[0].attributes, [record::Attribute::new("why", "batch")]);
}

#[test]
fn what_is_said_later_counts_until_the_end() {
    let texts = Value::Array(Array::String(vec!["x".into(), "y".into()]));
    let spans = capture(|| {
        let mut span = tracer().start("old");
        span.update_name("new");
        span.set_attribute(KeyValue::new("n", 1));
        span.set_attributes([KeyValue::new("n", 2), KeyValue::new("list", texts)]);
        span.add_event("hit", vec![KeyValue::new("key", "k")]);
        span.add_event_with_timestamp("old hit", at(5), vec![]);
        span.record_error(&std::fmt::Error);
        span.add_link(remote(""), vec![]);
        assert!(span.is_recording());
        span.end();
        assert!(!span.is_recording());
        span.set_attribute(KeyValue::new("late", 1));
        span.set_status(Status::error("late"));
        span.add_event("late", vec![]);
        span.end();
    });
    assert_eq!(tree(&spans), "new n=2 list=[\"x\", \"y\"] @hit @old hit @exception\n");
    let [span] = spans.as_slice() else { panic!("one span: {spans:?}") };
    let within = span.start_unix_ns..=span.end_unix_ns;
    assert!(within.contains(&span.events[0].unix_ns), "an event of now lies within its span");
    assert_eq!(span.events[1].unix_ns, 5_000_000_000);
    assert_eq!(span.links.len(), 1);
}

#[test]
fn a_status_follows_the_order_of_the_api() {
    let (unset, ok, no) = (Status::Unset, Status::Ok, Status::error("no"));
    for (said, expected) in [
        (vec![], "job\n"),
        (vec![no.clone()], "job -> error !no\n"),
        (vec![no.clone(), unset.clone()], "job -> error !no\n"),
        (vec![no.clone(), Status::error("a")], "job -> error !a\n"),
        (vec![no.clone(), ok.clone()], "job\n"),
        (vec![ok.clone(), no, unset], "job\n"),
    ] {
        let spans = capture(|| {
            let mut span = tracer().start("job");
            for status in &said {
                span.set_status(status.clone());
            }
        });
        assert_eq!(tree(&spans), expected, "{said:?}");
        let is_ok = spans[0].status == record::Status::Ok;
        assert_eq!(is_ok, said.contains(&ok), "{said:?}");
    }
}

#[test]
fn an_end_before_the_begin_counts_as_the_begin() {
    let spans = capture(|| {
        tracer().start("job").end_with_timestamp(at(5));
        let builder = SpanBuilder::from_name("future").with_start_time(at(10_000_000_000));
        builder.start(&tracer()).end();
    });
    assert!(spans.iter().all(|span| span.end_unix_ns == span.start_unix_ns), "{spans:?}");
}

#[test]
fn a_span_ends_when_its_last_context_is_gone() {
    let spans = capture(|| {
        let cx = Context::new().with_span(tracer().start("held"));
        let other = cx.clone();
        drop(cx);
        assert!(other.span().is_recording());
    });
    assert_eq!(tree(&spans), "held\n");
}

#[test]
fn the_library_behind_a_tracer_is_named() {
    let scope = InstrumentationScope::builder("redis").with_version("1.2").build();
    let spans = capture(|| {
        TracerProvider::new().tracer_with_scope(scope).start("get").end();
        TracerProvider::new().tracer("pg").start("select").end();
    });
    let expected = "get otel.scope.name=redis otel.scope.version=1.2\nselect otel.scope.name=pg\n";
    assert_eq!(tree(&spans), expected);
}

#[test]
fn an_unsampled_span_records_nothing_but_its_ids_travel() {
    let ((), spans) = Capture::default().sampler(Sampler::AlwaysOff).run(|| {
        let mut span = tracer().start("dropped");
        assert!(!span.is_recording() && span.span_context().is_valid());
        assert_eq!(
            span.span_context().trace_flags().with_sampled(false),
            span.span_context().trace_flags()
        );
        span.set_attribute(KeyValue::new("n", 1));
        let parent = span.span_context().clone();
        let cx = Context::new().with_span(span);
        let child = tracer().start_with_context("child", &cx);
        assert_eq!(child.span_context().trace_id(), parent.trace_id());
        assert!(!child.is_recording());
        let _attached = cx.attach();
        annotated(|| {});
    });
    assert!(spans.is_empty());
}

#[test]
fn the_decision_of_another_process_counts() {
    let off = SpanContext::new(
        remote("").trace_id(),
        remote("").span_id(),
        TraceFlags::NOT_SAMPLED,
        true,
        remote("").trace_state().clone(),
    );
    let ((), spans) = Capture::default().sampler(Sampler::default()).run(|| {
        for (name, context) in [("on", remote("")), ("off", off)] {
            let _attached = Context::new().with_remote_span_context(context).attach();
            tracer().start(name).end();
            annotated(|| {});
        }
    });
    assert_eq!(tree(&spans), "on\nannotated\n");
}

#[test]
fn where_nothing_is_installed_the_parent_travels_on() {
    let cx = Context::new().with_remote_span_context(remote("a=1"));
    let span = tracer().start_with_context("nobody sees it", &cx);
    assert_eq!(span.span_context(), &remote("a=1"));
    assert!(!span.is_recording());
    assert!(!tracer().start("nor this").span_context().is_valid());
}

#[test]
fn a_suppressed_context_begins_no_span() {
    let spans = capture(|| {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        tracer().start("exporting").end();
    });
    assert!(spans.is_empty());
}

#[test]
fn the_trace_state_of_a_remote_parent_goes_on_to_everything_below() {
    let spans = capture(|| {
        let cx = Context::new().with_remote_span_context(remote("a=1,b=2"));
        let span = tracer().start_with_context("server", &cx);
        assert_eq!(span.span_context().trace_state().header(), "a=1,b=2");
        let _attached = Context::current_with_span(span).attach();
        annotated(|| {
            let below = tracer().start("below");
            assert_eq!(below.span_context().trace_state().header(), "a=1,b=2");
        });
    });
    assert!(spans.iter().all(|span| span.trace_state.as_deref() == Some("a=1,b=2")), "{spans:?}");
}
