//! The context that comes in with a request and goes out with the calls it makes.

use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, HttpRequest, web};
use spanwright::Span;
use spanwright::actix::Tracing;
use spanwright::propagate::Context;
use spanwright::record::SpanRecord;
use spanwright::sample::Sampler;
use spanwright::testing::Capture;

use crate::support::{exchange, named, only, serve, spans_of, traced, traced_by};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT_ID: &str = "00f067aa0ba902b7";

/// The headers of a call made now, one a line.
fn outgoing() -> String {
    let mut lines = Vec::new();
    spanwright::inject(|name, value| lines.push(format!("{name}: {value}")));
    lines.join("\n")
}

/// What a request with these headers sends on from its handler, and its spans.
fn passed_on(capture: Capture, headers: &[(&str, &str)]) -> (String, Vec<SpanRecord>) {
    traced_by(capture, async || {
        let app = App::new().route("/", web::get().to(async || outgoing())).wrap(Tracing::new());
        let app = init_service(app).await;
        let request = headers
            .iter()
            .fold(TestRequest::with_uri("/"), |request, header| request.append_header(*header));
        let body = call_and_read_body(&app, request.to_request()).await;
        String::from_utf8_lossy(&body).into_owned()
    })
}

#[test]
fn a_request_goes_on_with_the_trace_of_its_caller_and_passes_everything_on() {
    let (sent, spans) = passed_on(
        Capture::default(),
        &[
            ("traceparent", &format!("00-{TRACE_ID}-{PARENT_ID}-03")),
            ("tracestate", "foo=1"),
            ("tracestate", "bar=2"),
            ("baggage", "tenant=acme"),
        ],
    );
    let span = only(&spans);
    assert_eq!(span.context.trace_id.to_string(), TRACE_ID);
    assert_eq!(span.parent_span_id.unwrap().to_string(), PARENT_ID);
    assert!(span.parent_is_remote);
    assert_eq!(span.trace_state.as_deref(), Some("foo=1,bar=2"));
    let own_id = span.context.span_id;
    assert_eq!(
        sent,
        format!(
            "traceparent: 00-{TRACE_ID}-{own_id}-03\ntracestate: foo=1,bar=2\nbaggage: tenant=acme"
        )
    );
}

#[test]
fn an_unsampled_request_records_nothing_and_tells_the_next_service_so() {
    let by_parent = || Capture::default().sampler(Sampler::default());
    let (sent, spans) = passed_on(
        by_parent(),
        &[
            ("traceparent", &format!("00-{TRACE_ID}-{PARENT_ID}-00")),
            ("tracestate", "foo=1"),
            ("baggage", "tenant=acme"),
        ],
    );
    assert!(spans.is_empty(), "{spans:#?}");
    let own_id = "0000000000000001";
    assert_eq!(
        sent,
        format!("traceparent: 00-{TRACE_ID}-{own_id}-00\ntracestate: foo=1\nbaggage: tenant=acme")
    );
}

#[test]
fn an_unsampled_request_still_has_its_request_id() {
    let (id, spans) = traced_by(Capture::default().sampler(Sampler::AlwaysOff), async || {
        let app = App::new().route("/", web::get().to(async || "")).wrap(Tracing::new());
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/").insert_header(("x-request-id", "abc"));
        let response = actix_web::test::call_service(&app, request.to_request()).await;
        response.headers().get("x-request-id").cloned()
    });
    assert_eq!((id.unwrap().to_str().unwrap(), spans.len()), ("abc", 0));
}

