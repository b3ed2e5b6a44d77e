//! Metrics of calls: what the service would make of the events, by the rules of their format.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use spanwright::Span;
use spanwright::export::Exporter as _;
use spanwright::export::cloudwatch::{Metrics, Namespace};
use spanwright::record::{Attribute, CallStatistics, Resource, Status};
use support::cloudwatch_server::{CloudwatchServer, Event, NOW_UNIX_MS, credentials, now};
use support::rig::{LONG, Rig, quick};

use crate::installed::{install, turn};
use crate::rig::{GROUP, STREAM, kept, log, transport};

/// The units that metrics of ours have, of those that there are.
const UNITS: [&str; 2] = ["Count", "Milliseconds"];

/// One value of a metric, with what it was measured at.
#[derive(Debug, PartialEq)]
struct Point {
    name: String,
    dimensions: Vec<(String, String)>,
    values: Vec<f64>,
}

/// Extracts the metrics of an event as the service does, and panics where it would refuse to.
fn extract(event: &Value) -> Vec<Point> {
    let root = event.as_object().expect("the root is an object");
    let metadata = root["_aws"].as_object().expect("the metadata is an object");
    assert!(metadata["Timestamp"].is_u64(), "{event}");
    let mut points = Vec::new();
    for directive in metadata["CloudWatchMetrics"].as_array().expect("there are directives") {
        let namespace = directive["Namespace"].as_str().expect("a namespace is a text");
        assert!((1..=255).contains(&namespace.len()), "{event}");
        let metrics = directive["Metrics"].as_array().expect("there are metrics");
        assert!((1..=100).contains(&metrics.len()), "{event}");
        for set in directive["Dimensions"].as_array().expect("there are sets of dimensions") {
            let dimensions = dimensions(root, set);
            points.extend(metrics.iter().map(|metric| point(root, metric, dimensions.clone())));
        }
    }
    points
}

fn dimensions(root: &serde_json::Map<String, Value>, set: &Value) -> Vec<(String, String)> {
    let names = set.as_array().expect("a set is a list");
    assert!(names.len() <= 30, "{set}");
    let dimension = |name: &Value| {
        let name = name.as_str().expect("a name is a text");
        let value = root[name].as_str().expect("the value of a dimension is a text");
        assert!((1..=1_024).contains(&value.len()) && !value.trim().is_empty(), "{value:?}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value:?}");
        (name.to_owned(), value.to_owned())
    };
    names.iter().map(dimension).collect()
}

fn point(
    root: &serde_json::Map<String, Value>,
    metric: &Value,
    dimensions: Vec<(String, String)>,
) -> Point {
    let name = metric["Name"].as_str().expect("a metric has a name").to_owned();
    assert!(UNITS.contains(&metric["Unit"].as_str().expect("a unit is a text")), "{metric}");
    let value = &root[&name];
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    assert!((1..=100).contains(&values.len()), "{name}: {}", values.len());
    let number = |value: &Value| value.as_f64().expect("a value is a number");
    Point { name, dimensions, values: values.iter().map(number).collect() }
}

/// The values of one metric of one function, in all events.
fn values(events: &[Value], function: &str, metric: &str) -> Vec<f64> {
    let points = events.iter().filter(|event| event["_aws"].is_object()).flat_map(extract);
    let is_meant = |point: &Point| {
        let is_of = |(name, value): &(String, String)| name == "function" && value == function;
        point.name == metric && point.dimensions.iter().any(is_of)
    };
    points.filter(is_meant).flat_map(|point| point.values).collect()
}

fn exporter(url: &str) -> Metrics {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    Metrics::new(&log(), &Namespace::new("Cruddur").expect("a name"), &resource, url)
}

fn calls(function: String, errors: u64, durations_ns: Vec<u64>) -> CallStatistics {
    let unix_ns = NOW_UNIX_MS * 1_000_000;
    CallStatistics { function: function.into(), unix_ns, errors, durations_ns }
}

