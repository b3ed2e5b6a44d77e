//! Functions that succeed.

use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spanwright::report::Settings;
use spanwright::report_errors;

use super::failure::Failure;
use super::figures::{Figures, OURS};
use super::pace::{CALLS, in_turns};

fn succeed(number: u64) -> Result<u64, Failure> {
    if black_box(number) == u64::MAX { Err(Failure::new()) } else { Ok(number + 1) }
}

#[inline(never)]
fn bare(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

#[inline(never)]
#[report_errors]
fn reported(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

#[inline(never)]
#[report_errors(person(id = number), custom(order.id = number))]
fn with_values(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

async fn bare_async(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

#[report_errors]
async fn reported_async(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

#[report_errors(person(id = number), custom(order.id = number))]
async fn with_values_async(number: u64) -> Result<u64, Failure> {
    succeed(number)
}

/// A round of calls, whose results are looked at as a caller does: one that copied them whole would wait
/// for what was written in parts, and hide what is measured.
fn round(call: impl Fn(u64) -> Result<u64, Failure>) -> impl FnMut() {
    move || {
        for number in 0..CALLS {
            black_box(call(number).unwrap_or_default());
        }
    }
}

/// A round of futures that are ready when they are polled first.
fn round_async<F>(call: impl Fn(u64) -> F) -> impl FnMut()
where
    F: Future<Output = Result<u64, Failure>>,
{
    move || {
        for number in 0..CALLS {
            black_box(poll_once(call(number)));
        }
    }
}

#[inline(never)]
fn poll_once(future: impl Future<Output = Result<u64, Failure>>) -> u64 {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.unwrap_or_default(),
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Measures functions that succeed, with reporting installed and without.
pub(crate) fn run(figures: &mut Figures) {
    let telemetry = super::install(Settings::default(), &Arc::default());
    measure(figures, ["ok sync", "ok async"]);
    let report = telemetry.shutdown(Duration::from_secs(10));
    assert!(report.in_time, "{report}");
    measure(figures, ["idle sync", "idle async"]);
}

fn measure(figures: &mut Figures, [sync, asynchronous]: [&'static str; 2]) {
    let ns = in_turns([&mut round(bare), &mut round(reported), &mut round(with_values)]);
    print(figures, sync, ns);
    let ns = in_turns([
        &mut round_async(bare_async),
        &mut round_async(reported_async),
        &mut round_async(with_values_async),
    ]);
    print(figures, asynchronous, ns);
}

fn print(figures: &mut Figures, workload: &'static str, [bare, reported, values]: [f64; 3]) {
    figures.add(workload, "bare", bare, "ns");
    figures.add(workload, OURS, reported, "ns");
    figures.add(workload, "spanwright, 2 values", values, "ns");
    println!("{workload:<14} {OURS:<20} {:>9.1} ns more than bare", reported - bare);
}
