//! Metrics of calls, beside the log of an installation.

use std::time::{Duration, SystemTime};

use serde_json::Value;
use spanwright::Span;
use spanwright::record::Status;
use support::cloudwatch_server::metrics::values;
use support::cloudwatch_server::{CloudwatchServer, Event};
use support::rig::LONG;

use crate::{install, turn};

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
