//! What arrives of a service's log while other programs want twice the processors that there are.

use std::hint::black_box;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use super::figures::{Figures, OURS};
use super::install;
use super::process::Sink;
use super::storm::{EVENTS_PER_REQUEST, LONG, round, serve};

/// With the events of each, ten thousand a second.
const REQUESTS_PER_SECOND: u64 = 200;

/// How long one of the other programs lives at most.
const LIFE: Duration = Duration::from_mins(1);

/// One of the other programs.
pub(crate) fn spin() {
    let begin = Instant::now();
    while begin.elapsed() < LIFE {
        black_box(());
    }
}

/// Two of the other programs for each processor.
struct Others(Vec<Child>);

impl Others {
    fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let start = |_| Command::new(&program).arg("spin").spawn().expect("this program starts");
        Self((0..2 * processors).map(start).collect())
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        for other in &mut self.0 {
            drop(other.kill());
            drop(other.wait());
        }
    }
}

/// Measures one round.
pub(crate) fn run(_: &mut Figures) {
    let address = serve();
    let others = Others::start();
    let sink = Sink::start(0);
    let telemetry = install(&sink.url, true);
    let times = round(address, REQUESTS_PER_SECOND);
    let report = telemetry.shutdown(LONG);
    drop(others);
    let made = times.len() as u64 * (EVENTS_PER_REQUEST + 1);
    println!("{:<14} {OURS:<20} {report}; arrived {} of {made} made", "busy", sink.stop());
}
