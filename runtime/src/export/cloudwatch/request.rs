//! Items to a request.
//!
//! In: a batch. Out: one `PutLogEvents`, its events in the order of their times.
//! Never: copies an item, looks into a message but for its time.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>.

use std::ops::Range;

use bytes::Bytes;

use super::stream::Names;
use super::{MAX_DISTANCE_MS, Settings, item};
use crate::export::{Batch, Header, Request};
use crate::secret::Secret;

/// What stands between the names of group and stream, and the events.
pub(super) const BEFORE_EVENTS: &[u8] = b",\"logEvents\":[";

/// What is the same in every request.
#[derive(Debug)]
pub(super) struct Framing {
    url: Secret,
    group: String,
    names: Names,
}

impl Framing {
    pub(super) fn new(settings: &Settings, endpoint: &str) -> Self {
        Self {
            url: Secret::new(format!("{endpoint}/")),
            group: settings.group.to_string(),
            names: settings.stream.names(&settings.process),
        }
    }

    /// Whether two items may be in one request: not far from one another, and of one stream.
    pub(super) fn joins(&self, first: &[u8], item: &[u8]) -> bool {
        let (first_ms, unix_ms) = (item::unix_ms(first), item::unix_ms(item));
        first_ms.abs_diff(unix_ms) <= MAX_DISTANCE_MS && self.names.are_same(first_ms, unix_ms)
    }

    /// Puts the events of a batch in order.
    pub(super) fn request(&self, batch: &Batch) -> Request {
        let mut body = vec![self.head(batch)];
        for (at, range) in runs(batch).into_iter().enumerate() {
            // The first of all has no comma before it.
            let start = if at == 0 { range.start + 1 } else { range.start };
            body.push(batch.bytes().slice(start..range.end));
        }
        body.push(Bytes::from_static(b"]}"));
        request(&self.url, "PutLogEvents", body)
    }

    fn head(&self, batch: &Batch) -> Bytes {
        let unix_ms = batch.items().next().map_or(0, item::unix_ms);
        let names =
            [("{\"logGroupName\":", &self.group), (",\"logStreamName\":", &self.names.at(unix_ms))];
        let mut head = Vec::new();
        for (member, name) in names {
            head.extend_from_slice(member.as_bytes());
            serde_json::to_writer(&mut head, name).expect("a text is written to memory");
        }
        head.extend_from_slice(BEFORE_EVENTS);
        head.into()
    }
}

/// A call of the service.
///
/// Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.
pub(super) fn request(url: &Secret, operation: &str, body: Vec<Bytes>) -> Request {
    let user_agent = concat!("spanwright-cloudwatch-exporter-rust/", env!("CARGO_PKG_VERSION"));
    let header =
        |name: &'static str, value: &str| Header { name: name.into(), value: Secret::new(value) };
    Request {
        url: url.clone(),
        headers: vec![
            header("content-type", "application/x-amz-json-1.1"),
            header("x-amz-target", &format!("Logs_20140328.{operation}")),
            header("user-agent", user_agent),
        ],
        body,
    }
}

/// The items of a batch in the order of their times; those of one time stay as they came.
pub(super) fn in_order(batch: &Batch) -> Vec<&[u8]> {
    let mut items: Vec<_> = batch.items().collect();
    if !items.is_sorted_by_key(|item| item::order(item)) {
        items.sort_by_key(|item| item::order(item));
    }
    items
}

/// Where the items of a batch lie, in the order of their times; neighbours that stay so are one.
fn runs(batch: &Batch) -> Vec<Range<usize>> {
    let start = batch.bytes().as_ptr().addr();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for item in in_order(batch) {
        let at = item.as_ptr().addr() - start;
        match runs.last_mut() {
            Some(run) if run.end == at => run.end += item.len(),
            _ => runs.push(at..at + item.len()),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::testing::{ENDPOINT, batch, encoded, record, settings};
    use super::*;

    const HOUR_NS: u64 = 3_600_000_000_000;

    fn framing(stream: &str) -> Framing {
        Framing::new(&settings(stream), ENDPOINT)
    }

    fn body(request: &Request) -> Value {
        serde_json::from_slice(&request.body.concat()).expect("the body is JSON")
    }

    fn times(body: &Value) -> Vec<u64> {
        let events = body["logEvents"].as_array().expect("a list");
        events.iter().map(|event| event["timestamp"].as_u64().expect("a time")).collect()
    }

    #[test]
    fn the_names_go_before_the_events_and_the_operation_into_a_header() {
        let batch = batch(&[1_795_168_800_000_000_000]);
        let request = framing("a \"b\"/{date}").request(&batch);
        assert_eq!(request.url.reveal(), "https://logs.eu-west-1.amazonaws.com/");
        let header = |at: usize| (&*request.headers[at].name, request.headers[at].value.reveal());
        assert_eq!(header(0), ("content-type", "application/x-amz-json-1.1"));
        assert_eq!(header(1), ("x-amz-target", "Logs_20140328.PutLogEvents"));
        let body = body(&request);
        let keys: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys.len(), 3, "{keys:?}");
        assert_eq!(
            (&body["logGroupName"], &body["logStreamName"]),
            (&"cruddur".into(), &"a \"b\"/2026-11-20".into())
        );
        assert_eq!(times(&body), [1_795_168_800_000]);
    }

    #[test]
    fn a_batch_in_order_is_one_slice() {
        let batch = batch(&[1_000_000, 2_000_000, 2_000_000, 3_000_000]);
        let request = framing("s").request(&batch);
        assert_eq!(request.body.len(), 3);
        assert_eq!(request.body[1].as_ptr(), batch.bytes()[1..].as_ptr());
        assert_eq!(times(&body(&request)), [1, 2, 2, 3]);
    }

    #[test]
    fn events_are_put_in_the_order_of_their_times_to_the_microsecond_without_a_copy() {
        let batch = batch(&[5_000_000, 6_000_000, 1_000_000, 2_002_000, 2_001_000, 2_001_500]);
        let request = framing("s").request(&batch);
        let memory = batch.bytes().as_ptr_range();
        let parts = &request.body[1..request.body.len() - 1];
        assert!(parts.iter().all(|part| memory.contains(&part.as_ptr())));
        let body = body(&request);
        assert_eq!(times(&body), [1, 2, 2, 2, 5, 6]);
        let texts: Vec<_> = body["logEvents"].as_array().unwrap()[1..4]
            .iter()
            .map(|event| event["message"].as_str().unwrap()[14..40].to_owned())
            .collect();
        assert!(texts.is_sorted() && texts[2].ends_with("002002"), "{texts:?}");
    }

    #[test]
    fn events_far_apart_or_of_different_streams_are_not_together() {
        let joins = |stream: &str, first_ns: u64, item_ns: u64| {
            let [first, item] = [first_ns, item_ns].map(|ns| encoded(&record(ns)));
            framing(stream).joins(&first, &item)
        };
        let noon = 12 * HOUR_NS;
        assert!(joins("s", noon, 24 * HOUR_NS) && joins("s", noon, 0));
        assert!(!joins("s", noon, 24 * HOUR_NS + 1_000_000));
        assert!(!joins("s", noon + 1_000_000, 0));
        assert!(joins("{date}", noon, 0) && !joins("{date}", noon, 24 * HOUR_NS));
    }
}
