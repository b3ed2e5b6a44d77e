//! The same failure a hundred thousand times.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use spanwright::config::Environment;
use spanwright::loss::{LossReason, Tally};
use spanwright::{Config, Telemetry, report_errors};
use support::rollbar_server::{RollbarServer, TOKEN};

use crate::memory;

const THREADS: u64 = 4;
const FAILURES_PER_THREAD: u64 = 25_000;
const FAILURES: u64 = THREADS * FAILURES_PER_THREAD;

/// Far more than the failures that wait need, and far less than all of them would.
const MAX_BYTES: usize = 4 << 20;

/// Long enough for whatever works at all.
const LONG: Duration = Duration::from_mins(1);

#[derive(Debug)]
struct OrderError(ParseIntError);

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the order cannot be paid")
    }
}

impl Error for OrderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[report_errors]
fn amount(text: &str) -> Result<u64, ParseIntError> {
    text.parse()
}

#[report_errors(person(id = number), context = "orders")]
fn pay(number: u64) -> Result<u64, OrderError> {
    amount(if number == u64::MAX { "7" } else { "seven" }).map_err(OrderError)
}

fn install(rollbar: &RollbarServer) -> Telemetry {
    let endpoint = rollbar.endpoint();
    let variables = [("ROLLBAR_ACCESS_TOKEN", TOKEN), ("ROLLBAR_ENDPOINT", endpoint.as_str())];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("there is nothing to misread");
    config.install().expect("nothing else is installed")
}

/// Fails on several threads at a time.
fn storm() {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for number in 0..FAILURES_PER_THREAD {
                    assert!(pay(number).is_err());
                }
            });
        }
    });
}

/// How many failures an item tells of together; `None` where it tells of one.
fn told_together(item: &Value) -> Option<u64> {
    let occurrences = item["custom"].get("occurrences")?;
    Some(occurrences.as_u64().expect("it is a number"))
}

fn assert_adds_up(tally: &Tally) {
    let settled = tally.delivered + tally.sent + tally.rejected + tally.lost();
    assert_eq!(tally.accepted, settled, "{tally:?}");
}

#[test]
fn in_a_storm_every_failure_is_told_alone_or_together_in_bounded_memory() {
    let rollbar = RollbarServer::start();
    let telemetry = install(&rollbar);
    // The program's symbols are read by then, which takes as much memory as they need.
    assert!(pay(0).is_err());
    assert!(telemetry.flush(LONG).in_time);
    rollbar.wait_for(1);

    let before_bytes = memory::held_bytes();
    memory::forget_peak();
    storm();
    let peak_bytes = memory::peak_bytes() - before_bytes;
    assert!(peak_bytes < MAX_BYTES, "{peak_bytes} bytes for failures");

    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    let errors = &report.errors;
    let summarized = errors.lost_to(LossReason::Summarized);
    assert_eq!(errors.accepted, errors.delivered + errors.lost(), "{report}");
    assert_eq!(errors.lost(), summarized, "{report}");
    let [delivery] = &report.destinations[..] else { panic!("Rollbar alone: {report}") };
    assert_adds_up(&delivery.tally);
    assert_eq!(delivery.tally.delivered, errors.delivered, "{report}");

    let items = rollbar.items();
    assert_eq!(items.len() as u64, errors.delivered, "{report}");
    let together: u64 = items.iter().filter_map(told_together).sum();
    let alone = items.iter().filter(|item| told_together(item).is_none()).count() as u64;
    assert_eq!((together, alone + together), (summarized, FAILURES + 1), "{report}");
    assert!(items.len() < 100, "{} items", items.len());
}
