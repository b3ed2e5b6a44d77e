//! `X-Amzn-Trace-Id`, in with a request and out with its response.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::error::ErrorInternalServerError;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use spanwright::actix::Tracing;
use spanwright::propagate::Composite;
use spanwright::record::{Attribute, Destinations, SpanRecord};
use spanwright::sample::{DecideSegments, Input, Sampler, SegmentDecision};
use spanwright::testing::Capture;

use crate::support::{exchange, only, serve, traced, traced_by, value};

const HEADER: &str = "x-amzn-trace-id";
const TRACE_ID: &str = "5759e988bd862e3fe1be46a994272793";
const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";
const CALLER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

fn with_xray() -> Capture {
    let formats = Composite::from_setting("tracecontext,baggage,xray");
    Capture::default().propagator(formats.expect("a list of known names"))
}

/// A trace id as the header has it.
fn root_of(span: &SpanRecord) -> String {
    let id = span.context.trace_id.to_string();
    format!("Root=1-{}-{}", &id[..8], &id[8..])
}

fn said<B>(response: &ServiceResponse<B>) -> Option<String> {
    let mut values = response.headers().get_all(HEADER);
    let value = values.next().map(|value| value.to_str().expect("it is text").to_owned());
    assert!(values.next().is_none(), "it comes once");
    value
}

/// What a request with these headers is told, and its spans.
fn told(capture: Capture, headers: &[(&str, &str)]) -> (Option<String>, Vec<SpanRecord>) {
    traced_by(capture, async || {
        let app = App::new().route("/", web::get().to(async || "")).wrap(Tracing::new());
        let request = headers
            .iter()
            .fold(TestRequest::with_uri("/"), |request, header| request.append_header(*header));
        said(&call_service(&init_service(app).await, request.to_request()).await)
    })
}

#[test]
fn every_answer_says_which_trace_it_belongs_to() {
    let (answers, spans) = traced_by(with_xray(), async || {
        let app = App::new()
            .route("/200", web::get().to(async || "ok"))
            .route("/204", web::get().to(async || HttpResponse::NoContent()))
            .route("/500", web::get().to(async || HttpResponse::InternalServerError()))
            .route(
                "/error",
                web::get().to(async || Err::<&str, _>(ErrorInternalServerError("boom"))),
            )
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let mut answers = Vec::new();
        for path in ["/200", "/204", "/500", "/error", "/nowhere"] {
            let request = TestRequest::with_uri(path).to_request();
            let response = call_service(&app, request).await;
            answers.push((response.status().as_u16(), said(&response)));
            let _ = actix_web::test::try_read_body(response).await;
        }
        answers
    });
    let statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 204, 500, 500, 404]);
    for ((_, said), span) in answers.iter().zip(&spans) {
        assert_eq!(*said, Some(root_of(span)));
    }
    assert_eq!(spans.len(), 5);
}

