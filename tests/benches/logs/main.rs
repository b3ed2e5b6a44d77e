//! What an event of the log, and a span of `tracing`, costs the thread that makes it, beside what else
//! takes them; what a storm of events does to a service, and what a busy machine does to its log.
//!
//! Prints one line a figure, `workload library median unit`, then the ratios. The words `event`,
//! `foreign`, `storm` and `busy` run one part alone: `cargo bench -p spanwright-tests --bench logs -- event`.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock and keeps a pace")]

mod busy;
mod event;
#[path = "../compare/figures.rs"]
mod figures;
mod foreign;
#[expect(dead_code, reason = "the other bench measures its floor by it")]
#[path = "../compare/pace.rs"]
mod pace;
#[path = "../compare/process.rs"]
mod process;
#[expect(dead_code, reason = "the other bench measures the SDK itself")]
#[path = "../compare/sdk.rs"]
mod sdk;
mod sink;
mod storm;
#[expect(dead_code, reason = "the other bench measures what is not recorded, too")]
#[path = "../compare/tracing.rs"]
mod tracing;

use figures::Figures;
use pace::TEXT;
use spanwright::config::Environment;
use spanwright::{Config, Telemetry};

/// Adds what it measures.
type Part = fn(&mut Figures);

/// The parts of this bench, and what runs them.
const PARTS: [(&str, Part); 4] =
    [("event", event::run), ("foreign", foreign::run), ("storm", storm::run), ("busy", busy::run)];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).collect();
    if asked.first().is_some_and(|word| word == "sink") {
        return sink::serve();
    }
    if asked.first().is_some_and(|word| word == "spin") {
        return busy::spin();
    }
    let is_asked = |part: &str| asked.iter().any(|word| word == part);
    let is_all = PARTS.iter().all(|(part, _)| !is_asked(part));
    let mut figures = Figures::default();
    for (_, run) in PARTS.iter().filter(|(part, _)| is_all || is_asked(part)) {
        run(&mut figures);
    }
    figures.print_ratios();
}

/// Installs the log to CloudWatch Logs at this address, with a subscriber of the process or without.
fn install(url: &str, has_subscriber: bool) -> Telemetry {
    let variables = [
        ("CLOUDWATCH_LOG_GROUP", "bench"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "example"),
    ];
    let environment: Environment = variables.into_iter().collect();
    Config::from_environment(&environment)
        .expect("there is nothing to misread")
        .change_logging(|logging| logging.has_subscriber = has_subscriber)
        .install()
        .expect("nothing else is installed")
}
