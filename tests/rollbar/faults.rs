//! Every fault that Rollbar can have: the requests it sees, and what is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use spanwright::export::rollbar::{Endpoint, Exporter, Settings as Rollbar};
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::record::{
    Attribute, Cause, ErrorRecord, Person, Processor, ReportId, StackFrame, Subject,
};
use spanwright::secret::Secret;
use support::alone::{alone, said};
use support::http_server::{Answer, Received};
use support::rig::{A_MOMENT, LONG, Rig, Sum, client, delivered, in_turn, lost, quick, sum};
use support::rollbar_server::{READ_TOKEN, RollbarServer, TOKEN, rate_limit, refusal};
use support::turn::{Turn, chosen};

use crate::records::message;

/// A failure with more than it takes to be understood.
fn failure(number: u64) -> ErrorRecord {
    let cause = |name: &'static str| Cause {
        type_name: Some(name.into()),
        message: format!("{name} number {number}: {}", "long ".repeat(500)),
    };
    let frame = |line| StackFrame {
        function: Some(format!("cruddur::services::step_{line}")),
        file: Some("src/services/home_activities.rs".to_owned()),
        line: Some(line),
        is_in_app: true,
        ..StackFrame::default()
    };
    ErrorRecord {
        id: id(number),
        subject: Subject::Error(vec![cause("AppError"), cause("sqlx::Error")]),
        stack: (1..=100).map(frame).collect(),
        person: Person { id: Some("42".to_owned()), ..Person::default() },
        custom: vec![Attribute::new("query", "select ".repeat(500))],
        ..message("")
    }
}

/// A failure of which Rollbar takes a smaller form when this one is too large.
fn large() -> ErrorRecord {
    let custom = (0..100).map(|at| Attribute::new(format!("query.{at}"), "select ".repeat(500)));
    ErrorRecord { custom: custom.collect(), ..failure(1) }
}

fn failures(numbers: std::ops::RangeInclusive<u64>) -> Arc<[ErrorRecord]> {
    numbers.map(failure).collect()
}

fn id(number: u64) -> ReportId {
    ReportId::from_random(number.into())
}

fn exporter(server: &RollbarServer, token: &'static str) -> Exporter {
    let endpoint = Endpoint::new(&server.endpoint()).expect("the double has an address");
    let environment = Some("test".to_owned());
    let settings = Rollbar { endpoint, environment, ..Rollbar::new(Secret::new(token)) };
    Exporter::new(&settings)
}

fn rig(server: &RollbarServer, settings: &Settings) -> Rig<ErrorRecord> {
    Rig::new(exporter(server, TOKEN), client(LONG), settings)
}

/// One failure through a scripted server; the counts and the server.
fn play(script: Vec<Turn>) -> (Sum, RollbarServer) {
    play_with(script, failure(1))
}

fn play_with(script: Vec<Turn>, failure: ErrorRecord) -> (Sum, RollbarServer) {
    let server = RollbarServer::scripted(script);
    let tally = rig(&server, &quick()).deliver(&Arc::from([failure]));
    (sum(tally), server)
}

/// The same until it is taken: every request carries the same bytes, and the item is there once.
fn retried(script: Vec<Turn>) -> usize {
    let (sum, server) = play(script);
    assert_eq!(sum, delivered(1));
    let bodies = |requests: Vec<Received>| requests.into_iter().map(|it| it.body);
    let bodies: Vec<_> = bodies(server.received()).collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "a retry sends the same bytes");
    assert_eq!(uuids(&server.items()), [id(1).to_string()]);
    bodies.len()
}