#[test]
fn an_error_of_a_middleware_says_it_too() {
    let ((), spans) = traced_by(with_xray(), async || {
        let app = App::new()
            .wrap(from_fn(async |request, next: Next<BoxBody>| {
                next.call(request).await?;
                Err::<ServiceResponse, _>(ErrorInternalServerError("closed"))
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/").insert_header((HEADER, CALLER)).to_request();
        let error = app.call(request).await.unwrap_err();
        for _ in 0..2 {
            let response = error.error_response();
            assert_eq!(response.headers().get(HEADER).unwrap(), ROOT);
        }
    });
    assert_eq!(value(only(&spans), "http.response.body.size").as_deref(), Some("6"));
}

#[test]
fn the_decision_is_told_only_to_who_asks() {
    let off = || with_xray().sampler(Sampler::AlwaysOff);
    for (sampled, capture, expected) in [
        (";Sampled=?", with_xray(), ";Sampled=1"),
        (";Sampled=?", off(), ";Sampled=0"),
        (";Sampled=1", with_xray(), ""),
        (";Sampled=0", off(), ""),
        ("", with_xray(), ""),
    ] {
        let header = format!("{ROOT};Parent=53995c3f42cd8ad8{sampled}");
        let (answer, _) = told(capture, &[(HEADER, &header)]);
        assert_eq!(answer, Some(format!("{ROOT}{expected}")), "{sampled}");
    }
}

/// Answers every request the same.
#[derive(Debug)]
struct Rules(bool);

impl DecideSegments for Rules {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision { is_sampled: self.0, rule: None }
    }
}

#[test]
fn the_decision_that_is_told_is_that_about_segments() {
    let header = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=?");
    for (spans, segments, said) in
        [(Sampler::AlwaysOn, false, "0"), (Sampler::AlwaysOff, true, "1")]
    {
        let capture = with_xray().sampler(spans).segments(Rules(segments));
        let (answer, spans) = told(capture, &[(HEADER, &header)]);
        assert_eq!(answer, Some(format!("{ROOT};Sampled={said}")));
        assert_eq!(only(&spans).segment.is_some(), segments);
    }
}

#[test]
fn a_trace_that_a_load_balancer_began_goes_on_without_a_parent() {
    let header = format!("Self=1-67891234-12456789abcdef012345678;{ROOT}");
    let (answer, spans) = told(with_xray().sampler(Sampler::default()), &[(HEADER, &header)]);
    let span = only(&spans);
    assert_eq!(span.context.trace_id.to_string(), TRACE_ID);
    assert_eq!((span.parent_span_id, span.parent_is_remote), (None, false));
    assert_eq!(span.segment.as_ref().unwrap().parent_id, None);
    assert_eq!(answer.as_deref(), Some(ROOT));
}

#[test]
fn in_one_trace_the_span_and_the_segment_have_each_their_parent() {
    let traceparent = format!("00-{TRACE_ID}-00f067aa0ba902b7-01");
    let (_, spans) = told(with_xray(), &[("traceparent", &traceparent), (HEADER, CALLER)]);
    let span = only(&spans);
    assert_eq!(span.links.len(), 0);
    assert_eq!(span.parent_span_id.unwrap().to_string(), "00f067aa0ba902b7");
    let segment = span.segment.as_ref().unwrap();
    assert_eq!(segment.parent_id.unwrap().to_string(), "53995c3f42cd8ad8");
}

#[test]
fn a_segment_is_found_by_its_route() {
    for (capture, annotations) in [
        (with_xray(), Some(vec![Attribute::new("http_route", "/x/{id}")])),
        (with_xray().destinations(Destinations::SPANS), None),
    ] {
        let ((), spans) = traced_by(capture, async || {
            let app = App::new().route("/x/{id}", web::get().to(async || ""));
            let app = init_service(app.wrap(Tracing::new())).await;
            call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        });
        let span = only(&spans);
        let found = span.segment.as_ref().map(|segment| segment.annotations.clone());
        assert_eq!(found, annotations);
        assert_eq!(value(span, "http.route").as_deref(), Some("/x/{id}"));
        assert_eq!(value(span, "http_route"), None);
    }
}

#[test]
fn a_request_that_is_not_recorded_keeps_its_trace() {
    let by_parent = || with_xray().sampler(Sampler::default());
    let header = CALLER.replace("Sampled=1", "Sampled=0");
    let (answer, spans) = told(by_parent(), &[(HEADER, &header)]);
    assert_eq!((answer.as_deref(), spans.len()), (Some(ROOT), 0));
}

#[test]
fn nothing_is_said_where_nobody_reads_it() {
    let (answer, spans) = told(Capture::default(), &[(HEADER, CALLER)]);
    assert_eq!(answer, None, "the format is not installed");
    assert_ne!(only(&spans).context.trace_id.to_string(), TRACE_ID);

    let (answer, spans) = traced_by(with_xray(), async || {
        let tracing = Tracing::new().exclude(["/health"]);
        let app = App::new().route("/health", web::get().to(async || "")).wrap(tracing);
        let request = TestRequest::with_uri("/health").to_request();
        said(&call_service(&init_service(app).await, request).await)
    });
    assert_eq!((answer, spans.len()), (None, 0), "the request is left out");
}

#[test]
fn what_a_handler_says_stays() {
    let (answer, _) = traced_by(with_xray(), async || {
        let handler = async || HttpResponse::Ok().insert_header((HEADER, "Root=own")).finish();
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let request = TestRequest::with_uri("/").to_request();
        said(&call_service(&init_service(app).await, request).await)
    });
    assert_eq!(answer.as_deref(), Some("Root=own"));
}

#[test]
fn a_request_goes_on_with_the_trace_of_its_caller_in_both_formats() {
    let (answer, spans) = traced_by(with_xray(), async || {
        let handler = async || {
            let mut lines = Vec::new();
            spanwright::inject(|name, value| lines.push(format!("{name}: {value}")));
            lines.join("\n")
        };
        let tracing = Tracing::new().trust_callers_if(|_| true);
        let app = App::new().route("/", web::get().to(handler)).wrap(tracing);
        let address = serve(app).await;
        let request = format!(
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\
             X-Amzn-Trace-Id: {CALLER};Self=9;Lineage=a87bd80c:1;Foo = bar\r\n\r\n"
        );
        exchange(address, &request).await
    });
    let span = only(&spans);
    assert_eq!(span.context.trace_id.to_string(), TRACE_ID);
    assert_eq!(span.parent_span_id.unwrap().to_string(), "53995c3f42cd8ad8");
    let own_id = span.context.span_id;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("\r\nx-amzn-trace-id: {ROOT}\r\n")), "{head}");
    assert_eq!(
        body,
        format!(
            "traceparent: 00-{TRACE_ID}-{own_id}-01\n\
             x-amzn-trace-id: {ROOT};Parent={own_id};Sampled=1;Lineage=a87bd80c:1;Foo = bar"
        )
    );
}

#[test]
fn of_two_traces_the_one_that_does_not_go_on_is_linked() {
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let (answer, spans) = told(with_xray(), &[("traceparent", traceparent), (HEADER, CALLER)]);
    assert_eq!(answer.as_deref(), Some(ROOT));
    let [link] = only(&spans).links.as_slice() else { panic!("one link: {spans:#?}") };
    assert_eq!(link.context.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(link.context.span_id.to_string(), "00f067aa0ba902b7");
}

#[test]
fn without_an_installation_nothing_is_said() {
    let answer = actix_web::rt::System::new().block_on(async {
        let app = App::new().route("/", web::get().to(async || "")).wrap(Tracing::new());
        let request = TestRequest::with_uri("/").insert_header((HEADER, CALLER)).to_request();
        said(&call_service(&init_service(app).await, request).await)
    });
    assert_eq!(answer, None);
    let (header, _) = traced(async || spanwright::extract(&[(HEADER, CALLER)].as_slice()).xray);
    assert_eq!(header, None);
}
