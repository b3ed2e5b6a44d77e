//! Ticks while a span runs, nanoseconds since the Unix epoch once it is over.
//!
//! The only place of this crate that reads a clock for spans. Nothing here runs before the first span,
//! or the start of the collector. Never: converts ticks on the application's thread where a span ends.

mod anchor;
mod ticks;

use std::cell::Cell;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) use anchor::ClockAnchor;
pub(crate) use ticks::ticks;

/// Takes the first reading of the clocks, from which the rate of the counter is known a millisecond
/// later.
pub(super) fn start() {
    anchor::start();
}

/// The time since the Unix epoch; zero before it.
pub(crate) fn since_epoch() -> Duration {
    Duration::from_nanos(u64::try_from(anchor::wall_ns()).unwrap_or(0))
}

/// The time since the Unix epoch as spans and events of the log have it: an event with one of these times
/// happened before one with a later time. Takes a lock for a moment.
pub(crate) fn since_epoch_by_ticks() -> Duration {
    Duration::from_nanos(unix_ns())
}

/// The same in nanoseconds; by the wall clock while nothing is installed.
pub(super) fn unix_ns() -> u64 {
    match anchor::newest() {
        Some(line) => line.unix_ns(ticks()),
        None => u64::try_from(anchor::wall_ns()).unwrap_or(0),
    }
}

/// The monotonic time, for what happens at most so often.
pub(crate) fn now() -> std::time::Instant {
    #[expect(clippy::disallowed_methods, reason = "this is where clocks are read")]
    std::time::Instant::now()
}

/// The time since some moment of this process, which goes on evenly whoever sets the wall clock.
pub(crate) fn steady() -> Duration {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let now = now();
    now.saturating_duration_since(*START.get_or_init(|| now))
}

/// For how many ticks the second of a trace id may be out of date: between 10 and 70 ms.
const SECOND_TICKS: u64 = 1 << 26;

/// The whole seconds since the Unix epoch, for the head of a trace id.
pub(super) fn epoch_seconds() -> u32 {
    thread_local! {
        /// The ticks of the last look at the wall clock, and what it was.
        static SECOND: Cell<(u64, u32)> = const { Cell::new((0, 0)) };
    }
    let now = ticks();
    let (looked_at, second) = SECOND.get();
    if second != 0 && now.wrapping_sub(looked_at) < SECOND_TICKS {
        return second;
    }
    let second = u32::try_from(since_epoch().as_secs()).unwrap_or(u32::MAX);
    SECOND.set((now, second));
    second
}

/// How near to now a time of day is taken as now.
const NOW: Duration = Duration::from_micros(50);

/// A time of day in nanoseconds since the Unix epoch; `None` when it is now, which ticks tell
/// better: they never disagree with the ticks of the span's other end.
pub(super) fn unix_ns_unless_now(time: SystemTime) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "this is where the wall clock is read")]
    let now = SystemTime::now();
    let distance = now.duration_since(time).unwrap_or_else(|ahead| ahead.duration());
    (distance > NOW).then(|| {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_times_in_the_same_order() {
        let anchor = ClockAnchor::new();
        let (first, second) = (ticks(), ticks());
        assert!(anchor.unix_ns(first) <= anchor.unix_ns(second));
    }

    #[test]
    fn the_time_of_day_is_in_order_with_ticks() {
        for _ in 0..100 {
            let before = since_epoch_by_ticks();
            let between = Duration::from_nanos(ClockAnchor::new().unix_ns(ticks()));
            let after = since_epoch_by_ticks();
            assert!(before <= between && between <= after, "{before:?} {between:?} {after:?}");
        }
        assert!(since_epoch().abs_diff(since_epoch_by_ticks()) < Duration::from_secs(1));
    }

    #[test]
    fn only_a_time_of_day_beside_now_is_kept() {
        let at = |ns| UNIX_EPOCH + Duration::from_nanos(ns);
        for (time, expected) in [
            (at(1_700_000_000_000_000_001), Some(1_700_000_000_000_000_001)),
            (at(5_000_000_000_000_000_000), Some(5_000_000_000_000_000_000)),
            (UNIX_EPOCH - Duration::from_secs(1), Some(0)),
        ] {
            assert_eq!(unix_ns_unless_now(time), expected, "{time:?}");
        }
    }

    #[test]
    fn the_head_of_a_trace_id_is_the_time_of_day() {
        let seconds = u64::from(epoch_seconds());
        let unix_ns = ClockAnchor::new().unix_ns(ticks());
        assert!(seconds.abs_diff(unix_ns / 1_000_000_000) <= 1);
    }
}
