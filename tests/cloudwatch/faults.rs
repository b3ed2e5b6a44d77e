//! Every fault that the service can have: the requests it sees, and what is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use spanwright::export::cloudwatch::Settings as Log;
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::record::Processor;
use support::alone::{alone, said};
use support::cloudwatch_server::{CloudwatchServer, SECRET_ACCESS_KEY, refusal};
use support::http_server::Answer;
use support::rig::{A_MOMENT, Sum, delivered, in_turn, lost, quick, sum};
use support::turn::{Turn, chosen};

use crate::rig::{GROUP, STREAM, event, events, in_any_order, kept, log, numbers, rig, rig_of};

const PUT: &str = "PutLogEvents";

fn server() -> CloudwatchServer {
    CloudwatchServer::with(GROUP, STREAM)
}

/// Four events through a scripted server; the counts and the server.
fn play(turns: Vec<Turn>) -> (Sum, CloudwatchServer) {
    let server = server().script(PUT, turns);
    let tally = rig(&server, &in_turn()).deliver(&events(1..=4));
    (sum(tally), server)
}

fn requests(server: &CloudwatchServer) -> usize {
    server.bodies(PUT).len()
}

/// The same until it is taken: every request carries the same bytes.
fn retried(turns: Vec<Turn>) -> usize {
    let (sum, server) = play(turns);
    assert_eq!(sum, delivered(4));
    let bodies = server.bodies(PUT);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "a retry sends the same bytes");
    assert_eq!(numbers(&server), [1, 2, 3, 4]);
    bodies.len()
}

#[test]
fn events_are_delivered_in_one_signed_request() {
    let (sum, server) = play(vec![]);
    assert_eq!(sum, delivered(4));
    assert_eq!((requests(&server), server.refusals()), (1, vec![]));
    assert_eq!(numbers(&server), [1, 2, 3, 4]);
    let [first, ..] = &kept(&server)[..] else { panic!("four events") };
    let expected = event(1);
    assert_eq!(first.unix_ms, expected.unix_ns / 1_000_000);
    assert_eq!(first.json()["event_id"], expected.id.to_string());
}

#[test]
fn a_service_that_fails_is_asked_again_with_the_same_events() {
    let statuses = [429, 500, 502, 503, 504].map(Turn::status);
    assert_eq!(retried(statuses.to_vec()), 6);
}

#[test]
fn a_service_that_has_too_much_to_do_is_asked_again() {
    let codes = ["ThrottlingException", "ServiceUnavailableException", "InternalFailure"];
    assert_eq!(retried(codes.map(refusal).to_vec()), 4);
}

#[test]
fn a_broken_connection_or_garbage_is_asked_again() {
    let garbage = b"\0\0\x06\x04 this is not HTTP/1.1\r\n\r\n".to_vec();
    for answer in [Answer::Reset, Answer::Raw(Vec::new()), Answer::Raw(garbage)] {
        assert_eq!(retried(vec![Turn::Instead(answer.clone()), Turn::Instead(answer)]), 3);
    }
}

#[test]
fn an_answer_that_is_lost_makes_second_events_with_the_same_ids() {
    let (sum, server) = play(vec![Turn::JudgeUnheard]);
    assert_eq!(sum, delivered(4));
    let ids: Vec<_> = kept(&server).iter().map(|event| event.json()["event_id"].clone()).collect();
    let different: BTreeSet<_> = ids.iter().map(ToString::to_string).collect();
    assert_eq!((ids.len(), different.len()), (8, 4));
}

#[test]
fn a_request_that_hangs_is_abandoned_and_sent_again() {
    let server = server().script(PUT, [Turn::Instead(Answer::Hang)]);
    let log = Log { timeout: Duration::from_millis(50), ..log() };
    assert_eq!(sum(rig_of(&server, &log, &quick()).deliver(&events(1..=4))), delivered(4));
    assert_eq!((requests(&server), numbers(&server)), (2, vec![1, 2, 3, 4]));
}

#[test]
fn nothing_is_sent_before_the_wait_is_over_that_the_service_asked_for() {
    let busy = Answer::status(503).header("Retry-After", "3600");
    let server = server().script(PUT, [Turn::Instead(busy)]);
    let rig = rig(&server, &in_turn());
    rig.handle.process(&events(1..=1));
    server.wait_for(PUT, 1);
    rig.handle.process(&events(2..=9));
    assert!(!rig.flush(A_MOMENT).in_time);
    let stopped = rig.shutdown(Duration::from_millis(30));
    assert_eq!(sum(stopped.tally), lost(9, LossReason::Shutdown));
    assert_eq!(requests(&server), 1);
}

