//! When and how the span of a request ends, whatever happens: once, and told as it was.

use std::pin::Pin;
use std::task::Poll;

use actix_web::body::MessageBody as _;
use actix_web::error::{ErrorBadRequest, ErrorInternalServerError};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service, read_body};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, ResponseError, dev::Service, web};
use futures_util::future::{FutureExt as _, pending, poll_fn};
use futures_util::stream;
use spanwright::Span;
use spanwright::actix::Tracing;
use spanwright::record::{Outcome, SpanRecord, Status};

use crate::support::{named, only, spans_of, traced, value};

/// The outcome, the status message (`None` while unset) and `error.type` of a span.
fn ending(span: &SpanRecord) -> (&str, Option<&str>, Option<String>) {
    let message = match &span.status {
        Status::Error { message } => Some(&**message),
        Status::Unset | Status::Ok => None,
    };
    (span.outcome.as_str(), message, value(span, "error.type"))
}

/// The attributes of the only event, which is an exception.
fn exception(span: &SpanRecord) -> Vec<(String, String)> {
    let [event] = &span.events[..] else { panic!("one event: {span:#?}") };
    assert_eq!(event.name, "exception");
    event.attributes.iter().map(|it| (it.key.to_string(), it.value.to_string())).collect()
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// The span of one request to a handler.
fn span_of<F, R>(handler: F) -> SpanRecord
where
    F: Fn() -> R + Clone + 'static,
    R: Future<Output = Result<HttpResponse, actix_web::Error>> + 'static,
{
    let spans = spans_of(async || {
        let app = App::new().route("/x/{id}", web::to(handler)).wrap(Tracing::new());
        call_and_read_body(&init_service(app).await, TestRequest::with_uri("/x/1").to_request())
            .await
    });
    only(&spans).clone()
}

#[derive(Debug)]
enum AppError {
    Database(&'static str),
    NotFound,
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Database(cause) => write!(f, "the database is {cause}"),
            Self::NotFound => f.write_str("no such user"),
        }
    }
}

impl std::error::Error for AppError {}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }
}

#[test]
fn a_status_below_500_is_no_error_and_one_from_500_on_is() {
    for (status, expected) in [
        (200, ("ok", None, None)),
        (302, ("ok", None, None)),
        (404, ("ok", None, None)),
        (499, ("ok", None, None)),
        (500, ("error", Some(""), Some("500".to_owned()))),
        (503, ("error", Some(""), Some("503".to_owned()))),
    ] {
        let span = span_of(move || async move {
            Ok(HttpResponse::build(StatusCode::from_u16(status).unwrap()).body("x"))
        });
        assert_eq!(ending(&span), expected, "{status}");
        assert_eq!(value(&span, "http.response.status_code"), Some(status.to_string()));
    }
}

#[test]
fn an_error_of_the_handler_has_its_message_and_status() {
    let span = span_of(async || Err(AppError::Database("down").into()));
    let expected = ("error", Some("the database is down"), Some("503".to_owned()));
    assert_eq!(ending(&span), expected);
    assert_eq!(span.name, "GET /x/{id}");
    assert_eq!(value(&span, "http.response.status_code").as_deref(), Some("503"));
}

