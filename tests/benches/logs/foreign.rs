//! A function with `#[tracing::instrument]`, through our layer and through that of OpenTelemetry.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::Sampler;
use spanwright::Config;
use spanwright::config::Environment;
use spanwright::record::{Processor, SpanRecord};
use tracing::instrument;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, SPANS, TEXT, keep, measure, poll_once, report_lost};
use super::sdk;

const OTEL: &str = "tracing+otel";

#[inline(never)]
#[instrument(skip_all)]
fn plain(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[instrument(skip_all, fields(number))]
fn integer(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[instrument(skip_all, fields(user.id = text))]
fn text(text: &str) -> usize {
    black_box(text).len()
}

#[instrument(skip_all)]
async fn asynchronous(number: u64) -> u64 {
    black_box(number) + 1
}

#[instrument(skip_all)]
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

/// Measures every workload under every layer.
pub(crate) fn run(figures: &mut Figures) {
    let counter = Arc::new(AtomicU64::new(0));
    let telemetry = Config::from_environment(&Environment::default())
        .expect("there is nothing to misread")
        .change_logging(|logging| logging.has_subscriber = false)
        .processor(Count(Arc::clone(&counter)))
        .install()
        .expect("nothing else is installed");
    let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer());
    with_default(subscriber, || workloads(figures, OURS));
    let report = telemetry.shutdown(Duration::from_secs(10));
    assert!(report.in_time, "{report}");
    report_lost(OURS, 4 * SPANS, counter.load(Ordering::Relaxed));

    let counter = Arc::new(AtomicU64::new(0));
    let provider = sdk::provider(Sampler::AlwaysOn, &counter);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    with_default(tracing_subscriber::registry().with(layer), || workloads(figures, OTEL));
    drop(provider.shutdown());
    report_lost(OTEL, 4 * SPANS, counter.load(Ordering::Relaxed));

    with_default(tracing_subscriber::registry(), || workloads(figures, "registry alone"));
}

fn workloads(figures: &mut Figures, library: &'static str) {
    figures.add("span", library, measure(|| root(keep(plain))), "ns");
    figures.add("integer", library, measure(|| root(keep(integer))), "ns");
    figures.add("string", library, measure(|| root(keep(|_| text(TEXT)))), "ns");
    let ns = measure(|| root(keep(|number| poll_once(asynchronous(number)))));
    figures.add("async", library, ns, "ns");
}
