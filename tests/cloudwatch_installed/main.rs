//! CloudWatch Logs as users turn it on: by variables, for the whole process.
//!
//! The log of a process has whatever any thread of it says, so the tests take turns, and no others are
//! in this program.

mod metrics;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use spanwright::config::Environment;
use spanwright::export::cloudwatch::{Group, Settings as Log, Template};
use spanwright::install::{Delivery, Report};
use spanwright::record::SpanKind;
use spanwright::{Config, Span, Telemetry};
use support::cloudwatch_server::{ACCESS_KEY_ID, CloudwatchServer, REGION, SECRET_ACCESS_KEY};
use support::rig::LONG;
use support::xray_daemon::XrayDaemon;

/// The group of the course.
const GROUP: &str = "cruddur";

/// One installation at a time: whoever holds this has it.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn config(server: &CloudwatchServer, more: &[(&str, &str)]) -> Config {
    let url = server.url();
    let all = [
        ("CLOUDWATCH_LOG_GROUP", GROUP),
        ("CLOUDWATCH_LOG_STREAM", "api"),
        ("AWS_REGION", REGION),
        ("AWS_ENDPOINT_URL_LOGS", &url),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
        // Everything, also of the libraries below.
        ("RUST_LOG", "trace"),
    ];
    let environment: Environment = all.into_iter().chain(more.iter().copied()).collect();
    Config::from_environment(&environment).expect("there is nothing to misread")
}

fn install(server: &CloudwatchServer, more: &[(&str, &str)]) -> Telemetry {
    config(server, more).install().expect("nothing else is installed")
}

fn cloudwatch(report: &Report) -> &Delivery {
    let mut destinations = report.destinations.iter();
    destinations.find(|it| it.destination == "cloudwatch").expect("it is a destination")
}

/// The events that say this, as objects.
fn told(server: &CloudwatchServer, message: &str) -> Vec<Value> {
    let store = server.store();
    let streams = store.streams(GROUP);
    let events = streams.iter().flat_map(|stream| store.events(GROUP, stream));
    events.map(|event| event.json()).filter(|event| event["message"] == message).collect()
}

#[test]
fn what_was_logged_before_the_end_is_sent_by_the_shutdown_without_a_runtime_of_the_application() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry = install(&server, &[]);
    let request = Span::build("GET /home").kind(SpanKind::Server).start();
    let trace_id = request.context().trace_id;
    request.in_scope(|| tracing::info!(app.rows = 3, "home activities"));
    drop(request);
    let report = telemetry.shutdown(LONG);
    let delivery = cloudwatch(&report);
    assert!(delivery.in_time && delivery.tally.delivered > 0, "{report}");
    assert_eq!(delivery.tally.accepted, delivery.tally.delivered);
    let [event] = &told(&server, "home activities")[..] else { panic!("one event") };
    assert_eq!((&event["level"], &event["fields"]["app.rows"]), (&"INFO".into(), &3.into()));
    assert_eq!(event["trace_id"], trace_id.to_string());
    let hex = trace_id.to_string();
    assert_eq!(event["xray_trace_id"], format!("1-{}-{}", &hex[..8], &hex[8..]));
}

#[test]
fn what_our_own_client_logs_makes_no_events() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry = install(&server, &[]);
    tracing::info!("one of ours");
    // Each request that is sent would otherwise be something new to send.
    for _ in 0..3 {
        assert!(telemetry.flush(LONG).in_time);
    }
    let report = telemetry.shutdown(LONG);
    assert_eq!(cloudwatch(&report).tally.delivered, 1, "{:?}", server.store().all_events());
}

// https://github.com/kislyuk/watchtower/issues/65
#[test]
fn destinations_that_refuse_add_nothing_to_the_log() {
    let _turn = turn();
    let mut server = CloudwatchServer::start().in_real_time();
    let away = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let telemetry = install(&server, &away);
    server.kill();
    spanwright::Span::new("lost").end();
    tracing::info!("lost too");
    assert!(!telemetry.flush(Duration::from_millis(200)).in_time);
    let report = telemetry.shutdown(Duration::from_millis(200));
    assert_eq!(cloudwatch(&report).tally.accepted, 1, "{report}");
}

