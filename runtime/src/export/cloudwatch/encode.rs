//! An event to an item: one member of the list of a request, or several where it is told in parts.
//!
//! In: a record. Out: `,{"timestamp":…,"message":"…"}`, so that items join by standing side by side.
//! Never: makes an item that does not fit a request.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_InputLogEvent.html>.

use super::item::{BEFORE_MESSAGE, BEFORE_TIME, END};
use super::{LIMITS, Oversize, Settings};
use crate::export::log_json::{self, Form};
use crate::record::LogRecord;

/// Makes items.
#[derive(Debug)]
pub(super) struct Encoder {
    oversize: Oversize,
    max_bytes: usize,
    /// The message of the event at hand.
    message: Vec<u8>,
}

impl Encoder {
    pub(super) fn new(settings: &Settings) -> Self {
        let max_bytes = settings.max_message_bytes();
        Self { oversize: settings.oversize, max_bytes, message: Vec::new() }
    }

    /// Appends the item of a record.
    pub(super) fn encode(&mut self, record: &LogRecord, out: &mut Vec<u8>) {
        let whole = Form::whole(record);
        self.message.clear();
        whole.write(&mut self.message);
        if self.message.len() <= self.max_bytes {
            return event(record.unix_ns, &self.message, out);
        }
        if self.oversize == Oversize::Split && self.split(record, out) {
            return;
        }
        self.message.clear();
        whole.write_within(self.max_bytes, &mut self.message);
        event(record.unix_ns, &self.message, out);
    }

    /// Appends the parts; `false` when it cannot be told in parts.
    fn split(&mut self, record: &LogRecord, out: &mut Vec<u8>) -> bool {
        let max_parts = LIMITS.bytes / (self.max_bytes + LIMITS.overhead_bytes);
        let whole = Form::whole(record);
        self.message.clear();
        whole.part("", max_parts, max_parts).leaving_out(usize::MAX).write(&mut self.message);
        let later_bytes = self.message.len();
        self.message.clear();
        whole.part("", 1, max_parts).leaving_out(usize::MAX).write(&mut self.message);
        let first_bytes = self.message.len();
        // Every part repeats most of it: all of them are at most half as large again as the message.
        if max_parts < 2 || first_bytes > self.max_bytes / 4 {
            return false;
        }
        let mut parts = Vec::new();
        let mut rest = &*record.message;
        while !rest.is_empty() && parts.len() < max_parts {
            let frame_bytes = if parts.is_empty() { first_bytes } else { later_bytes };
            let (part, behind) =
                rest.split_at(log_json::prefix(rest, self.max_bytes - frame_bytes));
            parts.push(part);
            rest = behind;
        }
        for (at, part) in parts.iter().enumerate() {
            let is_last = at + 1 == parts.len();
            let left_out_bytes = if is_last { rest.len() } else { 0 };
            self.message.clear();
            let form = whole.part(part, at + 1, parts.len());
            form.leaving_out(left_out_bytes).write(&mut self.message);
            event(record.unix_ns, &self.message, out);
        }
        true
    }
}

/// Appends JSON as the message of an event.
pub(super) fn event(unix_ns: u64, json: &[u8], out: &mut Vec<u8>) {
    out.reserve(json.len() + json.len() / 4);
    out.extend_from_slice(BEFORE_TIME);
    serde_json::to_writer(&mut *out, &(unix_ns / 1_000_000))
        .expect("a number is written to memory");
    out.extend_from_slice(BEFORE_MESSAGE);
    escape(json, out);
    out.extend_from_slice(END);
}

