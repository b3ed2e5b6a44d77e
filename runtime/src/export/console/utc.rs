//! Times for people, to the millisecond.

use crate::export::utc;

/// The time as `2026-11-20T10:00:00.123Z`.
pub(super) fn rfc_3339(unix_ns: u64) -> String {
    let text = utc::rfc_3339(unix_ns);
    format!("{}Z", String::from_utf8_lossy(&text[..text.len() - 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_less_than_a_millisecond_is_left_out() {
        assert_eq!(rfc_3339(1_709_251_199_999_999_999), "2024-02-29T23:59:59.999Z");
    }
}
