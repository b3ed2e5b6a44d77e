//! Documents that the daemon passes on and answers, and both ways side by side.

use std::time::Duration;

use spanwright::loss::LossReason;
use spanwright::pipeline::transport::{daemon, udp};
use spanwright::record::Processor;
use support::http_server::Answer;
use support::rig::{LONG, Rig, Sum, client, delivered, in_turn, lost, quick, sum};
use support::xray_daemon::{self, Way as Came, XrayDaemon};

use crate::dialect::{Dialect, Document, Way, assert_all, documents, id, settings};

const PATH: &str = "/TraceSegments";

fn rig(daemon: &XrayDaemon, timeout: Duration) -> Rig<Document> {
    Rig::new(Dialect::new(Way::Tcp, daemon.address()), client(timeout), &quick())
}

/// Ten documents; the counts, and how many requests they took.
fn play(script: impl IntoIterator<Item = Answer>) -> (Sum, usize) {
    let daemon = XrayDaemon::start();
    daemon.script(PATH, script);
    let tally = rig(&daemon, LONG).deliver(&documents(1..=10, 600));
    (sum(tally), daemon.requests().len())
}

#[test]
fn documents_are_acknowledged_one_by_one() {
    let judge = |document: &serde_json::Value| (document["id"] == id(3)).then_some("InvalidName");
    let daemon = XrayDaemon::with(xray_daemon::Settings {
        judge: std::sync::Arc::new(judge),
        ..Default::default()
    });
    let tally = rig(&daemon, LONG).deliver(&documents(1..=10, 600));
    assert_eq!(sum(tally), Sum(10, 9, 1, vec![]));
    assert_eq!(daemon.documents().len(), 9);
    let [refused] = &daemon.unprocessed()[..] else { panic!("one document") };
    assert_eq!((refused.id.clone(), refused.error_code), (Some(id(3)), "InvalidName"));
    let [request] = &daemon.requests()[..] else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", PATH));
}

#[test]
fn a_service_that_is_not_available_is_asked_again() {
    let busy = Answer::status(429).header("Retry-After", "0");
    for script in [
        vec![Answer::status(503), Answer::status(500), busy],
        vec![Answer::Reset, Answer::Raw(Vec::new())],
        vec![Answer::Raw(b"\0 no HTTP/1.1\r\n\r\n".to_vec())],
    ] {
        let failures = script.len();
        assert_eq!(play(script), (delivered(10), failures + 1));
    }
}

#[test]
fn a_request_that_the_service_refuses_is_not_repeated() {
    for status in [400, 403, 404] {
        let expected = lost(10, LossReason::Refused);
        assert_eq!(play([Answer::status(status).body("no")]), (expected, 1), "{status}");
    }
}

#[test]
fn a_request_that_hangs_is_abandoned_and_repeated() {
    let daemon = XrayDaemon::start();
    daemon.script(PATH, [Answer::Hang]);
    let tally = rig(&daemon, Duration::from_millis(100)).deliver(&documents(1..=10, 600));
    assert_eq!(sum(tally), delivered(10));
    // A busy machine may be late once more.
    assert!(daemon.requests().len() >= 2);
    assert_all(&daemon, 1..=10);
}

#[test]
fn a_daemon_that_restarts_gets_what_it_missed() {
    let mut daemon = XrayDaemon::start();
    let rig = rig(&daemon, LONG);
    rig.handle.process(&documents(1..=10, 600));
    assert!(rig.flush(LONG).in_time);
    daemon.stop();
    rig.handle.process(&documents(11..=20, 600));
    assert!(!rig.flush(Duration::from_millis(30)).in_time);
    daemon.restart();
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(20));
    assert_all(&daemon, 1..=20);
}

#[test]
fn the_url_of_a_request_chooses_the_way() {
    let daemon = XrayDaemon::start();
    let both = daemon::Client { udp: udp::Client::new(settings(&daemon)), http: client(LONG) };
    let rig = Rig::new(Dialect::new(Way::Auto, daemon.address()), both, &in_turn());
    let lens = (1..).zip([600, 40_000, 600, 64_000]);
    let group: Vec<_> = lens.map(|(number, len)| Document { number, len }).collect();
    let tally = rig.deliver(&group.into());
    assert_eq!(
        (sum(tally), tally.sent),
        (Sum(4, 2, 0, vec![]), 2),
        "datagrams are not acknowledged"
    );
    daemon.wait_for(4);
    let mut found: Vec<_> =
        daemon.documents().into_iter().filter_map(|it| Some((it.id?, it.way))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let ways = [Came::Udp, Came::Tcp, Came::Udp, Came::Tcp];
    assert_eq!(found, (1..).map(id).zip(ways).collect::<Vec<_>>());
}
