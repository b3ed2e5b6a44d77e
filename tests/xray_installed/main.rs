//! X-Ray as users turn it on: one installation for the process, spans of any thread, and a double of
//! the daemon. The tests take turns.

mod diagnosis;
mod lambda;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;
use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::Tally;
use spanwright::record::SpanKind;
use spanwright::span::missing_segments;
use spanwright::{Config, Span, Telemetry, xray_subsegment};
use support::http_server::Answer;
use support::xray_daemon::{self, XrayDaemon};

/// Long enough for whatever works at all.
const LONG: Duration = Duration::from_secs(30);

/// One installation at a time: whoever holds this has it.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn install(daemon: &XrayDaemon, variables: &[(&str, &str)]) -> Telemetry {
    let address = daemon.address().to_string();
    let mut all =
        vec![("AWS_XRAY_DAEMON_ADDRESS", address.as_str()), ("OTEL_SERVICE_NAME", "cruddur")];
    all.extend(variables);
    let environment: Environment = all.into_iter().collect();
    let config = Config::from_environment(&environment).expect("there is nothing to misread");
    config.install().expect("nothing else is installed")
}

/// What X-Ray did, of what a flush or a shutdown has come to.
fn xray(report: &Report) -> &Tally {
    let mut destinations = report.destinations.iter();
    &destinations.find(|it| it.destination == "xray").expect("X-Ray is a destination").tally
}

/// A request with subsegments below it.
fn request(subsegments: usize) {
    let request = Span::build("GET /home").kind(SpanKind::Server).start();
    request.in_scope(|| {
        for _ in 0..subsegments {
            drop(Span::build("step").subsegment().start());
        }
    });
}

/// The ids of a document and of everything nested in it.
fn ids(document: &Value, found: &mut Vec<String>) {
    found.push(document["id"].as_str().expect("an id").to_owned());
    for nested in document["subsegments"].as_array().into_iter().flatten() {
        ids(nested, found);
    }
}

fn all_ids(daemon: &XrayDaemon) -> Vec<String> {
    let mut found = Vec::new();
    for document in daemon.documents() {
        ids(&document.json, &mut found);
    }
    found
}

#[test]
fn a_burst_of_five_thousand_spans_arrives_whole_and_valid() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[("SPANWRIGHT_XRAY_SAMPLING", "as-spans")]);
    for _ in 0..500 {
        request(9);
    }
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    let Tally { delivered, sent, .. } = *xray(&report);
    assert_eq!((delivered, sent, xray(&report).lost()), (0, 500, 0), "{report}");
    assert!(report.to_string().contains("delivered 0, sent 500, rejected 0, lost 0"), "{report}");
    daemon.wait_for(500);
    let found = all_ids(&daemon);
    assert_eq!(found.len(), 5_000);
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 5_000, "every id once");
    assert_eq!(
        (daemon.overflowed(), daemon.dropped().len(), daemon.unprocessed().len()),
        (0, 0, 0)
    );
}

#[test]
fn a_daemon_that_is_restarted_misses_only_what_is_counted() {
    let _turn = turn();
    let mut daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[("SPANWRIGHT_XRAY_SAMPLING", "as-spans")]);
    for _ in 0..100 {
        request(9);
    }
    assert!(telemetry.flush(LONG).in_time);
    daemon.wait_for(100);
    daemon.stop();
    for _ in 0..100 {
        request(9);
    }
    assert!(!telemetry.flush(Duration::from_millis(200)).in_time, "nobody takes it");
    daemon.restart();
    let report = telemetry.shutdown(LONG);
    let Tally { accepted, sent, .. } = *xray(&report);
    assert_eq!((accepted, sent, xray(&report).lost()), (200, 200, 0), "{report}");
    daemon.wait_for(200);
    let found: BTreeSet<_> = all_ids(&daemon).into_iter().collect();
    assert_eq!(found.len(), 2_000);
}

