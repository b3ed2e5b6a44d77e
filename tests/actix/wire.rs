//! Real connections: clients that stay, clients that go, and protocols that take over.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::web::Bytes;
use actix_web::{App, HttpRequest, HttpResponse, http::StatusCode, web};
use futures_util::future::pending;
use futures_util::stream::{self, StreamExt};
use spanwright::Span;
use spanwright::actix::Tracing;
use spanwright::record::{Outcome, Status};
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use crate::support::{
    exchange, named, only, read_until, reset, send, serve, spans_of, traced, value,
};

/// Something that tells when it is dropped.
struct Alive(#[expect(dead_code, reason = "its drop tells")] oneshot::Sender<()>);

/// A place for one [`Alive`], and what waits for its end.
fn lifetime() -> (Rc<RefCell<Option<Alive>>>, oneshot::Receiver<()>) {
    let (alive, over) = oneshot::channel();
    (Rc::new(RefCell::new(Some(Alive(alive)))), over)
}

const GET: &str = "GET /x/1 HTTP/1.1\r\nhost: h\r\n\r\n";

#[test]
fn a_client_that_dies_while_the_handler_works_cancels_the_request() {
    let spans = spans_of(async || {
        let (alive, over) = lifetime();
        let (start, started) = oneshot::channel();
        let start = Rc::new(RefCell::new(Some(start)));
        let handler = move || {
            let (alive, start) = (alive.take(), start.take());
            async move {
                let _alive = alive;
                start.unwrap().send(()).unwrap();
                pending::<&'static str>().await
            }
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let stream = send(serve(app).await, GET).await;
        started.await.unwrap();
        reset(stream);
        over.await.unwrap_err();
    });
    let request = only(&spans);
    assert_eq!((&*request.name, request.outcome), ("GET /x/{id}", Outcome::Cancelled));
    assert_eq!(request.status, Status::Unset);
    assert_eq!(value(request, "error.type"), None);
}

#[test]
fn a_client_that_dies_while_the_body_is_sent_cancels_the_request() {
    let spans = spans_of(async || {
        let (alive, over) = lifetime();
        let handler = move || {
            let alive = alive.take();
            let first = stream::iter([Ok::<_, actix_web::Error>(Bytes::from_static(b"first"))]);
            let rest = stream::pending().map(move |chunk| {
                let _ = &alive;
                chunk
            });
            async { HttpResponse::Ok().streaming(first.chain(rest)) }
        };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        let mut stream = send(serve(app).await, GET).await;
        read_until(&mut stream, "first").await;
        reset(stream);
        over.await.unwrap_err();
    });
    let request = only(&spans);
    assert_eq!((&*request.name, request.outcome), ("GET /x/{id}", Outcome::Cancelled));
    assert_eq!(value(request, "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(value(request, "http.response.body.size").as_deref(), Some("5"));
}

#[test]
fn every_request_of_a_connection_is_a_span_that_ended_well() {
    let (answers, spans) = traced(async || {
        let large = "x".repeat(300_000) + "!";
        let handler = move || {
            let large = large.clone();
            async { large }
        };
        let app = App::new()
            .route("/large", web::to(handler))
            .route("/small", web::to(async |body: String| body + "small"))
            .wrap(Tracing::new());
        let mut stream = send(serve(app).await, "").await;
        let mut answers = Vec::new();
        for (request, end) in [
            ("GET /large HTTP/1.1\r\nhost: h\r\n\r\n", "x!"),
            ("HEAD /large HTTP/1.1\r\nhost: h\r\n\r\n", "\r\n\r\n"),
            ("POST /small HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\nhi", "small"),
            ("GET /small HTTP/1.1\r\nhost: h\r\n\r\n", "small"),
        ] {
            stream.write_all(request.as_bytes()).await.unwrap();
            answers.push(read_until(&mut stream, end).await);
        }
        answers
    });
    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 200 OK\r\n")));
    assert_eq!(answers[0].matches("xxx").count(), 100_000);
    assert!(answers[1].ends_with("\r\n\r\n"), "HEAD has no body");
    let ended: Vec<_> = spans.iter().map(|span| (&*span.name, span.outcome)).collect();
    let names = ["GET /large", "HEAD /large", "POST /small", "GET /small"];
    assert_eq!(ended, names.map(|name| (name, Outcome::Ok)));
    let sizes = spans.iter().filter_map(|span| value(span, "http.response.body.size"));
    assert_eq!(sizes.collect::<Vec<_>>(), ["300001", "0", "7", "5"], "what was sent, and no more");
    assert_eq!(value(&spans[0], "network.peer.address").as_deref(), Some("127.0.0.1"));
    assert_eq!(value(&spans[0], "client.address").as_deref(), Some("127.0.0.1"));
}

#[test]
fn an_upgraded_connection_works_and_its_span_ends_when_it_is_handed_over() {
    let (answer, spans) = traced(async || {
        let handler = async |_: HttpRequest, payload: web::Payload| {
            let echo = payload.map(|chunk| {
                Span::new("message").end();
                chunk.map_err(actix_web::Error::from)
            });
            let mut response = HttpResponse::build(StatusCode::SWITCHING_PROTOCOLS);
            response.upgrade("websocket").streaming(echo)
        };
        let app = App::new().route("/socket", web::get().to(handler)).wrap(Tracing::new());
        let request =
            "GET /socket HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
        let mut stream = send(serve(app).await, request).await;
        let head = read_until(&mut stream, "\r\n\r\n").await;
        Span::new("after the handshake").end();
        stream.write_all(b"ping").await.unwrap();
        head + &read_until(&mut stream, "ping").await
    });
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.ends_with("ping"), "{answer}");
    let request = named(&spans, "GET /socket");
    assert_eq!(request.outcome, Outcome::Ok);
    assert_eq!(value(request, "http.response.status_code").as_deref(), Some("101"));
    assert_eq!(value(request, "http.response.body.size"), None, "what follows is no body");
    assert_eq!(named(&spans, "message").parent_span_id, Some(request.context.span_id));
    let position = |name| spans.iter().position(|span| span.name == name);
    assert!(position("GET /socket") < position("after the handshake"));
}

#[test]
fn a_panic_in_a_handler_closes_the_connection_and_ends_the_span() {
    let (answer, spans) = traced(async || {
        let handler = async || -> &'static str { panic!("a bug") };
        let app = App::new().route("/x/{id}", web::get().to(handler)).wrap(Tracing::new());
        exchange(serve(app).await, GET).await
    });
    assert_eq!(answer, "");
    assert_eq!((&*only(&spans).name, only(&spans).outcome), ("GET /x/{id}", Outcome::Panic));
}
