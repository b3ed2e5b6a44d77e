//! The group and the stream that are not there yet.

use std::time::Duration;

use spanwright::export::cloudwatch::{Retention, Settings as Log};
use spanwright::loss::LossReason;
use spanwright::pipeline::Settings;
use spanwright::record::Processor;
use support::cloudwatch_server::{CloudwatchServer, refusal};
use support::rig::{LONG, Sum, delivered, in_turn, lost, sum};
use support::turn::Turn;

use crate::rig::{GROUP, STREAM, events, in_any_order, log, numbers, rig, rig_of};

fn kept_for(days: u32) -> Log {
    Log { retention: Retention::days(days).ok(), ..log() }
}

fn deliver(server: &CloudwatchServer, log: &Log) -> Sum {
    sum(rig_of(server, log, &in_turn()).deliver(&events(1..=2)))
}

#[test]
fn group_retention_and_stream_are_made_when_they_are_missing_and_nothing_is_lost() {
    let server = CloudwatchServer::start();
    assert_eq!(deliver(&server, &kept_for(7)), delivered(2));
    let order =
        ["PutLogEvents", "CreateLogGroup", "PutRetentionPolicy", "CreateLogStream", "PutLogEvents"];
    assert_eq!(server.operations(), order);
    let store = server.store();
    assert_eq!((store.groups(), store.streams(GROUP)), (vec![GROUP], vec![STREAM]));
    assert_eq!((store.retention_days(GROUP), numbers(&server)), (Some(7), vec![1, 2]));
}

#[test]
fn what_exists_is_not_made_again() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    assert_eq!(deliver(&server, &kept_for(7)), delivered(2));
    assert_eq!(server.operations(), ["PutLogEvents"]);
}

#[test]
fn a_group_that_somebody_else_has_made_is_good_enough() {
    let server = CloudwatchServer::with(GROUP, "another");
    assert_eq!(deliver(&server, &log()), delivered(2));
    let codes: Vec<_> = server.refusals().iter().map(|refusal| refusal.code).collect();
    assert_eq!(codes, ["ResourceNotFoundException", "ResourceAlreadyExistsException"]);
}

#[test]
fn a_stream_that_is_deleted_while_the_service_runs_is_made_again() {
    let server = CloudwatchServer::start();
    let rig = rig(&server, &in_turn());
    rig.handle.process(&events(1..=2));
    assert!(rig.flush(LONG).in_time);
    server.forget();
    rig.handle.process(&events(3..=4));
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(4));
    assert_eq!(numbers(&server), [3, 4]);
}

#[test]
fn a_creation_that_is_throttled_or_fails_is_tried_again_and_nothing_is_lost() {
    for operation in ["CreateLogGroup", "PutRetentionPolicy", "CreateLogStream"] {
        let turns = [refusal("ThrottlingException"), Turn::status(503), Turn::JudgeUnheard];
        let server = CloudwatchServer::start().script(operation, turns);
        assert_eq!(deliver(&server, &kept_for(7)), delivered(2), "{operation}");
        assert_eq!((server.store().retention_days(GROUP), numbers(&server)), (Some(7), vec![1, 2]));
    }
}

#[test]
fn who_may_not_make_groups_may_still_make_streams() {
    let server = CloudwatchServer::with(GROUP, "another").deny(&["CreateLogGroup"]);
    assert_eq!(deliver(&server, &log()), delivered(2));
    assert_eq!(numbers(&server), [1, 2]);
}

#[test]
fn a_retention_that_may_not_be_set_does_not_hold_up_the_log() {
    let server = CloudwatchServer::start().deny(&["PutRetentionPolicy"]);
    assert_eq!(deliver(&server, &kept_for(7)), delivered(2));
    assert_eq!((server.store().retention_days(GROUP), numbers(&server)), (None, vec![1, 2]));
}

#[test]
fn a_group_that_may_not_be_made_is_named_with_the_right_to_make_it() {
    let server = CloudwatchServer::start().deny(&["CreateLogGroup"]);
    let settings = Settings { give_up_after: Duration::from_secs(1), ..in_turn() };
    let rig = rig(&server, &settings);
    rig.handle.process(&events(1..=2));
    server.wait_for("CreateLogStream", 1);
    server.create(GROUP, "another");
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(2));
    assert_eq!(numbers(&server), [1, 2]);
}

#[test]
fn nothing_is_made_where_that_is_not_wanted_and_the_log_waits_for_whoever_makes_it() {
    let server = CloudwatchServer::start();
    let log = Log { creates: false, ..log() };
    let settings = Settings { give_up_after: Duration::from_secs(1), ..in_turn() };
    let rig = rig_of(&server, &log, &settings);
    rig.handle.process(&events(1..=2));
    server.wait_for("PutLogEvents", 1);
    server.create(GROUP, STREAM);
    assert!(rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(2));
    assert_eq!(server.operations(), ["PutLogEvents", "PutLogEvents"]);
}

#[test]
fn a_creation_that_never_succeeds_costs_the_log_at_the_end_of_all_patience() {
    let server = CloudwatchServer::start().otherwise("CreateLogStream", Turn::status(500));
    let settings = Settings { give_up_after: Duration::from_millis(200), ..in_turn() };
    let tally = rig(&server, &settings).deliver(&events(1..=2));
    assert_eq!(sum(tally), lost(2, LossReason::RetriesExhausted));
}

#[test]
fn two_requests_at_once_may_both_find_it_missing() {
    let server = CloudwatchServer::start();
    let settings = Settings { max_in_flight: 4, max_batch_records: 1, ..in_turn() };
    let tally = rig(&server, &settings).deliver(&events(1..=8));
    assert_eq!(sum(tally), delivered(8));
    assert_eq!(in_any_order(&server), (1..=8).collect::<Vec<_>>());
}
