//! How a request may end, and what its span says of it.

use std::net::TcpListener;
use std::time::Duration;

use reqwest::{Method, Request, Response};
use reqwest_middleware::{Middleware, Next};
use spanwright::http_client::Tracing;
use spanwright::record::{Outcome, SpanKind, Status};
use spanwright::{Span, testing};
use support::http_server::{Answer, HttpServer};
use tokio::sync::mpsc::unbounded_channel;

use crate::support::{client, only, traced, value};

#[test]
fn an_answer_makes_a_client_span_with_the_attributes_of_the_conventions() {
    let (server, _) = HttpServer::scripted(vec![], Answer::status(200).body("crud"));
    let url = format!("{}/api/messages?limit=7&token=hunter2#top", server.url());
    let (body, spans) = traced(async || {
        let answer = client().get(&url).send().await.unwrap();
        answer.text().await.unwrap()
    });
    assert_eq!(body, "crud");
    let span = only(&spans);
    let port = server.url().rsplit(':').next().unwrap().to_owned();
    assert_eq!((&*span.name, span.kind), ("GET", SpanKind::Client));
    assert_eq!((span.outcome, &span.status), (Outcome::Ok, &Status::Unset));
    let shown = format!("{}/api/messages?limit=7&token=REDACTED", server.url());
    for (key, expected) in [
        ("http.request.method", Some("GET")),
        ("http.request.method_original", None),
        ("url.full", Some(&*shown)),
        ("server.address", Some("127.0.0.1")),
        ("server.port", Some(&*port)),
        ("http.response.status_code", Some("200")),
        ("network.protocol.version", Some("1.1")),
        ("http.response.body.size", Some("4")),
        ("error.type", None),
    ] {
        assert_eq!(value(span, key).as_deref(), expected, "{key}");
    }
}

#[test]
fn address_in_the_text_of_a_failed_request_has_no_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://bob:hunter2@{address}/cb?code=hunter2&X-Amz-Signature=hunter2&q=1");
    let (error, spans) = traced(async || client().get(&url).send().await.unwrap_err());
    assert!(error.to_string().contains("hunter2"), "the caller gets all: {error}");
    assert!(!format!("{spans:?}").contains("hunter2"), "{spans:?}");
    let reported = testing::capture_errors(|| spanwright::report_error(&error));
    // The lines of code beside it are this test.
    let text = format!("{:?}", reported[0].subject);
    assert!(text.contains("q=1") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_status_of_400_or_more_is_an_error_of_the_span_and_an_answer_for_the_caller() {
    for status in [400, 404, 429, 500, 503] {
        let (server, _) = HttpServer::scripted(vec![], Answer::status(status));
        let (answer, spans) =
            traced(async || client().post(server.url()).body("{}").send().await.unwrap());
        assert_eq!(answer.status(), status);
        let span = only(&spans);
        let status = status.to_string();
        assert_eq!(&*span.name, "POST");
        assert_eq!(span.outcome, Outcome::Error);
        assert_eq!(span.status, Status::Error { message: "".into() });
        assert_eq!(value(span, "http.response.status_code").as_ref(), Some(&status));
        assert_eq!(value(span, "error.type").as_ref(), Some(&status));
    }
}

#[test]
fn a_connection_that_nobody_takes_is_an_error_that_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?sig=hunter2", listener.local_addr().unwrap());
    drop(listener);
    let (error, spans) = traced(async || client().get(&url).send().await.unwrap_err());
    assert!(error.is_connect());
    let span = only(&spans);
    assert_eq!(span.outcome, Outcome::Error);
    assert_eq!(value(span, "error.type").as_deref(), Some("connect"));
    assert_eq!(value(span, "http.response.status_code"), None);
    let Status::Error { message } = &span.status else { panic!("{span:?}") };
    assert!(message.contains("refused"), "{message}");
    assert!(!format!("{span:?}").contains("hunter2"), "{span:?}");
}

#[test]
fn an_answer_that_does_not_come_in_time_is_an_error_that_says_so() {
    let (server, _) = HttpServer::scripted(vec![], Answer::Hang);
    let (error, spans) = traced(async || {
        let request = client().get(server.url()).timeout(Duration::from_millis(50));
        request.send().await.unwrap_err()
    });
    assert!(error.is_timeout());
    let span = only(&spans);
    assert_eq!(span.outcome, Outcome::Error);
    assert_eq!(value(span, "error.type").as_deref(), Some("timeout"));
}

#[test]
fn a_connection_that_breaks_is_an_error() {
    let (server, _) = HttpServer::scripted(vec![], Answer::Reset);
    let (_, spans) = traced(async || client().get(server.url()).send().await.unwrap_err());
    assert_eq!(value(only(&spans), "error.type").as_deref(), Some("request"));
}

#[test]
fn a_request_that_is_given_up_is_cancelled_and_no_error() {
    let (arrived, mut arrivals) = unbounded_channel();
    let server = HttpServer::start(move |_| {
        arrived.send(()).expect("the test waits");
        Answer::Hang
    });
    let ((), spans) = traced(async || {
        tokio::select! {
            _ = client().get(server.url()).send() => panic!("there is no answer"),
            _ = arrivals.recv() => {}
        }
    });
    let span = only(&spans);
    assert_eq!((span.outcome, &span.status), (Outcome::Cancelled, &Status::Unset));
    assert_eq!(value(span, "server.address").as_deref(), Some("127.0.0.1"));
    assert_eq!(value(span, "error.type"), None);
}

