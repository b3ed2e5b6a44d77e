//! Failures as items: what Rollbar gets of each, from the program as it is built.

use std::{
    collections::BTreeSet,
    process::{Child, Stdio},
};

use cruddur_app::{
    db::{Db, Query},
    settings::Settings,
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{
    double::{Double, Received},
    process::{program, send as signal, started},
    support::{Answer, TempFolder, send},
};

/// Who may report, and nobody else.
const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// The users of the sample rows that fail here.
const ANDREW: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d01";
const WORF: &str = "5c2a6a1e-58ab-4bd0-a6b5-2f6b7a4e0d03";

/// The trace of a caller who has one.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[actix_web::test]
async fn hello_is_one_message_with_the_request_that_said_it() {
    let cruddur = Cruddur::start(&[("ROLLBAR_ENVIRONMENT", "staging")]);
    let answer = cruddur.ask("GET /rollbar/test?x=1", &[]).await;
    assert_eq!((answer.status, &*answer.body), (200, "Hello World!"));
    let item = cruddur.one_item();
    assert_eq!(item["body"]["message"], json!({ "body": "Hello World!" }));
    for (key, expected) in [
        ("level", "warning"),
        ("environment", "staging"),
        ("context", "/rollbar/test"),
        ("framework", "actix-web"),
        ("language", "rust"),
        ("code_version", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(item[key], expected, "{item:#}");
    }
    let request = &item["request"];
    assert_eq!((&request["method"], &request["query_string"]), (&json!("GET"), &json!("x=1")));
    let url = request["url"].as_str().expect("a request has a URL");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/rollbar/test?x=1"), "{url}");
    assert_eq!(request["user_ip"], "127.0.0.1");
    assert_eq!(item["custom"]["service"], "cruddur");
}

#[actix_web::test]
async fn an_error_is_one_item_with_its_chain_its_place_and_the_person() {
    let cruddur = Cruddur::start(&[]);
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = cruddur.ask("GET /rollbar/test/error", &[("traceparent", &parent)]).await;
    answer.assert_refused(500, "internal_error");
    let answer = cruddur.ask("GET /rollbar/test/error", &[("x-cruddur-user", "worf")]).await;
    answer.assert_refused(500, "internal_error");
    let items = cruddur.items();
    assert_eq!(items.len(), 2, "{items:#?}");
    let of = |id: &str| items.iter().find(|item| item["person"] == json!({ "id": id }));
    assert!(of(WORF).is_some(), "{items:#?}");
    let item = of(ANDREW).expect("he is who asks where nobody is named");
    for (key, expected) in [
        ("level", "error"),
        ("title", "An error on purpose"),
        ("context", "/rollbar/test/error"),
        ("environment", "production"),
    ] {
        assert_eq!(item[key], expected, "{item:#}");
    }
    assert_eq!(
        chain(item),
        [
            ("cruddur_app::error::AppError", "the demonstration failed"),
            ("Error", "the hello could not be sent"),
            (
                "cruddur_app::services::rollbar_test::SettingError",
                "the number of hellos is `many`, expected a whole number"
            ),
            ("core::num::error::ParseIntError", "invalid digit found in string"),
        ]
    );
    assert_eq!(item["custom"]["demo.hellos"], "many");
    assert_eq!(item["custom"]["trace_id"], TRACE);
    assert_eq!(item["custom"]["xray_trace_id"], "1-4bf92f35-77b34da6a3ce929d0e0e4736");
    assert_eq!(item["custom"]["span_path"], "GET /rollbar/test/error > rollbar-test-error");
    let functions = functions(item);
    let service = "cruddur_app::services::rollbar_test::";
    assert!(functions[0].starts_with(&format!("{service}fail (")), "{functions:?}");
    assert!(functions[1].starts_with(&format!("{service}hellos (")), "{functions:?}");

    let in_app = frames_in_app(item);
    let newest = in_app.last().expect("there are some");
    assert_eq!(newest["method"], format!("{service}hellos"), "{item:#}");
    let lines = lines_in_app(item);
    assert!(lines.contains(&"Ok(hellos(\"many\").map_err(DemoError)?)"), "{lines:?}");
    assert_eq!(told_before(item), ["SELECT user by handle", "find-user"]);
}

#[actix_web::test]
async fn a_panic_is_one_item_and_a_500() {
    let cruddur = Cruddur::start(&[]);
    let answer = cruddur.ask("GET /rollbar/test/panic", &[("x-cruddur-user", "worf")]).await;
    answer.assert_refused(500, "internal_error");
    let item = cruddur.one_item();
    for (key, expected) in
        [("level", "critical"), ("title", "A panic on purpose"), ("context", "/rollbar/test/panic")]
    {
        assert_eq!(item[key], expected, "{item:#}");
    }
    let panic = json!({ "class": "panic", "message": "a panic on purpose" });
    assert_eq!(item["body"]["trace"]["exception"], panic);
    assert_eq!(item["person"], json!({ "id": WORF }));
    let in_app = frames_in_app(&item);
    let newest = in_app.last().expect("there are some");
    assert_eq!(newest["method"], "cruddur_app::services::rollbar_test::panic", "{item:#}");
    let lines = lines_in_app(&item);
    assert!(lines.last().is_some_and(|line| line.starts_with("panic!(")), "{lines:?}");
}

#[actix_web::test]
async fn what_a_caller_does_wrong_is_no_item() {
    let cruddur = Cruddur::start(&[]);
    let huge = json!({ "message": "x".repeat(65 * 1024) }).to_string();
    let is_json = ("content-type", "application/json");
    for (request, header, body, status) in [
        ("GET /nowhere", None, "", 404),
        ("GET /api/activities/@nobody", None, "", 404),
        ("GET /api/activities/home2", None, "", 404),
        ("GET /api/users/@nobody/short", None, "", 404),
        ("GET /api/messages/@nobody", None, "", 404),
        ("GET /api/activities/search?term=", None, "", 422),
        ("GET /api/activities/@", None, "", 422),
        ("GET /api/activities/home", Some(("x-cruddur-user", "nobody")), "", 401),
        ("GET /api/activities/home", Some(("x-cruddur-user", "")), "", 422),
        ("DELETE /api/activities/home", None, "", 405),
        ("POST /api/activities", Some(is_json), r#"{"message": "", "ttl": "1-day"}"#, 422),
        ("POST /api/activities", Some(is_json), r#"{"message": "#, 400),
        ("POST /api/activities", Some(is_json), &huge, 413),
        ("POST /api/messages", Some(("content-type", "text/plain")), "hello", 415),
    ] {
        let answer = cruddur.ask_with(request, &header.into_iter().collect::<Vec<_>>(), body).await;
        assert_eq!(answer.status, status, "{request}: {answer:?}");
    }
    // What would have arrived, arrives.
    cruddur.ask("GET /rollbar/test", &[]).await;
    assert_eq!(cruddur.one_item()["context"], "/rollbar/test");
}

#[actix_web::test]
async fn a_failing_statement_is_one_item_a_request_and_its_text_is_not_for_the_caller() {
    const TAKE_ACTIVITIES: Query = statement("ALTER TABLE activities RENAME TO lost_activities");
    const TAKE_USERS: Query = statement("ALTER TABLE users RENAME TO lost_users");
    const CRUD: &str = r#"{"message": "hello", "ttl": "1-day"}"#;
    const ID: &str = "248959df-3079-4947-b847-9e0892d1bab4";
    let cruddur = Cruddur::start(&[]);
    let db = cruddur.open_database().await;
    let (one, reply) = (format!("GET /api/activities/{ID}"), format!("/{ID}/reply"));
    let (status, reply) =
        (format!("GET /api/activities/@garek/status/{ID}"), format!("POST /api/activities{reply}"));
    let mut expected = BTreeSet::new();
    for (broken, route, request, body) in [
        (Some(&TAKE_ACTIVITIES), "/api/activities/home", "GET /api/activities/home", ""),
        (None, "/api/activities/notifications", "GET /api/activities/notifications", ""),
        (None, "/api/activities/search", "GET /api/activities/search?term=x", ""),
        (None, "/api/activities/@{handle}", "GET /api/activities/@worf", ""),
        (None, "/api/activities/@{handle}/status/{activity_uuid}", &*status, ""),
        (None, "/api/activities/{activity_uuid}", &*one, ""),
        (None, "/api/activities", "POST /api/activities", CRUD),
        (None, "/api/activities/{activity_uuid}/reply", &*reply, CRUD),
        // Without this table nobody is known, which is found out before the handler is called.
        (Some(&TAKE_USERS), "/api/message_groups", "GET /api/message_groups", ""),
        (None, "/api/users/@{handle}/short", "GET /api/users/@worf/short", ""),
    ] {
        if let Some(statement) = broken {
            db.execute(statement, &[]).await.expect("the table is there");
        }
        let headers: &[_] =
            if body.is_empty() { &[] } else { &[("content-type", "application/json")] };
        let answer = cruddur.ask_with(request, headers, body).await;
        answer.assert_refused(500, "internal_error");
        expected.insert(route);
    }
    db.close().await;
    let items = cruddur.items();
    let contexts: BTreeSet<_> = items.iter().map(|item| as_text(&item["context"])).collect();
    assert_eq!((items.len(), contexts), (expected.len(), expected));
    for item in &items {
        let chain = chain(item);
        assert_eq!(chain[0], ("cruddur_app::error::AppError", "the database failed"), "{item:#}");
        let (class, statement) = chain[1];
        assert_eq!(class, "cruddur_app::db::Error");
        let summary = as_text(&item["custom"]["db.query.summary"]);
        assert_eq!(statement, format!("`{summary}` failed"));
        let driver = chain.last().expect("there is one").1;
        assert!(driver.contains("no such table: "), "{chain:?}");
    }
    let of = |route: &str| {
        let item = items.iter().find(|item| item["context"] == route);
        item.expect("there is one of each")
    };
    let lines = lines_in_app(of("/api/activities/home"));
    let wanted = "let activities = feed::fetch(db, &HOME_FEED, &[now.into()]).await?;";
    assert!(lines.contains(&wanted), "the way to the statement is told: {lines:?}");
    // Whoever it was is told where it was known.
    assert_eq!(of("/api/activities/home")["person"], json!({ "id": ANDREW }));
    assert_eq!(of("/api/message_groups")["person"], Value::Null);
}

#[actix_web::test]
async fn a_row_that_cannot_be_sent_is_one_item_too() {
    const SPOIL: Query = statement("UPDATE activities SET created_at = 9223372036854775807");
    let cruddur = Cruddur::start(&[]);
    let db = cruddur.open_database().await;
    db.execute(&SPOIL, &[]).await.expect("the table is there");
    db.close().await;
    let answer = cruddur.ask("GET /api/activities/home", &[]).await;
    answer.assert_refused(500, "internal_error");
    let item = cruddur.one_item();
    assert_eq!(chain(&item)[1].1, "`SELECT home feed` failed");
}

#[actix_web::test]
async fn nothing_that_a_caller_keeps_to_himself_is_told() {
    let cruddur = Cruddur::start(&[]);
    let request = "GET /rollbar/test/error?password=planted-1&page=2";
    let headers = [
        ("authorization", "Bearer planted-2"),
        ("cookie", "session=planted-3"),
        ("x-api-key", "planted-4"),
        ("x-cruddur-user", "worf"),
        ("accept-language", "tlh"),
    ];
    cruddur.ask(request, &headers).await.assert_refused(500, "internal_error");
    let item = cruddur.one_item();
    assert!(!item.to_string().contains("planted-"), "{item:#}");
    assert!(!item.to_string().contains(TOKEN), "{item:#}");
    assert_eq!(item["person"], json!({ "id": WORF }));
    // The rest is.
    assert_eq!(item["request"]["GET"]["page"], "2");
    assert_eq!(item["request"]["headers"]["accept-language"], "tlh");
    let keys = item["request"]["headers"].as_object().expect("there are headers");
    for name in ["authorization", "cookie", "x-api-key"] {
        assert!(keys.contains_key(name), "that there was one is told: {keys:?}");
    }
}

/// Something that is done to the database of a running service.
const fn statement(text: &'static str) -> Query {
    Query { summary: "break", operation: "BREAK", table: "activities", text }
}

/// The program, and a server in place of Rollbar.
struct Cruddur {
    url: String,
    client: Client,
    child: Child,
    rollbar: Double,
    folder: TempFolder,
}

impl Cruddur {
    /// Starts it with these variables besides.
    fn start(more: &[(&str, &str)]) -> Self {
        let rollbar = Double::start(|_| Some((200, json!({ "err": 0 }))));
        let folder = TempFolder::new();
        let mut command = program(&[
            ("CRUDDUR_DATA_DIR", &folder.0.display().to_string()),
            ("ROLLBAR_ACCESS_TOKEN", TOKEN),
            ("ROLLBAR_ENDPOINT", &rollbar.url()),
        ]);
        command.envs(more.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the program was built");
        let (url, stderr) = started(&mut child);
        // Its words go on to nowhere, but somebody has to hold the pipe.
        child.stderr = Some(stderr.into_inner());
        let client = Client::builder().no_proxy().build().expect("a plain client can be built");
        Self { url, client, child, rollbar, folder }
    }

    async fn ask(&self, request: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask_with(request, headers, "").await
    }

    async fn ask_with(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let (method, path) = request.split_once(' ').expect("a method and a path");
        let method: Method = method.parse().expect("a method");
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        send(request.body(body.to_owned())).await
    }

    /// A second way to its rows.
    async fn open_database(&self) -> Db {
        let folder = self.folder.0.display().to_string();
        let variables = [("CRUDDUR_DATA_DIR".to_owned(), folder)].into();
        let settings = Settings::from_map(&variables).expect("the test's settings are good");
        Db::open(&settings.database).await.expect("the service has made it")
    }

    /// Stops it in order, upon which it sends what is left; what Rollbar has got by then.
    fn items(mut self) -> Vec<Value> {
        signal("-TERM", &self.child);
        assert!(self.child.wait().expect("it is our child").success());
        let received = self.rollbar.received();
        received.into_iter().map(item).collect()
    }

    fn one_item(self) -> Value {
        let mut items = self.items();
        assert_eq!(items.len(), 1, "{items:#?}");
        items.remove(0)
    }
}

impl Drop for Cruddur {
    fn drop(&mut self) {
        // Both fail for a process that has ended, which is what is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a request says, if it is one that Rollbar takes.
fn item(mut request: Received) -> Value {
    assert_eq!(request.path, "/api/1/item/");
    assert_eq!(request.header("x-rollbar-access-token"), Some(TOKEN));
    request.body["data"].take()
}

/// The errors of an item, each with what it says, the outermost first.
fn chain(item: &Value) -> Vec<(&str, &str)> {
    let chain = item["body"]["trace_chain"].as_array();
    let exceptions = chain.expect("an error with causes").iter().map(|trace| &trace["exception"]);
    exceptions.map(|it| (as_text(&it["class"]), as_text(&it["message"]))).collect()
}

/// The calls of the application, the newest last: their files are below the root.
fn frames_in_app(item: &Value) -> Vec<&Value> {
    let root = format!("{}/", as_text(&item["server"]["root"]));
    let body = &item["body"];
    let frames = body.pointer("/trace_chain/0/frames").unwrap_or(&body["trace"]["frames"]);
    let frames = frames.as_array().expect("a list of frames").iter();
    frames.filter(|frame| as_text(&frame["filename"]).starts_with(&root)).collect()
}

/// The lines of code in these calls, the newest last.
fn lines_in_app(item: &Value) -> Vec<&str> {
    let lines = frames_in_app(item).into_iter().filter_map(|frame| frame["code"].as_str());
    lines.map(str::trim).collect()
}

/// The annotated functions that it left, the outermost first.
fn functions(item: &Value) -> Vec<&str> {
    let functions = item["custom"]["functions"].as_array().expect("a list of functions");
    functions.iter().map(as_text).collect()
}

/// The spans that had ended before, the oldest first.
fn told_before(item: &Value) -> Vec<&str> {
    let telemetry = item["body"]["telemetry"].as_array().into_iter().flatten();
    telemetry.filter_map(|crumb| crumb["body"]["span"].as_str()).collect()
}

fn as_text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}
