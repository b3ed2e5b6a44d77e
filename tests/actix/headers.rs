//! The context that comes in with a request and goes out with the calls it makes.

use std::borrow::Cow;
use std::time::Duration;

use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, HttpRequest, web};
use spanwright::Span;
use spanwright::actix::Tracing;
use spanwright::propagate::{Baggage, Composite, Context};
use spanwright::record::{Destinations, Level, SpanKind, SpanRecord};
use spanwright::sample::{DecideSegments, Input, Sampler, SegmentDecision};
use spanwright::span::Parent;
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
        let tracing = Tracing::new().trust_callers_if(|_| true);
        let app = App::new().route("/", web::get().to(async || outgoing())).wrap(tracing);
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
    // The request has the first id, and the call the second.
    let own_id = "0000000000000002";
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
    for capture in [
        Capture::default().sampler(Sampler::AlwaysOff),
        Capture::default().destinations(Destinations::NONE),
        Capture::default().level(Level::Error),
    ] {
        let left = baggage_after_request(capture);
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Baggage found under the span of a request that is over.
fn baggage_after_request(capture: Capture) -> Baggage {
    let (left, _) = traced_by(capture, async || {
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
    left
}

#[test]
fn calls_made_deeper_down_carry_their_own_span_and_the_baggage_of_the_request() {
    let (sent, spans) = traced(async || {
        let handler = async || Span::new("call").in_scope(outgoing);
        let tracing = Tracing::new().trust_callers_if(|_| true);
        let app = App::new().route("/", web::get().to(handler)).wrap(tracing);
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

/// States in which a service records no span of a request.
fn unrecorded() -> [Capture; 2] {
    let by_parent = || Capture::default().sampler(Sampler::default());
    [by_parent().destinations(Destinations::NONE), by_parent().level(Level::Error)]
}

/// The span id of a call.
fn calling_id(sent: &str) -> String {
    sent.split('-').nth(2).expect("a traceparent").to_owned()
}

#[test]
fn context_passes_through_a_service_that_records_nothing() {
    for flags in ["00", "01", "03"] {
        let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-{flags}");
        for capture in unrecorded() {
            let headers =
                [("traceparent", &*traceparent), ("tracestate", "a=1"), ("baggage", "k=v")];
            let (sent, spans) = passed_on(capture, &headers);
            assert!(spans.is_empty(), "{spans:#?}");
            let id = calling_id(&sent);
            let expected =
                format!("traceparent: 00-{TRACE_ID}-{id}-{flags}\ntracestate: a=1\nbaggage: k=v");
            assert_eq!(sent, expected);
        }
    }
}

#[test]
fn x_ray_header_passes_through_a_service_that_records_nothing() {
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for header in [
        format!("{root};Parent=53995c3f42cd8ad8;Sampled=1;Lineage=a87bd80c:1"),
        format!("{root};Parent=53995c3f42cd8ad8;Sampled=?"),
        root.to_owned(),
    ] {
        for capture in unrecorded() {
            let capture = capture.propagator(Composite::with_xray());
            let (sent, _) = passed_on(capture, &[("x-amzn-trace-id", &header)]);
            assert!(sent.ends_with(&format!("\nx-amzn-trace-id: {header}")), "{sent}");
        }
    }
}

#[test]
fn a_response_is_untouched_by_a_service_that_records_nothing() {
    for capture in unrecorded() {
        let (names, _) = traced_by(capture.propagator(Composite::with_xray()), async || {
            let app = App::new().route("/", web::get().to(async || "")).wrap(Tracing::new());
            let request = TestRequest::with_uri("/").to_request();
            let response = actix_web::test::call_service(&init_service(app).await, request).await;
            response.headers().keys().map(ToString::to_string).collect::<Vec<_>>()
        });
        assert!(!names.iter().any(|name| name.starts_with("x-")), "{names:?}");
    }
}

#[spanwright::traced(level = "error")]
fn important() -> String {
    outgoing()
}

#[test]
fn a_span_in_a_filtered_request_continues_the_callers_trace() {
    let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-01");
    for (headers, parent) in [
        (
            &[("traceparent", &*traceparent), ("tracestate", "a=1"), ("baggage", "k=v")][..],
            Some(PARENT_ID),
        ),
        (&[], None),
    ] {
        let (sent, spans) = traced_by(Capture::default().level(Level::Error), async || {
            let handler = async || format!("{}\n{}", outgoing(), important());
            let tracing = Tracing::new().trust_callers_if(|_| true);
            let app = App::new().route("/", web::get().to(handler)).wrap(tracing);
            let request = headers
                .iter()
                .fold(TestRequest::with_uri("/"), |request, header| request.append_header(*header));
            let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
            String::from_utf8_lossy(&body).into_owned()
        });
        let span = only(&spans);
        assert_eq!(span.parent_span_id.map(|id| id.to_string()).as_deref(), parent);
        assert_eq!(span.parent_is_remote, parent.is_some());
        let (trace_id, id) = (span.context.trace_id, span.context.span_id);
        let calls: Vec<_> = sent.lines().filter(|line| line.starts_with("traceparent")).collect();
        let [before, within] = calls[..] else { panic!("two calls: {sent}") };
        assert!(before.starts_with(&format!("traceparent: 00-{trace_id}-")), "{sent}");
        assert!(within.starts_with(&format!("traceparent: 00-{trace_id}-{id}-")), "{sent}");
        let count = |line: &str| sent.lines().filter(|sent| *sent == line).count();
        let expected = if parent.is_some() { 2 } else { 0 };
        assert_eq!(
            (count("tracestate: a=1"), count("baggage: k=v")),
            (expected, expected),
            "{sent}"
        );
    }
}

#[test]
fn each_call_of_an_unsampled_request_has_an_id_of_its_own() {
    let unsampled = [
        Capture::default().sampler(Sampler::AlwaysOff),
        Capture::default().destinations(Destinations::SEGMENTS).segments(Never),
    ];
    for capture in unrecorded().into_iter().chain(unsampled) {
        let (sent, _) = traced_by(capture, async || {
            let handler = async || format!("{}\n{}\n{}", outgoing(), outgoing(), outgoing());
            let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
            let request = TestRequest::with_uri("/").to_request();
            let body = call_and_read_body(&init_service(app).await, request).await;
            String::from_utf8_lossy(&body).into_owned()
        });
        let ids: std::collections::BTreeSet<_> = sent.lines().map(calling_id).collect();
        assert_eq!(ids.len(), 3, "{sent}");
    }
}

/// Gives no request a segment.
#[derive(Debug)]
struct Never;

impl DecideSegments for Never {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision::default()
    }
}

/// Gives each request a segment.
#[derive(Debug)]
struct Always;

impl DecideSegments for Always {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision { is_sampled: true, rule: None }
    }
}

#[test]
fn the_callers_flag_stays_where_only_segments_are_recorded() {
    let segments = || {
        let capture = Capture::default().destinations(Destinations::SEGMENTS);
        capture.propagator(Composite::with_xray())
    };
    for flags in ["00", "01"] {
        let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-{flags}");
        let headers = [("traceparent", &*traceparent)];
        for (capture, sampled) in
            [(segments().segments(Never), 0), (segments().segments(Always), 1)]
        {
            let (sent, spans) = passed_on(capture, &headers);
            assert_eq!(spans.len(), sampled);
            let (traceparent, header) = sent.split_once('\n').expect("both formats");
            let id = calling_id(traceparent);
            assert_eq!(traceparent, format!("traceparent: 00-{TRACE_ID}-{id}-{flags}"));
            let expected = format!(";Parent={id};Sampled={sampled}");
            assert!(header.ends_with(&expected), "{sent}");
        }
    }
    let (sent, _) = passed_on(segments().segments(Always), &[]);
    assert!(sent.contains("-03\n"), "a new trace follows its segment: {sent}");
}

#[test]
fn baggage_of_a_caller_that_is_not_trusted_is_read_and_not_sent() {
    async fn handler() -> String {
        let came = spanwright::span::baggage().get("tenant").map(Cow::into_owned);
        spanwright::span::change_baggage(|baggage| {
            baggage.insert("own", "1").expect("it fits");
        });
        format!("{came:?} {}", outgoing())
    }
    let states = unrecorded().into_iter().chain([Capture::default()]);
    for (capture, is_trusted) in
        states.map(|capture| (capture, false)).chain([(Capture::default(), true)])
    {
        let (sent, _) = traced_by(capture, async || {
            let tracing = Tracing::new().trust_callers_if(move |_| is_trusted);
            let app = App::new().route("/", web::get().to(handler)).wrap(tracing);
            let request = TestRequest::with_uri("/").insert_header(("baggage", "tenant=acme"));
            let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
            String::from_utf8_lossy(&body).into_owned()
        });
        assert!(sent.starts_with("Some(\"acme\") traceparent"), "{sent}");
        let expected = if is_trusted { "\nbaggage: tenant=acme,own=1" } else { "\nbaggage: own=1" };
        assert!(sent.ends_with(expected), "{sent}");
    }
}

#[test]
fn free_pairs_of_a_caller_that_is_not_trusted_are_not_sent() {
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let lineage = "Lineage=a87bd80c:0|68fd508a:5";
    let header = format!("{root};Self=1-a-b;tenant=acme;{lineage};x=1");
    let states = unrecorded().into_iter().chain([Capture::default()]);
    for (capture, is_trusted) in
        states.map(|capture| (capture, false)).chain([(Capture::default(), true)])
    {
        let (sent, _) = traced_by(capture.propagator(Composite::with_xray()), async || {
            let tracing = Tracing::new().trust_callers_if(move |_| is_trusted);
            let app = App::new().route("/", web::get().to(async || outgoing())).wrap(tracing);
            let request = TestRequest::with_uri("/").insert_header(("x-amzn-trace-id", &*header));
            let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
            String::from_utf8_lossy(&body).into_owned()
        });
        let line = sent.lines().find(|line| line.starts_with("x-amzn-trace-id: "));
        let line = line.unwrap_or_else(|| panic!("{sent}"));
        assert!(line.contains("Root=1-5759e988-bd862e3fe1be46a994272793;Parent="), "{line}");
        let rest =
            if is_trusted { format!(";{lineage};tenant=acme;x=1") } else { format!(";{lineage}") };
        assert!(line.ends_with(&rest), "{line}");
        assert_eq!(line.contains("tenant"), is_trusted, "{line}");
    }
}

#[test]
fn baggage_of_a_caller_leaves_room_for_that_of_the_service() {
    async fn handler() -> String {
        spanwright::span::change_baggage(|baggage| match baggage.insert("own", "1") {
            Ok(()) => {}
            Err(error) => panic!("{error}"),
        });
        outgoing()
    }
    let members: Vec<_> = (0..64).map(|index| format!("k{index}=v")).collect();
    let (sent, _) = traced(async || {
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let request = TestRequest::with_uri("/").insert_header(("baggage", members.join(",")));
        let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
        String::from_utf8_lossy(&body).into_owned()
    });
    assert!(sent.ends_with("\nbaggage: own=1"), "{sent}");
}

/// Calls of spans that belong to other traces than the request around them.
async fn calls_of_other_traces() -> String {
    let other = spanwright::extract(
        &[("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")].as_slice(),
    );
    let invalid = spanwright::extract(&[("traceparent", "00-0"), ("tracestate", "b=1")].as_slice());
    let linked = Span::root("linked");
    linked.add_link(other.span, &[]);
    let calls = [
        Span::root("root").in_scope(outgoing),
        linked.in_scope(outgoing),
        Span::build("other").kind(SpanKind::Consumer).incoming(&other).start().in_scope(outgoing),
        Span::build("restart")
            .kind(SpanKind::Consumer)
            .parent(Parent::Root)
            .incoming(&invalid)
            .start()
            .in_scope(outgoing),
    ];
    calls.join("\n")
}

#[test]
fn a_trace_state_stays_with_its_trace() {
    let traceparent = format!("00-{TRACE_ID}-{PARENT_ID}-01");
    let headers = [("traceparent", traceparent.as_str()), ("tracestate", "a=1")];
    let capture = || Capture::default().sampler(Sampler::default());
    for capture in [capture(), capture().sampler(Sampler::AlwaysOff)] {
        let (sent, _) = traced_by(capture, async || {
            let app =
                App::new().route("/", web::get().to(calls_of_other_traces)).wrap(Tracing::new());
            let request = headers
                .iter()
                .fold(TestRequest::with_uri("/"), |request, header| request.append_header(*header));
            let body = call_and_read_body(&init_service(app).await, request.to_request()).await;
            String::from_utf8_lossy(&body).into_owned()
        });
        assert_eq!(sent.lines().count(), 4, "{sent}");
        assert!(sent.lines().all(|line| line.starts_with("traceparent: ")), "{sent}");
        assert!(!sent.contains(TRACE_ID), "{sent}");
    }
}
