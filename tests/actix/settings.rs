//! What an application says about its spans: exclusions, names, attributes of its own.

use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service, read_body};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer, rt, web};
use futures_util::stream;
use spanwright::actix::{RequestId, Tracing};
use spanwright::{FutureExt, Span};

use crate::support::{exchange, named, only, spans_of, traced, value};

#[test]
fn an_excluded_request_records_nothing_and_nothing_below() {
    let (headers, spans) = traced(async || {
        let handler = async || {
            Span::new("below").end();
            Span::root("a new trace below").end();
            rt::spawn(async { Span::new("task").end() }.in_current_span()).await.unwrap();
            let mut sent = Vec::new();
            spanwright::inject(|name, _| sent.push(name.to_owned()));
            let body = stream::once(async {
                Span::new("in the body").end();
                Ok::<_, actix_web::Error>(web::Bytes::from_static(b"."))
            });
            HttpResponse::Ok().insert_header(("x-sent", sent.join(","))).streaming(body)
        };
        let tracing = Tracing::new()
            .exclude(["/api/health-check"])
            .exclude_if(|request| request.headers().contains_key("x-probe"));
        let app = App::new().default_service(web::to(handler)).wrap(tracing);
        let app = init_service(app).await;
        let by_path = TestRequest::with_uri("/api/health-check");
        let by_predicate = TestRequest::with_uri("/other").insert_header(("x-probe", "1"));
        let mut headers = Vec::new();
        for request in [by_path, by_predicate] {
            let response = call_service(&app, request.to_request()).await;
            headers.push(response.headers().clone());
            actix_web::test::read_body(response).await;
        }
        headers
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["a new trace below"; 2], "only what asks for a trace of its own");
    for headers in headers {
        assert_eq!(headers.get("x-sent").unwrap(), "");
        assert!(!headers.contains_key("x-request-id"));
    }
}

#[test]
fn only_the_exact_path_is_excluded() {
    let spans = spans_of(async || {
        let app = App::new().wrap(Tracing::new().exclude(["/health"]));
        let app = init_service(app).await;
        for path in ["/health", "/health?deep=1", "/health/", "/healthy"] {
            call_and_read_body(&app, TestRequest::with_uri(path).to_request()).await;
        }
    });
    let paths: Vec<_> = spans.iter().filter_map(|span| value(span, "url.path")).collect();
    assert_eq!(paths, ["/health/", "/healthy"]);
}

#[test]
fn an_application_names_spans_and_falls_back_to_the_usual_name() {
    let spans = spans_of(async || {
        let tracing =
            Tracing::new().name(|request| (request.path() == "/graphql").then(|| "graphql".into()));
        let app = App::new().default_service(web::to(async || "")).wrap(tracing);
        let app = init_service(app).await;
        call_service(&app, TestRequest::with_uri("/graphql").to_request()).await;
        call_service(&app, TestRequest::with_uri("/rest").to_request()).await;
    });
    assert_eq!(value(named(&spans, "graphql"), "url.path").as_deref(), Some("/graphql"));
    assert_eq!(value(named(&spans, "GET"), "url.path").as_deref(), Some("/rest"));
}

#[test]
fn an_application_adds_attributes_from_requests_and_responses() {
    struct Rows(u64);
    let spans = spans_of(async || {
        let tracing = Tracing::new()
            .on_request(|request, span| {
                span.set_attribute("app.path_bytes", request.path().len());
            })
            .on_response(|request, head, span| {
                let rows = request.extensions().get::<Rows>().map(|rows| rows.0);
                span.set_attribute("app.rows", rows);
                span.set_attribute("app.reason", head.reason());
            });
        let handler = async |request: HttpRequest| {
            request.extensions_mut().insert(Rows(3));
            ""
        };
        let app = App::new().route("/rows", web::get().to(handler)).wrap(tracing);
        call_service(&init_service(app).await, TestRequest::with_uri("/rows").to_request()).await
    });
    let request = only(&spans);
    for (key, expected) in [("app.path_bytes", "5"), ("app.rows", "3"), ("app.reason", "OK")] {
        assert_eq!(value(request, key).as_deref(), Some(expected), "{key}");
    }
}

#[test]
fn a_closure_of_the_application_that_panics_costs_nothing_but_what_it_would_have_said() {
    let (status, spans) = traced(async || {
        let tracing = Tracing::new()
            .exclude_if(|_| panic!("a bug in exclude_if"))
            .name(|_| panic!("a bug in name"))
            .on_request(|_, _| panic!("a bug in on_request"))
            .on_response(|_, _, _| panic!("a bug in on_response"));
        let app = App::new().route("/", web::get().to(async || "")).wrap(tracing);
        let app = init_service(app).await;
        call_service(&app, TestRequest::with_uri("/").to_request()).await.status()
    });
    assert_eq!(status, 200);
    assert_eq!((&*only(&spans).name, only(&spans).outcome.as_str()), ("GET /", "ok"));
}

#[test]
fn with_nothing_installed_a_server_answers_as_without_the_middleware() {
    let answer = rt::System::new().block_on(async {
        let server = HttpServer::new(|| {
            let handler = async |first: RequestId, again: RequestId| {
                assert_eq!(first, again);
                assert_eq!(first.as_str().len(), 36);
                assert!(spanwright::current().is_none());
                "hello"
            };
            App::new().route("/", web::get().to(handler)).wrap(Tracing::new())
        });
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        let running = rt::spawn(server);
        let request = "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";
        let answer = exchange(address, request).await;
        handle.stop(true).await;
        running.await.unwrap().unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    assert!(!answer.contains("x-request-id"), "{answer}");
}

// https://github.com/open-telemetry/opentelemetry-go-instrumentation/issues/471
#[test]
fn a_request_has_one_span_however_often_it_is_wrapped() {
    let spans = spans_of(async || {
        let handler = async |id: RequestId| id.to_string();
        let scope = web::scope("/x").route("/{id}", web::get().to(handler)).wrap(Tracing::new());
        let app = App::new().service(scope).wrap(Tracing::new()).wrap(Tracing::new());
        let app = init_service(app).await;
        let response = call_service(&app, TestRequest::with_uri("/x/1").to_request()).await;
        let id = response.headers().get("x-request-id").cloned().unwrap();
        assert_eq!(id.as_bytes(), read_body(response).await, "all know one id");
    });
    assert_eq!(only(&spans).name, "GET /x/{id}");
    assert_eq!(value(only(&spans), "http.response.status_code").as_deref(), Some("200"));
}
