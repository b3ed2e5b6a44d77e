//! Requests as segments: what the X-Ray daemon gets of each, from the program as it is built.

use std::{
    fmt::Write as _,
    net::UdpSocket,
    process::{Child, Stdio},
    time::Duration,
};

use reqwest::{Client, Method};
use serde_json::Value;

use crate::{
    process::{program, started},
    support::TempFolder,
};

/// How long a test waits for a document before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What stands before every document.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Requests with a body, if they have one, and what the daemon gets: name, status, flags, user and
/// annotations of the segment, and below it the subsegments in the order they began.
const REQUESTS: &[(&str, &str, &str)] = &[
    (
        "GET /api/activities/home",
        "",
        "
cruddur 200 by andrewbrown http_route=/api/activities/home
  find_user
    cruddur.db: SELECT users
  activities_home app_result_length=4
    cruddur.db: SELECT activities
",
    ),
    (
        "GET /api/activities/notifications",
        "",
        "
cruddur 200 by andrewbrown http_route=/api/activities/notifications
  find_user
    cruddur.db: SELECT users
  activities_notifications app_result_length=1
    cruddur.db: SELECT activities
",
    ),
    (
        "GET /api/activities/search?term=tailor",
        "",
        "
cruddur 200 http_route=/api/activities/search
  activities_search app_result_length=1
    cruddur.db: SELECT activities
",
    ),
    (
        "GET /api/activities/search?term=",
        "",
        "
cruddur 422 error http_route=/api/activities/search
  activities_search error `invalid: search_term_blank`
",
    ),
    (
        "GET /api/activities/@worf",
        "",
        "
cruddur 200 http_route=/api/activities/@{handle}
  activities_users app_result_length=1
    find_user
      cruddur.db: SELECT users
    mock-data results-size=1
      cruddur.db: SELECT activities
",
    ),
    (
        "GET /api/activities/@nobody",
        "",
        "
cruddur 404 error http_route=/api/activities/@{handle}
  activities_users error `not found: user_not_found`
    find_user
      cruddur.db: SELECT users
",
    ),
    (
        "GET /api/activities/@",
        "",
        "
cruddur 422 error http_route=/api/activities/@{handle}
  activities_users error `invalid: blank_user_handle`
",
    ),
    (
        "GET /api/activities/248959df-3079-4947-b847-9e0892d1bab4",
        "",
        "
cruddur 200 http_route=/api/activities/{activity_uuid}
  activities_show
    cruddur.db: SELECT activities
",
    ),
    (
        "GET /api/activities/@garek/status/248959df-3079-4947-b847-9e0892d1bab4",
        "",
        "
cruddur 200 http_route=/api/activities/@{handle}/status/{activity_uuid}
  activities_show
    cruddur.db: SELECT activities
",
    ),
    (
        "POST /api/activities",
        r#"{"message": "hello", "ttl": "7-days"}"#,
        "
cruddur 200 by andrewbrown http_route=/api/activities
  find_user
    cruddur.db: SELECT users
  activities_create
    cruddur.db: INSERT activities
",
    ),
    (
        "POST /api/activities",
        r#"{"message": "hello", "ttl": "forever"}"#,
        "
cruddur 422 error by andrewbrown http_route=/api/activities
  find_user
    cruddur.db: SELECT users
  activities_create error `invalid: ttl_blank`
",
    ),
    (
        "POST /api/activities/248959df-3079-4947-b847-9e0892d1bab4/reply",
        r#"{"message": "hello"}"#,
        "
cruddur 200 by andrewbrown http_route=/api/activities/{activity_uuid}/reply
  find_user
    cruddur.db: SELECT users
  activities_reply
    cruddur.db: INSERT activities
",
    ),
    (
        "GET /api/message_groups",
        "",
        "
cruddur 200 by andrewbrown http_route=/api/message_groups
  find_user
    cruddur.db: SELECT users
  message_groups app_result_length=2
    cruddur.db: SELECT message_groups
",
    ),
    (
        "GET /api/messages/@worf",
        "",
        "
cruddur 200 by andrewbrown http_route=/api/messages/@{handle}
  find_user
    cruddur.db: SELECT users
  messages app_result_length=2
    find_user
      cruddur.db: SELECT users
    cruddur.db: SELECT messages
",
    ),
    (
        "POST /api/messages",
        r#"{"message": "hello", "user_receiver_handle": "worf"}"#,
        "
cruddur 200 by andrewbrown http_route=/api/messages
  find_user
    cruddur.db: SELECT users
  messages_create
    find_user
      cruddur.db: SELECT users
    cruddur.db: INSERT message_groups
    cruddur.db: INSERT messages
",
    ),
    (
        "POST /api/messages",
        r#"{"message": "hello", "user_receiver_handle": "nobody"}"#,
        "
cruddur 404 error by andrewbrown http_route=/api/messages
  find_user
    cruddur.db: SELECT users
  messages_create error `not found: user_not_found`
    find_user
      cruddur.db: SELECT users
",
    ),
    (
        "GET /api/users/@worf/short",
        "",
        "
cruddur 200 http_route=/api/users/@{handle}/short
  find_user
    cruddur.db: SELECT users
",
    ),
    ("GET /rollbar/test", "", "\ncruddur 200 http_route=/rollbar/test\n"),
    (
        "GET /rollbar/test/error",
        "",
        "
cruddur 500 fault by andrewbrown http_route=/rollbar/test/error
  find_user
    cruddur.db: SELECT users
  rollbar_test_error fault `the demonstration failed` `the hello could not be sent` \
`the number of hellos is `many`, expected a whole number` `invalid digit found in string`
",
    ),
    (
        "GET /rollbar/test/panic",
        "",
        "
cruddur 500 fault `the handler panicked` by andrewbrown http_route=/rollbar/test/panic
  find_user
    cruddur.db: SELECT users
  rollbar_test_panic fault `a panic on purpose`
",
    ),
    ("GET /nowhere", "", "\ncruddur 404 error `not found: not_found`\n"),
];

