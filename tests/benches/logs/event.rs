//! An event with three fields inside a traced function: to CloudWatch Logs, and as a line of JSON that
//! nobody reads.
//!
//! What the thread pays is measured at the pace of the other benches, and what the process pays by the
//! time of all its threads; the service that takes the events is another process.

use std::io;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use spanwright::traced;
use tracing::subscriber::with_default;
use tracing::{info, instrument};
use tracing_subscriber::layer::SubscriberExt as _;

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, SPANS, measure};
use super::process::Sink;
use super::{TEXT, install};

/// The events of one figure.
const EVENTS: u64 = SPANS / (CHILDREN + 1) * CHILDREN;

/// Events of the figures by processor time, as fast as they come.
const ROUNDS: u64 = 2_000;

fn event(number: u64) {
    info!(number, user.id = TEXT, is_new = true, "an activity was made");
}

#[traced]
fn ours() {
    (0..CHILDREN).for_each(event);
}

#[instrument]
fn theirs() {
    (0..CHILDREN).for_each(event);
}

/// Measures every contender.
pub(crate) fn run(figures: &mut Figures) {
    figures.add("event", "no subscriber", measure(ours), "ns");
    let sink = Sink::start(19);
    let telemetry = install(&sink.url, false);
    let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer());
    with_default(subscriber, || {
        figures.add("event", OURS, measure(ours), "ns");
        let cpu = cpu_time();
        (0..ROUNDS).for_each(|round| {
            ours();
            // What a thread can make at once is more than one can send.
            if round % 50 == 0 {
                let _ = telemetry.flush(Duration::from_secs(10));
            }
        });
        let report = telemetry.shutdown(Duration::from_secs(10));
        figures.add("event cpu", OURS, per_event(cpu), "ns");
        let made = EVENTS + ROUNDS * CHILDREN;
        println!("{:<14} {OURS:<20} {report}; arrived {} of {made}", "event", sink.stop());
    });
    let layer = tracing_subscriber::fmt::layer().json().with_writer(io::sink);
    with_default(tracing_subscriber::registry().with(layer), || {
        figures.add("event", "json fmt", measure(theirs), "ns");
        let cpu = cpu_time();
        (0..ROUNDS).for_each(|_| theirs());
        figures.add("event cpu", "json fmt", per_event(cpu), "ns");
    });
    with_default(tracing_subscriber::registry(), || {
        figures.add("event", "registry alone", measure(theirs), "ns");
    });
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand events")]
fn per_event(before: Duration) -> f64 {
    cpu_time().saturating_sub(before).as_nanos() as f64 / (ROUNDS * CHILDREN) as f64
}

fn cpu_time() -> Duration {
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(cpu.tv_sec.unsigned_abs(), u32::try_from(cpu.tv_nsec).unwrap_or(0))
}
