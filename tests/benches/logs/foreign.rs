//! A function with `#[tracing::instrument]`, through our layer and through that of OpenTelemetry.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use spanwright::Config;
use spanwright::config::Environment;
use spanwright::record::{Processor, SpanRecord};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::SubscriberExt as _;

use super::figures::{Figures, OURS};
use super::pace::{SPANS, report_lost};
use super::tracing::{recorded, workloads};

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

    recorded(figures);
    with_default(tracing_subscriber::registry(), || workloads(figures, "registry alone"));
}
