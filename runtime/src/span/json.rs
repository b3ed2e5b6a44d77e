//! Values as JSON texts, made at the moment they are recorded.
//!
//! In: anything that serialises. Out: a text of bounded length that is valid JSON, whatever the
//! value does.
//! Never: fails or panics; lets more than the limit be made.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

use super::words::MAX_TEXT_BYTES;
use crate::guard::guard;

/// How much of a value is kept that is too long.
const KEPT_BYTES: usize = 2_048;

/// A text that refuses what is beyond the limit of a value.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    is_over: bool,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_TEXT_BYTES - self.bytes.len();
        if bytes.len() > room {
            // A long text comes in one piece, of which the begin is wanted too.
            self.bytes.extend_from_slice(&bytes[..room]);
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Text of a value, which diagnostics call `name`.
///
/// One that is too long becomes a text that begins like it, one that cannot be serialised an object
/// that says why.
pub(super) fn text<T: Serialize + ?Sized>(value: &T, name: &dyn Display) -> String {
    let mut out = Bounded::default();
    let serialised = guard(name, || serde_json::to_writer(&mut out, value));
    match serialised {
        Some(Ok(())) => String::from_utf8(out.bytes).unwrap_or_default(),
        _ if out.is_over => shortened(&out.bytes),
        Some(Err(error)) => problem(&error.to_string()),
        None => problem("the value panicked while it was serialised"),
    }
}

fn shortened(bytes: &[u8]) -> String {
    let kept = String::from_utf8_lossy(bytes.get(..KEPT_BYTES).unwrap_or(bytes));
    let kept = kept.trim_end_matches(char::REPLACEMENT_CHARACTER);
    serde_json::Value::from(format!("{kept}…[over {MAX_TEXT_BYTES} bytes]")).to_string()
}

fn problem(text: &str) -> String {
    serde_json::json!({ "sdk_error": text }).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Serializer;

    use super::*;

    struct Panics;

    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("on purpose")
        }
    }

    #[test]
    fn a_value_becomes_its_json() {
        assert_eq!(text(&(1, "two", None::<u8>), &"value"), "[1,\"two\",null]");
    }

    #[test]
    fn a_value_beyond_the_limit_becomes_the_start_of_its_json_as_text() {
        let json = text(&vec!["größer"; 10_000], &"value");
        let kept: String = serde_json::from_str(&json).expect("still JSON");
        assert!(kept.starts_with("[\"größer\",") && kept.ends_with("…[over 65535 bytes]"));
        assert!(json.len() < 4_096, "{}", json.len());
    }

    #[test]
    fn a_text_beyond_the_limit_is_kept_from_its_begin_too() {
        let json = text(&"ü".repeat(70_000), &"value");
        let kept: String = serde_json::from_str(&json).expect("still JSON");
        assert!(kept.starts_with("\"üüü") && kept.ends_with("ü…[over 65535 bytes]"), "{kept}");
        assert!((2_000..4_096).contains(&json.len()), "{}", json.len());
    }

    #[test]
    fn a_value_that_cannot_be_serialised_says_why_and_costs_nothing_else() {
        let map = BTreeMap::from([(vec![1], 2)]);
        assert_eq!(text(&map, &"value"), r#"{"sdk_error":"key must be a string"}"#);
        assert!(text(&Panics, &"value").contains("panicked"));
    }
}