fn uuids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["uuid"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Whether it stands for an item that was not taken, and says for which.
fn is_failsafe(item: &Value) -> bool {
    item["body"]["message"]["body"].is_string() && item.to_string().contains(&id(1).to_string())
}

#[test]
fn every_failure_is_delivered_in_a_request_of_its_own() {
    let server = RollbarServer::start();
    let tally = rig(&server, &quick()).deliver(&failures(1..=5));
    assert_eq!(sum(tally), delivered(5));
    let expected: BTreeSet<_> = (1..=5).map(|number| id(number).to_string()).collect();
    assert_eq!(uuids(&server.items()).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!((server.received().len(), server.refusals()), (5, vec![]));
}

#[test]
fn a_server_that_fails_is_asked_again_with_the_same_item() {
    let script = [500, 502, 503, 504].map(refusal);
    assert_eq!(retried(script.to_vec()), 5);
}

#[test]
fn a_broken_connection_or_garbage_is_asked_again() {
    let garbage = b"\0\0\x06\x04 this is not HTTP/1.1\r\n\r\n".to_vec();
    for answer in [Answer::Reset, Answer::Raw(Vec::new()), Answer::Raw(garbage)] {
        assert_eq!(retried(vec![Turn::Instead(answer.clone()), Turn::Instead(answer)]), 3);
    }
}

#[test]
fn an_answer_that_is_lost_does_not_make_a_second_item() {
    assert_eq!(retried(vec![Turn::JudgeUnheard, Turn::JudgeUnheard]), 3);
}

#[test]
fn a_request_that_hangs_is_abandoned_and_sent_again() {
    let server = RollbarServer::scripted(vec![Turn::Instead(Answer::Hang)]);
    let timeout = Duration::from_millis(50);
    let rig = Rig::new(exporter(&server, TOKEN), client(timeout), &quick());
    assert_eq!(sum(rig.deliver(&failures(1..=1))), delivered(1));
    assert_eq!((server.received().len(), server.items().len()), (2, 1));
}

#[test]
fn a_garbage_body_of_a_success_is_a_success() {
    let (sum, server) = play(vec![Turn::Instead(Answer::status(200).body("<html>"))]);
    assert_eq!((sum, server.received().len()), (delivered(1), 1));
}

#[test]
fn nothing_is_sent_before_the_wait_of_a_rate_limit_is_over() {
    let server = RollbarServer::scripted(vec![rate_limit(3_600)]);
    let rig = rig(&server, &in_turn());
    rig.handle.process(&failures(1..=1));
    server.server.wait_for(1);
    rig.handle.process(&failures(2..=9));
    assert!(!rig.flush(A_MOMENT).in_time);
    let stopped = rig.shutdown(Duration::from_millis(30));
    assert_eq!(sum(stopped.tally), lost(9, LossReason::Shutdown));
    assert_eq!(server.received().len(), 1);
}

#[test]
fn the_wait_of_a_rate_limit_ends_and_everything_arrives() {
    let server = RollbarServer::scripted(vec![rate_limit(1)]);
    let rig = rig(&server, &in_turn());
    let before = tokio::time::Instant::now();
    assert_eq!(sum(rig.deliver(&failures(1..=3))), delivered(3));
    assert!(before.elapsed() >= Duration::from_secs(1), "{:?}", before.elapsed());
    assert_eq!((server.received().len(), server.items().len()), (4, 3));
    assert_eq!(retried(vec![rate_limit(0), refusal(429)]), 3);
}

#[test]
fn what_is_too_large_becomes_smaller_until_it_is_taken() {
    let (sum, server) = play_with(vec![refusal(413)], large());
    assert_eq!((sum, server.refusals()), (delivered(1), vec![]));
    let sent = server.received();
    assert_eq!(sent.len(), 2);
    assert!(sent[1].body.len() < sent[0].body.len() / 2);
    let [item] = &server.items()[..] else { panic!("one item") };
    assert_eq!(item["uuid"], id(1).to_string());
    assert!(item["body"]["trace_chain"].is_array(), "it is still told as what it is: {item}");
}

#[test]
fn what_is_too_large_in_any_form_is_stood_for_by_a_failsafe_and_counted_as_rejected() {
    for (failure, forms) in [(failure(1), 1), (large(), 2)] {
        let (sum, server) = play_with(vec![refusal(413); forms], failure.clone());
        assert_eq!(sum, Sum(1, 0, 1, vec![]));
        let [item] = &server.items()[..] else { panic!("the failsafe is taken") };
        assert!(is_failsafe(item), "{item}");
        let sizes: Vec<_> = server.received().iter().map(|it| it.body.len()).collect();
        assert_eq!((sizes.len(), server.refusals()), (forms + 1, vec![]));
        assert!(sizes.is_sorted_by(|before, after| before > after), "{sizes:?}");

        let (sum, server) = play_with(vec![refusal(413); forms + 1], failure);
        assert_eq!(sum, lost(1, LossReason::TooLarge));
        assert_eq!((server.received().len(), server.items().len()), (forms + 1, 0));
    }
}

#[test]
fn what_is_not_understood_is_stood_for_by_a_failsafe_and_counted_as_rejected() {
    for status in [400, 422] {
        let (sum, server) = play(vec![refusal(status)]);
        assert_eq!(sum, Sum(1, 0, 1, vec![]), "{status}");
        let [item] = &server.items()[..] else { panic!("the failsafe is taken") };
        assert!(is_failsafe(item), "{item}");
        assert_eq!((server.received().len(), server.refusals()), (2, vec![]));

        let (sum, server) = play(vec![refusal(status), refusal(status)]);
        assert_eq!((sum, server.received().len()), (lost(1, LossReason::Refused), 2), "{status}");
    }
}

#[test]
fn a_report_of_two_words_has_a_failsafe_too() {
    let (sum, server) = play_with(vec![refusal(422)], message("Hello World!"));
    assert_eq!(sum, Sum(1, 0, 1, vec![]));
    let [item] = &server.items()[..] else { panic!("the failsafe is taken") };
    assert!(is_failsafe(item), "{item}");
}

#[test]
fn a_token_that_may_not_report_stops_everything() {
    for (token, status) in [("0", 403), (READ_TOKEN, 403)] {
        let server = RollbarServer::start();
        let rig = Rig::new(exporter(&server, token), client(LONG), &in_turn());
        rig.handle.process(&failures(1..=3));
        server.server.wait_for(1);
        assert!(!rig.flush(Duration::from_millis(30)).in_time);
        let stopped = rig.shutdown(Duration::from_millis(30));
        assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
        let statuses: Vec<_> = server.refusals().iter().map(|it| it.status).collect();
        assert_eq!(statuses, [status]);
    }
}

#[test]
fn sending_resumes_after_a_while_when_the_token_is_good_again() {
    for status in [401, 403] {
        let server = RollbarServer::scripted(vec![refusal(status)]);
        // No wait is longer than all patience.
        let settings = Settings { give_up_after: Duration::from_secs(1), ..in_turn() };
        let tally = rig(&server, &settings).deliver(&failures(1..=2));
        assert_eq!(sum(tally), delivered(2), "{status}");
        assert_eq!(server.received().len(), 3);
    }
}

#[test]
fn a_wrong_address_is_refused_and_not_asked_again() {
    for status in [404, 405, 307] {
        let (sum, server) = play(vec![refusal(status)]);
        assert_eq!((sum, server.received().len()), (lost(1, LossReason::Refused), 1), "{status}");
    }
}

#[test]
fn the_status_decides_however_long_the_body_is() {
    let long = |status| Turn::Instead(Answer::status(status).body(vec![b'x'; 4 * 1024 * 1024 + 1]));
    let (sum, server) = play(vec![long(200)]);
    assert_eq!((sum, server.received().len()), (delivered(1), 1));
    assert_eq!(retried(vec![long(500), long(503)]), 3);
}

#[test]
fn a_server_to_which_all_is_too_large_gets_few_requests() {
    let server = RollbarServer::scripted_then(Vec::new(), refusal(413));
    let tally = rig(&server, &in_turn()).deliver(&failures(1..=100));
    assert_eq!(sum(tally), lost(100, LossReason::TooLarge));
    assert!(server.received().len() <= 20, "{}", server.received().len());
}

#[test]
fn nobody_listening_is_asked_again_to_the_end() {
    let server = RollbarServer::start();
    let exporter = exporter(&server, TOKEN);
    drop(server);
    let rig = Rig::new(exporter, client(LONG), &quick());
    rig.handle.process(&failures(1..=3));
    assert!(!rig.flush(Duration::from_millis(50)).in_time);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
}

#[test]
fn what_fails_to_its_deadline_is_lost_as_exhausted() {
    let server = RollbarServer::scripted_then(Vec::new(), refusal(503));
    let settings = Settings { give_up_after: Duration::from_millis(200), ..quick() };
    let tally = rig(&server, &settings).deliver(&failures(1..=3));
    assert_eq!(sum(tally), lost(3, LossReason::RetriesExhausted));
    assert!(server.received().len() > 3);
}

#[test]
fn a_shutdown_in_the_middle_of_retries_keeps_its_deadline_and_counts() {
    let script = vec![Turn::Judge, refusal(413)];
    let server = RollbarServer::scripted_then(script, refusal(503));
    let rig = rig(&server, &in_turn());
    rig.handle.process(&failures(1..=4));
    server.server.wait_for(4);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert!(stopped.in_time, "{stopped:?}");
    assert_eq!(sum(stopped.tally), Sum(4, 1, 0, vec![(LossReason::Shutdown, 3)]));
    assert_eq!(rig.handle.held_bytes(), 0);
}

#[test]
fn a_shutdown_does_not_wait_longer_for_a_server_that_hangs() {
    let server = RollbarServer::scripted_then(Vec::new(), Turn::Instead(Answer::Hang));
    let rig = rig(&server, &in_turn());
    rig.handle.process(&failures(1..=3));
    server.server.wait_for(1);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert_eq!(sum(stopped.tally), lost(3, LossReason::Shutdown));
    assert_eq!((rig.handle.held_bytes(), server.received().len()), (0, 1));
}

#[test]
fn whatever_happens_every_failure_has_one_fate_and_no_item_is_there_twice() {
    let turns = [
        Turn::JudgeUnheard,
        Turn::Instead(Answer::Reset),
        refusal(503),
        rate_limit(0),
        refusal(413),
        refusal(422),
        refusal(404),
        Turn::Judge,
        Turn::Judge,
        Turn::Judge,
    ];
    let mut fates = [0, 0, 0];
    for seed in 1..=30 {
        let server = RollbarServer::scripted(chosen(&turns, seed, 40));
        let tally = rig(&server, &quick()).deliver(&failures(1..=12));
        let Sum(12, delivered, rejected, lost) = sum(tally) else { panic!("{tally:?}") };
        let uuids = uuids(&server.items());
        assert_eq!(uuids.iter().collect::<BTreeSet<_>>().len(), uuids.len(), "seed {seed}");
        // More are there when an answer was lost and the next one was final.
        assert!(uuids.len() as u64 >= delivered + rejected, "seed {seed}: {tally:?}");
        assert_eq!(server.refusals(), []);
        let lost = lost.iter().map(|(_, records)| records).sum();
        for (sum, records) in fates.iter_mut().zip([delivered, rejected, lost]) {
            *sum += records;
        }
    }
    assert!(fates.iter().all(|records| *records > 20), "{fates:?}: the scripts reach every fate");
}

#[test]
fn what_goes_wrong_is_said_on_standard_error() {
    for (test, expected) in [
        ("a_token_that_may_not_report_stops_everything", "access token not found"),
        ("nothing_is_sent_before_the_wait_of_a_rate_limit_is_over", "takes nothing for 3600s"),
        ("what_is_too_large_becomes_smaller_until_it_is_taken", "a smaller form follows"),
        ("what_is_not_understood_is_stood_for_by_a_failsafe_and_counted_as_rejected", "400"),
        ("a_wrong_address_is_refused_and_not_asked_again", "records lost, refused"),
    ] {
        let said = said(&mut alone(&format!("faults::{test}")));
        let is_said = said.lines().any(|line| {
            line.starts_with("spanwright: rollbar at 127.0.0.1") && line.contains(expected)
        });
        assert!(is_said, "{test}: {expected} in\n{said}");
        assert!(!said.contains(TOKEN) && !said.contains(READ_TOKEN), "{said}");
    }
}
