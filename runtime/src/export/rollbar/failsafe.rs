//! What is sent in the place of an item that Rollbar has not taken.
//!
//! In: an item as it was sent, and the answer to it. Out: the item with less in it, or one that says
//! that there was one, which is so plain that there is nothing in it to refuse.
//! Never: gives up an item without a word; makes a failsafe item of a failsafe item.
//!
//! The failsafe item is that of Rollbar's own clients,
//! <https://github.com/rollbar/pyrollbar/blob/master/rollbar/__init__.py> (`_send_failsafe`); unlike
//! there it keeps what it can of the first one.

use serde_json::{Map, Value, json};

use super::custom::{IDS, OURS};
use super::text::cut;
use super::{SMALL_MAX_BYTES, text, truncate, verdict};
use crate::export::Reply;

/// The most bytes of a failsafe item. Larger ones need no look inside to know that they are none.
const MAX_BYTES: usize = 16 * 1024;

/// The longest text in a failsafe item that comes from elsewhere, in characters.
const MAX_TEXT_CHARS: usize = 255;

/// Whether an item only says that another one could not be sent.
pub(super) fn is_failsafe(item: &[u8]) -> bool {
    item.len() <= MAX_BYTES
        && serde_json::from_slice::<Value>(item)
            .is_ok_and(|item| item["data"]["custom"][OURS]["failsafe"] == true)
}

/// What may be taken in the place of an item: after 413 a smaller one, then a failsafe item; `None`
/// in the place of that.
pub(super) fn reduce(item: &[u8], reply: &Reply) -> Option<Vec<u8>> {
    if is_failsafe(item) {
        return None;
    }
    let whole: Value = serde_json::from_slice(item).ok()?;
    let mut out = Vec::new();
    if reply.status == 413 && item.len() > SMALL_MAX_BYTES {
        truncate::write(whole, SMALL_MAX_BYTES, &mut out);
    } else {
        text::write(&failsafe(&whole["data"], reply), &mut out);
        if out.len() >= item.len() {
            out.clear();
            text::write(&barest(&whole["data"], reply.status), &mut out);
        }
    }
    Some(out)
}

fn failsafe(original: &Value, reply: &Reply) -> Value {
    let reason = verdict::reason(reply);
    let mut data = Map::new();
    // What is the same in every item has been taken before.
    for key in ["environment", "uuid", "level", "timestamp", "language", "notifier"] {
        if let Some(value) = original.get(key) {
            data.insert(key.to_owned(), value.clone());
        }
    }
    let told = format!("{} could not be sent: {reason}", subject(&original["body"]));
    data.insert("body".to_owned(), json!({ "message": { "body": cut(&told, MAX_TEXT_CHARS) } }));

    let mut custom = Map::new();
    custom.insert("original_uuid".to_owned(), original["uuid"].clone());
    let reason = cut(&reason, MAX_TEXT_CHARS);
    let ours = json!({ "failsafe": true, "status": reply.status, "reason": reason });
    custom.insert(OURS.to_owned(), ours);
    for key in IDS {
        if let Some(id) = original["custom"].get(key) {
            custom.insert(key.to_owned(), id.clone());
        }
    }
    if let Some(host) = original["server"].get("host") {
        custom.insert("host".to_owned(), host.clone());
        data.insert("server".to_owned(), json!({ "host": host }));
    }
    data.insert("custom".to_owned(), Value::Object(custom));
    json!({ "data": data })
}

/// What is smaller than any item of ours: only what is smaller is sent in the place of another.
fn barest(original: &Value, status: u16) -> Value {
    json!({ "data": {
        "environment": original["environment"],
        "uuid": original["uuid"],
        "level": original["level"],
        "body": { "message": { "body": format!("refused: status {status}") } },
        "custom": { OURS: { "failsafe": true } },
    }})
}

