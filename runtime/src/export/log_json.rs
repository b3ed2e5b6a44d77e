//! An event of the log as one JSON object, where more than one dialect writes it.
//!
//! In: a record. Out: its members in one order, without blanks, on one line.
//! Never: writes what is absent, a number that JSON does not have, half a character; cuts without
//! saying so.
//!
//! ```text
//! {"timestamp":"2026-11-20T10:00:00.123456Z","level":"INFO","message":"…","target":"cruddur",
//!  "trace_id":"…","span_id":"…","xray_trace_id":"1-…-…","user":"42","fields":{"app.rows":3},
//!  "file":"src/main.rs","line":7,"event_id":"…"}
//! ```

mod cut;

use crate::export::utc;
use crate::record::{Array, Attribute, Level, LogRecord, SpanContext, Value};

#[cfg_attr(
    not(feature = "cloudwatch"),
    expect(unused_imports, reason = "a line of a console is one part")
)]
pub(super) use cut::prefix;

/// The least that an event may be limited to, in bytes: all that has a length of its own, and a
/// little of each text.
pub(super) const MIN_BYTES: usize = 1_024;

const MEMORY: &str = "writing to memory cannot fail, and these values have a form in JSON";

/// What of a record is written.
#[derive(Clone, Copy)]
pub(super) struct Form<'a> {
    record: &'a LogRecord,
    message: &'a str,
    /// Which part of the message it has, from 1, and how many there are.
    part: Option<(usize, usize)>,
    /// How many bytes of the message no part has.
    left_out_bytes: usize,
    /// The most bytes of each text, quotes included.
    text_bytes: usize,
}

impl<'a> Form<'a> {
    /// All of it.
    pub(super) fn whole(record: &'a LogRecord) -> Self {
        let message = &record.message;
        Self { record, message, part: None, left_out_bytes: 0, text_bytes: usize::MAX }
    }

    /// A part of the message, and which of how many it is, from 1. The first has the attributes.
    #[cfg_attr(
        not(feature = "cloudwatch"),
        expect(dead_code, reason = "a line of a console is one part")
    )]
    pub(super) fn part(self, message: &'a str, number: usize, parts: usize) -> Self {
        Self { message, part: Some((number, parts)), ..self }
    }

    /// The same, saying that so many bytes of the message are in no part.
    #[cfg_attr(
        not(feature = "cloudwatch"),
        expect(dead_code, reason = "a line of a console is one part")
    )]
    pub(super) fn leaving_out(self, left_out_bytes: usize) -> Self {
        Self { left_out_bytes, ..self }
    }

    /// Appends the object.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        self.head(out);
        self.fields(usize::MAX, out);
        self.tail(out);
        if self.left_out_bytes > 0 {
            truncated(self.left_out_bytes, out);
        }
        out.push(b'}');
    }

    /// The members before the attributes.
    fn head(self, out: &mut Vec<u8>) {
        let Self { record, .. } = self;
        out.extend_from_slice(b"{\"timestamp\":\"");
        out.extend_from_slice(&utc::rfc_3339(record.unix_ns));
        out.extend_from_slice(b"\",\"level\":\"");
        out.extend_from_slice(level(record.level));
        out.push(b'"');
        self.text("message", self.message, out);
        self.text("target", &record.target, out);
        if let Some(span) = &record.span {
            ids(span, out);
        }
        if let Some(user) = &record.user {
            self.text("user", user, out);
        }
    }

    /// The attributes, as far as `out` does not grow beyond `max_len`.
    fn fields(self, max_len: usize, out: &mut Vec<u8>) {
        let is_later_part = self.part.is_some_and(|(number, _)| number > 1);
        if self.record.attributes.is_empty() || is_later_part {
            return;
        }
        member("fields", out);
        out.push(b'{');
        let first = out.len();
        for Attribute { key, value } in &self.record.attributes {
            let before = out.len();
            if before > first {
                out.push(b',');
            }
            text(key, out);
            out.push(b':');
            self.value(value, out);
            if out.len() > max_len {
                out.truncate(before);
                break;
            }
        }
        out.push(b'}');
    }

    /// The members behind the attributes.
    fn tail(self, out: &mut Vec<u8>) {
        let Self { record, .. } = self;
        if let Some(file) = &record.file {
            self.text("file", file, out);
        }
        if let Some(line) = record.line {
            number("line", line, out);
        }
        member("event_id", out);
        out.push(b'"');
        out.extend_from_slice(&hex(record.id.to_u128()));
        out.push(b'"');
        if let Some((part, parts)) = self.part {
            number("part", part, out);
            number("parts", parts, out);
        }
    }

    fn text(self, key: &str, value: &str, out: &mut Vec<u8>) {
        member(key, out);
        cut::text(value, self.text_bytes, out);
    }

    fn value(self, value: &Value, out: &mut Vec<u8>) {
        let max_bytes = self.text_bytes;
        match value {
            Value::Bool(value) => boolean(*value, out),
            Value::I64(value) => integer(*value, out),
            Value::F64(value) => float(*value, out),
            Value::Str(value) => cut::text(value, max_bytes, out),
            Value::Array(Array::Bool(items)) => {
                cut::list(items, max_bytes, |item, _, out| boolean(*item, out), out);
            }
            Value::Array(Array::I64(items)) => {
                cut::list(items, max_bytes, |item, _, out| integer(*item, out), out);
            }
            Value::Array(Array::F64(items)) => {
                cut::list(items, max_bytes, |item, _, out| float(*item, out), out);
            }
            Value::Array(Array::Str(items)) => {
                cut::list(items, max_bytes, |item, room, out| cut::text(item, room, out), out);
            }
        }
    }
}

const fn level(level: Level) -> &'static [u8] {
    match level {
        Level::Error => b"ERROR",
        Level::Warn => b"WARN",
        Level::Info => b"INFO",
        Level::Debug => b"DEBUG",
        Level::Trace => b"TRACE",
    }
}

/// The span, and its trace in the form of AWS X-Ray, by which its consoles find the log.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>.
fn ids(span: &SpanContext, out: &mut Vec<u8>) {
    let trace_id = hex(span.trace_id.to_u128());
    let (seconds, rest) = trace_id.split_at(8);
    let span_id = hex(span.span_id.to_u64().into());
    for part in [
        b",\"trace_id\":\"",
        &trace_id[..],
        b"\",\"span_id\":\"",
        &span_id[16..],
        b"\",\"xray_trace_id\":\"1-",
        seconds,
        b"-",
        rest,
        b"\"",
    ] {
        out.extend_from_slice(part);
    }
}

/// The member that says how much was cut.
fn truncated(bytes: usize, out: &mut Vec<u8>) {
    number("truncated_bytes", bytes, out);
}

/// A member after others whose key needs no escapes; the value follows.
fn member(key: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn number(key: &str, value: impl serde::Serialize, out: &mut Vec<u8>) {
    member(key, out);
    serde_json::to_writer(out, &value).expect(MEMORY);
}

/// A number in lower-case hexadecimal digits.
fn hex(number: u128) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'0'; 32];
    for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    text
}

fn text(value: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect(MEMORY);
}

fn integer(value: i64, out: &mut Vec<u8>) {
    serde_json::to_writer(out, &value).expect(MEMORY);
}

fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// A number, or the name of what is none: JSON has no `NaN`.
fn float(value: f64, out: &mut Vec<u8>) {
    if value.is_finite() {
        serde_json::to_writer(out, &value).expect(MEMORY);
    } else {
        text(&value.to_string(), out);
    }
}

#[cfg(test)]
mod tests;
