//! The log in a CloudWatch Logs that others have built: what is read back is what was logged.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Client as Browser;
use serde_json::{Value, json};
use spanwright::aws::{
    Access, Call, Client, Credentials, Endpoint, Region, Service as AwsService, Transport,
};
use spanwright::export::cloudwatch::{Creation, Exporter, Group, Retention, Settings, Template};
use spanwright::record::{Attribute, Level, LogId, LogRecord, Processor};
use spanwright::secret::Secret;
use support::rig::{LONG, Rig, Sum, quick, sum};

use crate::programs::{Moto, Service, free_ports};

const GROUP: &str = "cruddur";
const STREAM: &str = "api/1";
const KEYS: [&str; 2] = ["AKIDEXAMPLE", "not-a-key"];

#[expect(clippy::disallowed_methods, reason = "the service rejects what is not of these days")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// An event, so many milliseconds after the start of the test.
fn event(start: SystemTime, number: u64) -> LogRecord {
    let since = start.duration_since(SystemTime::UNIX_EPOCH).expect("it is later than that");
    let unix_ns = u64::try_from(since.as_nanos()).expect("it fits") + number * 1_000_000;
    LogRecord {
        id: LogId::new(unix_ns, number),
        unix_ns,
        level: Level::Info,
        target: "cruddur::home".into(),
        file: Some("src/home.rs".into()),
        line: Some(7),
        message: format!("\"event\"\n{number} ü").into(),
        attributes: vec![Attribute::new("app.rows", 3_i64)],
        span: None,
        user: Some(Arc::from("42")),
    }
}

async fn access(url: &str) -> (spanwright::aws::Target, spanwright::aws::Provider) {
    let region = Region::new("us-east-1").expect("a name");
    let credentials = Credentials::new(KEYS[0], &Secret::new(KEYS[1]), None);
    let endpoint = Endpoint::at(url).expect("moto has an address");
    let access = Access::new(AwsService::LOGS).region(region).endpoint(endpoint);
    let access = access.credentials(credentials);
    let target = access.target().await.expect("the region is set");
    let provider = access.provider(&target.region);
    (target, provider)
}

async fn rig(url: &str) -> Rig<LogRecord> {
    let log = Settings {
        stream: Template::new(STREAM).expect("a template"),
        retention: Retention::days(14).ok(),
        ..Settings::new(Group::new(GROUP).expect("a name"))
    };
    let (target, provider) = access(url).await;
    let creation = Creation::new(&log, url);
    let transport = Transport::new(target, provider, LONG, now, creation);
    Rig::new(Exporter::new(&log, url), transport.expect("no certificates needed"), &quick())
}

/// What the service answers to a call.
async fn ask(url: &str, operation: &'static str, json: Value) -> Value {
    let (target, provider) = access(url).await;
    let client = Client::new(target, provider, LONG).expect("no certificates needed");
    let answer = client.call(&Call::by_target(operation, json.to_string()), now()).await;
    serde_json::from_slice(&answer.expect("moto answers").body).expect("an answer is JSON")
}

/// The messages of a stream as objects, in the order of their times.
async fn read_back(url: &str, stream: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut json =
            json!({"logGroupName": GROUP, "logStreamName": stream, "startFromHead": true});
        if token.is_string() {
            json["nextToken"] = token.clone();
        }
        let answer = ask(url, "Logs_20140328.GetLogEvents", json).await;
        for event in answer["events"].as_array().expect("a list of events") {
            let text = event["message"].as_str().expect("a text");
            let message: Value = serde_json::from_str(text).expect("a message is an object");
            let id = message["event_id"].as_str().expect("an id");
            let in_ns = u128::from_str_radix(&id[..16], 16).expect("it begins with the time");
            let in_ms = event["timestamp"].as_u64().expect("a time");
            assert_eq!(u128::from(in_ms), in_ns / 1_000_000);
            messages.push(message);
        }
        if answer["nextForwardToken"] == token {
            return messages;
        }
        token = answer["nextForwardToken"].clone();
    }
}

/// The ids of events, in order.
fn ids(start: SystemTime, numbers: std::ops::RangeInclusive<u64>) -> Vec<Value> {
    numbers.map(|number| event(start, number).id.to_string().into()).collect()
}

