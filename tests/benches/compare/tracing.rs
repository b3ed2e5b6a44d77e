//! `tracing` with the OpenTelemetry layer.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::Sampler;
use tracing::instrument;
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt;

use super::figures::Figures;
use super::pace::{CHILDREN, SPANS, TEXT, keep, measure, poll_once, report_lost};
use super::sdk;

const NAME: &str = "tracing+otel";

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

/// Measures every workload.
pub(crate) fn run(figures: &mut Figures) {
    figures.add("not installed", NAME, measure(|| root(keep(integer))), "ns");
    recorded(figures);
    under(Sampler::AlwaysOff, &Arc::default(), || {
        figures.add("unsampled", NAME, measure(|| root(keep(integer))), "ns");
    });
}

/// Measures what is recorded.
pub(crate) fn recorded(figures: &mut Figures) {
    let counter = Arc::default();
    under(Sampler::AlwaysOn, &counter, || workloads(figures, NAME));
    report_lost(NAME, 4 * SPANS, counter.load(Ordering::Relaxed));
}

/// Measures the same under whatever layer there is; makes four times [`SPANS`].
pub(crate) fn workloads(figures: &mut Figures, library: &'static str) {
    figures.add("plain", library, measure(|| root(keep(plain))), "ns");
    figures.add("integer", library, measure(|| root(keep(integer))), "ns");
    figures.add("string", library, measure(|| root(keep(|_| text(TEXT)))), "ns");
    let ns = measure(|| root(keep(|number| poll_once(asynchronous(number)))));
    figures.add("async", library, ns, "ns");
}

fn under(sampler: Sampler, counter: &Arc<AtomicU64>, body: impl FnOnce()) {
    let provider = sdk::provider(sampler, counter);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
    with_default(tracing_subscriber::registry().with(layer), body);
    drop(provider.shutdown());
}
