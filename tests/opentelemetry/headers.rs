//! Headers through the API's propagator.

use std::collections::HashMap;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, Tracer as _};
use opentelemetry::{Context, KeyValue};
use spanwright::Span;
use spanwright::opentelemetry::Propagator;
use spanwright::testing::capture;

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

#[test]
fn the_fields_are_those_of_the_formats() {
    let propagator = Propagator::default();
    assert_eq!(propagator.fields().collect::<Vec<_>>(), ["traceparent", "tracestate", "baggage"]);
}
