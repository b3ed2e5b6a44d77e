//! What `#[report_errors]` costs a function that succeeds, one that fails, and a service in which
//! failures come in storms.
//!
//! Prints one line a figure, `workload library median unit`, then the ratios. What is compared runs in
//! turns, round by round, so that other programs disturb all alike. The words `ok`, `err` and `storm`
//! run one part alone: `cargo bench -p spanwright-tests --bench reports -- ok`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod err;
mod failure;
#[path = "../compare/figures.rs"]
mod figures;
mod ok;
mod pace;
mod storm;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use figures::Figures;
use spanwright::config::Environment;
use spanwright::record::{ErrorRecord, Processor};
use spanwright::report::Settings;
use spanwright::{Config, Telemetry};

/// Adds what it measures.
type Part = fn(&mut Figures);

/// The parts of this bench, and what runs them.
const PARTS: [(&str, Part); 3] = [("ok", ok::run), ("err", err::run), ("storm", storm::run)];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |part: &str| asked.iter().any(|word| word == part);
    let is_all = PARTS.iter().all(|(part, _)| !is_asked(part));
    let mut figures = Figures::default();
    for (_, run) in PARTS.iter().filter(|(part, _)| is_all || is_asked(part)) {
        run(&mut figures);
    }
    figures.print_ratios();
}

/// Counts finished reports and forgets them.
struct Count(Arc<AtomicU64>);

impl Processor<ErrorRecord> for Count {
    fn process(&self, reports: &Arc<[ErrorRecord]>) {
        self.0.fetch_add(reports.len() as u64, Ordering::Relaxed);
    }
}

/// Installs reporting alone: finished reports are counted.
fn install(settings: Settings, counter: &Arc<AtomicU64>) -> Telemetry {
    Config::from_environment(&Environment::default())
        .expect("there is nothing to misread")
        .reports(settings)
        .error_processor(Count(Arc::clone(counter)))
        .install()
        .expect("nothing else is installed")
}
