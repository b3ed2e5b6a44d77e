//! The pace every library is measured at.

use std::hint::{black_box, spin_loop};
use std::time::{Duration, Instant};

use super::figures::Figures;

/// Children under one root.
pub(crate) const CHILDREN: u64 = 100;

/// A value as long as a UUID.
pub(crate) const TEXT: &str = "f73f4b05-a59e-468b-8a29-a1c39e7a2222";

/// Rounds of one figure.
const ROUNDS: usize = 1_500;

/// Rounds before the figure, in which buffers grow and code becomes warm.
const WARM_UP_ROUNDS: usize = 200;

/// Spans that one figure makes, roots included.
pub(crate) const SPANS: u64 = (ROUNDS as u64 + WARM_UP_ROUNDS as u64) * (CHILDREN + 1);

/// From the begin of one round to the begin of the next: 200,000 spans a second, so that threads
/// in the background are at work as they are in a service.
const INTERVAL: Duration = Duration::from_micros(500);

/// Keeps what a child returned from being optimised away.
pub(crate) fn keep<R>(child: impl Fn(u64) -> R) -> impl Fn(u64) {
    move |number| {
        black_box(child(number));
    }
}

/// The median time of one child in nanoseconds: each round begins a root and makes the children.
pub(crate) fn measure(mut round: impl FnMut()) -> f64 {
    let mut times_ns = Vec::with_capacity(ROUNDS);
    for number in 0..WARM_UP_ROUNDS + ROUNDS {
        let begin = Instant::now();
        round();
        let elapsed = begin.elapsed();
        if number >= WARM_UP_ROUNDS {
            times_ns.push(elapsed.as_nanos());
        }
        while begin.elapsed() < INTERVAL {
            spin_loop();
        }
    }
    times_ns.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round")]
    let median_ns = times_ns[ROUNDS / 2] as f64;
    #[expect(clippy::cast_precision_loss, reason = "a hundred")]
    let children = CHILDREN as f64;
    median_ns / children
}

/// What cannot be undercut: two readings of the clock.
pub(crate) fn floor(figures: &mut Figures) {
    let ns = measure(|| {
        for _ in 0..CHILDREN {
            black_box((fastant::Instant::now(), fastant::Instant::now()));
        }
    });
    figures.add("plain", "floor (2 clocks)", ns, "ns");
}

/// Prints how many of the spans of some figures never reached the exporter.
pub(crate) fn report_lost(library: &'static str, expected: u64, arrived: u64) {
    println!("{:<14} {library:<20} {:>9} spans of {expected}", "lost", expected - arrived);
}

/// Polls a future that is ready at once.
pub(crate) fn poll_once<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => unreachable!("nothing here waits"),
    }
}
