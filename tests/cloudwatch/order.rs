//! The order of events, whoever logs them.

use std::sync::{Arc, Barrier};
use std::thread;

use spanwright::export::cloudwatch::{Settings as Log, Template};
use spanwright::pipeline::Settings;
use spanwright::record::{LogRecord, Processor};
use support::cloudwatch_server::{CloudwatchServer, NOW_UNIX_MS};
use support::rig::{LONG, Sum, delivered, in_turn, sum};

use crate::rig::{GROUP, HOUR_MS, STREAM, event, event_at, kept, log, numbers, rig, rig_of};

#[test]
fn events_of_many_threads_are_in_the_order_of_their_times_in_every_request() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let settings = Settings { max_batch_age: std::time::Duration::from_secs(1), ..in_turn() };
    let rig = rig(&server, &settings);
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for thread in 0..8 {
            let (rig, start) = (&rig, &start);
            scope.spawn(move || {
                start.wait();
                for round in 0..50 {
                    // Each thread has every eighth of the microseconds.
                    let group: Arc<[LogRecord]> =
                        (0..5).map(|at| event((round * 5 + at) * 8 + thread)).collect();
                    rig.handle.process(&group);
                }
            });
        }
    });
    assert!(rig.flush(LONG).in_time);
    let tally = rig.shutdown(LONG).tally;
    assert_eq!((sum(tally), server.refusals()), (Sum(2_000, 2_000, 0, vec![]), vec![]));
    for body in server.bodies("PutLogEvents") {
        let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let events = body["logEvents"].as_array().expect("a list");
        let times: Vec<_> = events
            .iter()
            .map(|event| event["message"].as_str().expect("a text")[14..40].to_owned())
            .collect();
        assert!(times.is_sorted(), "{times:?}");
    }
}

#[test]
fn a_stream_named_by_the_day_or_hour_has_the_events_of_that_time() {
    let server = CloudwatchServer::start();
    let stream = Template::new("{date}/{strftime:%H}").expect("a template");
    let log = Log { stream, ..log() };
    let times = [0, 1, 59, 60, 61, 14 * 60];
    let records = times
        .iter()
        .map(|minutes| event_at(*minutes, NOW_UNIX_MS - 15 * HOUR_MS + minutes * 60_000));
    let tally = rig_of(&server, &log, &in_turn()).deliver(&records.collect());
    assert_eq!((sum(tally), server.refusals().len()), (delivered(6), 5));
    let store = server.store();
    let streams = ["2026-11-19/19", "2026-11-19/20", "2026-11-20/09"];
    assert_eq!(store.streams(GROUP), streams);
    assert_eq!(streams.map(|stream| store.events(GROUP, stream).len()), [3, 2, 1]);
}

#[test]
fn what_came_first_of_one_moment_is_first() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let records = (0..50).map(|number| event_at(number, NOW_UNIX_MS));
    let tally = rig(&server, &in_turn()).deliver(&records.collect());
    assert_eq!(sum(tally), delivered(50));
    assert_eq!(numbers(&server), (0..50).collect::<Vec<_>>());
    assert_eq!(kept(&server).len(), 50);
}
