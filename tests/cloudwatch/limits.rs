//! To the byte, the event and the hour what the service takes.

use std::sync::Arc;

use spanwright::export::cloudwatch::{Oversize, Settings as Log};
use spanwright::pipeline::Settings;
use spanwright::record::{Attribute, LogRecord, Processor};
use support::cloudwatch_server::{CloudwatchServer, NOW_UNIX_MS};
use support::rig::{LONG, Sum, delivered, in_turn, quick, sum};

use crate::rig::{
    GROUP, HOUR_MS, STREAM, event, event_at, events, kept, log, numbers, rig, rig_of,
};

const PUT: &str = "PutLogEvents";

/// Hands all of it in at once, and waits for its fate.
fn deliver(log: &Log, settings: &Settings, records: Vec<LogRecord>) -> (Sum, CloudwatchServer) {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let tally = rig_of(&server, log, settings).deliver(&Arc::from(records));
    assert_eq!(server.refusals(), []);
    (sum(tally), server)
}

/// Batches that only the service's limits close.
fn large() -> Settings {
    Settings { max_batch_records: usize::MAX, max_bytes: 64 * 1024 * 1024, ..in_turn() }
}

#[test]
fn a_request_is_full_to_the_byte_as_the_service_counts_it() {
    // Quotes and line ends are escaped twice on the wire, and counted once.
    let text = "\"größer\"\n".repeat(50);
    let record = |number| LogRecord { message: format!("{text} {number}").into(), ..event(number) };
    let records: Vec<_> = (1_000..4_000).map(record).collect();
    let (sum, server) = deliver(&log(), &large(), records);
    assert_eq!(sum, Sum(3_000, 3_000, 0, vec![]));
    let event_bytes = kept(&server)[0].message.len() + 26;
    let of_batch = 1_048_576 / event_bytes;
    let sizes: Vec<_> = server
        .bodies(PUT)
        .iter()
        .map(|body| body.windows(12).filter(|window| window == b",\"message\":\"").count())
        .collect();
    assert_eq!(sizes[0], of_batch, "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 3_000);
}

#[test]
fn events_of_many_days_go_in_requests_of_one() {
    let at = |number: u64| event_at(number, NOW_UNIX_MS - 300 * HOUR_MS + number * HOUR_MS);
    let (sum, server) = deliver(&log(), &large(), (0..=300).map(at).collect());
    assert_eq!(sum, delivered(301));
    assert_eq!(numbers(&server), (0..=300).collect::<Vec<_>>());
    assert_eq!(server.bodies(PUT).len(), 24, "each has 12 hours behind its first, and none before");
}

#[test]
fn an_event_that_is_late_by_half_a_day_goes_with_the_others() {
    let times = [0, 12 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS + 1];
    let records =
        times.iter().enumerate().map(|(at, late_ms)| event_at(at as u64, NOW_UNIX_MS - late_ms));
    let (sum, server) = deliver(&log(), &large(), records.collect());
    assert_eq!((sum, server.bodies(PUT).len()), (delivered(4), 2));
    assert_eq!(numbers(&server), [3, 1, 2, 0]);
}

#[test]
fn events_beyond_the_times_of_the_service_are_rejected_and_counted_by_kind() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let days = |days: u64| NOW_UNIX_MS - days * 24 * HOUR_MS;
    let new = |number| event_at(number, NOW_UNIX_MS + 3 * HOUR_MS);
    let old = |number| event_at(number, days(14) - 1 + number % 2);
    let rig = rig(&server, &in_turn());
    let records: Vec<_> = [1, 2, 3].map(|number| event_at(number, days(15))).into();
    let more: Vec<_> = vec![old(5), old(6), event(7), new(8), new(9)];
    let tally = rig.deliver(&Arc::from([records, more].concat()));
    // Of 5 and 6 the one is just not too old.
    assert_eq!(sum(tally), Sum(8, 2, 6, vec![]));
    assert_eq!(numbers(&server), [5, 7]);
}

#[test]
fn what_the_group_does_not_keep_is_rejected() {
    let log = Log { retention: spanwright::export::cloudwatch::Retention::days(1).ok(), ..log() };
    let server = CloudwatchServer::start();
    let rig = rig_of(&server, &log, &in_turn());
    let old = event_at(1, NOW_UNIX_MS - 25 * HOUR_MS);
    assert_eq!(sum(rig.deliver(&Arc::from([old, event(2)]))), Sum(2, 1, 1, vec![]));
    assert_eq!((numbers(&server), server.store().retention_days(GROUP)), (vec![2], Some(1)));
}

// <https://github.com/lazywithclass/winston-cloudwatch/issues/55>: the service refuses an empty list.
#[test]
fn flush_without_events_makes_no_request() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let rig = rig(&server, &quick());
    assert!(rig.flush(LONG).in_time);
    rig.handle.process(&events(1..=1));
    assert!(rig.flush(LONG).in_time && rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(1));
    assert_eq!(server.operations(), ["PutLogEvents"]);
}

#[test]
fn a_message_of_nothing_is_still_an_event() {
    let empty = LogRecord { message: "".into(), target: "".into(), ..event(1) };
    let (sum, server) = deliver(&log(), &in_turn(), vec![empty]);
    assert_eq!(sum, delivered(1));
    assert_eq!(kept(&server)[0].json()["message"], "");
}

#[test]
fn an_event_larger_than_a_request_is_cut_and_still_json() {
    let huge = LogRecord {
        message: "ü\"\n".repeat(700_000).into(),
        attributes: vec![Attribute::new("app.rows", 3_i64)],
        ..event(1)
    };
    let (sum, server) = deliver(&log(), &large(), vec![huge, event(2)]);
    assert_eq!(sum, delivered(2));
    let [huge, _] = &kept(&server)[..] else { panic!("two events") };
    assert!(huge.message.len() > 1_048_000, "{}", huge.message.len());
    let json = huge.json();
    assert!(json["message"].as_str().is_some_and(|text| text.ends_with('…')));
    assert_eq!((&json["fields"]["app.rows"], json["truncated_bytes"].is_u64()), (&3.into(), true));
}

#[test]
fn an_event_may_be_told_in_parts_which_are_one_record() {
    let text = "ü\"\n".repeat(100_000);
    let told = LogRecord { message: text.clone().into(), ..event(1) };
    let log = Log { oversize: Oversize::Split, max_message_bytes: 262_118, ..log() };
    let (sum, server) = deliver(&log, &large(), vec![event(0), told, event(2)]);
    assert_eq!(sum, delivered(3));
    let parts: Vec<_> = kept(&server).iter().map(support::cloudwatch_server::Event::json).collect();
    let parts = &parts[1..parts.len() - 1];
    let joined: String = parts.iter().filter_map(|part| part["message"].as_str()).collect();
    assert!(parts.len() == 3 && joined == text, "{}", parts.len());
    assert!(parts.iter().all(|part| part["event_id"] == parts[0]["event_id"]));
}
