//! Texts as Rollbar takes them, and JSON of values.
//!
//! In: any text, attributes. Out: texts of bounded length, JSON.
//! Never: cuts inside of a character; makes a number that JSON does not have.

use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};

use super::{MAX_FINGERPRINT_CHARS, MAX_PERSON_ID_CHARS};
use crate::record::{Array, Value as Recorded};

/// The first characters of a text.
pub(super) fn cut(text: &str, max_chars: usize) -> &str {
    if text.len() <= max_chars {
        return text;
    }
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}

/// A text of at most so many bytes, at least three; what was cut ends in an ellipsis.
pub(super) fn shorten(text: &mut String, max_bytes: usize) {
    const ELLIPSIS: &str = "…";
    if text.len() > max_bytes {
        let end = text.floor_char_boundary(max_bytes - ELLIPSIS.len());
        text.truncate(end);
        text.push_str(ELLIPSIS);
    }
}

/// A fingerprint of which Rollbar takes all: a longer one becomes the digits of its SHA-1, as
/// Rollbar would make it.
///
/// Source: <https://docs.rollbar.com/reference/create-item>, `fingerprint`.
pub(super) fn fingerprint(text: &str) -> String {
    if text.chars().count() <= MAX_FINGERPRINT_CHARS {
        return text.to_owned();
    }
    format!("{:x}", Sha1::digest(text))
}

/// Number of digits of a hash that keep long ids apart.
const ID_HASH_CHARS: usize = 16;

/// The id of a person in as many characters as Rollbar takes: the start of a longer one, and the first
/// digits of its SHA-1, so that two persons whose ids begin alike stay two.
pub(super) fn person_id(text: &str) -> String {
    if text.chars().count() <= MAX_PERSON_ID_CHARS {
        return text.to_owned();
    }
    let start = cut(text, MAX_PERSON_ID_CHARS - 1 - ID_HASH_CHARS);
    let hash = format!("{:x}", Sha1::digest(text));
    format!("{start}-{}", &hash[..ID_HASH_CHARS])
}

/// Pairs as an object; the values of a key that comes again are a list.
pub(super) fn pairs<K: Into<String>, V: Into<Value>>(
    pairs: impl Iterator<Item = (K, V)>,
) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, value) in pairs {
        let (key, value) = (key.into(), value.into());
        match object.get_mut(&key) {
            None => _ = object.insert(key, value),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    object
}

/// The value of an attribute. A number that JSON does not have is text.
pub(super) fn value(value: &Recorded) -> Value {
    match value {
        Recorded::Bool(value) => json!(value),
        Recorded::I64(value) => json!(value),
        Recorded::F64(value) => float(*value),
        Recorded::Str(value) => json!(value),
        Recorded::Array(Array::Bool(items)) => json!(items),
        Recorded::Array(Array::I64(items)) => json!(items),
        Recorded::Array(Array::F64(items)) => items.iter().copied().map(float).collect(),
        Recorded::Array(Array::Str(items)) => json!(items),
    }
}

fn float(value: f64) -> Value {
    if value.is_finite() { json!(value) } else { json!(value.to_string()) }
}

/// Appends a value as bytes.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value)
        .expect("writing to memory cannot fail, and keys of values are text");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!((cut("äöü", 2), cut("äöü", 3), cut("", 0)), ("äö", "äöü", ""));
        for (max_bytes, expected) in [(8, "äöüß"), (7, "äö…"), (6, "ä…"), (3, "…")] {
            let mut text = "äöüß".to_owned();
            shorten(&mut text, max_bytes);
            assert_eq!(text, expected);
        }
    }

    #[test]
    fn a_long_fingerprint_is_told_by_its_hash() {
        assert_eq!(fingerprint(&"x".repeat(40)), "x".repeat(40));
        let long = "The quick brown fox jumps over the lazy dog";
        assert_eq!(fingerprint(long), "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12");
    }

    #[test]
    fn keys_that_come_again_have_lists() {
        let object = pairs([("a", "1"), ("b", "2"), ("a", "3"), ("a", "4")].into_iter());
        assert_eq!(Value::Object(object), json!({ "a": ["1", "3", "4"], "b": "2" }));
    }

    #[test]
    fn numbers_that_json_does_not_have_are_text() {
        let list = Recorded::Array(Array::F64(vec![f64::NAN, 1.5]));
        assert_eq!(value(&list), json!(["NaN", 1.5]));
        assert_eq!(value(&f64::NEG_INFINITY.into()), json!("-inf"));
    }
}
