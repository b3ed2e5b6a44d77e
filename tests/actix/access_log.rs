//! What the log says of a request: one event, when it is over, for whoever reads the log.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use actix_web::body::MessageBody as _;
use actix_web::error::{ErrorInternalServerError, ErrorNotFound};
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service};
use actix_web::{App, HttpResponse, dev::Service, rt, web};
use futures_util::future::{FutureExt as _, pending, poll_fn};
use futures_util::stream::{self, StreamExt as _};
use spanwright::actix::Tracing;
use spanwright::record::SpanRecord;
use spanwright::testing::{Capture, Captured};
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber, subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{LevelFilter, Targets, filter_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::support::{only, traced, value};

/// An event as a subscriber sees it.
#[derive(Clone, Debug, Default)]
struct Line {
    level: Option<Level>,
    fields: BTreeMap<&'static str, String>,
    /// The trace that was current, and whose the request was.
    trace_id: String,
}

impl Line {
    fn field(&self, key: &str) -> Option<&str> {
        self.fields.get(key).map(String::as_str)
    }

    /// The message from the method on.
    fn text(&self) -> &str {
        let message = self.field("message").expect("a line has a text");
        message.splitn(4, ' ').nth(3).expect("a line begins with the time and the client")
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// Keeps the events of one thread.
#[derive(Clone, Default)]
struct Reader(Arc<Mutex<Vec<Line>>>);

impl<S: Subscriber> Layer<S> for Reader {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut line = Line { level: Some(*event.metadata().level()), ..Line::default() };
        line.trace_id = spanwright::current().context().trace_id.to_string();
        event.record(&mut line);
        self.0.lock().expect("nobody panicked").push(line);
    }
}

/// Runs `body` with a reader of the log, and returns what it read.
fn reading<R>(is_read: fn(&Metadata<'_>) -> bool, body: impl FnOnce() -> R) -> (Vec<Line>, R) {
    let reader = Reader::default();
    let is_access = |metadata: &Metadata<'_>| metadata.target() == "spanwright::access";
    let filter = filter_fn(move |metadata| is_access(metadata) && is_read(metadata));
    let layers = Registry::default().with(reader.clone().with_filter(filter));
    let result = subscriber::with_default(layers, body);
    let lines = reader.0.lock().expect("nobody panicked").clone();
    (lines, result)
}

/// The lines and the spans of what happens in `body`.
fn logged<F: Future>(body: impl FnOnce() -> F) -> (Vec<Line>, Vec<SpanRecord>) {
    reading(|_| true, || traced(body).1)
}

#[track_caller]
fn one(lines: &[Line]) -> &Line {
    let [line] = lines else { panic!("one line, not {lines:#?}") };
    line
}

/// The line of a `GET` that is answered by this handler, and the span.
fn line_of<F, R>(uri: &str, handler: F) -> (Line, SpanRecord)
where
    F: Fn() -> R + Clone + 'static,
    R: Future<Output = Result<HttpResponse, actix_web::Error>> + 'static,
{
    let (lines, spans) = logged(async || {
        let app = App::new().route("/x/{id}", web::to(handler)).wrap(Tracing::new());
        call_and_read_body(&init_service(app).await, TestRequest::with_uri(uri).to_request()).await
    });
    (one(&lines).clone(), only(&spans).clone())
}

#[test]
fn a_request_is_one_event_with_its_line_its_fields_and_its_trace() {
    let (lines, spans) = logged(async || {
        let handler = async || HttpResponse::Ok().body("hello");
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let request = TestRequest::with_uri("/x/1")
            .peer_addr(([192, 0, 2, 7], 4711).into())
            .insert_header(("user-agent", "curl/8"));
        call_and_read_body(&init_service(app).await, request.to_request()).await
    });
    let line = one(&lines);
    assert_eq!(line.level, Some(Level::INFO));
    let message = line.field("message").unwrap();
    let (time, rest) = message.split_once("] ").expect("the time is in brackets");
    assert_eq!(rest, "192.0.2.7 GET http /x/1? 200 OK");
    assert!(time.starts_with("[20") && time.len() == "[2026-Nov-20 09:16".len(), "{time}");
    for (key, expected) in [
        ("http.request.method", "GET"),
        ("url.path", "/x/1"),
        ("http.route", "/x/{id}"),
        ("http.response.status_code", "200"),
        ("http.response.body.size", "5"),
        ("client.address", "192.0.2.7"),
        ("user_agent.original", "curl/8"),
    ] {
        assert_eq!(line.field(key), Some(expected), "{key}");
        assert_eq!(value(only(&spans), key).as_deref(), Some(expected), "{key}");
    }
    let duration: f64 = line.field("duration_ms").unwrap().parse().expect("a number");
    assert!(duration >= 0.0, "{duration}");
    assert_eq!(line.field("spanwright.outcome"), None);
    assert_eq!(line.trace_id, only(&spans).context.trace_id.to_string());
}

#[test]
fn a_line_has_the_address_that_the_span_has() {
    for (proxies, expected) in [(0, "10.0.0.1"), (1, "192.0.2.7")] {
        let (lines, spans) = logged(async || {
            let app = App::new().wrap(Tracing::new().trusted_proxies(proxies));
            let request = TestRequest::with_uri("/x")
                .peer_addr(([10, 0, 0, 1], 4711).into())
                .insert_header(("forwarded", "for=6.6.6.6, for=192.0.2.7"));
            call_and_read_body(&init_service(app).await, request.to_request()).await
        });
        let line = one(&lines);
        assert_eq!(line.field("client.address"), Some(expected));
        assert!(line.field("message").unwrap().contains(&format!("] {expected} GET http /x? ")));
        assert_eq!(value(only(&spans), "client.address").as_deref(), Some(expected));
    }
}

#[test]
fn the_level_follows_the_status() {
    for (status, level, text) in [
        (204, Level::INFO, "GET http /x/1? 204 NO CONTENT"),
        (302, Level::INFO, "GET http /x/1? 302 FOUND"),
        (404, Level::WARN, "GET http /x/1? 404 NOT FOUND"),
        (422, Level::WARN, "GET http /x/1? 422 UNPROCESSABLE ENTITY"),
        (500, Level::ERROR, "GET http /x/1? 500 INTERNAL SERVER ERROR"),
    ] {
        let (line, _) = line_of("/x/1", move || async move {
            Ok(HttpResponse::build(status.try_into().unwrap()).finish())
        });
        assert_eq!((line.level, line.text()), (Some(level), text));
    }
}

#[test]
fn an_error_of_the_handler_is_told_by_what_it_was_answered_with() {
    let (line, _) = line_of("/x/1", async || Err(ErrorInternalServerError("boom")));
    assert_eq!(line.level, Some(Level::ERROR));
    assert_eq!(line.text(), "GET http /x/1? 500 INTERNAL SERVER ERROR");
    let (line, _) = line_of("/x/1", async || Err(ErrorNotFound("nobody")));
    assert_eq!((line.level, line.text()), (Some(Level::WARN), "GET http /x/1? 404 NOT FOUND"));
}

#[test]
fn an_error_of_a_middleware_has_its_line_when_it_is_answered() {
    let (lines, _) = logged(async || {
        let app = App::new()
            .route("/x/{id}", web::get().to(async || ""))
            .wrap(from_fn(async |request, next: Next<actix_web::body::BoxBody>| {
                if true {
                    return Err(ErrorNotFound("nobody"));
                }
                next.call(request).await
            }))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        let error = app.call(TestRequest::with_uri("/x/1").to_request()).await.unwrap_err();
        drop(error.error_response());
    });
    let line = one(&lines);
    assert_eq!(
        (line.text(), line.field("http.route")),
        ("GET http /x/1? 404 NOT FOUND", Some("/x/{id}"))
    );
}

#[test]
fn a_path_without_a_route_has_none() {
    let (line, _) = line_of("/nowhere", async || Ok(HttpResponse::Ok().finish()));
    assert_eq!((line.level, line.text()), (Some(Level::WARN), "GET http /nowhere? 404 NOT FOUND"));
    assert_eq!(line.field("http.route"), None);
}

#[test]
fn a_query_is_told_without_its_secrets() {
    let (line, span) =
        line_of("/x/1?term=a%20b&token=s3cret", async || Ok(HttpResponse::Ok().finish()));
    assert_eq!(line.text(), "GET http /x/1?term=a%20b&token=REDACTED 200 OK");
    assert_eq!(value(&span, "url.query").as_deref(), Some("term=a%20b&token=REDACTED"));
    assert!(!format!("{line:?}").contains("s3cret"));
}

#[test]
fn a_panic_that_nobody_answers_is_an_error_without_a_status() {
    let (lines, spans) = logged(async || {
        let handler = async || -> &'static str { panic!("a bug in a handler") };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let call = app.call(TestRequest::with_uri("/x/1").to_request());
        assert!(std::panic::AssertUnwindSafe(call).catch_unwind().await.is_err());
    });
    let line = one(&lines);
    assert_eq!((line.level, line.text()), (Some(Level::ERROR), "GET http /x/1? - (panic)"));
    assert_eq!(line.field("http.response.status_code"), None);
    assert_eq!(line.field("http.route"), Some("/x/{id}"));
    assert_eq!(line.trace_id, only(&spans).context.trace_id.to_string());
}

#[test]
fn a_client_that_goes_away_before_the_answer_has_a_line_without_a_status() {
    let (lines, spans) = logged(async || {
        let handler = async || -> &'static str { pending().await };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let call = app.call(TestRequest::with_uri("/x/1").to_request());
        assert!(call.now_or_never().is_none());
    });
    let line = one(&lines);
    assert_eq!((line.level, line.text()), (Some(Level::WARN), "GET http /x/1? - (cancelled)"));
    assert_eq!(line.field("spanwright.outcome"), Some("cancelled"));
    assert_eq!(line.trace_id, only(&spans).context.trace_id.to_string());
}

/// What a body is made of.
type Chunk = Result<web::Bytes, actix_web::Error>;

/// What a body begins with.
const FIRST: web::Bytes = web::Bytes::from_static(b"12345");

#[test]
fn a_body_that_is_not_read_to_its_end_is_cut_off() {
    let (lines, _) = logged(async || {
        let handler = async || {
            HttpResponse::Ok().streaming(stream::iter([Chunk::Ok(FIRST)]).chain(stream::pending()))
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        let mut body = Box::pin(response.into_body());
        let first = poll_fn(|cx| body.as_mut().poll_next(cx)).await;
        assert_eq!(first.unwrap().unwrap(), "12345");
    });
    let line = one(&lines);
    assert_eq!((line.level, line.text()), (Some(Level::WARN), "GET http /x/1? 200 OK (cancelled)"));
    assert_eq!(line.field("http.response.body.size"), Some("5"));
}

#[test]
fn a_body_that_fails_is_an_error_whatever_the_status_was() {
    let (lines, _) = logged(async || {
        let handler = async || {
            let items = [Ok(FIRST), Err(ErrorInternalServerError("the disk is gone"))];
            HttpResponse::Ok().streaming(stream::iter(items))
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        assert!(actix_web::body::to_bytes(response.into_body()).await.is_err());
    });
    let line = one(&lines);
    assert_eq!((line.level, line.text()), (Some(Level::ERROR), "GET http /x/1? 200 OK (error)"));
}

#[test]
fn excluded_paths_have_no_line_nor_has_any_where_that_is_asked_for() {
    let (lines, _) = logged(async || {
        let app = App::new().wrap(Tracing::new().exclude(["/api/health-check"]));
        let app = init_service(app).await;
        call_and_read_body(&app, TestRequest::with_uri("/api/health-check").to_request()).await;
        let app = init_service(App::new().wrap(Tracing::new().without_access_log())).await;
        call_and_read_body(&app, TestRequest::with_uri("/x").to_request()).await;
    });
    assert!(lines.is_empty(), "{lines:#?}");
}

#[test]
fn who_reads_errors_alone_gets_no_other_line() {
    let is_error = |metadata: &Metadata<'_>| *metadata.level() == Level::ERROR;
    let (lines, ()) = reading(is_error, || {
        rt::System::new().block_on(async {
            let handler = async |status: web::Path<u16>| {
                HttpResponse::build(status.into_inner().try_into().unwrap()).finish()
            };
            let app = App::new().route("/{status}", web::get().to(handler)).wrap(Tracing::new());
            let app = init_service(app).await;
            for uri in ["/200", "/404", "/503"] {
                call_and_read_body(&app, TestRequest::with_uri(uri).to_request()).await;
            }
        });
    });
    assert_eq!(one(&lines).text(), "GET http /503? 503 SERVICE UNAVAILABLE");
}

#[test]
fn to_ask_whether_it_is_read_takes_nothing_from_layers_with_filters_of_their_own() {
    let (of_handlers, of_all) = (Reader::default(), Reader::default());
    let handlers = Targets::new().with_target("handlers", Level::INFO);
    let layers = Registry::default()
        .with(of_handlers.clone().with_filter(handlers))
        .with(of_all.clone().with_filter(LevelFilter::INFO));
    subscriber::with_default(layers, || {
        rt::System::new().block_on(async {
            let handler = async || {
                tracing::info!(target: "handlers", "from one");
                ""
            };
            let app = App::new().route("/x/{id}", web::to(handler)).wrap(Tracing::new());
            let app = init_service(app).await;
            call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        });
    });
    let count = |reader: &Reader| reader.0.lock().expect("nobody panicked").len();
    assert_eq!((count(&of_handlers), count(&of_all)), (1, 2));
}

#[test]
fn with_nothing_installed_the_line_is_written_and_the_answer_untouched() {
    let (lines, headers) = reading(
        |_| true,
        || {
            rt::System::new().block_on(async {
                let app = App::new().route("/x/{id}", web::get().to(async || "hello"));
                let app = init_service(app.wrap(Tracing::new().exclude(["/health"]))).await;
                call_and_read_body(&app, TestRequest::with_uri("/health").to_request()).await;
                let request = TestRequest::with_uri("/x/1").to_request();
                let response = call_service(&app, request).await;
                let headers = response.headers().clone();
                assert_eq!(actix_web::test::read_body(response).await, "hello");
                headers
            })
        },
    );
    let line = one(&lines);
    assert_eq!(line.text(), "GET http /x/1? 200 OK");
    assert_eq!(line.field("http.route"), Some("/x/{id}"));
    assert_eq!(line.field("http.response.body.size"), Some("5"));
    assert!(!headers.contains_key("x-request-id"), "{headers:?}");
}

#[test]
fn the_log_knows_the_trace_and_the_user_and_the_span_is_not_told_what_it_says_itself() {
    let Captured { spans, logs, .. } = Capture::default().run_all(|| {
        rt::System::new().block_on(async {
            let handler = async || {
                spanwright::set_user("42");
                tracing::info!("HomeActivities");
                "hello"
            };
            let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
            let app = init_service(app).await;
            call_and_read_body(&app, TestRequest::with_uri("/x/1").to_request()).await
        })
    });
    let [_, access] = &logs[..] else { panic!("two events: {logs:#?}") };
    let request = only(&spans);
    assert_eq!(access.target, "spanwright::access");
    assert_eq!(access.span.map(|span| span.span_id), Some(request.context.span_id));
    assert_eq!(access.user.as_deref(), Some("42"));
    let events: Vec<_> = request.events.iter().map(|event| &*event.name).collect();
    assert_eq!(events, ["HomeActivities"]);
}
