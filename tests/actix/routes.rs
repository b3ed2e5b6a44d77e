//! Routes of requests that end without a response: cancelled, or by a panic.

use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::middleware::{Next, from_fn};
use actix_web::test::{TestRequest, call_and_read_body, init_service};
use actix_web::{App, HttpResponse, dev::Service, guard, web};
use futures_util::future::{FutureExt as _, pending};
use spanwright::actix::Tracing;
use spanwright::record::{Outcome, SpanRecord};

use crate::support::{spans_of, value};

/// Handles no request to its end: panics at `?panic`, and is cancelled else.
async fn unfinished(query: web::Query<Vec<(String, String)>>) -> HttpResponse {
    assert!(query.is_empty(), "on purpose");
    pending().await
}

async fn answers() -> &'static str {
    "."
}

/// Resources of which the first that matches a path often refuses the method.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/purl/{key}", web::get().to(answers))
        .route("/purl/recommend", web::post().to(unfinished))
        .route("/files/{tail:.*}", web::get().to(unfinished))
        .route("/users/{id}", web::get().to(unfinished))
        .route("/users/{name}", web::post().to(answers))
        .service(
            web::resource("/pages/{page}")
                .guard(guard::Header("x-version", "2"))
                .route(web::get().to(answers)),
        )
        .service(web::resource("/pages/home").route(web::get().to(unfinished)))
        .service(
            web::scope("/{tenant}")
                .service(
                    web::scope("/admin")
                        .guard(guard::Header("x-role", "admin"))
                        .route("/{page}", web::get().to(answers)),
                )
                .service(web::resource("/admin/{page}/edit").route(web::get().to(unfinished)))
                .default_service(web::to(unfinished)),
        );
}

/// The spans of requests that are dropped when they wait, or have panicked.
fn spans(requests: &[(&str, &str)]) -> Vec<SpanRecord> {
    spans_of(async || {
        let app = App::new().service(web::scope("/v2").configure(routes)).wrap(Tracing::new());
        let app = init_service(app).await;
        for (method, path) in requests {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = TestRequest::with_uri(path).method(method).to_request();
            let call = AssertUnwindSafe(app.call(request)).catch_unwind();
            drop(call.now_or_never());
        }
    })
}

#[test]
fn a_request_without_a_response_has_the_route_that_handled_it() {
    for (method, path, name) in [
        ("POST", "/v2/purl/recommend", "POST"),
        ("GET", "/v2/files/a/b.txt", "GET /v2/files/{tail}"),
        ("GET", "/v2/users/7", "GET"),
        ("GET", "/v2/pages/home", "GET"),
        ("GET", "/v2/acme/admin/users/edit", "GET"),
        ("GET", "/v2/acme/nowhere", "GET"),
        ("DELETE", "/v2/acme", "DELETE"),
    ] {
        for (query, outcome) in [("", Outcome::Cancelled), ("?panic=1", Outcome::Panic)] {
            let spans = spans(&[(method, &format!("{path}{query}"))]);
            let [span] = &spans[..] else { panic!("one span: {spans:?}") };
            assert_eq!((&*span.name, span.outcome), (name, outcome), "{path}{query}");
            let route = name.split_once(' ').map(|(_, route)| route.to_owned());
            assert_eq!(value(span, "http.route"), route, "{path}{query}");
        }
    }
}

/// Waits for ever unless the query is empty.
async fn late(query: web::Query<Vec<(String, String)>>) -> &'static str {
    if !query.is_empty() {
        pending::<()>().await;
    }
    "."
}

#[test]
fn overlapping_routes_are_distinguished_after_one_answer() {
    for (method, path, name) in [
        ("POST", "/purl/recommend", "POST /purl/recommend"),
        ("POST", "/users/7", "POST /users/{name}"),
        ("GET", "/users/7", "GET /users/{id}"),
        ("GET", "/acme/admin/users/edit", "GET /{tenant}/admin/{page}/edit"),
        ("GET", "/acme/admin", "GET /{any}/admin"),
    ] {
        let spans = spans_of(async || {
            let admin = web::scope("/admin").guard(guard::Header("x-role", "admin"));
            let app = App::new()
                .route("/purl/{key}", web::get().to(late))
                .route("/purl/recommend", web::post().to(late))
                .route("/users/{id}", web::get().to(late))
                .route("/users/{name}", web::post().to(late))
                .service(
                    web::scope("/{tenant}")
                        .guard(guard::fn_guard(|it| it.head().uri.path() != "/acme/admin"))
                        .service(admin.route("/{page}", web::get().to(late)))
                        .route("/admin/{page}/edit", web::get().to(late)),
                )
                .route("/{any}/admin", web::get().to(late))
                .wrap(Tracing::new());
            let app = init_service(app).await;
            let request = |uri: &str| {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                TestRequest::with_uri(uri).method(method).to_request()
            };
            drop(app.call(request(&format!("{path}?late=1"))).now_or_never());
            call_and_read_body(&app, request(path)).await;
            drop(app.call(request(&format!("{path}?late=1"))).now_or_never());
        });
        let names: Vec<_> = spans.iter().map(|span| (&*span.name, span.outcome)).collect();
        let expected =
            [(method, Outcome::Cancelled), (name, Outcome::Ok), (name, Outcome::Cancelled)];
        assert_eq!(names, expected);
    }
}

#[test]
fn an_answer_before_routing_has_the_route_that_is_certain() {
    let spans = spans_of(async || {
        let refuse = from_fn(async |request: ServiceRequest, next: Next<BoxBody>| {
            if request.headers().contains_key("authorization") {
                return next.call(request).await;
            }
            Ok(request.into_response(HttpResponse::Unauthorized().finish()))
        });
        let app = App::new()
            .route("/purl/{key}", web::get().to(answers))
            .route("/purl/recommend", web::post().to(answers))
            .wrap(refuse)
            .wrap(Tracing::new());
        let app = init_service(app).await;
        for path in ["/purl/recommend", "/purl/recommend?again"] {
            call_and_read_body(&app, TestRequest::post().uri(path).to_request()).await;
        }
        let request = TestRequest::post().uri("/purl/recommend");
        let request = request.insert_header(("authorization", "yes")).to_request();
        call_and_read_body(&app, request).await;
        call_and_read_body(&app, TestRequest::post().uri("/purl/recommend").to_request()).await;
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["POST", "POST", "POST /purl/recommend", "POST /purl/recommend"]);
}

// https://github.com/getsentry/sentry-rust/issues/540
#[test]
fn each_method_of_one_path_has_its_own_name_and_route() {
    let spans = spans_of(async || {
        let app = App::new()
            .route("/x/{a}", web::get().to(answers))
            .route("/x/{b}", web::post().to(answers))
            .wrap(Tracing::new());
        let app = init_service(app).await;
        for method in [Method::GET, Method::POST, Method::GET] {
            let request = TestRequest::with_uri("/x/1").method(method).to_request();
            call_and_read_body(&app, request).await;
        }
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["GET /x/{a}", "POST /x/{b}", "GET /x/{a}"]);
    assert_eq!(value(&spans[1], "http.route").as_deref(), Some("/x/{b}"));
}
