//! What a second attribute on the same function costs, beside a destination that takes its
//! subsegments.

use std::hint::black_box;
use std::net::UdpSocket;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::{Config, traced, xray_subsegment};

use super::figures::{Figures, OURS};
use super::pace::{CHILDREN, keep, measure};

#[inline(never)]
#[traced(fields(number))]
fn traced_alone(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
#[traced(fields(#[annotation] number))]
#[xray_subsegment]
fn traced_and_subsegment(number: u64) -> u64 {
    black_box(number) + 1
}

#[traced(kind = "server")]
fn request(child: impl Fn(u64)) {
    (0..CHILDREN).for_each(child);
}

/// Measures one attribute and two, with both kinds of destinations installed.
pub(crate) fn run(figures: &mut Figures) {
    let daemon = UdpSocket::bind("127.0.0.1:0").expect("the system has a port");
    let address = daemon.local_addr().expect("it is bound").to_string();
    let variables =
        [("AWS_XRAY_DAEMON_ADDRESS", address.as_str()), ("SPANWRIGHT_XRAY_SAMPLING", "as-spans")];
    let environment: Environment = variables.into_iter().collect();
    let telemetry = Config::from_environment(&environment)
        .expect("there is nothing to misread")
        .processor(Forget)
        .install()
        .expect("nothing else is installed");
    let one = measure(|| request(keep(traced_alone)));
    let two = measure(|| request(keep(traced_and_subsegment)));
    // Nobody reads the datagrams, so nothing is to be said about them.
    let _ = telemetry.shutdown(Duration::from_millis(100));
    figures.add("one attribute", OURS, one, "ns");
    figures.add("two attributes", OURS, two, "ns");
    println!("{:<14} {OURS:<20} {:>9.2} x one attribute", "two attributes", two / one);
}

/// Takes spans, so that they are made.
struct Forget;

impl spanwright::record::Processor<spanwright::record::SpanRecord> for Forget {
    fn process(&self, _: &std::sync::Arc<[spanwright::record::SpanRecord]>) {}
}
