//! Time that a span of `tracing` is entered, and time that it is open without being entered.

use std::time::Duration;

/// The times of one span, which several threads may have entered at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Time of the last change, on a steady clock.
    changed: Duration,
    /// Number of times that the span is entered now.
    entered: u32,
    busy: Duration,
    idle: Duration,
}

impl Times {
    pub(super) const fn start(now: Duration) -> Self {
        Self { changed: now, entered: 0, busy: Duration::ZERO, idle: Duration::ZERO }
    }

    pub(super) fn enter(&mut self, now: Duration) {
        self.advance(now);
        self.entered = self.entered.saturating_add(1);
    }

    pub(super) fn leave(&mut self, now: Duration) {
        self.advance(now);
        self.entered = self.entered.saturating_sub(1);
    }

    /// Returns the time that the span was entered and the time that it was not, in nanoseconds.
    pub(super) fn end(&mut self, now: Duration) -> (i64, i64) {
        self.advance(now);
        let nanoseconds = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
        (nanoseconds(self.busy), nanoseconds(self.idle))
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

    #[test]
    fn a_span_is_busy_while_any_thread_is_in_it() {
        let at = Duration::from_nanos;
        let mut times = Times::start(at(100));
        times.enter(at(110));
        times.enter(at(120));
        times.leave(at(150));
        times.leave(at(160));
        assert_eq!({ times }.end(at(200)), (50, 50));
        times.enter(at(200));
        assert_eq!(times.end(at(205)), (55, 50));
    }

    #[test]
    fn times_that_do_not_fit_change_nothing() {
        let mut times = Times::start(Duration::MAX);
        times.leave(Duration::ZERO);
        times.enter(Duration::ZERO);
        assert_eq!(times.end(Duration::MAX), (i64::MAX, 0));
    }
}
