//! Moments as people write them, without a time zone.
//!
//! In: nanoseconds since the Unix epoch. Out: the parts of a calendar and of a clock.
//! Never: asks where it runs; a service has its times in UTC.

use std::fmt;

const NS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// A moment in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) year: u32,
    /// From 1 to 12.
    pub(crate) month: u32,
    /// From 1 to 31.
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) nanos: u32,
}

impl Time {
    /// Takes a count of nanoseconds since the Unix epoch apart; it ends in 2554.
    ///
    /// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>, where years
    /// begin in March, so that a leap day is the last of its year.
    pub(crate) fn of(unix_ns: u64) -> Self {
        const DAYS_OF_400_YEARS: u32 = 146_097;
        const DAYS_BEFORE_EPOCH: u32 = 719_468;
        let (unix_seconds, nanos) = (unix_ns / NS_PER_SECOND, small(unix_ns % NS_PER_SECOND));
        let second = small(unix_seconds % SECONDS_PER_DAY);
        let days = small(unix_seconds / SECONDS_PER_DAY) + DAYS_BEFORE_EPOCH;
        let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Self {
            year: year + 400 * era + next_year,
            month,
            day,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
            nanos,
        }
    }
}

impl fmt::Display for Time {
    /// To the millisecond, as `2026-11-20T10:00:00.123Z`.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, nanos } = self;
        let millis = nanos / 1_000_000;
        write!(f, "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// A number that is known to be small.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_knows_leap_years_and_its_own_end() {
        for (unix_ns, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999Z"),
            (1_798_761_599_000_000_000, "2026-12-31T23:59:59.000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709Z"),
        ] {
            assert_eq!(Time::of(unix_ns).to_string(), expected);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let is_leap = |year: u32| {
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
        };
        let days = |year: u32, month: u32| match month {
            2 if is_leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1970, 1, 1);
        for count in 0..200_000 {
            let Time { year, month, day, .. } = Time::of(count * SECONDS_PER_DAY * NS_PER_SECOND);
            assert_eq!((year, month, day), expected);
            expected = match expected {
                (year, 12, 31) => (year + 1, 1, 1),
                (year, month, day) if day == days(year, month) => (year, month + 1, 1),
                (year, month, day) => (year, month, day + 1),
            };
        }
    }
}