#[actix_web::test]
async fn every_request_but_the_health_check_is_a_segment_with_its_subsegments() {
    let cruddur = Cruddur::start(&[]);
    // It would be the first document.
    cruddur.ask("GET /api/health-check", "").await;
    for (request, body, expected) in REQUESTS {
        let (status, _) = cruddur.ask(request, body).await;
        let document = cruddur.document();
        assert_eq!(format!("\n{}", tree(&document)), *expected, "{request}");
        assert_eq!(document["http"]["response"]["status"], status, "{request}");
        let cause = &document["subsegments"][0]["cause"];
        if document["cause"].is_string() && cause.is_object() {
            assert_eq!(document["cause"], cause["exceptions"][0]["id"], "{request}");
        }
    }
}

#[actix_web::test]
async fn a_segment_belongs_to_the_trace_of_the_answer_and_says_what_was_asked() {
    let cruddur = Cruddur::start(&[]);
    let (_, trace) = cruddur.ask("GET /api/activities/@worf?page=1", "").await;
    let document = cruddur.document();
    let root = format!("Root={}", document["trace_id"].as_str().expect("a trace id"));
    assert_eq!(trace.as_deref(), Some(&*root));
    let request = &document["http"]["request"];
    assert_eq!(request["url"], format!("{}/api/activities/@worf", cruddur.url));
    assert_eq!((&request["method"], &request["client_ip"]), (&"GET".into(), &"127.0.0.1".into()));

    let users = &document["subsegments"][0];
    let data = &users["subsegments"][1];
    let now = data["metadata"]["namespace"]["key"]["now"].as_str().expect("the course's metadata");
    assert!(now.len() == "2026-11-20T14:31:35.342496+00:00".len(), "{now}");
    let statement = &data["subsegments"][0];
    assert_eq!(statement["namespace"], "remote");
    assert_eq!(statement["sql"]["url"], "sqlite:cruddur.db");
    assert_eq!(statement["sql"]["database_type"], "sqlite");
    let query = statement["sql"]["sanitized_query"].as_str().expect("a statement");
    assert!(query.starts_with("WITH feed AS (SELECT a.uuid FROM activities a WHERE"), "{query}");
}

