//! Functions that fail: what the failing thread pays, thirty calls deep.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sentry::{ClientOptions, Envelope, Transport};
use spanwright::report::Settings;
use spanwright::{Telemetry, report_errors};

use super::failure::Failure;
use super::figures::{Figures, OURS};
use super::pace::{median, time};

/// Calls of the application above the one that fails.
const DEPTH: u32 = 30;

/// Failures between two times that our own thread tells all: as many as may wait.
const FAILURES: usize = 200;

const ROUNDS: usize = 20;
const WARM_UP_ROUNDS: usize = 2;

const LONG: Duration = Duration::from_mins(1);

fn fail() -> Result<(), Failure> {
    Err(black_box(Failure::new()))
}

#[inline(never)]
#[report_errors]
fn reported() -> Result<(), Failure> {
    fail()
}

/// Functions that pass on what the one below fails with.
macro_rules! passing {
    ($($name:ident calls $below:ident)*) => {$(
        #[inline(never)]
        #[report_errors]
        fn $name() -> Result<(), Failure> {
            $below()?;
            Ok(())
        }
    )*};
}

passing! {
    second calls reported
    third calls second
    fourth calls third
    fifth calls fourth
    sixth calls fifth
}

#[inline(never)]
fn sent_to_sentry() -> Result<(), Failure> {
    let result = fail();
    if let Err(error) = &result {
        sentry::capture_error(error);
    }
    result
}

/// Calls `innermost` below so many calls.
#[inline(never)]
fn below(depth: u32, innermost: fn() -> Result<(), Failure>) -> Result<(), Failure> {
    if depth == 0 {
        return innermost();
    }
    // What comes back is looked at, so that the call is not the last thing that happens here.
    black_box(below(depth - 1, innermost))
}

/// The median time of one failure in microseconds; `drain` runs between rounds and is not counted.
fn measure(innermost: fn() -> Result<(), Failure>, drain: impl Fn()) -> f64 {
    let mut times_ns = Vec::with_capacity(ROUNDS * FAILURES);
    for number in 0..WARM_UP_ROUNDS + ROUNDS {
        for _ in 0..FAILURES {
            let ns = time(|| assert!(below(black_box(DEPTH), innermost).is_err()));
            if number >= WARM_UP_ROUNDS {
                times_ns.push(ns);
            }
        }
        drain();
    }
    median(&mut times_ns) / 1_000.0
}

/// Measures failures that are captured, and those that are only counted.
pub(crate) fn run(figures: &mut Figures) {
    figures.add("err", "bare", measure(fail, || ()), "us");
    let counter = Arc::new(AtomicU64::new(0));
    let every = Settings {
        per_kind_per_minute: u32::MAX,
        per_minute: u32::MAX,
        hold: LONG,
        ..Settings::default()
    };
    let telemetry = super::install(every, &counter);
    let drain = || assert!(telemetry.flush(LONG).in_time, "the reports are told");
    figures.add("err captured", OURS, measure(reported, drain), "us");
    let told = counter.load(Ordering::Relaxed);
    assert_eq!(told, ((ROUNDS + WARM_UP_ROUNDS) * FAILURES) as u64, "each failure is told");
    figures.add("err six calls", OURS, measure(sixth, drain), "us");
    assert_eq!(counter.load(Ordering::Relaxed), 2 * told, "each failure is told once");
    stop(telemetry);

    let none = Settings { per_kind_per_minute: 0, ..Settings::default() };
    let telemetry = super::install(none, &counter);
    figures.add("err counted", OURS, measure(reported, || ()), "us");
    stop(telemetry);

    run_sentry(figures);
}

fn stop(telemetry: Telemetry) {
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    println!("{report}");
}

/// Counts what sentry would send, and drops it.
struct Forget(Arc<AtomicU64>);

impl Transport for Forget {
    fn send_envelope(&self, envelope: Envelope) {
        let event = envelope.event().expect("only events are captured");
        assert_eq!(event.exception.len(), 3, "an error and its two sources");
        let threads = event.threads.iter().filter_map(|thread| thread.stacktrace.as_ref());
        let frames = threads.map(|stack| stack.frames.len()).max();
        assert!(frames.is_some_and(|frames| frames > DEPTH as usize), "{frames:?} frames");
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The usual client of another service, which resolves the stack where the error is captured.
fn run_sentry(figures: &mut Figures) {
    let counter = Arc::new(AtomicU64::new(0));
    let sent = Arc::clone(&counter);
    let transport =
        move |_: &ClientOptions| -> Arc<dyn Transport> { Arc::new(Forget(Arc::clone(&sent))) };
    let options = ClientOptions::new()
        .dsn("http://public@127.0.0.1/1")
        .attach_stacktrace(true)
        .transport(transport);
    let _client = sentry::init(options);
    figures.add("err captured", "sentry", measure(sent_to_sentry, || ()), "us");
    let captured = counter.load(Ordering::Relaxed);
    assert_eq!(captured, ((ROUNDS + WARM_UP_ROUNDS) * FAILURES) as u64, "each failure is sent");
}
