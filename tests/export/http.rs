//! What the HTTP transport hands on of an answer.

use std::time::Duration;

use spanwright::export::{Reply, Request};
use spanwright::pipeline::transport::{Transport, TransportError};
use spanwright::secret::Secret;
use support::http_server::{Answer, HttpServer};

use crate::rig::{LONG, client};

async fn exchange(answer: Answer) -> Result<Reply, TransportError> {
    let (server, _) = HttpServer::scripted(Vec::new(), answer);
    let url = Secret::new(server.url());
    let request = Request { url, headers: Vec::new(), body: Vec::new() };
    client(LONG).send(request).await
}

async fn ask(answer: Answer) -> Reply {
    exchange(answer).await.expect("the server answers")
}

#[tokio::test]
async fn an_answer_comes_with_its_headers_their_names_in_lower_case() {
    let answer = Answer::status(429)
        .header("Retry-After", "7")
        .header("X-Rate-Limit-Limit", "5000")
        .header("X-RATE-LIMIT-REMAINING-SECONDS", "12")
        .header("Via", "one")
        .header("Via", "two")
        .body("slow down");
    let reply = ask(answer).await;
    assert_eq!((reply.status, &reply.body[..]), (429, &b"slow down"[..]));
    assert_eq!(reply.retry_after, Some(Duration::from_secs(7)));
    for (name, expected) in [
        ("x-rate-limit-limit", Some("5000")),
        ("x-rate-limit-remaining-seconds", Some("12")),
        ("via", Some("one")),
        ("X-Rate-Limit-Limit", None),
        ("x-rate-limit-reset", None),
    ] {
        assert_eq!(reply.header(name), expected, "{name}");
    }
    let vias = reply.headers.iter().filter(|(name, _)| name == "via");
    assert_eq!(vias.map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn a_header_that_is_no_text_is_left_out_and_the_others_stay() {
    let raw = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-odd: \xff\xfe\r\nx-even: 2\r\n\r\n";
    let reply = ask(Answer::Raw(raw.to_vec())).await;
    assert_eq!((reply.header("x-odd"), reply.header("x-even")), (None, Some("2")));
    assert_eq!(reply.status, 200);
}

// <https://github.com/OneUptime/oneuptime/issues/1749>,
// <https://github.com/open-telemetry/opentelemetry-ruby/pull/2411>: nothing arrives behind a load balancer
// that redirects, and nothing says where it redirects to.
#[tokio::test]
async fn redirect_is_refused_with_the_address_that_it_names() {
    for (status, location, shown) in [
        (301, "https://collector.test/v1/traces", "https://collector.test/v1/traces"),
        (308, "https://me:hunter2@collector.test/v1?key=hunter2", "https://collector.test/v1"),
        (307, "/otlp/v1/traces", "/otlp/v1/traces"),
    ] {
        let answer = Answer::status(status).header("Location", location).body("<html>moved</html>");
        let error = exchange(answer).await.expect_err("a redirect is not followed");
        assert_eq!(
            error.to_string(),
            format!(
                "answer of status {status} redirects to {shown}; redirects are not followed: set the \
                 endpoint to that address"
            )
        );
        assert!(!error.is_retryable(), "{error}");
    }
    // Without an address there is nothing to add to the answer.
    assert_eq!(ask(Answer::status(302)).await.status, 302);
}
