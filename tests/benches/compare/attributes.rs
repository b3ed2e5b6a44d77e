//! What a second and a third attribute on the same function cost, beside destinations that take its
//! subsegments and its failures.

use std::hint::black_box;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::{ErrorRecord, Processor, SpanRecord};
use spanwright::{Config, report_errors, traced, xray_subsegment};

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, keep, measure};

#[inline(never)]
#[traced(fields(number))]
fn traced_alone(number: u64) -> Result<u64, TooLarge> {
    increase(number)
}

#[inline(never)]
#[traced(fields(#[annotation] number))]
#[xray_subsegment]
fn traced_and_subsegment(number: u64) -> Result<u64, TooLarge> {
    increase(number)
}

#[inline(never)]
#[traced(fields(#[annotation] number))]
#[xray_subsegment]
#[report_errors]
fn all_three(number: u64) -> Result<u64, TooLarge> {
    increase(number)
}

/// A call of this bench can fail, and none does.
#[derive(Debug)]
struct TooLarge;

fn increase(number: u64) -> Result<u64, TooLarge> {
    black_box(number).checked_add(1).ok_or(TooLarge)
}

#[traced(kind = "server")]
fn request(child: impl Fn(u64)) {
    (0..CHILDREN).for_each(child);
}

/// Measures one attribute, two and three, with all kinds of destinations installed.
pub(crate) fn run(figures: &mut Figures) {
    let daemon = UdpSocket::bind("127.0.0.1:0").expect("the system has a port");
    let address = daemon.local_addr().expect("it is bound").to_string();
    let variables =
        [("AWS_XRAY_DAEMON_ADDRESS", address.as_str()), ("SPANWRIGHT_XRAY_SAMPLING", "as-spans")];
    let environment: Environment = variables.into_iter().collect();
    let telemetry = Config::from_environment(&environment)
        .expect("there is nothing to misread")
        // One would take what the rivals make.
        .change_logging(|logging| logging.has_subscriber = false)
        .processor(Forget)
        .error_processor(Forget)
        .install()
        .expect("nothing else is installed");
    let one = measure(|| request(keep(traced_alone)));
    let two = measure(|| request(keep(traced_and_subsegment)));
    let three = measure(|| request(keep(all_three)));
    // Nobody reads the datagrams, so nothing is to be said about them.
    let _ = telemetry.shutdown(Duration::from_millis(100));
    figures.add("one attribute", OURS, one, "ns");
    for (workload, ns) in [("two attributes", two), ("all attributes", three)] {
        figures.add(workload, OURS, ns, "ns");
        println!("{workload:<14} {OURS:<20} {:>9.2} x one attribute", ns / one);
    }
}

/// Takes spans and failures, so that they are made.
struct Forget;

impl Processor<SpanRecord> for Forget {
    fn process(&self, _: &Arc<[SpanRecord]>) {}
}

impl Processor<ErrorRecord> for Forget {
    fn process(&self, _: &Arc<[ErrorRecord]>) {}
}
