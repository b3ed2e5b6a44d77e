//! JSON objects written straight into a buffer, without blanks.
//!
//! In: members one by one. Out: one object, in the order of its members.
//! Never: writes an empty member, a number that JSON does not have, `null` or `false`.

use std::io::Write as _;

use super::names::cut;
use crate::record::{Array, Value};

const MEMORY: &str = "writing to memory cannot fail, and these values have a form in JSON";

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `out`.
    pub(super) fn open(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.push(b'{');
        Self { out, start }
    }

    /// Ends it.
    pub(super) fn close(self) {
        self.out.push(b'}');
    }

    /// How many bytes it has so far.
    pub(super) fn len(&self) -> usize {
        self.out.len() - self.start
    }

    fn comma(&mut self) {
        if self.len() > 1 {
            self.out.push(b',');
        }
    }

    /// Begins a member whose key needs no escapes; the value follows.
    pub(super) fn member(&mut self, key: &str) -> &mut Vec<u8> {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Begins a member with any key; the value follows.
    pub(super) fn any_member(&mut self, key: &str) -> &mut Vec<u8> {
        self.comma();
        text(key, self.out);
        self.out.push(b':');
        self.out
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, value: &str) {
        text(value, self.member(key));
    }

    /// A text, if there is one with at least one character, cut to so many.
    pub(super) fn short_text(&mut self, key: &str, value: Option<&str>, max_chars: usize) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text(key, cut(value, max_chars));
        }
    }

    /// An integer, if there is one.
    pub(super) fn integer(&mut self, key: &str, value: Option<i64>) {
        if let Some(value) = value {
            integer(value, self.member(key));
        }
    }

    /// `true`, or no member.
    pub(super) fn flag(&mut self, key: &str, is_set: bool) {
        if is_set {
            self.member(key).extend_from_slice(b"true");
        }
    }

    /// An object; no member when it stays empty.
    pub(super) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        let before = self.out.len();
        let mut inner = Object::open(self.member(key));
        fill(&mut inner);
        let is_empty = inner.len() == 1;
        inner.close();
        if is_empty {
            self.out.truncate(before);
        }
    }

    /// Members that are encoded already, joined by commas.
    pub(super) fn members(&mut self, encoded: &[u8]) {
        if !encoded.is_empty() {
            self.comma();
            self.out.extend_from_slice(encoded);
        }
    }

    /// Takes back what was written since the object had so many bytes.
    pub(super) fn take_back(&mut self, len: usize) {
        self.out.truncate(self.start + len);
    }
}

/// A text in quotes.
pub(super) fn text(value: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect(MEMORY);
}

/// An integer.
pub(super) fn integer(value: i64, out: &mut Vec<u8>) {
    serde_json::to_writer(out, &value).expect(MEMORY);
}

/// A number, or the name of what is none: JSON has no `NaN`.
pub(super) fn float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        serde_json::to_writer(out, &value).expect(MEMORY);
    } else {
        text(&value.to_string(), out);
    }
}

/// A value of an attribute.
pub(super) fn value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(value) => boolean(*value, out),
        Value::I64(value) => integer(*value, out),
        Value::F64(value) => float(*value, out),
        Value::Str(value) => text(value, out),
        Value::Array(Array::Bool(items)) => list(items, |item, out| boolean(*item, out), out),
        Value::Array(Array::I64(items)) => list(items, |item, out| integer(*item, out), out),
        Value::Array(Array::F64(items)) => list(items, |item, out| float(*item, out), out),
        Value::Array(Array::Str(items)) => list(items, |item, out| text(item, out), out),
    }
}

fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A list.
pub(super) fn list<T>(items: &[T], write: impl Fn(&T, &mut Vec<u8>), out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// Nanoseconds since the epoch as seconds, to the microsecond: the number that a 64-bit float of
/// them would be written as.
pub(super) fn seconds(unix_ns: u64, out: &mut Vec<u8>) {
    let micros = unix_ns / 1_000;
    write!(out, "{}.{:06}", micros / 1_000_000, micros % 1_000_000).expect(MEMORY);
    let digits = out.iter().rev().take(5).take_while(|digit| **digit == b'0').count();
    out.truncate(out.len() - digits);
}

/// How many bytes a text has in quotes, at most.
pub(super) fn text_len(value: &str) -> usize {
    let escapes = value.bytes().filter(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'));
    value.len() + 5 * escapes.count() + 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn seconds_are_those_of_a_float() {
        for unix_ns in [
            0,
            999,
            1_000,
            1_500_000_000,
            1_795_166_036_564_113_100,
            1_795_166_036_000_000_000,
            1_795_166_036_100_000_000,
            1_795_166_036_000_001_000,
        ] {
            #[expect(clippy::cast_precision_loss, reason = "the float is what is compared with")]
            let float = (unix_ns / 1_000) as f64 / 1e6;
            let expected = serde_json::to_string(&float).unwrap();
            assert_eq!(
                written(|out| seconds(unix_ns, out)),
                if float < 1e-4 && float > 0.0 {
                    // The only ones below the form without an exponent.
                    "0.000001".to_owned()
                } else {
                    expected
                }
            );
        }
    }

    #[test]
    fn members_are_joined_and_empty_objects_are_left_out() {
        let text = written(|out| {
            let mut object = Object::open(out);
            object.object("empty", |_| {});
            object.text("a", "\"");
            object.object("b", |inner| inner.flag("c", true));
            object.flag("d", false);
            object.short_text("e", Some("äöü"), 2);
            object.short_text("f", Some(""), 2);
            object.integer("g", Some(-1));
            object.members(b"\"h\":1");
            object.close();
        });
        assert_eq!(text, r#"{"a":"\"","b":{"c":true},"e":"äö","g":-1,"h":1}"#);
    }

    #[test]
    fn numbers_that_json_does_not_have_are_text() {
        for (float, expected) in
            [(f64::NAN, "\"NaN\""), (f64::INFINITY, "\"inf\""), (1.5, "1.5"), (3.0, "3.0")]
        {
            assert_eq!(written(|out| value(&float.into(), out)), expected);
        }
        let list = Array::F64(vec![f64::NAN, 1.0]);
        assert_eq!(written(|out| value(&list.into(), out)), r#"["NaN",1.0]"#);
    }

    #[test]
    fn a_text_is_never_longer_than_it_is_said_to_be() {
        for value in ["", "plain", "\"\\\u{1}\n", "äöü☃", "\u{7f}"] {
            assert!(written(|out| text(value, out)).len() <= text_len(value), "{value:?}");
        }
    }
}