/// An error that formats for programmers as any text.
struct Debugged(&'static str);

impl std::fmt::Debug for Debugged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::fmt::Display for Debugged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Debugged {}

impl ResponseError for Debugged {}

#[test]
fn no_text_of_an_error_becomes_its_type() {
    for text in ["User1234 not found", "User1234", "User1234(7)", "User1234 { .. }"] {
        let span = span_of(move || async move { Err(Debugged(text).into()) });
        assert_eq!(ending(&span), ("error", Some("failed"), Some("500".to_owned())), "{text}");
        let anyhow =
            span_of(move || async move { Err(ErrorInternalServerError(anyhow::anyhow!(text))) });
        assert_eq!(ending(&anyhow), ("error", Some(text), Some("500".to_owned())));
        let refused = span_of(move || async move { Err(ErrorBadRequest(Debugged(text))) });
        assert_eq!(exception(&refused), [("exception.message", "failed")].map(owned), "{text}");
    }
}

#[test]
fn a_body_that_fails_has_the_type_of_a_standard_error_or_other() {
    let of_body = |error: fn() -> Box<dyn std::error::Error>| {
        let spans = spans_of(async || {
            let handler = move || async move {
                HttpResponse::Ok().streaming(stream::iter([Err::<Bytes, _>(error())]))
            };
            let app = init_service(App::new().route("/", web::to(handler)).wrap(Tracing::new()));
            let response = call_service(&app.await, TestRequest::with_uri("/").to_request()).await;
            assert!(actix_web::body::to_bytes(response.into_body()).await.is_err());
        });
        ending(only(&spans)).2
    };
    assert_eq!(of_body(|| Box::new(Debugged("User1234"))).as_deref(), Some("_OTHER"));
    let io = of_body(|| std::io::Error::from_raw_os_error(32).into());
    assert_eq!(io.as_deref(), Some("std::io::error::Error"));
}

#[test]
fn an_error_without_a_type_is_told_by_its_status() {
    let span = span_of(async || Err(ErrorInternalServerError("boom")));
    assert_eq!(ending(&span), ("error", Some("boom"), Some("500".to_owned())));
}

#[test]
fn an_error_that_is_the_fault_of_the_client_is_recorded_but_is_no_error_of_ours() {
    let span = span_of(async || Err(AppError::NotFound.into()));
    assert_eq!(ending(&span), ("ok", None, None));
    assert_eq!(exception(&span), [("exception.message", "no such user")].map(owned));
}

#[test]
fn a_status_that_the_handler_set_counts_more_than_ours() {
    let span = span_of(async || {
        spanwright::current().set_status(&Status::Ok);
        Ok(HttpResponse::InternalServerError().finish())
    });
    assert_eq!(span.status, Status::Ok);
}

/// An error whose status is only in its response.
#[derive(Debug)]
struct Teapot;

impl std::fmt::Display for Teapot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("short and stout")
    }
}

impl ResponseError for Teapot {
    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(StatusCode::IM_A_TEAPOT).finish()
    }
}

