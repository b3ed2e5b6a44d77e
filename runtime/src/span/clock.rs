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
use anchor::Line;
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

/// The same in nanoseconds; by the wall clock while nothing is installed, and where that was set or went on
/// while the machine was suspended, until the collector follows it.
pub(super) fn unix_ns() -> u64 {
    by_ticks_or_wall(anchor::newest(), ticks(), anchor::wall_ns())
}

fn by_ticks_or_wall(newest: Option<Line>, ticks: u64, wall_ns: i64) -> u64 {
    match newest.filter(|line| !line.is_off(ticks, wall_ns)) {
        Some(line) => line.unix_ns(ticks),
        None => u64::try_from(wall_ns).unwrap_or(0),
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

/// Maximum age of the second of a trace id, in ticks: between 10 and 70 ms.
const SECOND_TICKS: u64 = 1 << 26;

/// Second of the wall clock, and the ticks at which it was read; zero seconds before the first reading.
#[derive(Clone, Copy)]
struct Second {
    read_at: u64,
    seconds: u32,
}

impl Second {
    const UNREAD: Self = Self { read_at: 0, seconds: 0 };

    /// This second while it is fresh, else one that is read now. A counter that begins anew, as it may
    /// after a suspend, makes it stale.
    fn at(self, now: u64, read: impl FnOnce() -> Duration) -> Self {
        if self.seconds != 0 && now.wrapping_sub(self.read_at) < SECOND_TICKS {
            return self;
        }
        Self { read_at: now, seconds: u32::try_from(read().as_secs()).unwrap_or(u32::MAX) }
    }
}

/// Whole seconds since the Unix epoch, for the head of a trace id. A wall clock that was set is followed
/// within 70 ms.
pub(super) fn epoch_seconds() -> u32 {
    thread_local! {
        static SECOND: Cell<Second> = const { Cell::new(Second::UNREAD) };
    }
    let second = SECOND.get().at(ticks(), since_epoch);
    SECOND.set(second);
    second.seconds
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
    fn head_of_a_trace_id_follows_the_clock_and_a_counter_that_restarts() {
        let second = Second::UNREAD.at(1_000, || Duration::from_millis(1_500));
        assert_eq!(second.seconds, 1);
        // Ticks of the next id, the time of day, the seconds in the id.
        for (now, seconds, expected) in [
            (1_000 + SECOND_TICKS - 1, 7_200, 1),
            (1_000 + SECOND_TICKS, 7_200, 7_200),
            (1_000 + SECOND_TICKS, 0, 0),
            (999, 7_200, 7_200),
        ] {
            let read = || Duration::from_secs(seconds);
            assert_eq!(second.at(now, read).seconds, expected, "{now}");
        }
    }

    #[test]
    fn time_between_passes_follows_a_wall_clock_that_was_set() {
        let anchor = ClockAnchor::new();
        let now = ticks();
        let by_ticks = anchor.unix_ns(now);
        let wall = i64::try_from(by_ticks).expect("it is in this century");
        let newest = anchor::newest();
        for (wall_ns, expected) in [
            (wall + 1_000_000, by_ticks),
            (wall + 3_600_000_000_000, by_ticks + 3_600_000_000_000),
            (wall - 3_600_000_000_000, by_ticks - 3_600_000_000_000),
            (-1, 0),
        ] {
            let found = by_ticks_or_wall(newest, now, wall_ns);
            assert!(found.abs_diff(expected) < 1_000_000, "{found} instead of {expected}");
        }
    }

    #[test]
    fn the_head_of_a_trace_id_is_the_time_of_day() {
        let seconds = u64::from(epoch_seconds());
        let unix_ns = ClockAnchor::new().unix_ns(ticks());
        assert!(seconds.abs_diff(unix_ns / 1_000_000_000) <= 1);
    }
}