#[test]
fn what_an_unsampled_request_brought_along_is_forgotten_with_it() {
    let (left, _) = traced_by(Capture::default().sampler(Sampler::AlwaysOff), async || {
        let handler = async || {
            assert_eq!(spanwright::span::baggage().get("tenant").as_deref(), Some("acme"));
            ""
        };
        let span = std::rc::Rc::new(std::cell::Cell::new(spanwright::SpanRef::default()));
        let seen = span.clone();
        let app = App::new()
            .route("/", web::get().to(handler))
            .wrap(actix_web::middleware::from_fn(move |request, next| {
                seen.set(spanwright::current());
                actix_web::middleware::Next::<actix_web::body::BoxBody>::call(&next, request)
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/").insert_header(("baggage", "tenant=acme"));
        call_and_read_body(&app, request.to_request()).await;
        span.get().in_scope(spanwright::span::baggage)
    });
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn calls_made_deeper_down_carry_their_own_span_and_the_baggage_of_the_request() {
    let (sent, spans) = traced(async || {
        let handler = async || Span::new("call").in_scope(outgoing);
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let request = TestRequest::with_uri("/").insert_header(("baggage", "tenant=acme"));
        call_and_read_body(&init_service(app).await, request.to_request()).await
    });
    let call = named(&spans, "call").context;
    let flags = call.flags.to_u8();
    let expected = format!(
        "traceparent: 00-{}-{}-{flags:02x}\nbaggage: tenant=acme",
        call.trace_id, call.span_id
    );
    assert_eq!(sent, expected);
}

#[test]
fn without_an_installation_nothing_is_read_and_nothing_is_sent() {
    let header = format!("00-{TRACE_ID}-{PARENT_ID}-01");
    let headers = [("traceparent", header.as_str())];
    let headers = headers.as_slice();
    assert_eq!(spanwright::extract(&headers), Context::default());
    assert_eq!(outgoing(), "");
    let (context, _) = traced(async || spanwright::extract(&headers));
    assert_eq!(context.span.trace_id.to_string(), TRACE_ID);
}

/// Cases of the W3C suite that depend on the server: the headers as they stand on the wire, and
/// whether the trace goes on. Source: <https://github.com/w3c/trace-context/tree/main/test>.
#[test]
fn headers_on_the_wire_are_read_as_the_trace_context_suite_demands() {
    let valid = format!("00-{TRACE_ID}-{PARENT_ID}-01");
    let cases = [
        (format!("traceparent: {valid}"), Some("")),
        (format!("TraceParent: {valid}"), Some("")),
        (format!("TrAcEpArEnT: \t {valid} \t"), Some("")),
        (format!("traceparent: {valid}\r\ntraceparent: {valid}"), None),
        (format!("traceparent: {valid}\r\ntraceparent: garbage"), None),
        (format!("trace-parent: {valid}"), None),
        (format!("traceparent: {valid}-more"), None),
        (format!("traceparent: cc-{TRACE_ID}-{PARENT_ID}-01-more"), Some("")),
        (format!("traceparent: ff-{TRACE_ID}-{PARENT_ID}-01"), None),
        ("traceparent:".to_owned(), None),
        ("tracestate: foo=1".to_owned(), None),
        (format!("traceparent: {valid}\r\ntracestate:"), Some("")),
        (
            format!(
                "traceparent: {valid}\r\ntracestate: foo=1\r\nTraceState: \t\r\ntracestate: bar=2"
            ),
            Some("foo=1,bar=2"),
        ),
        (format!("traceparent: {valid}\r\ntracestate: foo=1 \t , \t bar=2"), Some("foo=1,bar=2")),
        (format!("traceparent: {valid}\r\ntracestate: foo=1,bar"), Some("")),
        (format!("traceparent: {valid}\r\nx-bytes: \u{e9}\r\ntracestate: \u{e9}=1"), Some("")),
    ];
    let spans = spans_of(async || {
        let handler = async |_: HttpRequest| outgoing();
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let address = serve(app).await;
        for (headers, expected) in &cases {
            let request =
                format!("GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n{headers}\r\n\r\n");
            let answer = exchange(address, &request).await;
            let sent = answer.split_once("\r\n\r\n").unwrap().1;
            let goes_on = sent.starts_with(&format!("traceparent: 00-{TRACE_ID}-"));
            assert_eq!(goes_on, expected.is_some(), "{headers:?} became {sent:?}");
            assert!(!sent.contains(PARENT_ID), "{headers:?}");
            let state = sent.split_once("\ntracestate: ").map_or("", |(_, state)| state);
            assert_eq!(state, expected.unwrap_or_default(), "{headers:?}");
        }
    });
    assert_eq!(spans.len(), cases.len());
}
