//! Metrics of calls, as the service would take them.

use std::cell::RefCell;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::{any, prop_oneof};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use spanwright::export::Exporter as _;
use spanwright::export::cloudwatch::{Metrics, Namespace};
use spanwright::record::{Attribute, CallStatistics, Resource};
use support::cloudwatch_server::metrics::{extract, values};
use support::cloudwatch_server::{CloudwatchServer, Event, NOW_UNIX_MS, credentials, now};
use support::rig::{Rig, quick};

use crate::rig::{GROUP, STREAM, kept, log, transport};

fn exporter(url: &str) -> Metrics {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    Metrics::new(&log(), &Namespace::new("Cruddur").expect("a name"), &resource, url)
}

fn calls(function: String, errors: u64, durations_ns: Vec<u64>) -> CallStatistics {
    let unix_ns = NOW_UNIX_MS * 1_000_000;
    CallStatistics { function: function.into(), unix_ns, errors, durations_ns }
}

#[test]
fn whatever_was_called_the_service_finds_all_of_it() {
    let config = Config { cases: 512, failure_persistence: None, ..Config::default() };
    // The same cases every time.
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let functions = prop_oneof!["[ -~]{0,300}", any::<String>()];
    let cases = (functions, 0_u64..100, vec(any::<u64>(), 1..=100));
    let exporter = RefCell::new(exporter("http://h"));
    let check = |(function, errors, durations_ns): (String, u64, Vec<u64>)| {
        let mut item = Vec::new();
        let calls = calls(function, errors, durations_ns.clone());
        exporter.borrow_mut().encode(&calls, &mut item).expect("these have a form");
        assert!(item.len() <= Metrics::weigh(&calls));
        let event: Value = serde_json::from_slice(&item[1..]).expect("an event");
        let message = event["message"].as_str().expect("a text");
        let points = extract(&serde_json::from_str(message).expect("an object"));
        let [count, failed, durations] = &points[..] else { panic!("{points:?}") };
        let calls = u64::try_from(durations_ns.len()).expect("it is small");
        assert_eq!((&*count.name, &count.values), ("Count", &vec![number(calls)]));
        assert_eq!((&*failed.name, &failed.values), ("Errors", &vec![number(errors)]));
        let expected: Vec<_> = durations_ns.iter().map(|ns| number(*ns) / 1e6).collect();
        assert_eq!((&*durations.name, durations.values.len()), ("Duration", expected.len()));
        for (told, expected) in durations.values.iter().zip(expected) {
            assert!((told - expected).abs() <= expected * 1e-12, "{told} for {expected}");
        }
        Ok(())
    };
    TestRunner::new_with_rng(config, rng).run(&cases, check).expect("every case holds");
}

/// A number as a parser of JSON has it.
fn number(value: u64) -> f64 {
    Value::from(value).as_f64().expect("it has one")
}

#[test]
fn the_service_takes_them_like_other_events() {
    let server = CloudwatchServer::with(GROUP, STREAM);
    let transport = transport(&server, &log(), credentials(), now);
    let rig = Rig::new(exporter(&server.url()), transport, &quick());
    let records: Arc<[_]> =
        (1..=300).map(|it| calls(format!("f{it}"), 0, vec![it * 1_000_000])).collect();
    let tally = rig.deliver(&records);
    assert_eq!((tally.accepted, tally.delivered), (300, 300));
    assert_eq!(server.refusals(), []);
    let events: Vec<_> = kept(&server).iter().map(Event::json).collect();
    assert_eq!((events.len(), values(&events, "f300", "Duration")), (300, vec![300.0]));
}
