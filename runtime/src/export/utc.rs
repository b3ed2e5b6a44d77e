//! Moments on wires that want them as text.
//!
//! In: nanoseconds since the Unix epoch. Out: RFC 3339 to the microsecond.
//! Never: allocates.

use crate::utc::Time;

/// The moment as `2026-11-20T10:00:00.123456Z`, which is as long for each.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
pub(super) fn rfc_3339(unix_ns: u64) -> [u8; 27] {
    let Time { year, month, day, hour, minute, second, nanos } = Time::of(unix_ns);
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    digits(year, &mut text[..4]);
    digits(month, &mut text[5..7]);
    digits(day, &mut text[8..10]);
    digits(hour, &mut text[11..13]);
    digits(minute, &mut text[14..16]);
    digits(second, &mut text[17..19]);
    digits(nanos / 1_000, &mut text[20..26]);
    text
}

/// Writes a number with leading zeros; what is beyond the place is left out.
fn digits(mut number: u32, place: &mut [u8]) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789"[(number % 10) as usize];
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_to_the_microsecond() {
        for (unix_ns, expected) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_709_251_199_999_999_999, "2024-02-29T23:59:59.999999Z"),
            (1_709_251_200_000_001_000, "2024-03-01T00:00:00.000001Z"),
            (u64::MAX, "2554-07-21T23:34:33.709551Z"),
        ] {
            assert_eq!(str::from_utf8(&rfc_3339(unix_ns)), Ok(expected));
        }
    }
}
