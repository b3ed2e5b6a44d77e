//! Ours.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::{Processor, SpanRecord};
use spanwright::sample::Sampler;
use spanwright::{Config, Telemetry, traced};

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, SPANS, TEXT, keep, measure, poll_once, report_lost};

#[inline(never)]
#[traced]
fn plain(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[traced(fields(number))]
fn integer(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[traced(fields(user.id = text))]
fn text(text: &str) -> usize {
    black_box(text).len()
}

#[traced]
async fn asynchronous(number: u64) -> u64 {
    black_box(number) + 1
}

#[traced]
fn root(child: impl Fn(u64)) {
    (0..CHILDREN).for_each(child);
}

/// Counts and forgets.
struct Count(Arc<AtomicU64>);

impl Processor<SpanRecord> for Count {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        self.0.fetch_add(spans.len() as u64, Ordering::Relaxed);
    }
}

fn install(sampler: Sampler, counter: &Arc<AtomicU64>) -> Telemetry {
    Config::from_environment(&Environment::default())
        .expect("there is nothing to misread")
        // One would take what the rivals make.
        .change_logging(|logging| logging.has_subscriber = false)
        .sampler(sampler)
        .processor(Count(Arc::clone(counter)))
        .install()
        .expect("nothing else is installed")
}

/// Measures every workload.
pub(crate) fn run(figures: &mut Figures) {
    let counter = Arc::new(AtomicU64::new(0));
    let telemetry = install(Sampler::AlwaysOn, &counter);
    figures.add("plain", OURS, measure(|| root(keep(plain))), "ns");
    figures.add("integer", OURS, measure(|| root(keep(integer))), "ns");
    figures.add("string", OURS, measure(|| root(keep(|_| text(TEXT)))), "ns");
    let ns = measure(|| root(keep(|n| poll_once(asynchronous(n)))));
    figures.add("async", OURS, ns, "ns");
    let report = telemetry.shutdown(Duration::from_secs(10));
    report_lost(OURS, 4 * SPANS, counter.load(Ordering::Relaxed));
    assert!(report.in_time, "{report}");

    let telemetry = install(Sampler::AlwaysOff, &counter);
    figures.add("unsampled", OURS, measure(|| root(keep(integer))), "ns");
    let _ = telemetry.shutdown(Duration::from_secs(10));
    figures.add("not installed", OURS, measure(|| root(keep(integer))), "ns");
}