#[test]
fn a_trace_of_which_some_documents_are_refused_is_rejected_once() {
    let _turn = turn();
    let judge = |document: &Value| (document["type"] == "subsegment").then_some("InvalidName");
    let judge = std::sync::Arc::new(judge);
    let daemon = XrayDaemon::with(xray_daemon::Settings { judge, ..Default::default() });
    let variables =
        [("SPANWRIGHT_XRAY_SAMPLING", "as-spans"), ("SPANWRIGHT_XRAY_TRANSPORT", "tcp-acked")];
    let telemetry = install(&daemon, &variables);
    Span::build("large").kind(SpanKind::Server).start().in_scope(|| {
        for _ in 0..6 {
            let step = Span::build("step").subsegment().start();
            step.set_metadata("debug", "note", "x".repeat(30_000));
        }
    });
    request(3);
    let report = telemetry.shutdown(LONG);
    let Tally { accepted, delivered, rejected, .. } = *xray(&report);
    assert!(daemon.unprocessed().len() >= 2, "the trace is split");
    assert_eq!((accepted, delivered, rejected, xray(&report).lost()), (2, 1, 1, 0), "{report}");
}

#[test]
fn acknowledged_requests_are_in_flight_at_the_same_time() {
    let _turn = turn();
    for (setting, connections) in [("", 8), ("3", 3)] {
        let daemon = XrayDaemon::start();
        let barrier = Barrier::new(connections);
        let (current, peak) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let highest = Arc::clone(&peak);
        daemon.answer("/TraceSegments", move |_| {
            let in_flight = current.fetch_add(1, Ordering::Relaxed) + 1;
            peak.fetch_max(in_flight, Ordering::Relaxed);
            barrier.wait();
            current.fetch_sub(1, Ordering::Relaxed);
            Answer::status(200)
        });
        let variables = [
            ("SPANWRIGHT_XRAY_SAMPLING", "as-spans"),
            ("SPANWRIGHT_XRAY_TRANSPORT", "tcp-acked"),
            ("SPANWRIGHT_XRAY_CONNECTIONS", setting),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1"),
        ];
        let telemetry = install(&daemon, &variables);
        for _ in 0..2 * connections {
            request(0);
        }
        let report = telemetry.shutdown(LONG);
        let expected = 2 * connections as u64;
        assert_eq!((xray(&report).delivered, xray(&report).sent), (expected, 0), "{report}");
        assert_eq!(highest.load(Ordering::Relaxed), connections);
    }
}

#[test]
fn a_segment_that_stays_open_above_an_ended_one_costs_nothing_at_a_flush() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[("SPANWRIGHT_XRAY_SAMPLING", "as-spans")]);
    let open = Span::build("job").segment().start();
    open.in_scope(|| drop(Span::build("step").subsegment().start()));
    assert!(telemetry.flush(LONG).in_time);
    daemon.wait_for(1);
    drop(open);
    assert!(telemetry.shutdown(LONG).in_time);
    daemon.wait_for(2);
    let documents: Vec<Value> = daemon.documents().into_iter().map(|it| it.json).collect();
    assert_eq!(documents[0]["type"], "subsegment");
    assert_eq!(documents[0]["parent_id"], documents[1]["id"]);
    assert_eq!(documents[1]["name"], "cruddur");
}

#[test]
fn the_rules_of_the_account_are_asked_for_through_the_daemon() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let telemetry = install(&daemon, &[]);
    daemon.wait_for_requests(1);
    assert_eq!(daemon.requests()[0].path, "/GetSamplingRules");
    // Until there are rules it is one a second and a share of the rest: the first is kept.
    request(0);
    assert!(telemetry.shutdown(LONG).in_time);
    daemon.wait_for(1);
}

#[test]
fn local_rules_decide_where_the_file_says_so() {
    let _turn = turn();
    let rules = r#"{"SamplingRule": {"RuleName": "none", "ResourceARN": "*", "Priority": 1,
        "FixedRate": 0, "ReservoirSize": 0, "ServiceName": "cruddur", "ServiceType": "*",
        "Host": "*", "HTTPMethod": "*", "URLPath": "*", "Version": 1}}"#;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("none.json");
    std::fs::write(&path, rules).unwrap();
    let daemon = XrayDaemon::start();
    let telemetry = install(
        &daemon,
        &[("SPANWRIGHT_XRAY_SAMPLING", "local"), ("SPANWRIGHT_XRAY_RULES", path.to_str().unwrap())],
    );
    // Spans are counted for the process, in which other tests made some.
    let before = telemetry.flush(LONG).spans.accepted;
    for _ in 0..10 {
        request(1);
    }
    let report = telemetry.shutdown(LONG);
    assert_eq!((xray(&report).accepted, report.spans.accepted - before), (0, 0), "{report}");
}

