//! Groups, streams and events.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::{Refusal, rules};

/// How far ahead an event may be.
const MAX_AHEAD_MS: u64 = 2 * 60 * 60 * 1_000;

/// How old an event may be.
const MAX_AGE_MS: u64 = 14 * DAY_MS;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// An event that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its time.
    pub unix_ms: u64,
    /// What it says.
    pub message: String,
}

impl Event {
    /// The message as the object that it is.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.message).expect("a message is an object")
    }
}

/// Everything that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Store {
    groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Group {
    retention_days: Option<u64>,
    streams: BTreeMap<String, Vec<Event>>,
}

impl Store {
    /// The names of the groups.
    pub fn groups(&self) -> Vec<&str> {
        self.groups.keys().map(String::as_str).collect()
    }

    /// For how many days a group keeps events, if that is set.
    pub fn retention_days(&self, group: &str) -> Option<u64> {
        self.groups.get(group).and_then(|group| group.retention_days)
    }

    /// The names of the streams of a group.
    pub fn streams(&self, group: &str) -> Vec<&str> {
        let streams = self.groups.get(group).map(|group| group.streams.keys());
        streams.into_iter().flatten().map(String::as_str).collect()
    }

    /// The events of a stream, in the order of their times; those of one time as they came.
    pub fn events(&self, group: &str, stream: &str) -> Vec<Event> {
        let events = self.groups.get(group).and_then(|group| group.streams.get(stream));
        let mut events = events.cloned().unwrap_or_default();
        events.sort_by_key(|event| event.unix_ms);
        events
    }

    /// The events of all streams, as they came.
    pub fn all_events(&self) -> Vec<Event> {
        let streams = self.groups.values().flat_map(|group| group.streams.values());
        streams.flatten().cloned().collect()
    }

    pub(super) fn create(&mut self, group: &str, stream: &str) {
        let group = self.groups.entry(group.to_owned()).or_default();
        group.streams.entry(stream.to_owned()).or_default();
    }

    pub(super) fn take(
        &mut self,
        operation: &str,
        body: &Value,
        now: SystemTime,
    ) -> Result<Value, Refusal> {
        match operation {
            "CreateLogGroup" => self.create_group(body),
            "CreateLogStream" => self.create_stream(body),
            "PutRetentionPolicy" => self.retain(body),
            "PutLogEvents" => self.put(body, now),
            _ => Err(Refusal::new("UnknownOperationException", operation)),
        }
    }

    fn create_group(&mut self, body: &Value) -> Result<Value, Refusal> {
        rules::only(body, &["logGroupName"])?;
        let name = rules::text(body, "logGroupName")?;
        rules::group_name(name)?;
        if self.groups.contains_key(name) {
            return Err(exists("group"));
        }
        self.groups.insert(name.to_owned(), Group::default());
        Ok(json!({}))
    }

    fn retain(&mut self, body: &Value) -> Result<Value, Refusal> {
        rules::only(body, &["logGroupName", "retentionInDays"])?;
        let days = rules::retention_days(&body["retentionInDays"])?;
        self.group(body)?.retention_days = Some(days);
        Ok(json!({}))
    }

    fn create_stream(&mut self, body: &Value) -> Result<Value, Refusal> {
        rules::only(body, &["logGroupName", "logStreamName"])?;
        let name = rules::text(body, "logStreamName")?;
        rules::stream_name(name)?;
        let group = self.group(body)?;
        if group.streams.contains_key(name) {
            return Err(exists("stream"));
        }
        group.streams.insert(name.to_owned(), Vec::new());
        Ok(json!({}))
    }

    fn put(&mut self, body: &Value, now: SystemTime) -> Result<Value, Refusal> {
        rules::only(body, &["logGroupName", "logStreamName", "logEvents"])?;
        let group = self.group(body)?;
        let retention_days = group.retention_days;
        let stream = group.streams.get_mut(rules::text(body, "logStreamName")?);
        let stream = stream.ok_or_else(|| missing("stream"))?;
        let events = rules::events(body)?;
        let now_ms = since_epoch_ms(now);
        let older_than = |age_ms: u64| {
            let first_kept = now_ms.saturating_sub(age_ms);
            events.iter().take_while(|(unix_ms, _)| *unix_ms < first_kept).count()
        };
        let old = older_than(MAX_AGE_MS);
        let expired = retention_days.map_or(0, |days| older_than(days * DAY_MS));
        let is_new = |(unix_ms, _): &(u64, &str)| *unix_ms > now_ms + MAX_AHEAD_MS;
        let new = events.iter().position(is_new);
        let taken = old.max(expired)..new.unwrap_or(events.len());
        stream.extend(
            events.get(taken).into_iter().flatten().map(|(unix_ms, message)| Event {
                unix_ms: *unix_ms,
                message: (*message).to_owned(),
            }),
        );
        Ok(answer(new, old, expired))
    }

    fn group(&mut self, body: &Value) -> Result<&mut Group, Refusal> {
        let name = rules::text(body, "logGroupName")?;
        self.groups.get_mut(name).ok_or_else(|| missing("group"))
    }
}

/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html>:
/// the start is the first that is too new, the ends are behind the last that is too old.
fn answer(new: Option<usize>, old: usize, expired: usize) -> Value {
    let mut info = Map::new();
    if let Some(new) = new {
        info.insert("tooNewLogEventStartIndex".to_owned(), new.into());
    }
    for (name, end) in [("tooOldLogEventEndIndex", old), ("expiredLogEventEndIndex", expired)] {
        if end > 0 {
            info.insert(name.to_owned(), end.into());
        }
    }
    let token = "49590302";
    if info.is_empty() {
        json!({"nextSequenceToken": token})
    } else {
        json!({"nextSequenceToken": token, "rejectedLogEventsInfo": info})
    }
}

fn missing(what: &str) -> Refusal {
    let message = format!("The specified log {what} does not exist.");
    Refusal::new("ResourceNotFoundException", message)
}

fn exists(what: &str) -> Refusal {
    let message = format!("The specified log {what} already exists");
    Refusal::new("ResourceAlreadyExistsException", message)
}

fn since_epoch_ms(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).expect("a time of day in milliseconds fits")
}
