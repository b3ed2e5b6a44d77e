//! A service that is away for a while.

use std::time::Duration;

use spanwright::export::Exporter as _;
use spanwright::export::cloudwatch::Exporter;
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::record::{LogRecord, Processor};
use support::cloudwatch_server::CloudwatchServer;
use support::rig::{LONG, Sum, delivered, in_turn, quick, sum};

use crate::rig::{GROUP, STREAM, events, in_any_order, log, rig};

#[test]
fn nothing_is_lost_when_the_service_is_killed_and_comes_back() {
    let mut server = CloudwatchServer::start();
    let rig = rig(&server, &quick());
    rig.handle.process(&events(1..=50));
    // Its answers have come, too: what is kept and not confirmed would be sent once more.
    assert!(rig.flush(LONG).in_time);
    server.kill();
    for at in 1..10 {
        rig.handle.process(&events(at * 50 + 1..=at * 50 + 50));
    }
    assert!(!rig.flush(Duration::from_millis(50)).in_time);
    server.restart();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(500));
    assert_eq!(in_any_order(&server), (1..=500).collect::<Vec<_>>());
}

fn encoded_bytes(events: &[LogRecord]) -> usize {
    let mut exporter = Exporter::new(&log(), "http://h");
    let mut encoded = Vec::new();
    for event in events {
        exporter.encode(event, &mut encoded).expect("an event has a form");
    }
    encoded.len()
}

#[test]
fn an_outage_ends_in_few_large_requests() {
    let mut server = CloudwatchServer::with(GROUP, STREAM);
    let settings = Settings { max_batch_age: Duration::from_millis(1), ..in_turn() };
    let rig = rig(&server, &settings);
    server.kill();
    for at in 0..100 {
        rig.handle.process(&events(at * 10 + 1..=at * 10 + 10));
    }
    // All of them wait in their final form.
    while rig.handle.held_bytes() > encoded_bytes(&events(1..=1_000)) {
        std::thread::yield_now();
    }
    server.restart();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), Sum(1_000, 1_000, 0, vec![]));
    assert!(server.bodies("PutLogEvents").len() < 10);
}

#[test]
fn memory_is_bounded_while_nothing_is_taken_and_what_does_not_fit_is_counted() {
    let mut server = CloudwatchServer::start();
    server.kill();
    let settings = Settings { max_bytes: 64 * 1024, ..quick() };
    let rig = rig(&server, &settings);
    for at in 0..200 {
        rig.handle.process(&events(at * 10 + 1..=at * 10 + 10));
        assert!(rig.handle.held_bytes() <= 64 * 1024, "{}", rig.handle.held_bytes());
    }
    let stopped = rig.shutdown(Duration::from_millis(50));
    let Sum(2_000, 0, 0, lost) = sum(stopped.tally) else { panic!("{stopped:?}") };
    let reasons: Vec<_> = lost.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(reasons, [LossReason::QueueFull, LossReason::Shutdown]);
}
