//! The double itself: what it refuses, and what it keeps.

use serde_json::{Value, json};
use spanwright::export::{Header, Reply, Request};
use spanwright::pipeline::transport::Transport;
use spanwright::secret::Secret;
use support::http_server::Answer;
use support::rig::{LONG, client};
use support::rollbar_server::{
    MAX_BODY_BYTES, READ_TOKEN, RollbarServer, TOKEN, rate_limit, refusal,
};
use support::turn::Turn;

/// An item with every kind of field.
fn item() -> Value {
    let trace = json!({
        "frames": [{
            "filename": "src/main.rs",
            "lineno": 7,
            "colno": 9,
            "method": "cruddur::main",
            "code": "run()?;",
            "context": {"pre": ["fn main() {"], "post": ["}"]},
            "locals": {},
        }],
        "exception": {"class": "io::Error", "message": "no such file", "description": "…"},
    });
    let telemetry = |kind, body| json!({"level": "info", "type": kind, "source": "server", "timestamp_ms": 1, "body": body});
    json!({"data": {
        "environment": "test",
        "body": {"trace_chain": [trace], "telemetry": [
            telemetry("log", json!({"message": "hello"})),
            telemetry("network", json!({"method": "GET", "url": "/", "status_code": 200})),
            telemetry("manual", json!({})),
        ]},
        "level": "error",
        "timestamp": 1_795_166_494,
        "code_version": "1.2.3",
        "platform": "linux",
        "language": "rust",
        "framework": "actix-web",
        "context": "/api/activities",
        "request": {"url": "http://localhost/", "method": "GET", "headers": {}, "user_ip": "::1"},
        "person": {"id": "42", "username": "bob", "email": "bob@example.com"},
        "server": {"host": "web-1", "root": "/app", "branch": "main"},
        "custom": {"trace_id": "1"},
        "fingerprint": "one",
        "title": "it failed",
        "uuid": "ffffffff-ffff-4fff-bfff-ffffffffffff",
        "notifier": {"name": "spanwright", "version": "0.1.0"},
    }})
}

/// The item with another value at this place; `Null` takes it away.
fn with(pointer: &str, value: Value) -> Value {
    let mut item = item();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer begins with a slash");
    let parent = item.pointer_mut(parent).expect("the parent is part of the item");
    match (parent, value) {
        (Value::Object(fields), Value::Null) => drop(fields.remove(key)),
        (Value::Object(fields), value) => drop(fields.insert(key.to_owned(), value)),
        (parent, _) => panic!("{parent} has no fields"),
    }
    item
}

fn text(chars: usize) -> Value {
    "ü".repeat(chars).into()
}