#[test]
fn what_is_logged_after_the_shutdown_harms_nobody() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let report = install(&server, &[]).shutdown(LONG);
    tracing::info!("too late");
    assert_eq!(cloudwatch(&report).tally.accepted, 0);
    let again = install(&server, &[]);
    tracing::info!("in time");
    let report = again.shutdown(LONG);
    assert_eq!(cloudwatch(&report).tally.delivered, 1);
    assert_eq!((told(&server, "too late").len(), told(&server, "in time").len()), (0, 1));
}

#[test]
fn what_the_variables_say_of_aws_counts_for_a_log_that_is_set_in_code() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let group = Group::new(GROUP).expect("a name");
    let stream = Template::new("api").expect("a template");
    let in_code = |more: &[(&str, &str)]| {
        let none = [("CLOUDWATCH_LOG_GROUP", ""), ("CLOUDWATCH_LOG_STREAM", "")];
        let log = Log { stream: stream.clone(), ..Log::new(group.clone()) };
        config(&server, &[&none, more].concat()).cloudwatch(log)
    };
    let telemetry = in_code(&[]).install().expect("nothing else is installed");
    tracing::info!("hello");
    let report = telemetry.shutdown(LONG);
    assert_eq!(cloudwatch(&report).tally.delivered, 1, "{report}");
}

#[test]
fn a_bad_variable_of_aws_leaves_cloudwatch_off() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    for (variable, value, expected) in [
        ("AWS_REGION", "Ireland", "AWS_REGION is `Ireland`, expected a region"),
        ("AWS_SECRET_ACCESS_KEY", "", "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"),
        ("AWS_ENDPOINT_URL_LOGS", "localhost", "AWS_ENDPOINT_URL_LOGS is `localhost`, expected"),
        ("AWS_ENDPOINT_URL_LOGS", "http://localhost:1:2", "AWS_ENDPOINT_URL_LOGS is `http://l"),
    ] {
        let telemetry = install(&server, &[(variable, value)]);
        let [failed] = telemetry.failed_destinations() else { panic!("{variable}={value}") };
        let expected = format!("cloudwatch is off: {expected}");
        assert!(failed.to_string().starts_with(&expected), "{failed}");
        assert!(telemetry.shutdown(LONG).in_time);
    }
    // Nothing is asked of AWS without a group.
    let without = [("CLOUDWATCH_LOG_GROUP", ""), ("AWS_REGION", "Ireland")];
    assert!(install(&server, &without).failed_destinations().is_empty());
}

#[test]
fn the_default_stream_says_who_writes() {
    let _turn = turn();
    let server = CloudwatchServer::start().in_real_time();
    let telemetry =
        install(&server, &[("CLOUDWATCH_LOG_STREAM", ""), ("CLOUDWATCH_LOG_RETENTION_DAYS", "14")]);
    tracing::info!("hello");
    assert!(telemetry.shutdown(LONG).in_time);
    let store = server.store();
    let [stream] = store.streams(GROUP)[..] else { panic!("one stream") };
    assert!(stream.ends_with(&format!("/{}", std::process::id())), "{stream}");
    assert!(stream.contains("/cloudwatch"), "it names the program: {stream}");
    assert_eq!(store.retention_days(GROUP), Some(14));
}

#[test]
fn segments_say_where_the_log_is() {
    let _turn = turn();
    let (server, daemon) = (CloudwatchServer::start().in_real_time(), XrayDaemon::start());
    let address = daemon.address().to_string();
    let telemetry = install(
        &server,
        &[("AWS_XRAY_DAEMON_ADDRESS", &address), ("SPANWRIGHT_XRAY_SAMPLING", "as-spans")],
    );
    drop(Span::build("GET /home").kind(SpanKind::Server).start());
    assert!(telemetry.shutdown(LONG).in_time);
    daemon.wait_for(1);
    let [document] = &daemon.documents()[..] else { panic!("one document") };
    let groups = &document.json["aws"]["cloudwatch_logs"];
    assert_eq!(*groups, serde_json::json!([{"log_group": GROUP}]));
}

#[test]
fn a_template_that_makes_no_name_is_an_error() {
    let environment: Environment =
        [("CLOUDWATCH_LOG_GROUP", GROUP), ("CLOUDWATCH_LOG_STREAM", "{host}")]
            .into_iter()
            .collect();
    let error = Config::from_environment(&environment).expect_err("the value is bad").to_string();
    let expected = "CLOUDWATCH_LOG_STREAM is `{host}`: `{host}` is not known, expected";
    assert!(error.starts_with(expected), "{error}");
}
