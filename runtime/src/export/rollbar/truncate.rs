//! An item made to fit.
//!
//! In: an item of any size. Out: its bytes, at most as many as are asked for, cut as little as that
//! takes: frames and causes in the middle, then long texts, then all but the outline.
//! Never: cuts without saying so in the item, which names the last step and the size before it.
//!
//! The steps are those of Rollbar's client for JavaScript,
//! <https://github.com/rollbar/rollbar.js/blob/master/src/truncation.js>; unlike there the last one
//! bounds the item as a whole.

use std::slice;

use serde_json::{Value, json};

use super::custom::{IDS, OURS};
use super::text::{self, shorten};

/// How many frames, and causes, stay at each end.
const MAX_AT_ONE_END: usize = 30;

/// The longest message of an item's outline, in bytes.
const MAX_OUTLINE_BYTES: usize = 255;

/// One step down.
#[derive(Clone, Copy)]
enum Step {
    /// Frames and causes in the middle are left out.
    Frames,
    /// Texts have at most so many bytes.
    Texts(usize),
    /// What went wrong, where and for whom.
    Outline,
}

const LADDER: [Step; 5] =
    [Step::Frames, Step::Texts(1024), Step::Texts(512), Step::Texts(256), Step::Outline];

/// Appends an item of at most `max_bytes`, which must have room for an outline: some 32 KiB.
pub(super) fn write(mut item: Value, max_bytes: usize, out: &mut Vec<u8>) {
    let start = out.len();
    text::write(&item, out);
    let full_bytes = out.len() - start;
    for step in LADDER {
        if out.len() - start <= max_bytes {
            return;
        }
        let left_out = step.apply(&mut item["data"]);
        mark(&mut item["data"], step, full_bytes, left_out);
        out.truncate(start);
        text::write(&item, out);
    }
}

impl Step {
    fn name(self) -> String {
        match self {
            Self::Frames => "frames".to_owned(),
            Self::Texts(max_bytes) => format!("texts_{max_bytes}"),
            Self::Outline => "outline".to_owned(),
        }
    }

    /// Returns how many frames and causes it has left out.
    fn apply(self, data: &mut Value) -> usize {
        match self {
            Self::Frames => keep_ends(data, MAX_AT_ONE_END),
            Self::Texts(max_bytes) => {
                // The other members are short by themselves.
                for key in ["body", "request", "custom"] {
                    if let Some(member) = data.get_mut(key) {
                        shorten_texts(member, max_bytes);
                    }
                }
                0
            }
            Self::Outline => {
                let left_out = keep_ends(data, 1);
                outline(data);
                left_out
            }
        }
    }
}

/// Says in the item what was done to it; an item that is cut again keeps its first size.
fn mark(data: &mut Value, step: Step, full_bytes: usize, left_out: usize) {
    if !data["custom"].is_object() {
        data["custom"] = json!({});
    }
    let ours = &mut data["custom"][OURS];
    if !ours.is_object() {
        *ours = json!({});
    }
    let before = ours["truncated"].take();
    let full_bytes = before["full_bytes"].as_u64().map_or(json!(full_bytes), Value::from);
    let left_out = before["left_out"].as_u64().unwrap_or(0) + left_out as u64;
    let step = step.name();
    ours["truncated"] = json!({ "step": step, "full_bytes": full_bytes, "left_out": left_out });
}

/// The traces of an item.
fn traces(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    let members = body.as_object_mut().into_iter().flatten();
    members.flat_map(|(key, member)| match (key.as_str(), member) {
        ("trace", trace) => slice::from_mut(trace),
        ("trace_chain", Value::Array(chain)) => chain,
        _ => &mut [],
    })
}

fn keep_ends(data: &mut Value, at_one_end: usize) -> usize {
    let body = &mut data["body"];
    let chain = body.get_mut("trace_chain").and_then(Value::as_array_mut);
    let mut left_out = chain.map_or(0, |chain| keep(chain, at_one_end));
    for trace in traces(body) {
        let frames = trace["frames"].as_array_mut();
        left_out += frames.map_or(0, |frames| keep(frames, at_one_end));
    }
    left_out
}

fn keep(list: &mut Vec<Value>, at_one_end: usize) -> usize {
    let surplus = list.len().saturating_sub(2 * at_one_end);
    if surplus > 0 {
        list.drain(at_one_end..at_one_end + surplus);
    }
    surplus
}

fn shorten_texts(value: &mut Value, max_bytes: usize) {
    match value {
        Value::String(text) => shorten(text, max_bytes),
        Value::Array(items) => items.iter_mut().for_each(|item| shorten_texts(item, max_bytes)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| shorten_texts(member, max_bytes));
        }
        _ => {}
    }
}

/// Leaves nothing of which there may be any number.
fn outline(data: &mut Value) {
    if let Some(body) = data["body"].as_object_mut() {
        body.remove("telemetry");
    }
    for trace in traces(&mut data["body"]) {
        let frames = trace["frames"].as_array_mut();
        for frame in frames.into_iter().flatten() {
            only(frame, &["filename", "lineno", "colno", "method"]);
        }
        let exception = &mut trace["exception"];
        only(exception, &["class", "message"]);
        shorten_texts(&mut exception["message"], MAX_OUTLINE_BYTES);
    }
    if let Some(message) = data["body"].get_mut("message") {
        shorten_texts(message, MAX_OUTLINE_BYTES);
    }
    let [trace_id, span_id, xray_trace_id] = IDS;
    for (key, members) in [
        ("request", &["url", "method", "user_ip"][..]),
        ("custom", &[trace_id, span_id, xray_trace_id, OURS]),
    ] {
        if let Some(object) = data.get_mut(key) {
            only(object, members);
        }
    }
}

