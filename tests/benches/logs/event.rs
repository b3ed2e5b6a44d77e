//! An event with three fields inside a traced function.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::{LogRecord, Processor};
use spanwright::{Config, Telemetry, traced};
use tracing::subscriber::with_default;
use tracing::{info, instrument};
use tracing_subscriber::layer::SubscriberExt as _;

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, SPANS, TEXT, measure};

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

/// Counts and forgets.
struct Count(Arc<AtomicU64>);

impl Processor<LogRecord> for Count {
    fn process(&self, records: &Arc<[LogRecord]>) {
        self.0.fetch_add(records.len() as u64, Ordering::Relaxed);
    }
}

fn install(counter: &Arc<AtomicU64>) -> Telemetry {
    Config::from_environment(&Environment::default())
        .expect("there is nothing to misread")
        .change_logging(|logging| logging.has_subscriber = false)
        .log_processor(Count(Arc::clone(counter)))
        .install()
        .expect("nothing else is installed")
}

/// Measures every contender.
pub(crate) fn run(figures: &mut Figures) {
    figures.add("event", "no subscriber", measure(ours), "ns");
    let counter = Arc::new(AtomicU64::new(0));
    let telemetry = install(&counter);
    let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer());
    figures.add("event", OURS, with_default(subscriber, || measure(ours)), "ns");
    let report = telemetry.shutdown(Duration::from_secs(10));
    println!("{:<14} {OURS:<20} {report}", "event");
    let made = SPANS / (CHILDREN + 1) * CHILDREN;
    println!(
        "{:<14} {OURS:<20} {:>9} events of {made}",
        "lost",
        made - counter.load(Ordering::Relaxed)
    );
    let layer = tracing_subscriber::fmt::layer().json().with_writer(io::sink);
    let subscriber = tracing_subscriber::registry().with(layer);
    figures.add("event", "json fmt", with_default(subscriber, || measure(theirs)), "ns");
    let subscriber = tracing_subscriber::registry();
    figures.add("event", "registry alone", with_default(subscriber, || measure(theirs)), "ns");
}