async fn post(url: String, headers: &[(&'static str, &str)], body: Vec<u8>) -> Reply {
    let header = |&(name, value): &(&'static str, &str)| Header {
        name: name.into(),
        value: Secret::new(value),
    };
    let headers = headers.iter().map(header).collect();
    let request = Request { url: Secret::new(url), headers, body: vec![body.into()] };
    client(LONG).send(request).await.expect("the double answers")
}

/// Posts an item as it should be posted; the status and the answer.
async fn report(server: &RollbarServer, item: &Value) -> (u16, Value) {
    let headers = [("x-rollbar-access-token", TOKEN), ("content-type", "application/json")];
    let reply = post(server.endpoint(), &headers, item.to_string().into_bytes()).await;
    (reply.status, serde_json::from_slice(&reply.body).expect("every answer is JSON"))
}

#[tokio::test]
async fn an_item_is_kept_and_a_second_one_with_its_uuid_is_not() {
    let server = RollbarServer::start();
    let taken = json!({"err": 0, "result": {"id": null, "uuid": item()["data"]["uuid"]}});
    assert_eq!(report(&server, &item()).await, (200, taken.clone()));
    assert_eq!(report(&server, &with("/data/title", "again".into())).await, (200, taken));
    let other = with("/data/uuid", "00000000-0000-4000-8000-000000000000".into());
    assert_eq!(report(&server, &other).await.0, 200);
    assert_eq!(server.wait_for(2), [item()["data"].clone(), other["data"].clone()]);
    assert_eq!((server.received().len(), server.sent().len(), server.refusals().len()), (3, 3, 0));
}

#[tokio::test]
async fn what_rollbar_s_own_clients_send_is_taken() {
    for captured in
        [include_str!("captures/pyrollbar.jsonl"), include_str!("captures/rollbar_js.jsonl")]
    {
        let server = RollbarServer::start();
        for line in captured.lines() {
            let request: Value = serde_json::from_str(line).expect("a capture is JSON");
            let (status, answer) = report(&server, &request["body"]).await;
            assert_eq!(status, 200, "{answer}");
        }
        assert_eq!(server.items().len(), 4);
    }
}

#[tokio::test]
async fn every_subject_is_taken_and_two_are_not() {
    let message = json!({"message": {"body": "hello", "extra": 1}});
    let crash = json!({"crash_report": {"raw": "…"}});
    let trace = item()["data"]["body"]["trace_chain"][0].clone();
    for (body, status) in [
        (message.clone(), 200),
        (crash, 200),
        (json!({"trace": trace}), 200),
        (json!({"trace_chain": [trace, trace]}), 200),
        (json!({"trace": trace, "trace_chain": [trace]}), 422),
        (json!({"trace": trace, "message": message["message"]}), 422),
        (json!({"trace_chain": []}), 422),
        (json!({"trace_chain": trace}), 422),
        (json!({"message": "hello"}), 422),
        (json!({"crash_report": {}}), 422),
        (json!({"telemetry": []}), 422),
    ] {
        let server = RollbarServer::start();
        let found = report(&server, &with("/data/body", body.clone())).await.0;
        assert_eq!(found, status, "{body}");
    }
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let server = RollbarServer::start();
    let trace = "/data/body/trace_chain/0";
    for pointer in [
        "/data".to_owned(),
        "/data/environment".to_owned(),
        "/data/body".to_owned(),
        "/data/person/id".to_owned(),
        format!("{trace}/frames"),
        format!("{trace}/frames/0/filename"),
        format!("{trace}/exception"),
        format!("{trace}/exception/class"),
        "/data/body/telemetry/0/level".to_owned(),
        "/data/body/telemetry/0/type".to_owned(),
        "/data/body/telemetry/0/source".to_owned(),
        "/data/body/telemetry/0/timestamp_ms".to_owned(),
        "/data/body/telemetry/0/body".to_owned(),
        "/data/body/telemetry/0/body/message".to_owned(),
        "/data/body/telemetry/1/body/method".to_owned(),
    ] {
        let (status, answer) = report(&server, &with(&pointer, Value::Null)).await;
        let field = pointer[1..].replace("/0", "[0]").replace("/1", "[1]").replace('/', ".");
        let expected = json!({"err": 1, "message": format!("{field} is required")});
        assert_eq!((status, answer), (422, expected));
    }
    assert_eq!((server.items().len(), server.refusals().len()), (0, 15));
}

#[tokio::test]
async fn values_of_another_kind_or_beyond_their_limits_are_refused() {
    let server = RollbarServer::start();
    let frame = "/data/body/trace_chain/0/frames/0";
    for (pointer, value) in [
        ("/data/environment", text(256)),
        ("/data/environment", json!(1)),
        ("/data/level", json!("fatal")),
        ("/data/timestamp", json!("2026-11-20")),
        ("/data/timestamp", json!(1.5)),
        ("/data/code_version", text(41)),
        ("/data/platform", json!("browser")),
        ("/data/uuid", text(37)),
        ("/data/title", text(256)),
        ("/data/context", text(256)),
        ("/data/fingerprint", json!(1)),
        ("/data/custom", json!([1])),
        ("/data/request", json!("GET /")),
        ("/data/request/headers", json!([["accept", "*/*"]])),
        ("/data/request/url", json!(1)),
        ("/data/server/host", json!(["web-1"])),
        ("/data/person", json!("42")),
        ("/data/person/id", text(41)),
        ("/data/person/id", json!(true)),
        ("/data/person/email", text(256)),
        ("/data/person/username", text(256)),
        ("/data/body/telemetry", json!({})),
        ("/data/body/telemetry/0/level", json!("trace")),
        ("/data/body/telemetry/0/type", json!("span")),
        ("/data/body/telemetry/0/source", json!("both")),
        ("/data/body/telemetry/0/timestamp_ms", json!(0.5)),
        (&format!("{frame}/lineno"), json!("7")),
        (&format!("{frame}/code"), json!(["run()?;"])),
        (&format!("{frame}/context/pre"), json!("fn main() {")),
        (&format!("{frame}/locals"), json!([])),
    ] {
        let (status, answer) = report(&server, &with(pointer, value.clone())).await;
        assert_eq!((status, &answer["err"]), (422, &json!(1)), "{pointer} {value}");
    }
    for (pointer, value) in [
        ("/data/environment", text(255)),
        ("/data/code_version", text(40)),
        ("/data/title", text(255)),
        ("/data/person/id", text(40)),
        ("/data/person/id", json!(42)),
        ("/data/fingerprint", text(1_000)),
        ("/data/unknown", json!([])),
    ] {
        assert_eq!(report(&server, &with(pointer, value)).await.0, 200, "{pointer}");
    }
}

#[tokio::test]
async fn a_request_that_is_none_of_the_api_is_refused_with_its_status() {
    let server = RollbarServer::start();
    let (token, json) = (("x-rollbar-access-token", TOKEN), ("content-type", "application/json"));
    let charset = ("content-type", "application/json; charset=utf-8");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let (wrong, read) = (("x-rollbar-access-token", "0"), ("x-rollbar-access-token", READ_TOKEN));
    let whole = item().to_string().into_bytes();
    let padded = |bytes: usize| [&whole[..], &vec![b' '; bytes - whole.len()]].concat();
    let url = server.endpoint();
    for (url, headers, body, status) in [
        (url.clone(), vec![token, json], padded(MAX_BODY_BYTES), 200),
        (url.clone(), vec![token, charset], whole.clone(), 200),
        (url.clone(), vec![token, json], padded(MAX_BODY_BYTES + 1), 413),
        (url.clone(), vec![json], whole.clone(), 401),
        (url.clone(), vec![wrong, json], whole.clone(), 403),
        (url.clone(), vec![read, json], whole.clone(), 403),
        (url.clone(), vec![token, form], whole.clone(), 400),
        (url.clone(), vec![token], whole.clone(), 400),
        (url.clone(), vec![token, json], whole[1..].to_vec(), 400),
        (url.clone(), vec![token, json], vec![0xff], 400),
        (url.clone(), vec![token, json], b"[]".to_vec(), 422),
        (url.trim_end_matches('/').to_owned(), vec![token, json], whole.clone(), 404),
        (server.server.url(), vec![token, json], whole.clone(), 404),
    ] {
        let reply = post(url, &headers, body).await;
        let answer: Value = serde_json::from_slice(&reply.body).expect("every answer is JSON");
        let found = (reply.status, answer["err"].as_u64(), answer["message"].is_string());
        let is_error = status != 200;
        assert_eq!(found, (status, Some(is_error.into()), is_error), "{answer}");
    }
    assert_eq!(server.items().len(), 1);
}

#[tokio::test]
async fn turns_are_played_in_order_and_take_nothing_unless_they_judge() {
    let script =
        vec![refusal(503), rate_limit(12), Turn::Instead(Answer::status(200).body("<html>"))];
    let server = RollbarServer::scripted(script);
    let headers = [("x-rollbar-access-token", TOKEN), ("content-type", "application/json")];
    let body = item().to_string().into_bytes();
    let mut replies = Vec::new();
    for _ in 0..4 {
        replies.push(post(server.endpoint(), &headers, body.clone()).await);
    }
    let statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [503, 429, 200, 200]);
    assert_eq!(replies[1].header("x-rate-limit-remaining-seconds"), Some("12"));
    assert_eq!(server.items().len(), 1);
}
