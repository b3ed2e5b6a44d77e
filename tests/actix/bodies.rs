//! The beginning of a request's body in reports of errors: what is told, and that nobody notices.

use actix_web::dev::{Payload, Service as _};
use actix_web::error::PayloadError;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Bytes;
use actix_web::{App, HttpResponse, web};
use futures_util::{StreamExt as _, stream};
use spanwright::actix::Tracing;
use spanwright::testing::request_details;

use crate::support::{exchange, serve, traced, watched};

/// What is told of a body that the handler reads whole, and what the handler reads.
fn told(tracing: Tracing, media_type: &str, body: &[u8]) -> (Option<String>, Bytes) {
    let request = TestRequest::post().insert_header(("content-type", media_type));
    told_of(tracing, request, body)
}

fn told_of(tracing: Tracing, request: TestRequest, body: &[u8]) -> (Option<String>, Bytes) {
    let request = request.set_payload(body.to_vec());
    traced(async || {
        let (tracing, span) = watched(tracing);
        let handler = async |body: Bytes| HttpResponse::Ok().body([b".", &*body].concat());
        let app = App::new().default_service(web::to(handler)).wrap(tracing);
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let details =
            request_details(*span.get().expect("it has begun")).expect("the body was not sent yet");
        (details.body, read_body(response).await.slice(1..))
    })
    .0
}

#[test]
fn nothing_is_told_of_a_body_unless_it_was_asked_for() {
    for tracing in [Tracing::new(), Tracing::new().capture_body(0)] {
        let (body, read) = told(tracing, "application/json", b"{\"a\":1}");
        assert_eq!((body, &*read), (None, b"{\"a\":1}".as_slice()));
    }
}

#[test]
fn a_body_is_told_up_to_the_limit_and_read_whole() {
    let text = "{\"handle\":\"ann\"}";
    for (max_bytes, expected) in
        [(1, "{"), (15, "{\"handle\":\"ann\""), (16, text), (17, text), (usize::MAX, text)]
    {
        let (body, read) =
            told(Tracing::new().capture_body(max_bytes), "application/json", text.as_bytes());
        assert_eq!((body.as_deref(), &*read), (Some(expected), text.as_bytes()), "{max_bytes}");
    }
}

#[test]
fn a_body_is_told_as_text_whatever_its_bytes_and_wherever_it_is_cut() {
    for (bytes, max_bytes, expected) in [
        ("Grüße".as_bytes(), 3, Some("Gr")),
        ("Grüße".as_bytes(), 4, Some("Grü")),
        ("ü".as_bytes(), 1, None),
        (b"caf\xE9!", 9, Some("caf\u{FFFD}!")),
        (b"", 9, None),
    ] {
        let (body, read) = told(Tracing::new().capture_body(max_bytes), "text/plain", bytes);
        assert_eq!((body.as_deref(), &*read), (expected, bytes), "{max_bytes} of {bytes:?}");
    }
}

#[test]
fn a_body_that_is_no_text_is_not_told() {
    let post = |headers: &[(&'static str, &'static str)]| {
        headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header))
    };
    for (headers, is_told) in [
        (&[("content-type", "application/octet-stream")][..], false),
        (&[("content-type", "multipart/form-data; boundary=b")], false),
        (&[("content-type", "text/plain"), ("content-encoding", "gzip")], false),
        (&[("content-type", "text/plain"), ("content-encoding", "identity")], true),
        (&[("content-type", "application/x-www-form-urlencoded")], true),
        (&[], false),
    ] {
        let (body, read) = told_of(Tracing::new().capture_body(9), post(headers), b"a=1");
        assert_eq!((body.is_some(), &*read), (is_told, b"a=1".as_slice()), "{headers:?}");
    }
}

#[test]
fn a_body_that_the_handler_does_not_read_is_not_read() {
    let (body, _) = traced(async || {
        let (tracing, span) = watched(Tracing::new().capture_body(9));
        let app = App::new().default_service(web::to(async || ".")).wrap(tracing);
        let request = TestRequest::post().insert_header(("content-type", "text/plain"));
        let request = request.set_payload("hello").to_request();
        let response = call_service(&init_service(app).await, request).await;
        let details =
            request_details(*span.get().expect("it has begun")).expect("the body was not sent yet");
        drop(response);
        details.body
    });
    assert_eq!(body, None);
}

#[test]
fn chunks_and_errors_reach_the_handler_as_they_come() {
    let ((read, body), _) = traced(async || {
        let (tracing, span) = watched(Tracing::new().capture_body(7));
        let handler = async |payload: web::Payload| {
            let show = |chunk: Result<Bytes, PayloadError>| match chunk {
                Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
                Err(error) => format!("({error})"),
            };
            let chunks: Vec<_> = payload.into_inner().map(show).collect().await;
            chunks.join("|")
        };
        let app = App::new().default_service(web::to(handler)).wrap(tracing);
        let app = app.wrap_fn(|mut request, service| {
            let error = PayloadError::Overflow;
            let chunks = [Ok("one"), Ok(""), Ok("three"), Err(error), Ok("more")];
            let chunks = chunks.map(|chunk| chunk.map(|text| Bytes::from_static(text.as_bytes())));
            request.set_payload(Payload::Stream { payload: Box::pin(stream::iter(chunks)) });
            service.call(request)
        });
        let request = TestRequest::post().insert_header(("content-type", "text/plain"));
        let response = call_service(&init_service(app).await, request.to_request()).await;
        let details =
            request_details(*span.get().expect("it has begun")).expect("the body was not sent yet");
        (read_body(response).await, details.body)
    });
    assert_eq!(read, "one||three|(payload reached size limit)|more");
    assert_eq!(body.as_deref(), Some("onethre"));
}

#[test]
fn a_body_from_the_wire_is_told_however_it_comes() {
    let (answers, _) = traced(async || {
        let handler = async |body: String| {
            let details = request_details(spanwright::current()).expect("it is not over");
            format!("{} {}", body.len(), details.body.unwrap_or_default())
        };
        let tracing = Tracing::new().capture_body(6);
        let address = serve(App::new().default_service(web::to(handler)).wrap(tracing)).await;
        let head =
            "POST / HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-type: text/plain\r\n";
        let sized = format!("{head}content-length: 100000\r\n\r\n{}", "ab".repeat(50_000));
        let chunked =
            format!("{head}transfer-encoding: chunked\r\n\r\n2\r\nab\r\n5\r\ncdefg\r\n0\r\n\r\n");
        [exchange(address, &sized).await, exchange(address, &chunked).await]
    });
    for (answer, expected) in answers.iter().zip(["100000 ababab", "7 abcdef"]) {
        assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{answer}");
    }
}
