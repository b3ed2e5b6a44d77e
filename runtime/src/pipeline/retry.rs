//! How long to wait before a request is sent again.
//!
//! In: how often it failed, a random number. Out: a duration.
//! Never: decides whether to retry; that is the verdict.

use std::time::Duration;

/// Exponential growth with full jitter.
///
/// Full jitter spreads the retries of many processes evenly over the whole delay.
/// Source: <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The longest delay after the first failure.
    pub initial: Duration,
    /// The longest delay after any failure.
    pub max: Duration,
}

impl Default for Backoff {
    /// 250 ms, doubled up to 30 s: a restarted collector is found within a second or two, one that
    /// stays away is asked twice a minute.
    fn default() -> Self {
        Self { initial: Duration::from_millis(250), max: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The delay after `failures` failures in a row, from 1; `random` is any number, evenly
    /// distributed.
    pub fn delay(self, failures: u32, random: u64) -> Duration {
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        let ceiling = self.initial.saturating_mul(doubled).min(self.max);
        // Nanoseconds of `max` fit 64 bits up to 584 years, their product with 64 bits fits 128.
        let ns = (ceiling.as_nanos() * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_doubles_up_to_its_maximum() {
        let backoff = Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) };
        let ceilings = [1, 2, 3, 4, 5, 33, u32::MAX]
            .map(|failures| backoff.delay(failures, u64::MAX).as_micros().div_ceil(1000));
        assert_eq!(ceilings, [100, 200, 400, 800, 1000, 1000, 1000]);
    }

    #[test]
    fn the_random_number_chooses_any_part_of_the_delay() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(1, 0), Duration::ZERO);
        assert_eq!(backoff.delay(1, u64::MAX / 2 + 1), Duration::from_millis(125));
        assert!(backoff.delay(1, u64::MAX) < Duration::from_millis(250));
    }
}
