//! The header with which a server asks for time.

use std::time::{Duration, SystemTime};

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
