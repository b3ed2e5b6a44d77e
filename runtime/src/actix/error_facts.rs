//! What an error says about itself.
//!
//! actix-web hands errors over without their types, but what they format as for programmers begins
//! with the name of the type or of the variant, and `error.type` wants just such few values.
//! In: an error. Out: its name, where it has one, and its message.
//! Never: lets a panic of the error's formatting out.

use std::fmt::{self, Write as _};

use crate::span::guarded;

/// The longest name that is kept, in bytes.
const MAX_BYTES: usize = 64;

/// What is recorded of an error.
pub(super) struct ErrorFacts {
    kind: Option<Kind>,
    message: String,
}

impl ErrorFacts {
    pub(super) fn of(error: &(impl fmt::Debug + fmt::Display + ?Sized)) -> Self {
        let message = guarded(|| error.to_string()).unwrap_or_default();
        Self { kind: Kind::of(error), message }
    }

    /// The type or the variant; `None` when the error does not tell.
    pub(super) fn kind(&self) -> Option<&str> {
        self.kind.as_ref().map(Kind::as_str)
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

/// The name that an error's `Debug` begins with.
struct Kind {
    text: [u8; MAX_BYTES],
    len: usize,
}

impl Kind {
    /// `Database` for `Database(Timeout)` and `Io { .. }`; `None` for texts such as `"boom"`.
    fn of(error: &(impl fmt::Debug + ?Sized)) -> Option<Self> {
        let mut name = Self { text: [0; MAX_BYTES], len: 0 };
        // Writing stops at the end of the name, which the formatter takes for a failure.
        let _ = guarded(|| write!(name, "{error:?}"))?;
        name.as_str().starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
    }

    fn as_str(&self) -> &str {
        self.text.get(..self.len).and_then(|name| str::from_utf8(name).ok()).unwrap_or_default()
    }
}

impl fmt::Write for Kind {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let Some(slot) = self.text.get_mut(self.len) else { return Err(fmt::Error) };
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':')) {
                return Err(fmt::Error);
            }
            *slot = byte;
            self.len += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "only formatted")]
    enum AppError {
        NotFound,
        Database(&'static str),
        Field { name: &'static str },
    }

    struct Panics;

    impl fmt::Debug for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("a bug in an error")
        }
    }

    fn check(error: &dyn fmt::Debug, expected: Option<&str>) {
        assert_eq!(Kind::of(error).as_ref().map(Kind::as_str), expected);
    }

    #[test]
    fn the_type_is_the_name_that_debug_begins_with() {
        check(&AppError::NotFound, Some("NotFound"));
        check(&AppError::Database("down"), Some("Database"));
        check(&AppError::Field { name: "handle" }, Some("Field"));
        check(&format_args!("{}", "A".repeat(100)), Some(&"A".repeat(64)));
    }

    #[test]
    fn texts_numbers_and_broken_formatters_have_no_type() {
        check(&"boom", None);
        check(&format_args!("not found"), None);
        check(&404, None);
        check(&format_args!(""), None);
        check(&Panics, None);
    }
}