#[test]
fn redirects_are_one_span_and_every_hop_gets_its_headers() {
    let hop = Answer::status(302).header("location", "/new");
    let (server, log) = HttpServer::scripted(vec![hop], Answer::status(200));
    let (answer, spans) = traced(async || {
        let url = format!("{}/old", server.url());
        client().get(url).send().await.unwrap()
    });
    assert_eq!(answer.status(), 200);
    let span = only(&spans);
    assert_eq!(value(span, "http.response.status_code").as_deref(), Some("200"));
    assert!(value(span, "url.full").is_some_and(|url| url.ends_with("/old")));
    let received = log.all();
    let headers: Vec<_> = received.iter().map(|request| request.header("traceparent")).collect();
    assert_eq!(headers, [Some(&*crate::support::traceparent_of(span)); 2]);
}

#[test]
fn redirects_without_an_end_are_an_error_that_says_so() {
    let hop = Answer::status(302).header("location", "/");
    let (server, _) = HttpServer::scripted(vec![], hop);
    let (_, spans) = traced(async || client().get(server.url()).send().await.unwrap_err());
    assert_eq!(value(only(&spans), "error.type").as_deref(), Some("redirect"));
}

#[test]
fn a_method_of_ones_own_and_credentials_in_the_address_are_told_apart_from_what_is_public() {
    let (server, log) = HttpServer::scripted(vec![], Answer::status(200));
    let address = server.url().replace("http://", "http://user:hunter2@");
    let (_, spans) = traced(async || {
        let method = Method::from_bytes(b"PURGE").unwrap();
        let request = Request::new(method, address.parse().unwrap());
        client().execute(request).await.unwrap()
    });
    let span = only(&spans);
    let shown = server.url().replace("http://", "http://REDACTED:REDACTED@") + "/";
    assert_eq!(&*span.name, "HTTP");
    assert_eq!(value(span, "http.request.method").as_deref(), Some("_OTHER"));
    assert_eq!(value(span, "http.request.method_original").as_deref(), Some("PURGE"));
    assert_eq!(value(span, "url.full"), Some(shown));
    assert_eq!(log.all()[0].method, "PURGE");
}

#[test]
fn a_request_that_cannot_be_put_together_is_no_span() {
    let (error, spans) = traced(async || client().get("no address").send().await.unwrap_err());
    assert!(error.is_builder());
    assert!(spans.is_empty(), "{spans:?}");
}

/// Sends each request twice.
struct Twice;

#[async_trait::async_trait]
impl Middleware for Twice {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut http::Extensions,
        next: Next<'_>,
    ) -> reqwest_middleware::Result<Response> {
        let again = request.try_clone().expect("its body is whole");
        next.clone().run(request, extensions).await?;
        next.run(again, extensions).await
    }
}

// https://github.com/spring-attic/spring-cloud-sleuth/issues/1102
#[test]
fn each_attempt_of_a_request_has_a_span_headers_and_the_body() {
    let (server, log) = HttpServer::scripted(vec![Answer::status(503)], Answer::status(200));
    let (_, spans) = traced(async || {
        let client = reqwest_middleware::ClientBuilder::new(client().inner().clone());
        let client = client.with(Twice).with(Tracing).build();
        let sending = client.post(server.url()).body("hello").send();
        Span::new("work").wrap(sending).await.unwrap()
    });
    let [first, second, work] = &*spans else { panic!("{}", spanwright::testing::tree(&spans)) };
    let statuses = [first, second].map(|span| value(span, "http.response.status_code"));
    assert_eq!(statuses.map(Option::unwrap), ["503", "200"]);
    for (span, received) in [first, second].into_iter().zip(log.all()) {
        assert_eq!(span.parent_span_id, Some(work.context.span_id));
        assert_eq!(received.header("traceparent"), Some(&*crate::support::traceparent_of(span)));
        assert_eq!(received.body, b"hello");
    }
}

#[test]
fn a_middleware_makes_the_same_spans() {
    let script = vec![Answer::status(200), Answer::status(500)];
    let (server, log) = HttpServer::scripted(script, Answer::Reset);
    let (errors, spans) = traced(async || {
        let client = reqwest_middleware::ClientBuilder::new(client().inner().clone());
        let client = client.with(Tracing).build();
        let mut errors = 0;
        for _ in 0..3 {
            errors += usize::from(client.get(server.url()).send().await.is_err());
        }
        errors
    });
    assert_eq!(errors, 1);
    let types: Vec<_> = spans.iter().map(|span| value(span, "error.type")).collect();
    assert_eq!(types, [None, Some("500".to_owned()), Some("request".to_owned())]);
    for (span, received) in spans.iter().zip(log.all()) {
        assert_eq!(received.header("traceparent"), Some(&*crate::support::traceparent_of(span)));
    }
}
