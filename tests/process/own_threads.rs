//! Threads of telemetry that call telemetry, and threads that the system refuses.

use std::fs;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use spanwright::install::{InstallError, Report};
use spanwright::opentelemetry::Destination;
use spanwright::record::{Processor, Severity};
use spanwright::report::Edit;
use spanwright::{Span, Telemetry, report_message};

use crate::Case;
use crate::support::{AT_ONCE, LONG, assert_ok, config, deliver, timed};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "flush_on_a_thread_of_telemetry_returns_at_once",
        run: flush_inside,
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "shutdown_on_a_thread_of_telemetry_returns_at_once",
        run: shutdown_inside,
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "thread_that_the_system_refuses_is_asked_for_again",
        run: refused_thread,
        check: |_, run| assert_ok(run),
    },
];

/// Telemetry that those it calls can reach.
#[derive(Clone)]
struct Reach {
    telemetry: Arc<Mutex<Option<Telemetry>>>,
    outcomes: Sender<(&'static str, Report, Duration)>,
    /// Takes telemetry out and stops it, instead of flushing.
    stops: bool,
}

impl std::fmt::Debug for Reach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reach")
    }
}

impl Reach {
    fn call(&self, from: &'static str) {
        // A call during another one has nothing to do.
        let Ok(mut telemetry) = self.telemetry.try_lock() else { return };
        let run = || match telemetry.take() {
            Some(it) if self.stops => Some(it.shutdown(LONG)),
            Some(it) => {
                let report = it.flush(LONG);
                *telemetry = Some(it);
                Some(report)
            }
            None => None,
        };
        if let (Some(report), took) = timed(run) {
            let _ = self.outcomes.send((from, report, took));
        }
    }
}

/// A processor that calls telemetry.
struct Calls(Reach, &'static str);

impl<R> Processor<R> for Calls {
    fn process(&self, _: &Arc<[R]>) {
        self.0.call(self.1);
    }
}

/// An exporter that calls telemetry.
#[derive(Debug)]
struct Exports(Reach);

impl SpanExporter for Exports {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        self.0.call("exporter");
        Ok(())
    }
}

fn flush_inside(endpoint: &str) {
    for from in ["processor", "log processor", "error processor", "edit", "exporter"] {
        let (outcomes, called) = channel();
        let reach = Reach { telemetry: Arc::default(), outcomes, stops: false };
        let config = config(endpoint).error_processor(Calls(reach.clone(), ""));
        let config = config.change_logging(|logging| logging.has_subscriber = true);
        let editing = reach.clone();
        let config = match from {
            "processor" => config.processor(Calls(reach.clone(), from)),
            "log processor" => config.log_processor(Calls(reach.clone(), from)),
            "error processor" => config.error_processor(Calls(reach.clone(), from)),
            "edit" => config.change_reports(|reports| {
                reports.edit = Some(Edit::new(move |_| {
                    editing.call("edit");
                    true
                }));
            }),
            _ => config.exporter(Destination::new(Exports(reach.clone()))),
        };
        let telemetry = config.install().expect("nothing else is installed");
        *reach.telemetry.lock().expect("nobody panics") = Some(telemetry);
        Span::root("work").in_scope(|| tracing::info!("an event of the log"));
        report_message("out of stock", Severity::Warning);
        loop {
            let (who, report, took) = called.recv_timeout(LONG).expect("it is called");
            assert!(took < AT_ONCE, "{who} has waited for itself: {took:?}");
            assert!(!report.in_time, "{who}: {report}");
            if who == from {
                break;
            }
        }
        let telemetry = reach.telemetry.lock().expect("nobody panics").take();
        let telemetry = telemetry.expect("whoever took it has put it back");
        assert!(telemetry.shutdown(LONG).in_time, "after a call from {from}");
    }
}

fn shutdown_inside(endpoint: &str) {
    let (outcomes, called) = channel();
    let reach = Reach { telemetry: Arc::default(), outcomes, stops: true };
    let telemetry = config(endpoint).processor(Calls(reach.clone(), "processor")).install();
    *reach.telemetry.lock().expect("nobody panics") =
        Some(telemetry.expect("nothing else is installed"));
    Span::root("work").end();
    let (_, report, took) = called.recv_timeout(LONG).expect("it is called");
    assert!(took < AT_ONCE, "it has waited for itself: {took:?}");
    assert!(!report.in_time, "{report}");
    // Nothing of the one that stopped is in the way of the next.
    let next = config(endpoint).install().expect("the first one has stopped");
    Span::root("next").end();
    let report = next.shutdown(LONG);
    assert_eq!((report.in_time, report.destinations[0].tally.delivered), (true, 1), "{report}");
}

/// Less than a thread's stack.
const TOO_LITTLE_BYTES: u64 = 1024 * 1024;

fn refused_thread(endpoint: &str) {
    let pages = fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages = pages.split(' ').next().and_then(|pages| pages.parse::<u64>().ok());
    let used = pages.expect("the first number is the size") * rustix::param::page_size() as u64;
    let before = getrlimit(Resource::As);
    let little = Rlimit { current: Some(used + TOO_LITTLE_BYTES), ..before };
    let config = config(endpoint);
    setrlimit(Resource::As, little).expect("less is allowed");
    let refused = config.install();
    setrlimit(Resource::As, before).expect("the hard limit has not changed");
    assert!(matches!(refused, Err(InstallError::NoThread)), "{refused:?}");
    deliver("work", endpoint);
}
