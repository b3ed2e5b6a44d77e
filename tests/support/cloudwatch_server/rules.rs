//! What a request has to look like, whatever it asks for.

use serde_json::Value;

use super::Refusal;
use crate::http_server::Received;

/// The most bytes of messages in a request, with 26 on top of each.
pub(super) const MAX_BATCH_BYTES: usize = 1_048_576;

/// What each event counts on top of its message.
pub(super) const OVERHEAD_BYTES: usize = 26;

/// The most events of a request.
const MAX_EVENTS: usize = 10_000;

/// The longest time between the first and the last event of a request.
const MAX_SPAN_MS: u64 = 24 * 60 * 60 * 1_000;

/// The numbers of days that events may be kept.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>.
const RETENTION_DAYS: [u64; 22] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
];

/// Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.
pub(super) fn protocol(received: &Received) -> Result<(), Refusal> {
    let unknown = |what: &str| Err(Refusal::new("UnknownOperationException", what));
    if (received.method.as_str(), received.path.as_str()) != ("POST", "/") {
        return unknown("every operation is a POST of the root");
    }
    if received.header("content-type") != Some("application/x-amz-json-1.1") {
        return unknown("the content type is not that of the protocol");
    }
    let target = received.header("x-amz-target").unwrap_or_default();
    if target.starts_with("Logs_20140328.") { Ok(()) } else { unknown(target) }
}

/// The text of a member.
pub(super) fn text<'a>(body: &'a Value, name: &str) -> Result<&'a str, Refusal> {
    body[name].as_str().ok_or_else(|| Refusal::invalid(format!("{name} is missing")))
}

/// No other members than these.
pub(super) fn only(body: &Value, names: &[&str]) -> Result<(), Refusal> {
    let members = body.as_object().into_iter().flatten();
    match members.map(|(name, _)| name).find(|name| !names.contains(&name.as_str())) {
        Some(stranger) => Err(Refusal::new("SerializationException", stranger)),
        None => Ok(()),
    }
}

pub(super) fn group_name(name: &str) -> Result<(), Refusal> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#".contains(&byte);
    let is_name = (1..=512).contains(&name.len()) && name.bytes().all(is_part);
    let is_reserved = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws/"));
    if is_name && !is_reserved {
        return Ok(());
    }
    Err(Refusal::invalid(format!("logGroupName `{name}`")))
}

pub(super) fn stream_name(name: &str) -> Result<(), Refusal> {
    let is_name = (1..=512).contains(&name.chars().count()) && !name.contains([':', '*']);
    if is_name { Ok(()) } else { Err(Refusal::invalid(format!("logStreamName `{name}`"))) }
}

pub(super) fn retention_days(days: &Value) -> Result<u64, Refusal> {
    let known = days.as_u64().filter(|days| RETENTION_DAYS.contains(days));
    known.ok_or_else(|| Refusal::invalid(format!("retentionInDays {days}")))
}

/// The times and messages of a batch that may be taken.
pub(super) fn events(body: &Value) -> Result<Vec<(u64, &str)>, Refusal> {
    let events = body["logEvents"].as_array().map_or(&[][..], Vec::as_slice);
    if !(1..=MAX_EVENTS).contains(&events.len()) {
        return Err(Refusal::invalid(format!("{} log events", events.len())));
    }
    let event = |event: &'_ Value| only(event, &["timestamp", "message"]);
    events.iter().try_for_each(event)?;
    let unix_ms = |event: &Value| event["timestamp"].as_u64();
    let read = events.iter().map(|event| Some((unix_ms(event)?, event["message"].as_str()?)));
    let read: Option<Vec<_>> = read.collect();
    let read = read.ok_or_else(|| Refusal::invalid("an event has no time or no message"))?;
    if read.iter().any(|(_, message)| message.is_empty()) {
        return Err(Refusal::invalid("a message has at least one character"));
    }
    let bytes: usize = read.iter().map(|(_, message)| message.len() + OVERHEAD_BYTES).sum();
    if bytes > MAX_BATCH_BYTES {
        return Err(Refusal::invalid(format!("Upload too large: {bytes} bytes exceeds limit")));
    }
    if !read.is_sorted_by_key(|(unix_ms, _)| *unix_ms) {
        return Err(Refusal::invalid("Log events must be in chronological order"));
    }
    let span = |events: &[(u64, &str)]| Some(events.last()?.0 - events.first()?.0);
    if span(&read) > Some(MAX_SPAN_MS) {
        return Err(Refusal::invalid("The batch of log events cannot span more than 24 hours"));
    }
    Ok(read)
}
