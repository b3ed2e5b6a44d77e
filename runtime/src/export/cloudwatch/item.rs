//! What can be seen of an item without reading its JSON.
//!
//! In: items as `encode` makes them: `,{"timestamp":1795168800123,"message":"{\"timestamp\":…}"}`, one
//! such object for each event. Out: when it was, how many events it has, how much the service counts.
//! Never: is shown anything else.
//!
//! The message is JSON inside of a JSON text, so every quote in it has a backslash before it, and the
//! ends of its objects have a form that no text in it can have.

/// What an event begins with.
pub(super) const BEFORE_TIME: &[u8] = b",{\"timestamp\":";

/// What stands between the time and the message.
pub(super) const BEFORE_MESSAGE: &[u8] = b",\"message\":\"";

/// What an event ends with.
pub(super) const END: &[u8] = b"\"}";

/// What a message begins with that has its time as the first member, finer than milliseconds.
const BEFORE_INNER_TIME: &[u8] = br#"{\"timestamp\":\""#;

/// How long that time is.
const INNER_TIME_BYTES: usize = 27;

/// How many quotes an event has outside of its message.
const QUOTES: usize = 6;

/// The time of the events, in milliseconds since the Unix epoch.
pub(super) fn unix_ms(item: &[u8]) -> u64 {
    let digits = item[BEFORE_TIME.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// By which items are in the order of their times, to the microsecond.
pub(super) fn order(item: &[u8]) -> (u64, &[u8]) {
    let message = &item[BEFORE_TIME.len() + time_digits(item) + BEFORE_MESSAGE.len()..];
    let inner = message.strip_prefix(BEFORE_INNER_TIME).and_then(|it| it.get(..INNER_TIME_BYTES));
    (unix_ms(item), inner.unwrap_or_default())
}

/// How many events there are: the last one says it, where it is not one.
pub(super) fn events(item: &[u8]) -> usize {
    let parts = |rest: &[u8]| Some(take_member(rest, b"\\\"parts\\\":")?.1);
    let Some(rest) = item.strip_suffix(b"}\"}") else { return 1 };
    let is_cut = take_member(rest, b"\\\"truncated_bytes\\\":");
    is_cut.map_or_else(|| parts(rest), |(rest, _)| parts(rest)).unwrap_or(1)
}

/// Takes the last member away, if it has this name; what stands before, and its number.
fn take_member<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], usize)> {
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = text.split_at(text.len() - digits);
    let before = before.strip_suffix(name)?.strip_suffix(b",")?;
    Some((before, str::from_utf8(number).ok()?.parse().ok()?))
}

/// How many bytes the messages have, without the escapes of the JSON around them.
pub(super) fn message_bytes(item: &[u8]) -> usize {
    let events = events(item);
    let frame = BEFORE_TIME.len() + time_digits(item) + BEFORE_MESSAGE.len() + END.len();
    // Only quotes and backslashes are escaped, each by one backslash: a pair is one byte.
    item.len() - events * frame - (signs(item) - events * QUOTES) / 2
}

/// How many quotes and backslashes there are, counted in pieces whose count fits a byte: so the
/// compiler counts many at a time.
fn signs(item: &[u8]) -> usize {
    let of_piece = |piece: &[u8]| -> u8 {
        piece.iter().map(|byte| u8::from(matches!(byte, b'\\' | b'"'))).sum()
    };
    item.chunks(usize::from(u8::MAX)).map(|piece| usize::from(of_piece(piece))).sum()
}

fn time_digits(item: &[u8]) -> usize {
    item[BEFORE_TIME.len()..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::Oversize;
    use super::super::testing::{encoded, encoded_by, record};
    use super::*;
    use crate::record::{Attribute, LogRecord};

    /// The events of an item by a parser.
    fn parsed(item: &[u8]) -> Vec<Value> {
        let list = [b"[", &item[1..], b"]"].concat();
        serde_json::from_slice(&list).expect("items are members of a list")
    }

    #[test]
    fn what_is_seen_is_what_a_parser_reads() {
        let texts =
            ["", "plain", "\\", "\"", "\\\"\\\\\"\"", "\n\u{1}ü😀", ",\\\"parts\\\":7", "\"}"];
        for text in texts {
            let attributes = vec![Attribute::new("parts", 7_i64), Attribute::new(text, text)];
            let record = LogRecord { message: text.into(), attributes, ..record(1_234_567_890) };
            let item = encoded(&record);
            let [event] = &parsed(&item)[..] else { panic!("one event") };
            assert_eq!((events(&item), unix_ms(&item)), (1, 1_234));
            assert_eq!(message_bytes(&item), event["message"].as_str().unwrap().len(), "{text}");
        }
    }

    #[test]
    fn the_parts_of_an_event_are_counted() {
        for (chars, parts, is_cut) in [(900, 2, false), (100_000, 1_024, true)] {
            let record = LogRecord { message: "\"☃".repeat(chars).into(), ..record(1) };
            let item = encoded_by(Oversize::Split, 1_024, &record);
            let messages = parsed(&item);
            let text = |event: &Value| event["message"].as_str().unwrap().to_owned();
            assert_eq!(events(&item), messages.len());
            assert!(
                (messages.len() >= parts || is_cut) && messages.len() > 1,
                "{}",
                messages.len()
            );
            let bytes: usize = messages.iter().map(|event| text(event).len()).sum();
            assert_eq!(message_bytes(&item), bytes);
        }
    }

    #[test]
    fn items_are_in_order_to_the_microsecond() {
        let times = [999_999, 1_000_000, 1_001_000, 1_002_000, 1_795_168_800_123_456_000];
        let items = times.map(|unix_ns| encoded(&record(unix_ns)));
        assert!(items.is_sorted_by(|left, right| order(left) < order(right)));
        assert_eq!(order(&items[4]), (1_795_168_800_123, &b"2026-11-20T10:00:00.123456Z"[..]));
    }
}
