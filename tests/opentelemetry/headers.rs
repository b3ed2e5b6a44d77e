//! Headers through the API's propagator.

use std::collections::HashMap;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, Tracer as _};
use opentelemetry::{Context, KeyValue};
use spanwright::Span;
use spanwright::opentelemetry::Propagator;
use spanwright::propagate::Composite;
use spanwright::sample::Sampler;
use spanwright::testing::{Capture, capture};

use crate::{annotated, remote, tracer};

type Headers = HashMap<String, String>;

fn injected(context: Option<&Context>) -> Headers {
    let mut headers = Headers::new();
    match context {
        Some(context) => Propagator::default().inject_context(context, &mut headers),
        None => Propagator::default().inject(&mut headers),
    }
    headers
}

fn parent_in(headers: &Headers) -> &str {
    headers.get("traceparent").map_or("", |header| &header[36..52])
}

#[test]
fn the_innermost_span_goes_out_whoever_began_it() {
    capture(|| {
        annotated(|| {
            let ours = spanwright::current().context().span_id.to_string();
            assert_eq!(parent_in(&injected(None)), ours);
            tracer().in_span("theirs", |cx| {
                let theirs = cx.span().span_context().span_id().to_string();
                assert_eq!(parent_in(&injected(None)), theirs);
                Span::new("deeper").in_scope(|| {
                    let deeper = spanwright::current().context().span_id.to_string();
                    assert_eq!(parent_in(&injected(None)), deeper);
                });
            });
        });
    });
    assert_eq!(injected(None), Headers::new());
}

#[test]
fn a_context_given_by_hand_goes_out_as_it_is() {
    let cx = Context::new()
        .with_remote_span_context(remote("a=1"))
        .with_baggage([KeyValue::new("tenant", "blue green")]);
    let headers = injected(Some(&cx));
    let expected = [
        ("traceparent", "00-0000000000000000000000000000000a-000000000000000b-01"),
        ("tracestate", "a=1"),
        ("baggage", "tenant=blue%20green"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, Headers::from(expected));
}

#[test]
fn what_goes_out_comes_in_again() {
    let cx = Context::new()
        .with_remote_span_context(remote("a=1"))
        .with_baggage([KeyValue::new("tenant", "blue green")]);
    let back = Propagator::default().extract_with_context(&Context::new(), &injected(Some(&cx)));
    assert_eq!(back.span().span_context(), &remote("a=1"));
    assert_eq!(
        back.baggage().get("tenant").map(ToString::to_string).as_deref(),
        Some("blue green")
    );
}

#[test]
fn headers_that_say_nothing_leave_the_context_as_it_is() {
    let cx = Context::new().with_remote_span_context(remote("a=1"));
    for (name, value) in [("traceparent", "00-bad"), ("x-other", "1")] {
        let headers = Headers::from([(name.to_owned(), value.to_owned())]);
        let back = Propagator::default().extract_with_context(&cx, &headers);
        assert_eq!(back.span().span_context(), &remote("a=1"), "{name}");
    }
}

#[test]
fn baggage_of_a_remote_parent_goes_out_below_it() {
    capture(|| {
        let cx = Context::new()
            .with_remote_span_context(remote("a=1"))
            .with_baggage([KeyValue::new("tenant", "blue")]);
        let span = tracer().start_with_context("server", &cx);
        // Only the span is carried on, as by code of ours.
        let _attached = Context::new().with_span(span).attach();
        annotated(|| {
            let headers = injected(None);
            assert_eq!(headers.get("baggage").map(String::as_str), Some("tenant=blue"));
            assert_eq!(headers.get("tracestate").map(String::as_str), Some("a=1"));
        });
    });
}

/// Reads and writes the header of X-Ray alone.
fn xray() -> Propagator {
    Propagator::new(Composite::from_setting("xray").expect("a known name"))
}

fn with_header(header: &str) -> Context {
    let headers = Headers::from([("x-amzn-trace-id".to_owned(), header.to_owned())]);
    xray().extract_with_context(&Context::new(), &headers)
}

#[test]
fn what_only_the_header_of_x_ray_says_goes_through_a_context_too() {
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for header in [
        format!("{root};Parent=53995c3f42cd8ad8;Sampled=?;Lineage=a87bd80c:1;Foo=bar"),
        format!("{root};Foo=bar"),
    ] {
        let mut headers = Headers::new();
        xray().inject_context(&with_header(&header), &mut headers);
        assert_eq!(headers.get("x-amzn-trace-id"), Some(&header));
    }
    let other = with_header(&format!("{root};Parent=53995c3f42cd8ad8;Sampled=1;Foo=bar"))
        .with_remote_span_context(remote(""));
    let mut headers = Headers::new();
    xray().inject_context(&other, &mut headers);
    let expected = "Root=1-00000000-00000000000000000000000a;Parent=000000000000000b;Sampled=1";
    assert_eq!(headers.get("x-amzn-trace-id").map(String::as_str), Some(expected));
}

#[test]
fn a_trace_that_a_load_balancer_began_or_left_undecided_goes_on() {
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for (header, parent) in [
        (root.to_owned(), None),
        (format!("{root};Parent=53995c3f42cd8ad8"), Some("53995c3f42cd8ad8")),
    ] {
        let capture = Capture::default().sampler(Sampler::default());
        let ((), spans) = capture.run(|| {
            drop(tracer().start_with_context("server", &with_header(&header)));
        });
        let [span] = spans.as_slice() else { panic!("{header}: {spans:#?}") };
        assert_eq!(span.context.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
        assert_eq!(span.parent_span_id.map(|id| id.to_string()).as_deref(), parent);
    }
}

#[test]
fn the_fields_are_those_of_the_formats() {
    let propagator = Propagator::default();
    assert_eq!(propagator.fields().collect::<Vec<_>>(), ["traceparent", "tracestate", "baggage"]);
}
