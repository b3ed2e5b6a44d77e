//! Who signs, and what is said where the service does not take it.

use std::time::{Duration, SystemTime};

use spanwright::aws::Credentials;
use spanwright::export::cloudwatch::Exporter;
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::record::{LogRecord, Processor};
use spanwright::secret::Secret;
use support::cloudwatch_server::{ACCESS_KEY_ID, CloudwatchServer, SECRET_ACCESS_KEY, now};
use support::rig::{A_MOMENT, LONG, Rig, delivered, in_turn, lost, sum};

use crate::rig::{GROUP, STREAM, events, log, numbers, rig, transport};

fn server() -> CloudwatchServer {
    CloudwatchServer::with(GROUP, STREAM)
}

fn rig_by(
    server: &CloudwatchServer,
    id: &str,
    secret: &str,
    clock: fn() -> SystemTime,
) -> Rig<LogRecord> {
    let credentials = Credentials::new(id, &Secret::new(secret), None);
    let transport = transport(server, &log(), credentials, clock);
    Rig::new(Exporter::new(&log(), &server.url()), transport, &in_turn())
}

/// It waits after the first refusal, sends nothing more, and counts.
fn waits(server: &CloudwatchServer, rig: &Rig<LogRecord>, code: &str) {
    rig.handle.process(&events(1..=3));
    server.wait_for("PutLogEvents", 1);
    assert!(!rig.flush(A_MOMENT).in_time);
    let stopped = rig.shutdown(Duration::from_millis(30));
    assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
    let codes: Vec<_> = server.refusals().iter().map(|refusal| refusal.code).collect();
    assert_eq!(codes, [code]);
}

#[test]
fn a_key_that_the_service_does_not_know_is_a_wait_with_what_to_do() {
    let server = server();
    let rig = rig_by(&server, "AKIDOTHER", SECRET_ACCESS_KEY, now);
    waits(&server, &rig, "UnrecognizedClientException");
}

#[test]
fn a_secret_of_another_key_is_a_wait() {
    let server = server();
    waits(&server, &rig_by(&server, ACCESS_KEY_ID, "another", now), "InvalidSignatureException");
}

#[test]
fn a_clock_that_is_off_is_named() {
    let server = server();
    let late = || now() - Duration::from_mins(6);
    waits(
        &server,
        &rig_by(&server, ACCESS_KEY_ID, SECRET_ACCESS_KEY, late),
        "InvalidSignatureException",
    );
}

#[test]
fn who_may_not_write_is_told_the_right_to_ask_for() {
    let server = server().deny(&["PutLogEvents"]);
    waits(
        &server,
        &rig_by(&server, ACCESS_KEY_ID, SECRET_ACCESS_KEY, now),
        "AccessDeniedException",
    );
}

#[test]
fn sending_resumes_after_a_while_when_the_rights_are_given() {
    let server = server().deny(&["PutLogEvents"]);
    // No wait is longer than all patience.
    let settings = Settings { give_up_after: Duration::from_secs(1), ..in_turn() };
    let rig = rig(&server, &settings);
    rig.handle.process(&events(1..=2));
    server.wait_for("PutLogEvents", 1);
    server.allow_all();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(2));
    assert_eq!(numbers(&server), [1, 2]);
}

#[test]
fn every_attempt_is_signed_anew() {
    use support::turn::Turn;

    fn clock() -> SystemTime {
        use std::sync::atomic::{AtomicU64, Ordering};
        static CALLS: AtomicU64 = AtomicU64::new(0);
        now() + Duration::from_secs(CALLS.fetch_add(1, Ordering::Relaxed))
    }

    let server = server().script("PutLogEvents", [Turn::status(503), Turn::status(503)]);
    let rig = rig_by(&server, ACCESS_KEY_ID, SECRET_ACCESS_KEY, clock);
    assert_eq!(sum(rig.deliver(&events(1..=2))), delivered(2));
    let received = server.received();
    let dates: Vec<_> = received.iter().filter_map(|it| it.header("x-amz-date")).collect();
    assert_eq!(dates, ["20261120T100000Z", "20261120T100001Z", "20261120T100002Z"]);
}
