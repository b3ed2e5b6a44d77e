//! Records and the items they become.

use std::collections::BTreeSet;

use super::*;
use crate::export::Exporter as _;
use crate::export::rollbar::settings::Server;
use crate::export::rollbar::testing::{call, cause, message, source};
use crate::export::rollbar::{Exporter, testing};
use crate::record::{
    Attribute, Breadcrumb, Happening, RequestRecord, Resource, Severity, SpanContext, SpanId,
    Subject, TraceId,
};
use crate::secret::Secret;

fn settings() -> Settings {
    Settings {
        environment: Some("test".to_owned()),
        code_version: Some("1.2.3".to_owned()),
        server: Server {
            host: Some("web-1".to_owned()),
            root: Some("/app/".to_owned()),
            cpu: Some("x86_64".to_owned()),
            branch: Some("main".to_owned()),
            pid: Some(7),
            argv: vec!["shop".to_owned(), "--fast".to_owned()],
        },
        framework: Some("actix-web".to_owned()),
        platform: Some("linux".to_owned()),
        ..Settings::new(Secret::new("0123secret"))
    }
}

fn bytes(settings: &Settings, record: &ErrorRecord) -> Vec<u8> {
    let mut out = Vec::new();
    Exporter::new(settings).encode(record, &mut out).expect("every record has a form");
    assert!(out.len() <= Exporter::weigh(record), "{} bytes", out.len());
    out
}

fn data(settings: &Settings, record: &ErrorRecord) -> Value {
    let mut item: Value = serde_json::from_slice(&bytes(settings, record)).expect("it is JSON");
    item["data"].take()
}

fn full() -> ErrorRecord {
    ErrorRecord {
        severity: Severity::Error,
        subject: Subject::Error(vec![cause("app::Error", "no"), cause("io::Error", "gone")]),
        title: Some("No home".to_owned()),
        fingerprint: Some("no-home".to_owned()),
        stack: vec![call("src/home.rs", "app::home::run")],
        path: vec![&source::RUN],
        spans: vec!["GET /home".into()],
        span: Some(SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(2))),
        request: Some(RequestRecord {
            method: "GET".to_owned(),
            url: "http://shop/home?a=1".to_owned(),
            route: Some("/home".to_owned()),
            ..RequestRecord::default()
        }),
        person: Person {
            id: Some("42".to_owned()),
            username: Some("bob".to_owned()),
            email: Some("bob@example.com".to_owned()),
        },
        custom: vec![Attribute::new("cart", 3)],
        breadcrumbs: vec![Breadcrumb {
            unix_ns: 1,
            severity: Severity::Info,
            what: Happening::Log { message: "hi".to_owned() },
        }],
        thread: Some("worker".to_owned()),
        ..message("")
    }
}

fn full_body() -> Value {
    json!({
        "trace_chain": [
            {
                "frames": [{ "filename": "/app/src/home.rs", "method": "app::home::run" }],
                "exception": {
                    "class": "app::Error", "message": "no", "description": "no: gone",
                },
            },
            { "frames": [], "exception": { "class": "io::Error", "message": "gone" } },
        ],
        "telemetry": [{
            "level": "info",
            "type": "log",
            "source": "server",
            "timestamp_ms": 0,
            "body": { "message": "hi" },
        }],
    })
}

#[test]
fn an_item_has_every_field_that_a_server_can_fill() {
    let mut expected = json!({
        "environment": "test",
        "level": "error",
        "timestamp": 1_795_166_494,
        "code_version": "1.2.3",
        "platform": "linux",
        "language": "rust",
        "framework": "actix-web",
        "uuid": "00000000-0000-4000-8000-000000000007",
        "title": "No home",
        "fingerprint": "no-home",
        "context": "/home",
        "notifier": { "name": "spanwright", "version": env!("CARGO_PKG_VERSION") },
        "server": {
            "host": "web-1", "root": "/app", "cpu": "x86_64", "branch": "main", "pid": 7,
            "argv": ["shop", "--fast"],
        },
        "person": { "id": "42" },
        "request": {
            "method": "GET",
            "url": "http://shop/home?a=1",
            "query_string": "a=1",
            "GET": { "a": "1" },
        },
        "custom": {
            "cart": 3,
            "trace_id": "00000000000000000000000000000001",
            "span_id": "0000000000000002",
            "xray_trace_id": "1-00000000-000000000000000000000001",
            "span_path": "GET /home",
            "functions": ["app::home::run (src/home.rs:7)"],
            "thread": "worker",
        },
    });
    expected["body"] = full_body();
    assert_eq!(data(&settings(), &full()), expected);
}

