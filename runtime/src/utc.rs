//! Times for people, without a time zone.
//!
//! In: nanoseconds since the Unix epoch. Out: the parts of a calendar and a clock.
//! Never: asks where it runs; a service has its times in UTC.

use std::fmt;

/// A moment, to the millisecond.
pub(crate) struct Time {
    pub(crate) year: u64,
    /// From 1 to 12.
    pub(crate) month: usize,
    /// From 1 to 31.
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
    pub(crate) millis: u64,
}

impl Time {
    /// Takes a count of nanoseconds since the Unix epoch apart.
    pub(crate) const fn of(unix_ns: u64) -> Self {
        let (unix_seconds, millis) = (unix_ns / 1_000_000_000, unix_ns / 1_000_000 % 1_000);
        let (days, second_of_day) = (unix_seconds / 86_400, unix_seconds % 86_400);
        let (year, month, day) = date(days);
        Self {
            year,
            month,
            day,
            hour: second_of_day / 3_600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
            millis,
        }
    }
}

impl fmt::Display for Time {
    /// As `2026-11-20T10:00:00.123Z`.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, millis } = self;
        write!(f, "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

/// Year, month and day; a few hundred steps at most, since the count of nanoseconds ends in 2554.
const fn date(days_since_epoch: u64) -> (u64, usize, u64) {
    let (mut year, mut day) = (1970, days_since_epoch);
    while day >= days_of_year(year) {
        day -= days_of_year(year);
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= months[month] {
        day -= months[month];
        month += 1;
    }
    (year, month + 1, day + 1)
}

const fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
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
}
