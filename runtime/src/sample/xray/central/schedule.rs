//! When the control plane is asked next.
//!
//! In: the time, and a number that differs from process to process. Out: whether it is time.
//! Never: reads a clock, or waits for one that was put back.

use std::time::Duration;

/// When a rule is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    reported_at: Duration,
    interval: Duration,
}

impl Schedule {
    pub(super) const fn new(reported_at: Duration, interval: Duration) -> Self {
        Self { reported_at, interval }
    }

    pub(super) const fn report(&mut self, now: Duration) {
        self.reported_at = now;
    }

    pub(super) const fn set_interval(&mut self, interval: Duration) {
        self.interval = interval;
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        is_due(self.reported_at + self.interval, now, self.interval)
    }
}

/// Whether it is time, also when the clock was put back behind everything that was planned, which
/// is never more than `longest` away.
pub(super) fn is_due(at: Duration, now: Duration, longest: Duration) -> bool {
    now >= at || now + longest < at
}

/// Numbers that spread the polls of many processes; made of one seed.
#[derive(Debug)]
pub(super) struct Jitter(u64);

impl Jitter {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A time below `spread`.
    pub(super) fn within(&mut self, spread: Duration) -> Duration {
        // The usual linear congruence; its upper bits are good enough to spread polls.
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let thousandths = u32::try_from(self.0 >> 33).unwrap_or_default() % 1000;
        spread * thousandths / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_due_after_its_interval_or_when_the_clock_was_put_back() {
        let second = Duration::from_secs;
        let schedule = Schedule::new(second(1000), second(10));
        for (now, is_due) in
            [(1009, false), (1010, true), (2000, true), (1000, false), (999, true), (5, true)]
        {
            assert_eq!(schedule.is_due(second(now)), is_due, "{now}");
        }
    }

    #[test]
    fn polls_spread_over_all_of_the_time_they_have() {
        let mut jitter = Jitter::new(1);
        let spread = Duration::from_secs(5);
        let times: Vec<_> = (0..1000).map(|_| jitter.within(spread)).collect();
        for tenth in 0..10 {
            let within = spread * tenth / 10..spread * (tenth + 1) / 10;
            let count = times.iter().filter(|time| within.contains(*time)).count();
            assert!((50..150).contains(&count), "{tenth}: {count}");
        }
    }
}