#[xray_subsegment]
fn step(number: u64) -> u64 {
    number + 1
}

#[test]
fn a_subsegment_outside_of_any_segment_is_counted_and_its_function_works() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    for policy in ["LOG_ERROR", "RUNTIME_ERROR", "IGNORE_ERROR"] {
        let variables =
            [("SPANWRIGHT_XRAY_SAMPLING", "as-spans"), ("AWS_XRAY_CONTEXT_MISSING", policy)];
        let telemetry = install(&daemon, &variables);
        let before = missing_segments();
        assert_eq!(step(1), 2);
        assert_eq!(missing_segments() - before, 1, "{policy}");
        // Below a request that has no segment by decision, nothing is missing.
        let unsampled = [("X-Amzn-Trace-Id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")];
        let incoming = spanwright::extract(&unsampled.as_slice());
        let request = Span::build("GET").kind(SpanKind::Server).incoming(&incoming).start();
        assert_eq!(request.in_scope(|| step(2)), 3);
        drop(request);
        assert_eq!(missing_segments() - before, 1, "{policy}");
        let report = telemetry.shutdown(LONG);
        assert_eq!(xray(&report).accepted, 0, "{report}");
    }
    let before = missing_segments();
    assert_eq!(step(1), 2);
    assert_eq!(missing_segments(), before, "nobody takes segments here");
}

/// A file of rules that is gone with its test.
struct RulesFile(std::path::PathBuf);

impl RulesFile {
    fn new(name: &str, rate: &str) -> Self {
        let path = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let rules = format!(
            r#"{{"version": 2, "default": {{"fixed_target": 0, "rate": {rate}}}, "rules": []}}"#
        );
        std::fs::write(&path, rules).expect("the folder of the build is writable");
        Self(path)
    }
}

impl Drop for RulesFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[test]
fn the_sampler_xray_decides_once_for_spans_and_segments() {
    let _turn = turn();
    let (daemon, sink) = (XrayDaemon::start(), support::otlp_sink::OtlpSink::start());
    let rules = RulesFile::new("half-of-all.json", "0.5");
    let telemetry = install(
        &daemon,
        &[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint()),
            ("OTEL_TRACES_SAMPLER", "xray"),
            ("SPANWRIGHT_XRAY_SAMPLING", "local"),
            ("SPANWRIGHT_XRAY_RULES", &rules.0.display().to_string()),
        ],
    );
    for _ in 0..200 {
        request(0);
    }
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    let number = |id: &[u8]| u128::from_be_bytes(id.try_into().expect("16 bytes"));
    let spans = sink.spans();
    let of_spans: BTreeSet<_> = spans.iter().flatten().map(|span| number(&span.trace_id)).collect();
    daemon.wait_for(of_spans.len());
    let trace_id = |document: &Value| {
        let text = document["trace_id"].as_str().expect("an id");
        u128::from_str_radix(&text[2..].replace('-', ""), 16).expect("hexadecimal digits")
    };
    let documents = daemon.documents();
    let of_segments: BTreeSet<_> = documents.iter().map(|it| trace_id(&it.json)).collect();
    assert_eq!(of_spans, of_segments);
    assert!((50..150).contains(&of_spans.len()), "{}", of_spans.len());
}

#[test]
fn the_sampler_xray_fetches_rules_without_a_destination_x_ray() {
    let _turn = turn();
    let daemon = XrayDaemon::start();
    let argument = format!("endpoint=http://{}", daemon.address());
    let telemetry = install(
        &daemon,
        &[
            ("AWS_XRAY_DAEMON_ADDRESS", ""),
            ("SPANWRIGHT_CONSOLE", "1"),
            ("OTEL_TRACES_SAMPLER", "xray"),
            ("OTEL_TRACES_SAMPLER_ARG", &argument),
        ],
    );
    daemon.wait_for_requests(1);
    assert!(daemon.requests()[0].path.contains("GetSamplingRules"));
    let report = telemetry.shutdown(LONG);
    assert!(report.destinations.iter().all(|it| it.destination != "xray"), "{report}");
}
