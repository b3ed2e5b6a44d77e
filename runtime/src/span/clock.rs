//! Ticks while a span runs, nanoseconds since the Unix epoch once it is over.
//!
//! In: nothing. Out: raw counter values that fit one word, and the anchor that turns them into
//! time of day. The only place of this crate that reads a clock for spans.
//! Never: converts on the application's thread.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastant::{Anchor, Instant};

use super::per_process::PerProcess;

/// How far the anchor may lie beside the wall clock before it is set anew, in nanoseconds.
const MAX_DRIFT_NS: u64 = 1_000_000;

/// Reads the counter; its unit is the machine's own.
#[inline]
pub(crate) fn ticks() -> u64 {
    to_word(Instant::now())
}

/// The time since the Unix epoch.
pub(crate) fn since_epoch() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "this is where the wall clock is read")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time since the Unix epoch as spans and events of the log tell it: what is said with one of these
/// times came before what is said with a later one. Takes a lock for a moment.
pub(crate) fn since_epoch_by_ticks() -> Duration {
    Duration::from_nanos(unix_ns())
}

/// The same in nanoseconds.
pub(super) fn unix_ns() -> u64 {
    Calendar::new().unix_ns(ticks())
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

/// The whole seconds since the Unix epoch, for the head of a trace id.
pub(super) fn epoch_seconds() -> u32 {
    static ANCHOR: OnceLock<Anchor> = OnceLock::new();
    let unix_ns = Instant::now().as_unix_nanos(ANCHOR.get_or_init(Anchor::new));
    u32::try_from(unix_ns / 1_000_000_000).unwrap_or(u32::MAX)
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

/// The anchor by which all ticks of the process become time of day.
static ANCHOR: PerProcess<Mutex<Option<Anchor>>> = PerProcess::new(Mutex::default);

/// How often both clocks are read for an anchor.
const READINGS: usize = 5;

/// The best of a few readings of both clocks, as a thread may lose its processor between the two.
fn read_clocks() -> Anchor {
    let read = || {
        let begin = Instant::now();
        (Anchor::new(), begin.elapsed())
    };
    let nearer = |best: (Anchor, Duration), next: (Anchor, Duration)| {
        if next.1 < best.1 { next } else { best }
    };
    (1..READINGS).map(|_| read()).fold(read(), nearer).0
}

/// Turns ticks into time of day.
pub(super) struct Calendar {
    anchor: Anchor,
    checked: Instant,
}

impl Calendar {
    /// How often the anchor is held against the wall clock.
    const CHECK_INTERVAL: Duration = Duration::from_secs(10);

    /// The one of this process.
    pub(super) fn new() -> Self {
        let mut anchor = ANCHOR.get().lock().unwrap_or_else(PoisonError::into_inner);
        Self { anchor: *anchor.get_or_insert_with(read_clocks), checked: Instant::now() }
    }

    /// Follows the wall clock when it was set or has drifted away; otherwise the anchor stays, so
    /// that a parent and a child read in different passes keep their order.
    pub(super) fn follow_wall_clock(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.checked) < Self::CHECK_INTERVAL {
            return;
        }
        self.checked = now;
        let fresh = read_clocks();
        if now.as_unix_nanos(&fresh).abs_diff(now.as_unix_nanos(&self.anchor)) > MAX_DRIFT_NS {
            self.anchor = fresh;
            *ANCHOR.get().lock().unwrap_or_else(PoisonError::into_inner) = Some(fresh);
        }
    }

    /// Nanoseconds since the Unix epoch.
    pub(super) fn unix_ns(&self, ticks: u64) -> u64 {
        from_word(ticks).as_unix_nanos(&self.anchor)
    }
}

#[expect(
    unsafe_code,
    reason = "the safe way from an instant to a number costs a float multiplication per reading"
)]
#[inline]
fn to_word(instant: Instant) -> u64 {
    // SAFETY: `Instant` is `#[repr(transparent)]` over `u64`.
    unsafe { std::mem::transmute::<Instant, u64>(instant) }
}

#[expect(unsafe_code, reason = "there is no safe way from a raw counter value to an instant")]
fn from_word(word: u64) -> Instant {
    // SAFETY: `Instant` is `#[repr(transparent)]` over `u64`, of which every value is valid.
    unsafe { std::mem::transmute::<u64, Instant>(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_read_one_after_the_other_become_times_in_the_same_order() {
        let calendar = Calendar::new();
        let (first, second) = (ticks(), ticks());
        assert!(calendar.unix_ns(first) <= calendar.unix_ns(second));
    }

    #[test]
    fn whoever_asks_for_the_time_of_day_has_it_in_order_with_ticks() {
        for _ in 0..100 {
            let before = since_epoch_by_ticks();
            let between = Duration::from_nanos(Calendar::new().unix_ns(ticks()));
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
        let unix_ns = Calendar::new().unix_ns(ticks());
        assert!(seconds.abs_diff(unix_ns / 1_000_000_000) <= 1);
    }
}
