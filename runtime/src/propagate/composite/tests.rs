//! Lists of names, the order of propagators, and what counts when several find a span.

use std::collections::HashMap;

use super::*;
use crate::record::{SpanContext, SpanId, TraceId};

#[test]
fn a_list_of_names_becomes_propagators_in_their_order_and_each_once() {
    let all = ["traceparent", "tracestate", "baggage"];
    for (value, fields) in [
        ("tracecontext,baggage", &all[..]),
        ("baggage,tracecontext", &["baggage", "traceparent", "tracestate"]),
        (" TraceContext , BAGGAGE ,, tracecontext,", &all),
        ("baggage", &["baggage"]),
        ("XRay,tracecontext,xray", &["traceparent", "tracestate", "x-amzn-trace-id"]),
        (
            "b3,jaeger",
            &[
                "b3",
                "x-b3-traceid",
                "x-b3-spanid",
                "x-b3-parentspanid",
                "x-b3-sampled",
                "x-b3-flags",
                "uber-trace-id",
            ],
        ),
        ("none", &[]),
        ("none,none", &[]),
        ("", &all),
        (" , ", &all),
    ] {
        let composite = Composite::from_setting(value).unwrap();
        assert_eq!(composite.fields(), fields, "{value}");
    }
}

#[test]
fn a_bad_list_is_an_error_that_names_the_setting_the_value_and_the_known_names() {
    for (value, message) in [
        (
            "tracecontext,b4",
            "OTEL_PROPAGATORS: unknown propagator \"b4\", expected a list of tracecontext, \
             baggage, b3, b3multi, jaeger, xray, none",
        ),
        (
            "none,baggage",
            "OTEL_PROPAGATORS: \"none,baggage\" has none beside other names, expected none alone \
             or without it",
        ),
    ] {
        assert_eq!(Composite::from_setting(value).unwrap_err().to_string(), message);
    }
}

/// Another format: the span id as a decimal number in one header.
#[derive(Debug)]
struct Decimal;

impl Propagator for Decimal {
    fn fields(&self) -> &[&'static str] {
        &["x-span", "traceparent"]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        carrier.each_value("x-span", &mut |value| {
            if let Some(id) = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok()) {
                context.span = SpanContext {
                    trace_id: TraceId::from_u128(1),
                    span_id: SpanId::from_u64(id),
                    ..SpanContext::INVALID
                };
                context.trace_state = None;
            }
        });
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        set("x-span", &context.span.span_id.to_u64().to_string());
    }
}

#[test]
fn of_several_propagators_that_find_a_span_the_last_one_counts() {
    let headers = [
        ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-01"),
        ("x-span", "7"),
        ("baggage", "a=1"),
    ];
    let unreadable = [headers[0], ("x-span", "seven"), headers[2]];
    let [first, last]: [Vec<Arc<dyn Propagator>>; 2] = [
        vec![Arc::new(TraceContext), Arc::new(Decimal)],
        vec![Arc::new(Decimal), Arc::new(TraceContext)],
    ];
    for (propagators, headers, span_id) in
        [(first.clone(), headers, 7), (last, headers, 0xff), (first, unreadable, 0xff)]
    {
        let mut context = Context::default();
        Composite::new(propagators).extract(&headers.as_slice(), &mut context);
        assert_eq!(context.span.span_id, SpanId::from_u64(span_id));
    }
}

/// Names a span and leaves the trace state as it is.
#[derive(Debug)]
struct SpanAlone;

impl Propagator for SpanAlone {
    fn fields(&self) -> &[&'static str] {
        &["x-span"]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        let trace_state = context.trace_state.clone();
        Decimal.extract(carrier, context);
        context.trace_state = context.trace_state.take().or(trace_state);
    }

    fn inject(&self, _: &Context, _: &mut dyn FnMut(&str, &str)) {}
}

#[test]
fn a_trace_state_never_stays_beside_the_span_of_another_trace() {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00000000000000ff-01";
    let headers = [("traceparent", traceparent), ("tracestate", "a=1"), ("x-span", "7")];
    let extract = |headers: &[(&str, &str)]| {
        let mut context = Context::default();
        Composite::new(vec![Arc::new(TraceContext), Arc::new(SpanAlone)])
            .extract(&headers, &mut context);
        (context.span.span_id.to_u64(), context.trace_state)
    };
    assert_eq!(extract(&headers), (7, None));
    assert_eq!(extract(&headers[..2]), (0xff, Some("a=1".into())));
}

#[test]
fn every_propagator_writes_its_headers_and_a_field_is_named_once() {
    let composite = Composite::new(vec![Arc::new(TraceContext), Arc::new(Decimal)]);
    assert_eq!(composite.fields(), ["traceparent", "tracestate", "x-span"]);
    let mut names = Vec::new();
    let span = SpanContext {
        trace_id: TraceId::from_u128(1),
        span_id: SpanId::from_u64(2),
        ..SpanContext::INVALID
    };
    composite.inject(&Context { span, ..Context::default() }, &mut |name, _| {
        names.push(name.to_owned());
    });
    assert_eq!(names, ["traceparent", "x-span"]);
}

#[test]
fn no_propagator_reads_and_writes_nothing() {
    let none = Composite::from_setting("none").unwrap();
    let mut context = Context::default();
    none.extract(&[("baggage", "a=1")].as_slice(), &mut context);
    assert_eq!(context, Context::default());
    none.inject(&context, &mut |name, _| panic!("{name}"));
}

/// Sets a header, and panics.
#[derive(Debug)]
struct Broken;

impl Propagator for Broken {
    fn fields(&self) -> &[&'static str] {
        &["x-broken"]
    }

    fn extract(&self, _: &dyn Carrier, _: &mut Context) {}

    fn inject(&self, _: &Context, set: &mut dyn FnMut(&str, &str)) {
        set("x-broken", "half");
        std::panic::resume_unwind(Box::new("on purpose"));
    }
}

#[test]
fn a_propagator_that_panics_costs_its_own_headers() {
    let composite = Composite::new(vec![Arc::new(Broken), Arc::new(TraceContext)]);
    let span = SpanContext {
        trace_id: TraceId::from_u128(1),
        span_id: SpanId::from_u64(2),
        ..SpanContext::default()
    };
    let context = Context { span, ..Context::default() };
    let mut set = HashMap::<String, String>::new();
    composite.replace(&context, &mut set);
    assert_eq!(set.into_keys().collect::<Vec<_>>(), ["traceparent"]);
}

#[test]
fn headers_of_another_trace_are_replaced_and_the_others_stay() {
    let composite = Composite::from_setting("tracecontext,jaeger").unwrap();
    let span = SpanContext {
        trace_id: TraceId::from_u128(1),
        span_id: SpanId::from_u64(2),
        ..SpanContext::default()
    };
    let mut context = Context { span, ..Context::default() };
    context.baggage.insert("own", "1").unwrap();
    let stale = ["TraceState", "Uberctx-tenant", "uberctx-", "uberct", "baggage"];
    let mut headers: HashMap<_, _> =
        stale.into_iter().map(|name| (name.to_owned(), "stale".to_owned())).collect();
    composite.replace(&Context::default(), &mut headers);
    assert_eq!(headers.len(), stale.len(), "without a trace nothing is replaced");
    composite.replace(&context, &mut headers);
    let mut names: Vec<_> = headers.into_keys().collect();
    names.sort();
    assert_eq!(names, ["baggage", "traceparent", "uber-trace-id", "uberct", "uberctx-own"]);
}