/// What the original was about.
fn subject(body: &Value) -> String {
    let trace = if body["trace"].is_object() { &body["trace"] } else { &body["trace_chain"][0] };
    match trace["exception"]["class"].as_str() {
        Some(class) => format!("a report of `{}`", cut(class, 100)),
        None => "a message".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Exporter as _;
    use crate::export::rollbar::{Exporter, Settings, testing};
    use crate::record::{Cause, ErrorRecord, Subject};
    use crate::secret::Secret;

    fn encoded(record: &ErrorRecord) -> Vec<u8> {
        let mut settings = Settings::new(Secret::new("token"));
        settings.server.host = Some("web-1".to_owned());
        let mut out = Vec::new();
        Exporter::new(&settings).encode(record, &mut out).expect("every record has a form");
        out
    }

    fn reply(status: u16, message: &str) -> Reply {
        let body = json!({ "err": 1, "message": message }).to_string().into();
        Reply { status, body, ..Reply::default() }
    }

    #[test]
    fn what_is_not_understood_is_replaced_by_an_item_that_says_so() {
        let cause = Cause { type_name: Some("app::Odd".into()), message: "no".repeat(200) };
        let subject = Subject::Error(vec![cause]);
        let item = encoded(&ErrorRecord { subject, ..testing::message("") });
        let failsafe = reduce(&item, &reply(422, "invalid body")).expect("there is a plainer form");
        assert!(is_failsafe(&failsafe) && !is_failsafe(&item));
        let found: Value = serde_json::from_slice(&failsafe).unwrap();
        let expected = json!({ "data": {
            "environment": "production",
            "uuid": "00000000-0000-4000-8000-000000000007",
            "level": "warning",
            "timestamp": 1_795_166_494,
            "language": "rust",
            "notifier": { "name": "spanwright", "version": env!("CARGO_PKG_VERSION") },
            "server": { "host": "web-1" },
            "body": { "message": {
                "body": "a report of `app::Odd` could not be sent: status 422: invalid body",
            }},
            "custom": {
                "original_uuid": "00000000-0000-4000-8000-000000000007",
                "host": "web-1",
                "spanwright": {
                    "failsafe": true, "status": 422, "reason": "status 422: invalid body",
                },
            },
        }});
        assert_eq!(found, expected);
        assert_eq!(reduce(&failsafe, &reply(422, "still")), None);
        assert_eq!(reduce(&failsafe, &reply(413, "still")), None);
    }

    #[test]
    fn the_smallest_item_is_replaced_by_a_smaller_one() {
        let (settings, mut item) = (Settings::new(Secret::new("token")), Vec::new());
        Exporter::new(&settings)
            .encode(&testing::message(""), &mut item)
            .expect("every record has a form");
        let failsafe = reduce(&item, &reply(422, "invalid body")).expect("there is a plainer form");
        assert!(failsafe.len() < item.len(), "{}", String::from_utf8_lossy(&failsafe));
        assert!(is_failsafe(&failsafe));
    }

    #[test]
    fn what_is_too_large_gets_smaller_with_every_answer_and_ends() {
        let mut item = encoded(&testing::message(&"x".repeat(400_000)));
        let mut lens = vec![item.len()];
        while let Some(smaller) = reduce(&item, &reply(413, "too large")) {
            lens.push(smaller.len());
            item = smaller;
        }
        assert_eq!(lens.len(), 3, "{lens:?}");
        assert!(lens.is_sorted_by(|before, after| before > after), "{lens:?}");
        assert!(lens[1] <= SMALL_MAX_BYTES && is_failsafe(&item));
    }

    #[test]
    fn nobody_else_writes_a_failsafe_item() {
        let custom = vec![crate::record::Attribute::new("spanwright", "failsafe")];
        assert!(!is_failsafe(&encoded(&ErrorRecord { custom, ..testing::message("") })));
        assert!(!is_failsafe(b"{\"data\":") && !is_failsafe(b""));
        assert_eq!(reduce(b"not JSON", &reply(413, "")), None);
    }

    #[test]
    fn a_failsafe_item_is_small_whatever_was_in_the_first() {
        let cause = Cause { type_name: Some("\u{1}".repeat(9_000).into()), ..Cause::default() };
        let item = encoded(&ErrorRecord { subject: Subject::Panic(cause), ..testing::message("") });
        let failsafe = reduce(&item, &reply(400, &"\u{1}".repeat(9_000))).expect("a plainer form");
        assert!(failsafe.len() <= MAX_BYTES && is_failsafe(&failsafe), "{}", failsafe.len());
    }
}