/// Appends JSON as a part of a JSON text: its own texts have no signs but these two that need it.
///
/// Piece by piece through room of a fixed size: in between, nothing asks whether there is room.
fn escape(json: &[u8], out: &mut Vec<u8>) {
    const PIECE: usize = 64;
    let mut room = [0; 2 * PIECE];
    for piece in json.chunks(PIECE) {
        let mut len = 0;
        for byte in piece {
            room[len] = b'\\';
            len += usize::from(matches!(byte, b'"' | b'\\'));
            room[len] = *byte;
            len += 1;
        }
        out.extend_from_slice(&room[..len]);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::item;
    use super::super::testing::{encoded, encoded_by, record};
    use super::*;
    use crate::record::Attribute;

    /// The messages of an item, each as the JSON that it is.
    fn messages(item: &[u8]) -> Vec<(usize, Value)> {
        let list = [b"[", &item[1..], b"]"].concat();
        let events: Vec<Value> = serde_json::from_slice(&list).expect("a list of events");
        let message = |event: &Value| {
            let text = event["message"].as_str().expect("a text").to_owned();
            (text.len(), serde_json::from_str(&text).expect("an object"))
        };
        events.iter().map(message).collect()
    }

    #[test]
    fn an_event_is_a_time_in_milliseconds_and_json_in_a_text() {
        let record = LogRecord { message: "a \"b\"\n".into(), ..record(1_795_168_800_123_456_789) };
        assert_eq!(
            String::from_utf8(encoded(&record)).unwrap(),
            r#",{"timestamp":1795168800123,"message":"{\"timestamp\":\"2026-11-20T10:00:00.123456Z\",\"level\":\"INFO\",\"message\":\"a \\\"b\\\"\\n\",\"target\":\"cruddur\",\"event_id\":\"18e9b88333390d150000000000000001\"}"}"#
        );
    }

    #[test]
    fn an_event_fits_to_the_byte_or_is_cut() {
        let mut record = LogRecord { message: String::new().into(), ..record(0) };
        let empty = messages(&encoded(&record))[0].0;
        record.message = "x".repeat(1_048_550 - empty).into();
        let [(len, message)] = &messages(&encoded(&record))[..] else { panic!("one event") };
        assert_eq!((*len, message.get("truncated_bytes")), (1_048_550, None));
        record.message = "x".repeat(1_048_551 - empty).into();
        let [(len, message)] = &messages(&encoded(&record))[..] else { panic!("one event") };
        assert!(*len <= 1_048_550 && message["truncated_bytes"].is_u64());
    }

    #[test]
    fn the_smallest_events_fill_a_request_by_their_bytes_before_there_are_too_many() {
        let smallest = LogRecord { message: "".into(), target: "".into(), ..record(0) };
        let counted = item::message_bytes(&encoded(&smallest)) + LIMITS.overhead_bytes;
        assert!(LIMITS.bytes / counted < LIMITS.items, "{counted}");
    }

    #[test]
    fn a_long_message_is_told_in_parts_that_are_the_message() {
        let text = "\"größer\"☃\n".repeat(5_000);
        let attributes = vec![Attribute::new("app.rows", 3_i64)];
        let record = LogRecord { message: text.clone().into(), attributes, ..record(0) };
        let parts = messages(&encoded_by(Oversize::Split, 16_384, &record));
        let joined: String =
            parts.iter().map(|(_, part)| part["message"].as_str().unwrap()).collect();
        assert_eq!(joined, text);
        for (at, (len, part)) in parts.iter().enumerate() {
            assert!(*len <= 16_384 && (*len > 16_300 || at + 1 == parts.len()), "{len}");
            assert_eq!((&part["part"], &part["parts"]), (&(at + 1).into(), &parts.len().into()));
            assert_eq!(part["event_id"], record.id.to_string());
            assert_eq!(part.get("fields").is_some(), at == 0);
            assert!(part.get("truncated_bytes").is_none());
        }
    }

    #[test]
    fn parts_beyond_what_a_request_takes_are_cut_and_counted() {
        let record = LogRecord { message: "x".repeat(2_000_000).into(), ..record(0) };
        let parts = messages(&encoded_by(Oversize::Split, 262_118, &record));
        assert_eq!(parts.len(), 4);
        let told: usize =
            parts.iter().map(|(_, part)| part["message"].as_str().unwrap().len()).sum();
        assert_eq!(parts[3].1["truncated_bytes"], 2_000_000 - told);
        let counted: usize = parts.iter().map(|(len, _)| len + LIMITS.overhead_bytes).sum();
        assert!(counted <= LIMITS.bytes, "{counted}");
    }

    #[test]
    fn an_event_that_cannot_be_told_in_parts_is_cut() {
        let attributes = vec![Attribute::new("large", "x".repeat(10_000))];
        let large_attribute = LogRecord { attributes, ..record(0) };
        let long = LogRecord { message: "x".repeat(2_000_000).into(), ..record(0) };
        for (max_bytes, record) in [(4_096, large_attribute), (1_048_550, long)] {
            let [(len, event)] = &messages(&encoded_by(Oversize::Split, max_bytes, &record))[..]
            else {
                panic!("one event")
            };
            assert!(*len <= max_bytes && event["truncated_bytes"].is_u64(), "{len}");
            assert!(event.get("parts").is_none());
        }
    }
}