fn only(object: &mut Value, keys: &[&str]) {
    if let Some(members) = object.as_object_mut() {
        members.retain(|key, _| keys.contains(&key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(item: &Value, max_bytes: usize) -> Value {
        let mut bytes = b"before".to_vec();
        write(item.clone(), max_bytes, &mut bytes);
        assert!(bytes.len() - 6 <= max_bytes, "{} bytes", bytes.len());
        serde_json::from_slice(&bytes[6..]).expect("it is JSON")
    }

    fn item(frames: usize, message: &str) -> Value {
        let frame = |line| json!({ "filename": "a.rs", "lineno": line, "code": "x".repeat(80) });
        let frames: Vec<_> = (0..frames).map(frame).collect();
        let exception = json!({ "class": "E", "message": message });
        json!({ "data": {
            "uuid": "u", "environment": "test", "level": "error",
            "body": { "trace": { "frames": frames, "exception": exception } },
            "request": { "url": "http://a/" },
        }})
    }

    fn truncated(item: &Value) -> &Value {
        &item["data"]["custom"]["spanwright"]["truncated"]
    }

    #[test]
    fn what_fits_is_sent_as_it_is() {
        let item = item(100, "no");
        let len = serde_json::to_vec(&item).unwrap().len();
        assert_eq!(written(&item, len), item);
        assert_eq!(truncated(&written(&item, len - 1))["full_bytes"], len);
    }

    #[test]
    fn first_the_middle_of_a_long_stack_goes() {
        let written = written(&item(1000, "no"), 32 * 1024);
        let frames = &written["data"]["body"]["trace"]["frames"];
        let lines: Vec<_> =
            frames.as_array().unwrap().iter().map(|at| at["lineno"].as_u64()).collect();
        let expected: Vec<_> = (0..30).chain(970..1000).map(Some).collect();
        assert_eq!(lines, expected);
        let mark = truncated(&written);
        assert_eq!((&mark["step"], &mark["left_out"]), (&json!("frames"), &json!(940)));
        assert_eq!(written["data"]["request"]["url"], "http://a/");
    }

    #[test]
    fn then_texts_get_shorter_and_shorter() {
        let mut item = item(2, &"ä".repeat(100_000));
        let texts: Vec<_> = (0..100).map(|_| json!("y".repeat(2_000))).collect();
        item["data"]["custom"] = json!({ "texts": texts });
        for (max_bytes, step, message_bytes) in
            [(120_000, "texts_1024", 1023), (60_000, "texts_512", 511), (33_000, "texts_256", 255)]
        {
            let written = written(&item, max_bytes);
            assert_eq!(truncated(&written)["step"], step);
            let message = &written["data"]["body"]["trace"]["exception"]["message"];
            let message = message.as_str().unwrap();
            assert!(message.len() == message_bytes && message.ends_with("ä…"), "{message}");
            assert_eq!(written["data"].get("person"), None);
        }
    }

    #[test]
    fn at_last_the_outline_is_left() {
        let mut item = item(70, &"m".repeat(1000));
        let numbers: Vec<_> = (0..100_000).collect();
        item["data"]["custom"] = json!({ "numbers": numbers, "trace_id": "t" });
        item["data"]["request"]["headers"] = json!({ "a": "b" });
        item["data"]["body"]["telemetry"] = json!([{}]);
        let mut written = written(&item, 32 * 1024);
        let full_bytes = serde_json::to_vec(&item).unwrap().len();
        let message = written["data"]["body"]["trace"]["exception"]["message"].take();
        assert_eq!(message.as_str().unwrap().len(), 255);
        let expected = json!({ "data": {
            "uuid": "u", "environment": "test", "level": "error",
            "body": { "trace": {
                "frames": [
                    { "filename": "a.rs", "lineno": 0 },
                    { "filename": "a.rs", "lineno": 69 },
                ],
                "exception": { "class": "E", "message": null },
            }},
            "request": { "url": "http://a/" },
            "custom": { "trace_id": "t", "spanwright": { "truncated": {
                "step": "outline", "full_bytes": full_bytes, "left_out": 68,
            }}},
        }});
        assert_eq!(written, expected);
    }

    #[test]
    fn what_is_cut_again_keeps_its_first_size() {
        let item = item(1000, "no");
        let once = written(&item, 32 * 1024);
        let twice = written(&once, 4 * 1024);
        assert_eq!(truncated(&twice)["step"], "outline");
        assert_eq!(truncated(&twice)["full_bytes"], serde_json::to_vec(&item).unwrap().len());
        assert_eq!(truncated(&twice)["left_out"], 998);
    }

    #[test]
    fn a_long_chain_keeps_its_ends_and_a_message_is_shortened() {
        let trace = |at: usize| json!({ "frames": [], "exception": { "class": at.to_string() } });
        let chain: Vec<_> = (0..2_000).map(trace).collect();
        let mut item = item(0, "");
        item["data"]["body"] = json!({ "trace_chain": chain });
        let written_chain = written(&item, 32 * 1024);
        let chain = written_chain["data"]["body"]["trace_chain"].as_array().unwrap();
        assert_eq!((chain.len(), &chain[59]["exception"]["class"]), (60, &json!("1999")));

        item["data"]["body"] = json!({ "message": { "body": "\u{1}".repeat(40_000) } });
        let said = written(&item, 32 * 1024);
        assert_eq!(truncated(&said)["step"], "texts_1024");
        assert!(said["data"]["body"]["message"]["body"].is_string());
    }
}
