//! Time that a span of `tracing` is entered, and time that it is open without being entered.

/// The times of one span, which several threads may have entered at once, in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Time of the last change.
    changed: u64,
    /// Number of times that the span is entered now.
    entered: u32,
    /// True once the span has been entered.
    was_entered: bool,
    busy: u64,
    idle: u64,
}

/// Times of a span that has ended, in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// Time that it was entered.
    pub(super) busy: u64,
    /// Time that it was open without being entered.
    pub(super) idle: u64,
    /// Time from its end until it was closed.
    pub(super) closed_after: u64,
}

impl Times {
    pub(super) const fn start(now: u64) -> Self {
        Self { changed: now, entered: 0, was_entered: false, busy: 0, idle: 0 }
    }

    pub(super) const fn enter(&mut self, now: u64) {
        self.advance(now);
        self.entered = self.entered.saturating_add(1);
        self.was_entered = true;
    }

    pub(super) const fn leave(&mut self, now: u64) {
        self.advance(now);
        self.entered = self.entered.saturating_sub(1);
    }

    /// Returns the times of a span that is closed now. It has ended when it was left last, however long
    /// a child or a handle has kept it open, or ends now if it was never entered.
    pub(super) const fn end(mut self, now: u64) -> Ended {
        let has_ended = self.was_entered && self.entered == 0;
        let end = if has_ended { self.changed } else { now };
        self.advance(end);
        Ended { busy: self.busy, idle: self.idle, closed_after: now.saturating_sub(end) }
    }

    const fn advance(&mut self, now: u64) {
        let passed = now.saturating_sub(self.changed);
        let sum = if self.entered > 0 { &mut self.busy } else { &mut self.idle };
        *sum = sum.saturating_add(passed);
        self.changed = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(times: Times, now: u64) -> (u64, u64, u64) {
        let Ended { busy, idle, closed_after } = times.end(now);
        (busy, idle, closed_after)
    }

    #[test]
    fn a_span_is_busy_while_any_thread_is_in_it() {
        let mut times = Times::start(100);
        assert_eq!(end(times, 107), (0, 7, 0), "it was never entered");
        times.enter(110);
        times.enter(120);
        times.leave(150);
        assert_eq!(end(times, 170), (60, 10, 0), "a thread is in it");
        times.leave(160);
        assert_eq!(end(times, 200), (50, 10, 40), "it was left before it was closed");
        times.enter(200);
        assert_eq!(end(times, 205), (55, 50, 0));
    }

    #[test]
    fn times_that_do_not_fit_change_nothing() {
        let mut times = Times::start(u64::MAX);
        times.leave(0);
        times.enter(0);
        assert_eq!(end(times, u64::MAX), (u64::MAX, 0, 0));
    }
}
