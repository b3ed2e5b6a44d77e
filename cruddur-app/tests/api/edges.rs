//! HTTP at its edges: what is no request, or not one that this service has an answer for.

use actix_web::rt::net::TcpStream;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{TestApp, scenarios, send};

const POST_PATHS: [&str; 3] = [
    "/api/activities",
    "/api/activities/248959df-3079-4947-b847-9e0892d1bab4/reply",
    "/api/messages",
];
const GET_PATHS: [&str; 12] = [
    "/api/health-check",
    "/api/activities/home",
    "/api/activities/notifications",
    "/api/activities/search?term=tailor",
    "/api/activities/@worf",
    "/api/activities/248959df-3079-4947-b847-9e0892d1bab4",
    "/api/activities/@garek/status/248959df-3079-4947-b847-9e0892d1bab4",
    "/api/message_groups",
    "/api/messages/@worf",
    "/api/users/@worf/short",
    "/rollbar/test",
    "/rollbar/test?x=1",
];

scenarios!(
    a_post_without_a_json_content_type_is_unsupported,
    malformed_json_is_a_bad_request,
    a_charset_in_the_content_type_is_fine,
    a_huge_body_is_refused,
    unknown_paths_are_not_found,
    a_get_on_a_post_path_tells_the_methods,
    other_methods_on_a_get_path_tell_the_methods,
    a_plain_options_tells_the_methods,
    head_answers_as_get_without_a_body,
    rollbar_test_says_hello,
    a_failing_handler_hides_its_causes,
    a_panic_is_a_clean_500_and_the_connection_lives_on,
    a_failing_database_is_a_500_without_its_text,
);

async fn a_post_without_a_json_content_type_is_unsupported(app: &TestApp) {
    for path in POST_PATHS {
        let bare = app.request(Method::POST, path).body(r#"{"message":"hi"}"#);
        send(bare).await.assert_refused(415, "content_type_not_json");
        for content_type in ["text/plain", "application/x-www-form-urlencoded", "nonsense"] {
            let request = app.request(Method::POST, path).header("content-type", content_type);
            send(request.body("{}")).await.assert_refused(415, "content_type_not_json");
        }
    }
}

async fn malformed_json_is_a_bad_request(app: &TestApp) {
    let deep = "[".repeat(1000);
    let bodies: [&[u8]; 7] =
        [b"", b"{", b"{\"message\":}", b"{} {}", b"\xff\xfe", deep.as_bytes(), b"{\"a\":1e999}"];
    for path in POST_PATHS {
        for body in bodies {
            let answer = app.post_text(path, body.to_vec()).await;
            answer.assert_refused(400, "json_malformed");
        }
    }
}

async fn a_charset_in_the_content_type_is_fine(app: &TestApp) {
    let body = json!({"message": "hi", "ttl": "1-day"}).to_string();
    let request = app.request(Method::POST, "/api/activities").body(body);
    let answer = send(request.header("content-type", "application/json; charset=utf-8")).await;
    answer.assert_ok();
}

async fn a_huge_body_is_refused(app: &TestApp) {
    for path in POST_PATHS {
        let body = json!({"message": "x".repeat(64 * 1024)});
        app.post(path, &body).await.assert_refused(413, "body_too_large");
    }
    let request = format!(
        "POST /api/activities HTTP/1.1\r\nhost: cruddur\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\nconnection: close\r\n\r\n11000\r\n{}\r\n0\r\n\r\n",
        "x".repeat(0x11000)
    );
    let answer = exchange(app, &request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

async fn unknown_paths_are_not_found(app: &TestApp) {
    for path in [
        "/",
        "/api",
        "/nothing",
        "/api/nothing",
        "/api/activities/home/",
        "/api/messages/worf",
        "/api/users/worf/short",
        "/rollbar/test/",
        "/api/activities/../../etc",
    ] {
        app.get(path).await.assert_refused(404, "not_found");
    }
    app.post("/api/nothing", &json!({})).await.assert_refused(404, "not_found");
}

async fn a_get_on_a_post_path_tells_the_methods(app: &TestApp) {
    for path in [POST_PATHS[0], POST_PATHS[1], POST_PATHS[2]] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = send(app.request(method, path)).await;
            answer.assert_refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("OPTIONS, POST"));
        }
    }
}

async fn other_methods_on_a_get_path_tell_the_methods(app: &TestApp) {
    for path in GET_PATHS {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = send(app.request(method, path)).await;
            answer.assert_refused(405, "method_not_allowed");
            assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
        }
    }
}

async fn a_plain_options_tells_the_methods(app: &TestApp) {
    for (path, allowed) in
        [("/api/messages", "OPTIONS, POST"), ("/api/message_groups", "GET, HEAD, OPTIONS")]
    {
        let answer = send(app.request(Method::OPTIONS, path)).await;
        assert_eq!((answer.status, answer.header("allow")), (200, Some(allowed)));
        assert_eq!(answer.body, "");
    }
}

async fn head_answers_as_get_without_a_body(app: &TestApp) {
    for path in GET_PATHS {
        let get = app.get(path).await;
        let head = send(app.request(Method::HEAD, path)).await;
        assert_eq!((head.status, &*head.body), (200, ""), "{path}");
        for header in ["content-type", "content-length"] {
            assert_eq!(head.header(header), get.header(header), "{path}");
        }
    }
}

async fn rollbar_test_says_hello(app: &TestApp) {
    let answer = app.get("/rollbar/test").await;
    assert_eq!((answer.status, &*answer.body), (200, "Hello World!"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}

async fn a_failing_handler_hides_its_causes(app: &TestApp) {
    app.get("/rollbar/test/error").await.assert_refused(500, "internal_error");
}

async fn a_panic_is_a_clean_500_and_the_connection_lives_on(app: &TestApp) {
    let request = "GET /rollbar/test/panic HTTP/1.1\r\nhost: cruddur\r\n\r\n\
                   GET /api/health-check HTTP/1.1\r\nhost: cruddur\r\nconnection: close\r\n\r\n";
    let answers = exchange(app, request).await;
    assert!(answers.starts_with("HTTP/1.1 500 "), "{answers}");
    assert!(answers.contains(r#"["internal_error"]"#), "{answers}");
    assert!(answers.contains("HTTP/1.1 200 "), "{answers}");
    app.get("/rollbar/test/panic").await.assert_refused(500, "internal_error");
}

async fn a_failing_database_is_a_500_without_its_text(app: &TestApp) {
    app.db.close().await;
    app.get("/api/activities/home").await.assert_refused(500, "internal_error");
    let crud = json!({"message": "hi", "ttl": "1-day"});
    app.post("/api/activities", &crud).await.assert_refused(500, "internal_error");
    app.get("/api/health-check").await.assert_ok();
}

/// Sends bytes on one connection and reads until the server closes it.
async fn exchange(app: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(app.address()).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the server answers");
    String::from_utf8(answer).expect("answers are UTF-8")
}