#[test]
fn whatever_was_called_the_service_finds_all_of_it() {
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    // The same cases every time.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let functions = prop_oneof!["[ -~]{0,300}", any::<String>()];
    let cases = (functions, 0_u64..100, vec(any::<u64>(), 1..=100));
    let exporter = RefCell::new(exporter("http://h"));
    let check = |(function, errors, durations_ns): (String, u64, Vec<u64>)| {
        let mut item = Vec::new();
        let calls = calls(function, errors, durations_ns.clone());
        exporter.borrow_mut().encode(&calls, &mut item).expect("these have a form");
        assert!(item.len() <= Metrics::weigh(&calls));
        let event: Value = serde_json::from_slice(&item[1..]).expect("an event");
        let message = event["message"].as_str().expect("a text");
        let points = extract(&serde_json::from_str(message).expect("an object"));
        let [count, failed, durations] = &points[..] else { panic!("{points:?}") };
        let calls = u64::try_from(durations_ns.len()).expect("it is small");
        assert_eq!((&*count.name, &count.values), ("Count", &vec![number(calls)]));
        assert_eq!((&*failed.name, &failed.values), ("Errors", &vec![number(errors)]));
        let expected: Vec<_> = durations_ns.iter().map(|ns| number(*ns) / 1e6).collect();
        assert_eq!((&*durations.name, durations.values.len()), ("Duration", expected.len()));
        for (told, expected) in durations.values.iter().zip(expected) {
            assert!((told - expected).abs() <= expected * 1e-12, "{told} for {expected}");
        }
        Ok(())
    };
    TestRunner::new_with_rng(config, rng).run(&cases, check).expect("every case holds");
}

/// A number as a parser of JSON has it.
fn number(value: u64) -> f64 {
    Value::from(value).as_f64().expect("it has one")
}

#[test]
fn the_service_takes_them_like_other_events() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let transport = transport(&server, &log(), credentials(), now);
    let rig = Rig::new(exporter(&server.url()), transport, &quick());
    let records: Arc<[_]> =
        (1..=300).map(|it| calls(format!("f{it}"), 0, vec![it * 1_000_000])).collect();
    let tally = rig.deliver(&records);
    assert_eq!((tally.accepted, tally.delivered), (300, 300));
    assert_eq!(server.refusals(), []);
    let events: Vec<_> = kept(&server).iter().map(Event::json).collect();
    assert_eq!((events.len(), values(&events, "f300", "Duration")), (300, vec![300.0]));
}

/// All that the stream of an installation holds.
fn told(server: &CloudwatchServer) -> Vec<Value> {
    server.store().all_events().iter().map(Event::json).collect()
}

#[test]
fn calls_are_told_by_function_beside_the_log_when_it_is_flushed_and_at_the_end() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry = install(&server, &[("CLOUDWATCH_METRICS_NAMESPACE", "Cruddur")]);
    for _ in 0..250 {
        Span::new("home").end();
    }
    let failed = Span::new("home");
    failed.set_status(&Status::Error { message: "no activities".into() });
    failed.end();
    tracing::info!("one line");
    assert!(telemetry.flush(LONG).in_time);
    let events = told(&server);
    let sum = |metric: &str| values(&events, "home", metric).iter().sum::<f64>();
    assert_eq!((sum("Count"), sum("Errors")), (251.0, 1.0));
    assert_eq!(values(&events, "home", "Duration").len(), 251);
    assert!(events.iter().any(|event| event["message"] == "one line"));

    Span::new("later").end();
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_eq!(values(&told(&server), "later", "Count"), [1.0]);
    let metrics = report.destinations.iter().find(|it| it.destination == "cloudwatch metrics");
    let tally = metrics.expect("it is a destination").tally;
    assert_eq!(tally.accepted, tally.delivered);
}

#[test]
fn calls_are_told_a_moment_after_their_minute_though_nothing_else_happens() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry = install(&server, &[("CLOUDWATCH_METRICS_NAMESPACE", "Cruddur")]);
    // The end of the minute before: two seconds later nobody waits for others of it any more.
    let now_s = SystemTime::UNIX_EPOCH.elapsed().expect("it is after 1970").as_secs();
    let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(now_s / 60 * 60);
    let span = Span::build("last").start_time(minute - Duration::from_millis(5)).start();
    span.end_at(minute - Duration::from_nanos(1));
    server.wait_for_events(1);
    assert_eq!(values(&told(&server), "last", "Count"), [1.0]);
    assert!(telemetry.shutdown(LONG).in_time);
}

#[test]
fn without_a_namespace_there_are_no_metrics() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry = install(&server, &[]);
    Span::new("home").end();
    let report = telemetry.shutdown(LONG);
    assert_eq!(server.store().all_events(), []);
    let names: Vec<_> = report.destinations.iter().map(|it| &*it.destination).collect();
    assert_eq!(names, ["cloudwatch"]);
}