#[test]
fn a_wait_that_the_service_asked_for_ends_and_everything_arrives() {
    let busy = Answer::status(429).header("Retry-After", "1");
    let before = tokio::time::Instant::now();
    assert_eq!(retried(vec![Turn::Instead(busy)]), 2);
    assert!(before.elapsed() >= Duration::from_secs(1), "{:?}", before.elapsed());
}

#[test]
fn what_is_too_much_at_once_is_split_and_all_of_it_arrives() {
    let (sum, server) = play(vec![Turn::status(413), Turn::status(413)]);
    assert_eq!(sum, delivered(4));
    // 4, 2, and what is as large as half of that.
    assert_eq!((requests(&server), in_any_order(&server)), (6, vec![1, 2, 3, 4]));
}

#[test]
fn what_is_too_much_alone_is_lost_alone() {
    let server = server().otherwise(PUT, Turn::status(413));
    let tally = rig(&server, &in_turn()).deliver(&events(1..=4));
    assert_eq!((sum(tally), requests(&server)), (lost(4, LossReason::TooLarge), 3));
}

#[test]
fn one_event_that_the_service_does_not_take_costs_none_of_its_neighbours() {
    let server = server().poison("event 3");
    let tally = rig(&server, &in_turn()).deliver(&events(1..=8));
    assert_eq!(sum(tally), Sum(8, 7, 0, vec![(LossReason::Refused, 1)]));
    assert_eq!(in_any_order(&server), [1, 2, 4, 5, 6, 7, 8]);
}

#[test]
fn a_service_that_takes_no_request_at_all_gets_few() {
    for (turn, why) in [
        (refusal("InvalidParameterException"), LossReason::Refused),
        (Turn::status(413), LossReason::TooLarge),
    ] {
        let server = server().otherwise(PUT, turn);
        let settings = Settings { max_batch_records: 10_000, ..in_turn() };
        let tally = rig(&server, &settings).deliver(&events(1..=10_000));
        assert_eq!(sum(tally), lost(10_000, why));
        let bodies = server.bodies(PUT);
        let bytes: usize = bodies.iter().map(Vec::len).sum();
        assert!(bodies.len() <= 30 && bytes <= 4_000_000, "{}, {bytes} bytes", bodies.len());
    }
}

#[test]
fn a_few_events_that_the_service_does_not_take_are_found() {
    let server = server().poison("event 12");
    let tally = rig(&server, &in_turn()).deliver(&events(1..=1_000));
    // 12 and 120 to 129.
    assert_eq!(sum(tally), Sum(1_000, 989, 0, vec![(LossReason::Refused, 11)]));
    assert!(requests(&server) <= 80, "{}", requests(&server));
}

#[test]
fn a_request_that_is_not_understood_is_not_repeated() {
    for turn in [refusal("SerializationException"), Turn::status(404), Turn::status(307)] {
        let (sum, server) = play(vec![turn]);
        assert_eq!((sum, requests(&server)), (lost(4, LossReason::Refused), 1));
    }
}

#[test]
fn what_was_accepted_before_is_delivered() {
    let (sum, server) = play(vec![refusal("DataAlreadyAcceptedException")]);
    assert_eq!((sum, requests(&server)), (delivered(4), 1));
}

#[test]
fn a_garbage_body_of_a_success_is_a_success() {
    let (sum, server) = play(vec![Turn::Instead(Answer::status(200).body("<html>"))]);
    assert_eq!((sum, requests(&server)), (delivered(4), 1));
}

#[test]
fn the_status_decides_however_long_the_body_is() {
    let long = |status| Turn::Instead(Answer::status(status).body(vec![b'x'; 4 * 1024 * 1024 + 1]));
    let (sum, server) = play(vec![long(200)]);
    assert_eq!((sum, requests(&server)), (delivered(4), 1));
    assert_eq!(retried(vec![long(500), long(429)]), 3);
    let (sum, server) = play(vec![long(400)]);
    assert_eq!((sum, requests(&server)), (lost(4, LossReason::Refused), 1));
}

