//! fastrace.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::{Span, trace};

use super::figures::Figures;
use super::pace::{CHILDREN, SPANS, TEXT, keep, measure, poll_once, report_lost};

const NAME: &str = "fastrace";

#[inline(never)]
#[trace(short_name = true)]
fn plain(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[trace(short_name = true, properties = { "number": "{number}" })]
fn integer(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[trace(short_name = true, properties = { "user.id": "{text}" })]
fn text(text: &str) -> usize {
    black_box(text).len()
}

#[trace(short_name = true)]
async fn asynchronous(number: u64) -> u64 {
    black_box(number) + 1
}

fn root(is_sampled: bool, child: impl Fn(u64)) {
    let root = Span::root("root", SpanContext::random().sampled(is_sampled));
    let _parent = root.set_local_parent();
    (0..CHILDREN).for_each(child);
}

/// Counts and forgets.
struct Count(Arc<AtomicU64>);

impl Reporter for Count {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.0.fetch_add(spans.len() as u64, Ordering::Relaxed);
    }
}

/// Measures every workload.
pub(crate) fn run(figures: &mut Figures) {
    let ns = measure(|| (0..CHILDREN).for_each(keep(integer)));
    figures.add("not installed", NAME, ns, "ns");

    let counter = Arc::new(AtomicU64::new(0));
    fastrace::set_reporter(Count(Arc::clone(&counter)), Config::default());
    figures.add("plain", NAME, measure(|| root(true, keep(plain))), "ns");
    figures.add("integer", NAME, measure(|| root(true, keep(integer))), "ns");
    figures.add("string", NAME, measure(|| root(true, keep(|_| text(TEXT)))), "ns");
    let ns = measure(|| root(true, keep(|n| poll_once(asynchronous(n)))));
    figures.add("async", NAME, ns, "ns");
    fastrace::flush();
    report_lost(NAME, 4 * SPANS, counter.load(Ordering::Relaxed));
    figures.add("unsampled", NAME, measure(|| root(false, keep(integer))), "ns");
}