#[cfg(feature = "http-client")]
#[actix_web::test]
async fn a_webhook_is_another_service_that_learns_whose_call_it_is() {
    let webhook = crate::double::Double::start(|_| Some((503, Value::Null)));
    let cruddur = Cruddur::start(&[("CRUDDUR_NOTIFICATION_WEBHOOK", &webhook.url())]);
    let body = r#"{"message": "hello", "user_receiver_handle": "worf"}"#;
    cruddur.ask("POST /api/messages", body).await;
    let document = cruddur.document();
    let below = document["subsegments"][1]["subsegments"].as_array().expect("it has some");
    let call = below.last().expect("it has some");
    assert_eq!(tree(call), "127.0.0.1 503 fault\n");
    assert_eq!(call["namespace"], "remote");
    assert!(document["fault"].is_null(), "the message is stored: {document}");
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let (trace, id) = (text(&document["trace_id"]), text(&call["id"]));
    let expected = format!("Root={trace};Parent={id};Sampled=1");
    assert_eq!(webhook.received()[0].header("x-amzn-trace-id"), Some(&*expected));
    webhook.stop().await;
}

/// The program, and a socket in place of the daemon.
struct Cruddur {
    url: String,
    client: Client,
    child: Child,
    daemon: UdpSocket,
    _folder: TempFolder,
}

impl Cruddur {
    /// Starts it with these variables besides.
    fn start(more: &[(&str, &str)]) -> Self {
        let daemon = UdpSocket::bind("127.0.0.1:0").expect("loopback has free ports");
        daemon.set_read_timeout(Some(PATIENCE)).expect("the time is not zero");
        let folder = TempFolder::new();
        let mut command = program(&[
            ("CRUDDUR_DATA_DIR", &folder.0.display().to_string()),
            ("AWS_XRAY_DAEMON_ADDRESS", &daemon.local_addr().expect("it is bound").to_string()),
            ("SPANWRIGHT_XRAY_SAMPLING", "as-spans"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ]);
        command.envs(more.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program was built");
        let (url, stderr) = started(&mut child);
        // Its words go on to nowhere, but somebody has to hold the pipe.
        child.stderr = Some(stderr.into_inner());
        let client = Client::builder().no_proxy().build().expect("a plain client can be built");
        Self { url, client, child, daemon, _folder: folder }
    }

    /// The status of the answer, and the trace it says it belongs to.
    async fn ask(&self, request: &str, body: &'static str) -> (u16, Option<String>) {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.expect("the service answers");
        let trace = answer.headers().get("x-amzn-trace-id");
        let trace = trace.map(|value| value.to_str().expect("headers are ASCII here").to_owned());
        let status = answer.status().as_u16();
        answer.bytes().await.expect("the body arrives whole");
        (status, trace)
    }

    /// The next document.
    fn document(&self) -> Value {
        let mut buffer = vec![0; 65_536];
        let len = self.daemon.recv(&mut buffer).expect("a document comes");
        let document = buffer[..len].strip_prefix(HEADER).expect("the header comes first");
        serde_json::from_slice(document).expect("a document is JSON")
    }
}

impl Drop for Cruddur {
    fn drop(&mut self) {
        // Both fail for a process that has ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn tree(segment: &Value) -> String {
    let mut text = String::new();
    render(segment, 0, &mut text);
    text
}

/// A line for a segment or a subsegment, and one for each below it.
fn render(node: &Value, depth: usize, text: &mut String) {
    let name = node["name"].as_str().expect("everything has a name");
    let _ = write!(text, "{:indent$}{name}", "", indent = depth * 2);
    let metadata = &node["metadata"]["default"];
    if node["sql"].is_object() {
        let word = |key: &str| metadata[key].as_str().unwrap_or_default();
        let (verb, table) = (word("db.operation.name"), word("db.collection.name"));
        let _ = write!(text, ": {verb} {table}");
    }
    let status = node["http"]["response"]["status"].as_u64();
    text.extend(status.map(|status| format!(" {status}")));
    for flag in ["error", "throttle", "fault"].into_iter().filter(|flag| node[flag] == true) {
        let _ = write!(text, " {flag}");
    }
    for exception in node["cause"]["exceptions"].as_array().into_iter().flatten() {
        let _ = write!(text, " `{}`", exception["message"].as_str().unwrap_or_default());
    }
    match node["user"].as_str() {
        Some("5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d01") => text.push_str(" by andrewbrown"),
        Some(other) => text.extend([" by ", other]),
        None => {}
    }
    for (key, value) in node["annotations"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(text, " {key}={value}");
    }
    assert!(node["metadata"]["annotations_overflow"].is_null(), "{node}");
    let size = &node["metadata"]["namespace"]["key"]["results-size"];
    text.extend(size.as_u64().map(|size| format!(" results-size={size}")));
    text.push('\n');
    for child in node["subsegments"].as_array().into_iter().flatten() {
        render(child, depth + 1, text);
    }
}
