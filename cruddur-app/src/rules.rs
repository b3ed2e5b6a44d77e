//! The rules for what people write, with the codes of the course's API.
//!
//! In: [`Field`]s. Out: the accepted text, or the one code of the answer.
//! Never: trims or changes what was written.

use crate::{body::Field, error::AppError};

/// Longest crud, in Unicode code points.
pub(crate) const MAX_CRUD_CHARS: usize = 280;
/// Longest reply or message, in Unicode code points.
pub(crate) const MAX_MESSAGE_CHARS: usize = 1024;
/// Longest search term, in Unicode code points: no message is longer. SQLite refuses patterns from 50,000 bytes on.
const MAX_TERM_CHARS: usize = MAX_MESSAGE_CHARS;

const HOUR_SECONDS: i64 = 60 * 60;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// Accepts a text of 1 to `max_chars` code points.
pub(crate) fn message(field: Field, max_chars: usize) -> Result<String, AppError> {
    match field {
        Field::Blank => Err(AppError::Invalid("message_blank")),
        Field::NotText => Err(AppError::Invalid("message_not_text")),
        Field::Text(text) if text.chars().count() > max_chars => {
            Err(AppError::Invalid("message_exceed_max_chars"))
        }
        Field::Text(text) => Ok(text),
    }
}

/// Accepts one of the seven lifetimes of a crud and returns it in seconds.
pub(crate) fn ttl_seconds(field: &Field) -> Result<i64, AppError> {
    let Field::Text(ttl) = field else { return Err(AppError::Invalid("ttl_blank")) };
    match ttl.as_str() {
        "30-days" => Ok(30 * DAY_SECONDS),
        "7-days" => Ok(7 * DAY_SECONDS),
        "3-days" => Ok(3 * DAY_SECONDS),
        "1-day" => Ok(DAY_SECONDS),
        "12-hours" => Ok(12 * HOUR_SECONDS),
        "3-hours" => Ok(3 * HOUR_SECONDS),
        "1-hour" => Ok(HOUR_SECONDS),
        _ => Err(AppError::Invalid("ttl_blank")),
    }
}

/// Accepts the handle of someone to write to. The spelling of the first code is the course's.
pub(crate) fn receiver(field: Field) -> Result<String, AppError> {
    match field {
        Field::Blank => Err(AppError::Invalid("user_reciever_handle_blank")),
        Field::NotText => Err(AppError::Invalid("user_receiver_handle_not_text")),
        Field::Text(handle) => Ok(handle),
    }
}

/// Accepts what to search for.
pub(crate) fn term(field: Field) -> Result<String, AppError> {
    match field {
        Field::Blank => Err(AppError::Invalid("search_term_blank")),
        Field::NotText => Err(AppError::Invalid("search_term_not_text")),
        Field::Text(term) if term.chars().count() > MAX_TERM_CHARS => {
            Err(AppError::Invalid("search_term_exceed_max_chars"))
        }
        Field::Text(term) => Ok(term),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Field {
        text.to_owned().into()
    }

    fn code<T: std::fmt::Debug>(result: Result<T, AppError>) -> &'static str {
        match result {
            Err(AppError::Invalid(code)) => code,
            other => panic!("expected a rule to refuse, found {other:?}"),
        }
    }

    #[test]
    fn the_seven_lifetimes_are_known() {
        for (ttl, hours) in [
            ("30-days", 720),
            ("7-days", 168),
            ("3-days", 72),
            ("1-day", 24),
            ("12-hours", 12),
            ("3-hours", 3),
            ("1-hour", 1),
        ] {
            assert_eq!(ttl_seconds(&text(ttl)).unwrap(), hours * 3600, "{ttl}");
        }
    }

    #[test]
    fn any_other_lifetime_is_refused() {
        for field in [Field::Blank, Field::NotText, text("2-days"), text("7-days "), text("7-DAYS")]
        {
            assert_eq!(code(ttl_seconds(&field)), "ttl_blank");
        }
    }

    #[test]
    fn a_message_is_counted_in_code_points_and_never_trimmed() {
        let emoji = "🦀".repeat(280);
        assert_eq!(message(text(&emoji), 280).unwrap(), emoji);
        assert_eq!(message(text("  "), 280).unwrap(), "  ");
        assert_eq!(code(message(text(&"x".repeat(281)), 280)), "message_exceed_max_chars");
    }

    #[test]
    fn what_is_no_text_has_its_own_code() {
        assert_eq!(code(message(Field::Blank, 280)), "message_blank");
        assert_eq!(code(message(text("a\0b"), 280)), "message_not_text");
        assert_eq!(code(receiver(Field::Blank)), "user_reciever_handle_blank");
        assert_eq!(code(receiver(Field::NotText)), "user_receiver_handle_not_text");
        assert_eq!(code(term(Field::Blank)), "search_term_blank");
        assert_eq!(code(term(text("\0"))), "search_term_not_text");
        assert_eq!(code(term(text(&"x".repeat(1025)))), "search_term_exceed_max_chars");
    }
}