#[test]
fn an_error_of_a_middleware_has_the_route_the_real_status_and_the_request_id() {
    let spans = spans_of(async || {
        let app = App::new()
            .route("/x/{id}", web::get().to(async || ""))
            .wrap(from_fn(async |request, next: Next<actix_web::body::BoxBody>| {
                if true {
                    return Err(Teapot.into());
                }
                next.call(request).await
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let error = app.call(TestRequest::with_uri("/x/1").to_request()).await.unwrap_err();
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
        assert!(response.headers().contains_key("x-request-id"));
        assert!(error.error_response().headers().contains_key("x-request-id"), "the second time");
    });
    let span = only(&spans);
    assert_eq!(ending(span), ("ok", None, None));
    assert_eq!(span.name, "GET /x/{id}");
    assert_eq!(value(span, "http.response.status_code").as_deref(), Some("418"));
    assert_eq!(exception(span), [("exception.message", "short and stout")].map(owned));
}

/// Answers for a handler that panics, as an application does that keeps its connections.
async fn answer_panics(
    request: actix_web::dev::ServiceRequest,
    next: Next<actix_web::body::BoxBody>,
) -> Result<actix_web::dev::ServiceResponse, actix_web::Error> {
    let response = std::panic::AssertUnwindSafe(async { next.call(request).await });
    response.catch_unwind().await.unwrap_or_else(|_| Err(ErrorInternalServerError("a panic")))
}

#[test]
fn a_panic_that_is_answered_inside_has_a_status_and_a_request_id() {
    let spans = spans_of(async || {
        let handler = async || -> &'static str {
            let _inner = Span::new("inner").entered();
            panic!("a bug in a handler");
        };
        let app = App::new().route("/x/{id}", web::get().to(handler));
        let app = init_service(app.wrap(from_fn(answer_panics)).wrap(Tracing::new())).await;
        let error = app.call(TestRequest::with_uri("/x/1").to_request()).await.unwrap_err();
        assert!(error.error_response().headers().contains_key("x-request-id"));
    });
    let request = named(&spans, "GET /x/{id}");
    assert_eq!(ending(request), ("error", Some("a panic"), Some("500".to_owned())));
    assert_eq!(value(request, "http.response.status_code").as_deref(), Some("500"));
    assert_eq!(named(&spans, "inner").outcome, Outcome::Panic);
}

#[test]
fn an_error_that_never_becomes_a_response_has_ended_all_the_same() {
    let spans = spans_of(async || {
        let app = App::new()
            .wrap(from_fn(async |request, next: Next<actix_web::body::BoxBody>| {
                next.call(request).await?;
                Err::<actix_web::dev::ServiceResponse, _>(AppError::Database("gone").into())
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        drop(app.call(TestRequest::with_uri("/").to_request()).await);
    });
    let expected = ("error", Some("the database is gone"), Some("503".to_owned()));
    assert_eq!(ending(only(&spans)), expected);
}

#[test]
fn a_panic_of_the_handler_goes_on_and_ends_the_span_as_a_panic() {
    let (caught, spans) = traced(async || {
        let handler = async || -> &'static str {
            actix_web::rt::task::yield_now().await;
            panic!("a bug")
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let call = app.call(TestRequest::with_uri("/x/1").to_request());
        let caught = std::panic::AssertUnwindSafe(call).catch_unwind().await.is_err();
        assert!(spanwright::current().is_none(), "nothing is left current");
        caught
    });
    assert!(caught);
    let span = only(&spans);
    assert_eq!(ending(span), ("panic", Some("panicked"), Some("panic".to_owned())));
    assert_eq!(span.name, "GET /x/{id}", "the route is known although there is no response");
    assert_eq!(value(span, "http.response.status_code"), None);
    assert_eq!(value(span, "http.response.body.size"), None);
}

#[test]
fn a_request_that_waits_is_cancelled_by_the_panic_of_another() {
    let spans = spans_of(async || {
        let waits = async || -> &'static str { pending().await };
        let panics = async || -> &'static str { panic!("a bug") };
        let app = App::new().route("/waits", web::get().to(waits));
        let app = app.route("/panics", web::get().to(panics)).wrap(Tracing::new());
        let app = init_service(app).await;
        let call = |uri| app.call(TestRequest::with_uri(uri).to_request());
        let both = futures_util::future::join(call("/waits"), call("/panics"));
        assert!(std::panic::AssertUnwindSafe(both).catch_unwind().await.is_err());
    });
    let outcome = |name| spans.iter().find(|span| span.name == name).map(|span| span.outcome);
    assert_eq!(outcome("GET /panics"), Some(Outcome::Panic));
    assert_eq!(outcome("GET /waits"), Some(Outcome::Cancelled));
}

#[test]
fn a_panic_while_the_request_is_routed_ends_the_span_as_a_panic() {
    let spans = spans_of(async || {
        let guarded = web::get().guard(actix_web::guard::fn_guard(|_| panic!("a bug in a guard")));
        let app = App::new().route("/x", guarded.to(async || "")).wrap(Tracing::new());
        let app = init_service(app).await;
        let request = TestRequest::with_uri("/x").to_request();
        let call = async { app.call(request).await };
        assert!(std::panic::AssertUnwindSafe(call).catch_unwind().await.is_err());
    });
    assert_eq!(only(&spans).outcome, Outcome::Panic);
}

#[test]
fn a_panic_that_a_middleware_inside_answers_is_judged_by_the_answer() {
    let spans = spans_of(async || {
        let app = App::new()
            .route("/", web::get().to(async || -> &'static str { panic!("a bug") }))
            .wrap(from_fn(async |request, next: Next<actix_web::body::BoxBody>| {
                let response = std::panic::AssertUnwindSafe(next.call(request));
                let answer = response.catch_unwind().await;
                answer.unwrap_or_else(|_| Err(ErrorInternalServerError("handled")))
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let error = app.call(TestRequest::with_uri("/").to_request()).await.unwrap_err();
        error.error_response().status()
    });
    assert_eq!(ending(only(&spans)), ("error", Some("handled"), Some("500".to_owned())));
}

#[test]
fn a_streamed_response_ends_with_its_last_chunk() {
    let spans = spans_of(async || {
        let handler = async || {
            let chunks = [Ok::<_, actix_web::Error>(Bytes::from_static(b"1")), Ok("2".into())];
            HttpResponse::Ok().streaming(stream::iter(chunks))
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
        Span::new("before the body").end();
        assert_eq!(read_body(response).await, "12");
        Span::new("after the body").end();
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["before the body", "GET /", "after the body"]);
    assert_eq!(ending(&spans[1]), ("ok", None, None));
    assert_eq!(value(&spans[1], "http.response.body.size").as_deref(), Some("2"));
}

#[test]
fn an_empty_body_ends_at_once_and_so_does_the_answer_to_head() {
    let spans = spans_of(async || {
        let app = App::new()
            .route("/empty", web::to(async || HttpResponse::Ok().finish()))
            .route("/none", web::to(async || HttpResponse::NoContent().body("not sent")))
            .route("/full", web::to(async || "not sent either"))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let mut responses = Vec::new();
        for (method, path) in
            [(Method::GET, "/empty"), (Method::GET, "/none"), (Method::HEAD, "/full")]
        {
            let request = TestRequest::with_uri(path).method(method).to_request();
            responses.push(call_service(&app, request).await);
            Span::new("still there").end();
        }
    });
    let names: Vec<_> = spans.iter().map(|span| (&*span.name, span.outcome)).collect();
    let sizes = spans.iter().filter_map(|span| value(span, "http.response.body.size"));
    assert_eq!(sizes.collect::<Vec<_>>(), ["0", "0", "0"]);
    let still_there = ("still there", Outcome::Ok);
    assert_eq!(
        names,
        [
            ("GET /empty", Outcome::Ok),
            still_there,
            ("GET /none", Outcome::Ok),
            still_there,
            ("HEAD /full", Outcome::Ok),
            still_there
        ]
    );
}

#[test]
fn a_body_that_fails_makes_the_request_an_error() {
    let spans = spans_of(async || {
        let handler = async || {
            let chunks = [Ok(Bytes::from_static(b"1")), Err(AppError::Database("gone"))];
            HttpResponse::Ok().streaming(stream::iter(chunks))
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
        actix_web::body::to_bytes(response.into_body()).await.unwrap_err().to_string()
    });
    let span = only(&spans);
    let (outcome, message, _) = ending(span);
    assert_eq!((outcome, message), ("error", Some("the database is gone")));
    assert_eq!(value(span, "http.response.body.size").as_deref(), Some("1"));
    assert_eq!(value(span, "http.response.status_code").as_deref(), Some("200"));
}

#[test]
fn a_body_that_panics_ends_the_span_as_a_panic() {
    let spans = spans_of(async || {
        let handler = async || {
            let broken = stream::poll_fn(|_| -> Poll<Option<Result<Bytes, actix_web::Error>>> {
                panic!("a bug in a body")
            });
            HttpResponse::Ok().streaming(broken)
        };
        let app = App::new().route("/", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
        let body = actix_web::body::to_bytes(response.into_body());
        assert!(std::panic::AssertUnwindSafe(body).catch_unwind().await.is_err());
    });
    assert_eq!(ending(only(&spans)), ("panic", Some("panicked"), Some("panic".to_owned())));
}

#[test]
fn a_body_that_is_dropped_before_its_end_was_cancelled_and_is_no_error() {
    let spans = spans_of(async || {
        let handler = async || {
            let first = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(b"1"))]);
            let rest = stream::pending();
            HttpResponse::Ok().streaming(futures_util::StreamExt::chain(first, rest))
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        let mut body = Box::pin(response.into_body());
        let chunk = poll_fn(|cx| Pin::as_mut(&mut body).poll_next(cx)).await;
        assert_eq!(chunk.unwrap().unwrap(), "1");
    });
    let span = only(&spans);
    assert_eq!(ending(span), ("cancelled", None, None));
    assert_eq!(value(span, "http.response.status_code").as_deref(), Some("200"));
}

#[test]
fn a_request_that_is_dropped_while_it_is_handled_was_cancelled() {
    /// Makes a span when the handler is torn down.
    struct Cleanup;
    impl Drop for Cleanup {
        fn drop(&mut self) {
            Span::new("cleanup").end();
        }
    }
    let spans = spans_of(async || {
        let handler = async || {
            let _cleanup = Cleanup;
            pending::<&'static str>().await
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let mut call = Box::pin(app.call(TestRequest::with_uri("/x/1").to_request()));
        assert!((&mut call).now_or_never().is_none());
        drop(call);
    });
    let [cleanup, request] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!(ending(request), ("cancelled", None, None));
    assert_eq!(request.name, "GET /x/{id}", "the route is known although there is no response");
    assert_eq!(cleanup.parent_span_id, Some(request.context.span_id));
}

#[test]
fn a_body_that_is_taken_as_a_whole_has_ended() {
    let spans = spans_of(async || {
        let app = App::new().route("/", web::get().to(async || "whole")).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/").to_request()).await;
        assert_eq!(response.into_body().try_into_bytes().ok().unwrap(), "whole");
    });
    assert_eq!(only(&spans).outcome, Outcome::Ok);
    assert_eq!(value(only(&spans), "http.response.body.size").as_deref(), Some("5"));
}

#[test]
fn an_extractor_that_refuses_is_an_error_of_the_client() {
    let spans = spans_of(async || {
        let handler = async |id: web::Path<u32>| id.to_string();
        let app = App::new()
            .app_data(web::PathConfig::default().error_handler(|_, _| ErrorBadRequest("no number")))
            .route("/x/{id}", web::get().to(handler))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        call_and_read_body(&app, TestRequest::with_uri("/x/ann").to_request()).await
    });
    let span = only(&spans);
    assert_eq!(ending(span), ("ok", None, None));
    assert_eq!(exception(span), [("exception.message", "no number")].map(owned));
}