#[test]
fn an_item_of_a_message_alone_has_what_rollbar_insists_on() {
    let found = data(&Settings::new(Secret::new("0123secret")), &message("Hello World!"));
    let keys: BTreeSet<_> = found.as_object().expect("an object").keys().cloned().collect();
    let expected = ["body", "environment", "language", "level", "notifier", "timestamp", "uuid"];
    assert_eq!(keys, expected.map(str::to_owned).into());
    assert_eq!(found["environment"], "production");
}

#[test]
fn the_token_is_in_no_item() {
    let text = String::from_utf8(bytes(&settings(), &full())).expect("an item is text");
    assert!(!text.contains("0123secret"));
}

#[test]
fn names_and_addresses_of_people_are_told_only_where_that_is_set() {
    let mut settings = settings();
    settings.person = Personal { username: true, email: false };
    assert_eq!(data(&settings, &full())["person"], json!({ "id": "42", "username": "bob" }));
    settings.person.email = true;
    assert_eq!(data(&settings, &full())["person"]["email"], "bob@example.com");
    let nobody = Person { id: None, ..full().person };
    assert_eq!(data(&settings, &ErrorRecord { person: nobody, ..full() }).get("person"), None);
}

#[test]
fn a_context_that_was_named_wins_over_the_route() {
    let record = ErrorRecord { context: Some("checkout".to_owned()), ..full() };
    assert_eq!(data(&settings(), &record)["context"], "checkout");
}

#[test]
fn a_field_that_is_too_long_is_cut_and_the_item_says_so() {
    let record = ErrorRecord {
        title: Some("ä".repeat(256)),
        context: Some("c".repeat(255)),
        fingerprint: Some("f".repeat(41)),
        person: Person { id: Some("i".repeat(41)), ..Person::default() },
        ..message("")
    };
    let found = data(&settings(), &record);
    assert_eq!(found["title"], "ä".repeat(255));
    assert_eq!(found["context"], "c".repeat(255));
    assert_eq!(found["person"]["id"], format!("{}-c45cfbcd9636ade4", "i".repeat(23)));
    assert_eq!(found["fingerprint"].as_str().map(str::len), Some(40));
    assert_eq!(found["custom"]["spanwright"], json!({ "cut": ["title", "person.id"] }));
}

#[test]
fn long_ids_that_begin_alike_are_of_different_persons() {
    let id = |name: &str| {
        let id = Some(format!("arn:aws:sts::123456789012:assumed-role/members/{name}"));
        let record = ErrorRecord { person: Person { id, ..Person::default() }, ..message("") };
        data(&settings(), &record)["person"]["id"].as_str().expect("an id").to_owned()
    };
    let (ann, bob) = (id("ann"), id("bob"));
    assert_ne!(ann, bob);
    assert_eq!((ann.len(), bob.len(), id("ann")), (40, 40, ann));
}

#[test]
fn settings_of_any_length_leave_room_for_the_item() {
    let long = || Some("\u{1}".repeat(100_000));
    let mut settings = Settings::new(Secret::new("token"));
    (settings.environment, settings.code_version) = (long(), long());
    (settings.framework, settings.platform) = (long(), long());
    let argv = vec!["shop".to_owned(), "a".repeat(1024)];
    settings.server =
        Server { host: long(), root: long(), cpu: long(), branch: long(), pid: None, argv };
    let mut out = Vec::new();
    Exporter::new(&settings).encode(&testing::message("hi"), &mut out).expect("it has a form");
    assert!(out.len() < 20_000, "{} bytes", out.len());
    let item: Value = serde_json::from_slice(&out).expect("it is JSON");
    assert_eq!(item["data"]["server"]["argv"], json!(["shop"]));
}

#[test]
fn the_service_is_told_where_it_has_a_name() {
    let mut settings = settings();
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "shop"));
    settings.resource = resource;
    assert_eq!(data(&settings, &message(""))["custom"], json!({ "service": "shop" }));
}

#[test]
fn an_empty_text_is_none_where_rollbar_insists_on_one() {
    let mut settings = settings();
    settings.environment = Some(String::new());
    settings.resource.set(Attribute::new("deployment.environment.name", ""));
    let stack = vec![call("", "app::home::run")];
    let person = crate::record::Person { id: Some(String::new()), ..full().person };
    let fingerprint = Some(String::new());
    let data = data(&settings, &ErrorRecord { fingerprint, stack, person, ..full() });
    assert_eq!(data["environment"], "production");
    assert_eq!(data["body"]["trace_chain"][0]["frames"][0]["filename"], "unknown");
    assert_eq!((data.get("person"), data.get("fingerprint")), (None, None));
}
