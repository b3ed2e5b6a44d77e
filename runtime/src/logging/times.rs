//! Time that a span of `tracing` is entered, and time that it is open without being entered.

use std::time::Duration;

/// The times of one span, which several threads may have entered at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Time of the last change, on a steady clock.
    changed: Duration,
    /// Number of times that the span is entered now.
    entered: u32,
    /// True once the span has been entered.
    was_entered: bool,
    busy: Duration,
    idle: Duration,
}

/// Times of a span that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Time that it was entered.
    pub(super) busy_ns: i64,
    /// Time that it was open without being entered.
    pub(super) idle_ns: i64,
    /// Time from its end until it was closed.
    pub(super) closed_after: Duration,
}

impl Times {
    pub(super) const fn start(now: Duration) -> Self {
        let (busy, idle) = (Duration::ZERO, Duration::ZERO);
        Self { changed: now, entered: 0, was_entered: false, busy, idle }
    }

    pub(super) fn enter(&mut self, now: Duration) {
        self.advance(now);
        self.entered = self.entered.saturating_add(1);
        self.was_entered = true;
    }

    pub(super) fn leave(&mut self, now: Duration) {
        self.advance(now);
        self.entered = self.entered.saturating_sub(1);
    }

    /// Returns the times of a span that is closed now. It has ended when it was left last, however long
    /// a child or a handle has kept it open, or ends now if it was never entered.
    pub(super) fn end(mut self, now: Duration) -> Ended {
        let has_ended = self.was_entered && self.entered == 0;
        let end = if has_ended { self.changed } else { now };
        self.advance(end);
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        Ended {
            busy_ns: nanoseconds(self.busy),
            idle_ns: nanoseconds(self.idle),
            closed_after: now.saturating_sub(end),
        }
    }

    fn advance(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.changed);
        let sum = if self.entered > 0 { &mut self.busy } else { &mut self.idle };
        *sum = sum.saturating_add(passed);
        self.changed = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(times: Times, now_ns: u64) -> (i64, i64, u128) {
        let Ended { busy_ns, idle_ns, closed_after } = times.end(Duration::from_nanos(now_ns));
        (busy_ns, idle_ns, closed_after.as_nanos())
    }

    #[test]
    fn a_span_is_busy_while_any_thread_is_in_it() {
        let at = Duration::from_nanos;
        let mut times = Times::start(at(100));
        assert_eq!(end(times, 107), (0, 7, 0), "it was never entered");
        times.enter(at(110));
        times.enter(at(120));
        times.leave(at(150));
        assert_eq!(end(times, 170), (60, 10, 0), "a thread is in it");
        times.leave(at(160));
        assert_eq!(end(times, 200), (50, 10, 40), "it was left before it was closed");
        times.enter(at(200));
        assert_eq!(end(times, 205), (55, 50, 0));
    }

    #[test]
    fn times_that_do_not_fit_change_nothing() {
        let mut times = Times::start(Duration::MAX);
        times.leave(Duration::ZERO);
        times.enter(Duration::ZERO);
        let ended = times.end(Duration::MAX);
        assert_eq!((ended.busy_ns, ended.idle_ns), (i64::MAX, 0));
    }
}
