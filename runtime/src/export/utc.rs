//! Moments as people write them, without a time zone.
//!
//! In: nanoseconds since the Unix epoch. Out: the parts of a date, RFC 3339 to the microsecond.
//! Never: asks where it runs; a service has its times in UTC.

const NS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;

/// A moment in parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Utc {
    pub(super) year: u32,
    /// From 1.
    pub(super) month: u32,
    /// From 1.
    pub(super) day: u32,
    /// From 0, as what follows.
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
    pub(super) microsecond: u32,
}

impl Utc {
    /// Takes a moment apart; the count of nanoseconds ends in 2554.
    ///
    /// Source: <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>, where years
    /// begin in March, so that a leap day is the last of its year.
    pub(super) fn of(unix_ns: u64) -> Self {
        const DAYS_OF_400_YEARS: u32 = 146_097;
        const DAYS_BEFORE_EPOCH: u32 = 719_468;
        let days = small(unix_ns / NS_PER_SECOND / SECONDS_PER_DAY) + DAYS_BEFORE_EPOCH;
        let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let second = small(unix_ns / NS_PER_SECOND % SECONDS_PER_DAY);
        Self {
            year: year + 400 * era + next_year,
            month,
            day,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
            microsecond: small(unix_ns % NS_PER_SECOND / 1_000),
        }
    }
}

/// The moment as `2026-11-20T10:00:00.123456Z`, which is as long for each.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
pub(super) fn rfc_3339(unix_ns: u64) -> [u8; 27] {
    let utc = Utc::of(unix_ns);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    digits(utc.year, &mut text[..4]);
    digits(utc.month, &mut text[5..7]);
    digits(utc.day, &mut text[8..10]);
    digits(utc.hour, &mut text[11..13]);
    digits(utc.minute, &mut text[14..16]);
    digits(utc.second, &mut text[17..19]);
    digits(utc.microsecond, &mut text[20..26]);
    text
}

/// Writes a number with leading zeros; what is beyond the place is left out.
fn digits(mut number: u32, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
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
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999Z"),
            (1_709_251_200_000_001_000, "2024-03-01T00:00:00.000001Z"),
            (1_798_761_599_000_000_000, "2026-12-31T23:59:59.000000Z"),
            (1_798_761_600_000_000_000, "2027-01-01T00:00:00.000000Z"),
            (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z"),
        ] {
            let text = rfc_3339(unix_ns);
            assert_eq!(str::from_utf8(&text), Ok(expected));
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let is_leap = |year: u32| {
            year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
        };
        let days = |year: u32, month: u32| match month {
            2 if is_leap(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let mut expected = (1970, 1, 1);
        for at in 0..200_000 {
            let Utc { year, month, day, .. } = Utc::of(at * SECONDS_PER_DAY * NS_PER_SECOND);
            assert_eq!((year, month, day), expected);
            expected = match (year, month, day) {
                (_, 12, 31) => (year + 1, 1, 1),
                _ if day == days(year, month) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }
}
