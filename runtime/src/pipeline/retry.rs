//! How long to wait before a request is sent again.
//!
//! In: how often it failed, a random number, the header of the vendor. Out: a duration.
//! Never: decides whether to retry; that is the verdict.

use std::time::{Duration, SystemTime};

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

/// Reads a `Retry-After` header in either of its forms; `None` when it says nothing.
///
/// A date is measured against the `Date` of the same answer, not against our clock: a server that
/// names a date has a clock and sends it, and clocks that disagree cannot shorten the wait.
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>, §6.6.1 for `Date`.
pub(super) fn retry_after(header: &str, date: Option<&str>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    let from: SystemTime = httpdate::parse_http_date(date?.trim()).ok()?;
    Some(until.duration_since(from).unwrap_or(Duration::ZERO))
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

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let date = Some("Fri, 20 Nov 2026 10:00:00 GMT");
        for (header, date, expected) in [
            ("7", None, Some(7)),
            (" 0 ", None, Some(0)),
            ("Fri, 20 Nov 2026 10:01:30 GMT", date, Some(90)),
            ("Fri, 20 Nov 2026 09:00:00 GMT", date, Some(0)),
            ("Fri, 20 Nov 2026 10:01:30 GMT", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", date, None),
            ("", date, None),
        ] {
            let found = retry_after(header, date).map(|delay| delay.as_secs());
            assert_eq!(found, expected, "{header}");
        }
    }
}
