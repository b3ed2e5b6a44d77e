//! Bodies of a known length, which have ended with their last byte.

use std::pin::pin;

use actix_web::body::{MessageBody, SizedStream};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::{App, HttpResponse, web};
use futures_util::future::poll_fn;
use futures_util::stream;
use spanwright::actix::Tracing;
use spanwright::record::{Outcome, SpanRecord};

use crate::support::{only, spans_of, value};

/// The span of a response of this length, of which `reads` chunks of two bytes are read.
fn span_of(length: u64, reads: usize) -> SpanRecord {
    let spans = spans_of(async || {
        let handler = move || async move {
            let chunks = stream::repeat_with(|| Ok::<_, actix_web::Error>("ab".into()));
            HttpResponse::Ok().body(SizedStream::new(length, chunks))
        };
        let app = init_service(App::new().route("/", web::to(handler)).wrap(Tracing::new())).await;
        let response = call_service(&app, TestRequest::default().to_request()).await;
        let mut body = pin!(response.into_body());
        for _ in 0..reads {
            let chunk = poll_fn(|cx| body.as_mut().poll_next(cx)).await;
            assert!(matches!(chunk, Some(Ok(_))));
        }
    });
    only(&spans).clone()
}

// https://github.com/tower-rs/tower-http/issues/625
#[test]
fn a_body_of_known_length_has_ended_with_its_last_byte() {
    for (length, reads, outcome, sent) in [
        (4, 2, Outcome::Ok, "4"),
        (3, 2, Outcome::Ok, "4"),
        (4, 1, Outcome::Cancelled, "2"),
        (1, 0, Outcome::Cancelled, "0"),
        (0, 0, Outcome::Ok, "0"),
    ] {
        let span = span_of(length, reads);
        assert_eq!(span.outcome, outcome, "{reads} chunks of {length} bytes");
        assert_eq!(value(&span, "http.response.body.size").as_deref(), Some(sent));
    }
}