#[test]
fn what_fails_to_its_deadline_is_lost_as_exhausted() {
    let server = server().otherwise(PUT, refusal("ThrottlingException"));
    let settings = Settings { give_up_after: Duration::from_millis(200), ..in_turn() };
    let tally = rig(&server, &settings).deliver(&events(1..=3));
    assert_eq!(sum(tally), lost(3, LossReason::RetriesExhausted));
    assert!(requests(&server) > 3);
}

#[test]
fn a_shutdown_in_the_middle_of_retries_keeps_its_deadline_and_counts() {
    let server = server().otherwise(PUT, Turn::status(503));
    let rig = rig(&server, &in_turn());
    rig.handle.process(&events(1..=4));
    server.wait_for(PUT, 3);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert!(stopped.in_time, "{stopped:?}");
    assert_eq!(sum(stopped.tally), lost(4, LossReason::Shutdown));
    assert_eq!(rig.handle.held_bytes(), 0);
}

#[test]
fn a_shutdown_does_not_wait_longer_for_a_service_that_hangs() {
    let server = server().otherwise(PUT, Turn::Instead(Answer::Hang));
    let rig = rig(&server, &in_turn());
    rig.handle.process(&events(1..=4));
    server.wait_for(PUT, 1);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert_eq!(sum(stopped.tally), lost(4, LossReason::Shutdown));
    assert_eq!((rig.handle.held_bytes(), requests(&server)), (0, 1));
}

#[test]
fn whatever_happens_every_event_has_one_fate() {
    let turns = [
        Turn::JudgeUnheard,
        Turn::Instead(Answer::Reset),
        Turn::status(503),
        refusal("ThrottlingException"),
        Turn::status(413),
        refusal("InvalidParameterException"),
        refusal("SerializationException"),
        Turn::Judge,
        Turn::Judge,
        Turn::Judge,
    ];
    let mut fates = [0, 0];
    for seed in 1..=30 {
        let server = server().script(PUT, chosen(&turns, seed, 30));
        let settings = Settings { max_batch_records: 4, ..quick() };
        let tally = rig(&server, &settings).deliver(&events(1..=24));
        let Sum(24, delivered, 0, lost) = sum(tally) else { panic!("{tally:?}") };
        let kept: BTreeSet<_> = numbers(&server).into_iter().collect();
        // More are there when an answer was lost and the next one was final.
        assert!(kept.len() as u64 >= delivered, "seed {seed}: {tally:?}");
        assert_eq!(server.refusals(), []);
        let lost: u64 = lost.iter().map(|(_, records)| records).sum();
        for (sum, records) in fates.iter_mut().zip([delivered, lost]) {
            *sum += records;
        }
    }
    assert!(fates.iter().all(|records| *records > 20), "{fates:?}: the scripts reach every fate");
}

#[test]
fn what_goes_wrong_is_said_on_standard_error() {
    for (test, expected) in [
        (
            "faults::nothing_is_sent_before_the_wait_is_over_that_the_service_asked_for",
            "takes nothing for 3600s",
        ),
        (
            "faults::one_event_that_the_service_does_not_take_costs_none_of_its_neighbours",
            "records lost, refused: InvalidParameterException",
        ),
        (
            "limits::events_beyond_the_times_of_the_service_are_rejected_and_counted_by_kind",
            "rejected 3 records: 3 too old, more than 14 days",
        ),
        (
            "access::a_key_that_the_service_does_not_know_is_a_wait_with_what_to_do",
            "AWS_ACCESS_KEY_ID, or what the chain of AWS credentials found, is not valid",
        ),
        ("access::a_clock_that_is_off_is_named", "the clock of this machine is off"),
        (
            "access::who_may_not_write_is_told_the_right_to_ask_for",
            "the AWS credentials need logs:PutLogEvents",
        ),
        (
            "creation::a_group_that_may_not_be_made_is_named_with_the_right_to_make_it",
            "create the log group `cruddur`, or allow logs:CreateLogGroup",
        ),
        (
            "creation::a_retention_that_may_not_be_set_does_not_hold_up_the_log",
            "the AWS credentials need logs:PutRetentionPolicy",
        ),
    ] {
        let said = said(&mut alone(test));
        let is_said = said.lines().any(|line| {
            line.starts_with("spanwright: cloudwatch at 127.0.0.1") && line.contains(expected)
        });
        assert!(is_said, "{test}: {expected} in\n{said}");
        assert!(!said.contains("rejected 0 records"), "{said}");
        assert!(!said.contains(SECRET_ACCESS_KEY), "{said}");
    }
}
