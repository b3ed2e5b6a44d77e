//! Targets of requests, in every form that the wire allows.

use actix_web::{App, HttpResponse, web};
use spanwright::actix::Tracing;
use spanwright::record::SpanRecord;

use crate::support::{exchange, only, serve, spans_of, value};

/// The span of one request with this line and host.
fn span_of(line: &str, host: &str) -> SpanRecord {
    let spans = spans_of(async || {
        let app = App::new()
            .route("/x/{id}", web::get().to(async || "x"))
            .default_service(web::to(async || HttpResponse::NotFound().body("no")))
            .wrap(Tracing::new());
        let text = format!("{line}\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        exchange(serve(app).await, &text).await
    });
    only(&spans).clone()
}

#[test]
fn every_form_of_a_request_target_is_recorded() {
    for (line, name, path, query) in [
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", None),
        ("GET http://other:81/x/1?a=b HTTP/1.1", "GET /x/{id}", "/x/1", Some("a=b")),
        ("GET http://u:p@other/x/1 HTTP/1.0", "GET /x/{id}", "/x/1", None),
        ("CONNECT h:443 HTTP/1.1", "CONNECT", "", None),
        ("GET //h/x/1? HTTP/1.1", "GET", "//h/x/1", None),
        ("GET /x/1#top HTTP/1.1", "GET /x/{id}", "/x/1", None),
    ] {
        let span = span_of(line, "h");
        let found = (&*span.name, value(&span, "url.path"), value(&span, "url.query"));
        assert_eq!(found, (name, Some(path.to_owned()), query.map(str::to_owned)), "{line}");
        assert_eq!(value(&span, "server.address").as_deref(), Some("h"), "{line}");
    }
}

#[test]
fn a_host_of_ipv6_is_recorded_without_brackets() {
    let span = span_of("GET /x/1 HTTP/1.1", "[2001:db8::1]:8080");
    assert_eq!(value(&span, "server.address").as_deref(), Some("2001:db8::1"));
    assert_eq!(value(&span, "server.port").as_deref(), Some("8080"));
}

// https://github.com/rollbar/rollbar-gem/issues/239
#[test]
fn secrets_of_a_malformed_query_are_hidden() {
    for (query, expected) in [
        ("foo=bar?password=sekret", "foo=bar?password=REDACTED"),
        ("a=b;token=x;y&c=d", "a=b;token=REDACTED&c=d"),
        ("?token=x", "?token=REDACTED"),
    ] {
        let span = span_of(&format!("GET /x/1?{query} HTTP/1.1"), "h");
        assert_eq!(value(&span, "url.query").as_deref(), Some(expected));
    }
}
