//! What the HTTP transport hands on of an answer.

use std::time::Duration;

use spanwright::export::{Reply, Request};
use spanwright::pipeline::transport::Transport;
use spanwright::secret::Secret;
use support::http_server::{Answer, HttpServer};

use crate::rig::{LONG, client};

async fn ask(answer: Answer) -> Reply {
    let (server, _) = HttpServer::scripted(Vec::new(), answer);
    let url = Secret::new(server.url());
    let request = Request { url, headers: Vec::new(), body: Vec::new() };
    client(LONG).send(request).await.expect("the server answers")
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
