//! How what is compared takes turns.

use std::time::Instant;

/// Calls of one round, where one call is too short for a clock.
pub(crate) const CALLS: u64 = 1_000;

/// Rounds of one figure.
const ROUNDS: usize = 3_000;

/// Rounds before the figure, in which code becomes warm.
const WARM_UP_ROUNDS: usize = 200;

/// The median time of one call of each contender in nanoseconds; a round of a contender makes
/// [`CALLS`] of them.
pub(crate) fn in_turns<const N: usize>(mut contenders: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times_ns = [const { Vec::new() }; N];
    for number in 0..WARM_UP_ROUNDS + ROUNDS {
        for (round, times_ns) in contenders.iter_mut().zip(&mut times_ns) {
            let begin = Instant::now();
            round();
            let elapsed = begin.elapsed();
            if number >= WARM_UP_ROUNDS {
                times_ns.push(elapsed.as_nanos());
            }
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a thousand")]
    let calls = CALLS as f64;
    times_ns.map(|mut times_ns| median(&mut times_ns) / calls)
}

/// The time of one call in nanoseconds.
pub(crate) fn time(call: impl FnOnce()) -> u128 {
    let begin = Instant::now();
    call();
    begin.elapsed().as_nanos()
}

/// The median of some times in nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one round")]
pub(crate) fn median(times_ns: &mut [u128]) -> f64 {
    times_ns.sort_unstable();
    times_ns[times_ns.len() / 2] as f64
}