fn told(messages: &[Value]) -> Vec<Value> {
    messages.iter().map(|message| message["event_id"].clone()).collect()
}

fn moto(program: &Path) -> (Moto, String) {
    let moto = Moto::start(program);
    let url = moto.url().to_owned();
    (moto, url)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_back_is_what_was_logged_in_a_group_made_for_it() {
    let Some(program) = crate::program("SPANWRIGHT_MOTO") else { return };
    let (_moto, url) = moto(&program);
    let start = now();
    let rig = rig(&url).await;
    // As if two threads had logged them.
    let (odd, even): (Vec<_>, Vec<_>) = (1..=2_000).partition(|number| number % 2 == 1);
    for numbers in [odd, even] {
        rig.handle.process(&numbers.into_iter().map(|number| event(start, number)).collect());
    }
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), Sum(2_000, 2_000, 0, vec![]));

    let groups = ask(&url, "Logs_20140328.DescribeLogGroups", json!({})).await;
    let [group] = &groups["logGroups"].as_array().expect("a list")[..] else { panic!("one group") };
    assert_eq!((&group["logGroupName"], &group["retentionInDays"]), (&GROUP.into(), &14.into()));
    let messages = read_back(&url, STREAM).await;
    assert_eq!(told(&messages), ids(start, 1..=2_000));
    let first = &messages[0];
    assert_eq!((&first["message"], &first["user"]), (&"\"event\"\n1 ü".into(), &"42".into()));
    assert_eq!((&first["level"], &first["fields"]), (&"INFO".into(), &json!({"app.rows": 3})));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_service_is_killed_and_comes_back_with_nothing() {
    let Some(program) = crate::program("SPANWRIGHT_MOTO") else { return };
    let [port, _] = free_ports();
    let moto = Moto::start_at(&program, port);
    let url = moto.url().to_owned();
    let start = now();
    let rig = rig(&url).await;
    let log = |numbers: std::ops::RangeInclusive<u64>| {
        rig.handle.process(&numbers.map(|number| event(start, number)).collect());
    };
    log(1..=100);
    assert!(rig.flush(LONG).in_time);
    assert_eq!(told(&read_back(&url, STREAM).await), ids(start, 1..=100));
    moto.kill();
    for at in 1..10 {
        log(at * 100 + 1..=at * 100 + 100);
    }
    assert!(!rig.flush(Duration::from_millis(100)).in_time);
    // It keeps nothing on disk: group and stream are missing again.
    let _moto = Moto::start_at(&program, port);
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), Sum(1_000, 1_000, 0, vec![]));
    assert_eq!(told(&read_back(&url, STREAM).await), ids(start, 101..=1_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_the_demo_arrives_with_the_traces_of_its_requests() {
    let Some(program) = crate::program("SPANWRIGHT_MOTO") else { return };
    let (_moto, url) = moto(&program);
    let service = Service::start(
        "log",
        &[
            ("CLOUDWATCH_LOG_GROUP", GROUP),
            ("CLOUDWATCH_LOG_STREAM", STREAM),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &url),
            ("AWS_ACCESS_KEY_ID", KEYS[0]),
            ("AWS_SECRET_ACCESS_KEY", KEYS[1]),
        ],
    );
    let browser = Browser::builder().no_proxy().build().expect("a plain client can be built");
    let home = format!("{}/api/activities/home", service.url);
    for _ in 0..10 {
        let answer = browser.get(&home).send().await.expect("the service answers");
        assert_eq!(answer.status(), 200);
        answer.bytes().await.expect("the body arrives whole");
    }
    let report = service.stop();
    let counts = report.split_once("cloudwatch: accepted ").expect("it reports").1;
    let accepted = counts.split(',').next().and_then(|count| count.parse().ok());
    let accepted: usize = accepted.expect("a count");
    let all = format!("{accepted}, delivered {accepted}, rejected 0, lost 0");
    assert!(counts.starts_with(&all), "{report}");
    let messages = read_back(&url, STREAM).await;
    assert_eq!(messages.len(), accepted);
    let of_requests = messages.iter().filter(|message| message["trace_id"].is_string());
    assert!(of_requests.count() >= 10, "{messages:#?}");
}
