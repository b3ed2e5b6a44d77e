//! The log of a process whose subscriber is the one that `install` sets up.
//!
//! A process has one subscriber, so the sentences are told one after the other in one test.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::{LossReason, Tally};
use spanwright::record::{LogRecord, Processor};
use spanwright::testing::Capture;
use spanwright::{Config, Span, Telemetry};
use tracing::{debug, info};

/// Long enough for anything that happens at all.
const LONG: Duration = Duration::from_secs(20);

/// Keeps what was logged.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<LogRecord>>>);

impl Memory {
    fn take(&self) -> Vec<LogRecord> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics while holding it"))
    }

    fn messages(&self) -> Vec<String> {
        self.take().into_iter().map(|record| record.message.into_owned()).collect()
    }
}

impl Processor<LogRecord> for Memory {
    fn process(&self, records: &Arc<[LogRecord]>) {
        self.0.lock().expect("nobody panics while holding it").extend(records.iter().cloned());
    }
}

fn config() -> Config {
    let environment: Environment =
        [("RUST_LOG", "info,quiet=off,chatty=debug")].into_iter().collect();
    Config::from_environment(&environment).expect("the variables are right")
}

fn install(memory: &Memory) -> Telemetry {
    config().log_processor(memory.clone()).install().expect("nothing else is installed")
}

#[track_caller]
fn assert_sums(report: &Report) {
    let logs = report.logs;
    let settled = logs.delivered + logs.sent + logs.rejected + logs.lost();
    assert_eq!(logs.accepted, settled, "{report}");
}

#[test]
fn the_log_of_a_process_reaches_whoever_takes_it() {
    before_anything_is_installed_nothing_is_taken();
    events_of_both_crates_and_of_every_thread_are_taken_as_the_filter_says();
    a_value_that_logs_while_it_is_formatted_makes_two_events();
    after_a_shutdown_nothing_is_taken_and_an_installation_after_it_takes_again();
    an_event_of_an_installation_that_is_over_is_counted_as_lost();
    an_event_larger_than_any_ring_is_counted_as_too_large();
    what_no_ring_has_room_for_is_counted();
}

fn before_anything_is_installed_nothing_is_taken() {
    info!("too early");
    let memory = Memory::default();
    let report = install(&memory).shutdown(LONG);
    assert_eq!((memory.messages().len(), report.logs.accepted), (0, 0));
}

fn events_of_both_crates_and_of_every_thread_are_taken_as_the_filter_says() {
    let memory = Memory::default();
    let telemetry = install(&memory);
    info!("of tracing");
    tracing_log::log::info!("of log");
    debug!("too detailed");
    debug!(target: "chatty", "as detailed as was asked for");
    info!(target: "quiet", "not wanted");
    let span = Span::new("request");
    let there = span.carry(|| info!("of another thread"));
    thread::spawn(there).join().expect("it only logs");
    drop(span);
    let report = telemetry.shutdown(LONG);
    let records = memory.take();
    let found: Vec<_> = records.iter().map(|record| &*record.message).collect();
    let expected = ["of tracing", "of log", "as detailed as was asked for", "of another thread"];
    assert_eq!(found, expected);
    assert_eq!(records[1].target, module_path!());
    assert!(records[3].span.is_some() && records[0].span.is_none());
    assert_eq!((report.logs.accepted, report.logs.delivered), (4, 4));
    assert!(report.in_time && report.to_string().contains("log 4, lost 0"), "{report}");
}

fn a_value_that_logs_while_it_is_formatted_makes_two_events() {
    struct Talkative;
    impl std::fmt::Debug for Talkative {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            info!("inner");
            f.write_str("talkative")
        }
    }
    let memory = Memory::default();
    let telemetry = install(&memory);
    info!(value = ?Talkative, "outer");
    assert!(telemetry.shutdown(LONG).in_time);
    let mut found = memory.messages();
    found.sort();
    assert_eq!(found, ["inner", "outer"]);
}

fn after_a_shutdown_nothing_is_taken_and_an_installation_after_it_takes_again() {
    let memory = Memory::default();
    let telemetry = install(&memory);
    info!("first");
    assert!(telemetry.shutdown(LONG).in_time);
    info!("in between");
    let telemetry = install(&memory);
    info!("second");
    assert!(telemetry.shutdown(LONG).in_time);
    assert_eq!(memory.messages(), ["first", "second"]);
}

fn an_event_of_an_installation_that_is_over_is_counted_as_lost() {
    let (span, _) = Capture::default().run(|| *Span::new("of a capture"));
    let memory = Memory::default();
    let telemetry = install(&memory);
    let before = telemetry.flush(LONG).logs;
    span.in_scope(|| info!("too late"));
    let report = telemetry.shutdown(LONG);
    assert_eq!(memory.messages().len(), 0);
    assert_eq!(report.logs.accepted - before.accepted, 1, "{report}");
    let lost = |logs: Tally| logs.lost_to(LossReason::Shutdown);
    assert_eq!(lost(report.logs) - lost(before), 1, "{report}");
}

fn an_event_larger_than_any_ring_is_counted_as_too_large() {
    let memory = Memory::default();
    let telemetry = install(&memory);
    let before = telemetry.flush(LONG).logs;
    let text = "x".repeat(1024 * 1024);
    info!(a = text, b = text, c = text, d = text, e = text, f = text, g = text, h = text);
    let report = telemetry.shutdown(LONG);
    assert_eq!(memory.messages().len(), 0);
    let lost = |logs: Tally| logs.lost_to(LossReason::TooLarge);
    assert_eq!(lost(report.logs) - lost(before), 1, "{report}");
}

/// Holds the collector up until it may go on.
struct Slow {
    arrived: Mutex<Option<Sender<()>>>,
    go_on: Mutex<Receiver<()>>,
}

impl Processor<LogRecord> for Slow {
    fn process(&self, _: &Arc<[LogRecord]>) {
        let arrived = self.arrived.lock().expect("nobody panics while holding it").take();
        if arrived.is_some_and(|arrived| arrived.send(()).is_ok()) {
            // The other end is dropped to go on for good.
            let _ = self.go_on.lock().expect("nobody panics while holding it").recv();
        }
    }
}

fn what_no_ring_has_room_for_is_counted() {
    const EVENTS: u64 = 60_000;
    let ((arrived, has_arrived), (go, go_on)) = (channel(), channel());
    let slow = Slow { arrived: Mutex::new(Some(arrived)), go_on: Mutex::new(go_on) };
    let before = config().log_processor(slow).install().expect("nothing else is installed");
    let logged_before = before.flush(LONG).logs;
    info!("the first");
    has_arrived.recv().expect("the processor is there");
    let text = "x".repeat(200);
    for number in 1..EVENTS {
        info!(number, text, "one of many");
    }
    drop(go);
    let report = before.shutdown(LONG);
    assert_sums(&report);
    assert!(report.in_time, "{report}");
    assert_eq!(report.logs.accepted - logged_before.accepted, EVENTS, "{report}");
    let lost = report.logs.lost_to(LossReason::RingFull);
    // Eight megabytes of events have room, 300 bytes each.
    assert!((20_000..50_000).contains(&lost), "{report}");
}
