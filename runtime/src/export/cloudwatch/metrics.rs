//! Numbers of calls as events that CloudWatch makes metrics of: the embedded metric format.
//!
//! ```text
//! {"_aws":{"Timestamp":1795168800123,"CloudWatchMetrics":[{"Namespace":"Cruddur",
//!  "Dimensions":[["service","function"]],"Metrics":[{"Name":"Count","Unit":"Count"},
//!  {"Name":"Errors","Unit":"Count"},{"Name":"Duration","Unit":"Milliseconds"}]}]},
//!  "service":"cruddur","function":"home-activities","Count":2,"Errors":0,"Duration":[12.4,8.1]}
//! ```
//!
//! They go into the stream of the log by the same requests, and are read there like other events.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use std::fmt;
use std::io::Write as _;

use serde_json::{Value, json};

use super::settings::SettingsError;
use super::{LIMITS, Settings, encode, item, request, verdict};
use crate::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use crate::record::{CallStatistics, Resource};

/// The longest name of a namespace.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
const MAX_NAMESPACE_CHARS: usize = 255;

/// The most that is told of the name of a service or a function; the service takes 1,024 characters.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>.
const MAX_DIMENSION_CHARS: usize = 256;

/// What a character of a name takes at most: an escape that is escaped.
const MAX_CHAR_BYTES: usize = 4;

/// What an item takes at most beside the name of the function and the durations.
const FIXED_BYTES: usize = 640 + MAX_NAMESPACE_CHARS + MAX_DIMENSION_CHARS * MAX_CHAR_BYTES;

/// What a duration takes at most.
const DURATION_BYTES: usize = 26;

const NS_PER_MS: u64 = 1_000_000;

/// Where metrics are found: 1 to 255 of `0-9A-Za-z.-_/#:`, not beginning with `AWS/`, which is for
/// those of AWS.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace(String);

impl Namespace {
    /// Takes a name.
    ///
    /// # Errors
    /// [`SettingsError::Value`] for one that the service would refuse.
    pub fn new(name: &str) -> Result<Self, SettingsError> {
        Self::checked("the namespace", name)
    }

    pub(super) fn checked(variable: &'static str, name: &str) -> Result<Self, SettingsError> {
        let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_/#:".contains(&byte);
        let has_length = (1..=MAX_NAMESPACE_CHARS).contains(&name.len());
        if has_length && name.bytes().all(is_part) && !name.starts_with("AWS/") {
            return Ok(Self(name.to_owned()));
        }
        let expected =
            "1 to 255 of the characters a-z A-Z 0-9 . - _ / # :, not beginning with `AWS/`";
        Err(SettingsError::Value { variable, found: name.to_owned(), expected })
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Encodes numbers of calls, and frames them as the log is framed.
#[derive(Debug)]
pub struct Metrics {
    framing: request::Framing,
    judge: verdict::Judge,
    /// What is a metric, and where it is found.
    directive: String,
    /// The name of the service, as JSON.
    service: String,
    /// The event at hand.
    message: Vec<u8>,
}

impl Metrics {
    /// Takes the settings of the log in, whose stream they go to; `endpoint` is the address of the
    /// service, without a slash at its end.
    pub fn new(
        settings: &Settings,
        namespace: &Namespace,
        resource: &Resource,
        endpoint: &str,
    ) -> Self {
        let directive = json!({
            "Namespace": namespace.0,
            "Dimensions": [["service", "function"]],
            "Metrics": [
                {"Name": "Count", "Unit": "Count"},
                {"Name": "Errors", "Unit": "Count"},
                {"Name": "Duration", "Unit": "Milliseconds"},
            ],
        });
        Self {
            framing: request::Framing::new(settings, endpoint),
            judge: verdict::Judge::new(settings),
            directive: directive.to_string(),
            service: dimension(resource.service_name()),
            message: Vec::new(),
        }
    }

    fn write(&mut self, calls: &CallStatistics) {
        let Self { directive, service, message, .. } = self;
        let unix_ms = calls.unix_ns / NS_PER_MS;
        let function = dimension(&calls.function);
        let (count, errors) = (calls.durations_ns.len(), calls.errors);
        let durations: Vec<_> = calls.durations_ns.iter().map(|ns| milliseconds(*ns)).collect();
        let durations = durations.join(",");
        message.clear();
        write!(
            message,
            "{{\"_aws\":{{\"Timestamp\":{unix_ms},\"CloudWatchMetrics\":[{directive}]}},\"service\":{service},\
             \"function\":{function},\"Count\":{count},\"Errors\":{errors},\"Duration\":[{durations}]}}"
        )
        .expect("writing to memory cannot fail");
    }
}

impl Exporter for Metrics {
    type Record = CallStatistics;

    const NAME: &'static str = "cloudwatch metrics";

    fn weigh(calls: &CallStatistics) -> usize {
        let name_bytes = calls.function.len().min(MAX_DIMENSION_CHARS) * MAX_CHAR_BYTES;
        FIXED_BYTES + name_bytes + calls.durations_ns.len() * DURATION_BYTES
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn size(item: &[u8]) -> usize {
        item::message_bytes(item)
    }

    fn joins(&self, first: &[u8], item: &[u8]) -> bool {
        self.framing.joins(first, item)
    }

    fn encode(&mut self, calls: &CallStatistics, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if !(1..=CallStatistics::MAX_CALLS).contains(&calls.durations_ns.len()) {
            let problem = "an event has 1 to 100 of them".into();
            return Err(EncodeError::Field { field: "durations_ns".into(), problem });
        }
        self.write(calls);
        encode::event(calls.unix_ns, &self.message, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch)
    }

    fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict {
        self.judge.verdict(batch, reply)
    }
}

/// The value of a dimension as JSON: ASCII without control characters, and not blank.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html>.
fn dimension(name: &str) -> String {
    let is_allowed = |char: char| char.is_ascii() && !char.is_ascii_control();
    let allowed = name.chars().map(|char| if is_allowed(char) { char } else { '?' });
    let allowed: String = allowed.take(MAX_DIMENSION_CHARS).collect();
    let told = if allowed.trim().is_empty() { "unknown" } else { &allowed };
    Value::from(told).to_string()
}

/// A number of nanoseconds as JSON, in milliseconds.
fn milliseconds(ns: u64) -> String {
    let (ms, rest_ns) = (ns / NS_PER_MS, ns % NS_PER_MS);
    let text = format!("{ms}.{rest_ns:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::testing::{ENDPOINT, settings};
    use super::*;
    use crate::record::Attribute;

    fn metrics(service: &'static str) -> Metrics {
        let mut resource = Resource::default();
        resource.set(Attribute::new("service.name", service));
        let namespace = Namespace::new("Cruddur").expect("a name");
        Metrics::new(&settings("web-1"), &namespace, &resource, ENDPOINT)
    }

    fn calls(function: &'static str, durations_ns: Vec<u64>) -> CallStatistics {
        let unix_ns = 1_795_168_800_123_456_789;
        CallStatistics { function: function.into(), unix_ns, errors: 1, durations_ns }
    }

    fn encoded(service: &'static str, calls: &CallStatistics) -> Vec<u8> {
        let mut item = Vec::new();
        metrics(service).encode(calls, &mut item).expect("these have a form");
        item
    }

    /// The time and the message of an item.
    fn event(item: &[u8]) -> (u64, String) {
        let event: Value = serde_json::from_slice(&item[1..]).expect("an event");
        (event["timestamp"].as_u64().unwrap(), event["message"].as_str().unwrap().to_owned())
    }

    #[test]
    fn calls_are_an_event_of_the_embedded_metric_format() {
        let item = encoded("cruddur", &calls("home-activities", vec![12_400_000, 8_000_000, 1]));
        let (unix_ms, message) = event(&item);
        assert_eq!(unix_ms, 1_795_168_800_123);
        assert!(message.ends_with(
            r#","service":"cruddur","function":"home-activities","Count":3,"Errors":1,"Duration":[12.4,8,0.000001]}"#
        ));
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_168_800_123_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "Cruddur",
                    "Dimensions": [["service", "function"]],
                    "Metrics": [
                        {"Name": "Count", "Unit": "Count"},
                        {"Name": "Errors", "Unit": "Count"},
                        {"Name": "Duration", "Unit": "Milliseconds"},
                    ],
                }],
            },
            "service": "cruddur",
            "function": "home-activities",
            "Count": 3,
            "Errors": 1,
            "Duration": [12.4, 8, 0.000_001],
        });
        assert_eq!(serde_json::from_str::<Value>(&message).unwrap(), expected);
    }

    #[test]
    fn names_are_told_in_the_letters_of_dimensions() {
        for (name, expected) in [
            ("GET /api/users/{id}", "GET /api/users/{id}"),
            ("größe\n\u{7f}", "gr??e??"),
            ("a\"b\\", "a\"b\\"),
            ("", "unknown"),
            (" ", "unknown"),
            ("x".repeat(300).leak(), &"x".repeat(256)),
        ] {
            let (_, message) = event(&encoded(name, &calls(name, vec![1])));
            let message: Value = serde_json::from_str(&message).expect("JSON");
            assert_eq!(
                (&message["service"], &message["function"]),
                (&expected.into(), &expected.into())
            );
        }
    }

    #[test]
    fn an_item_is_seen_as_one_event_and_never_larger_than_it_was_said_to_be() {
        let hostile: &str = "\"\\".repeat(300).leak();
        for name in ["a", hostile, ",\\\"parts\\\":7", ""] {
            for count in [1, 100] {
                let calls = calls(name, vec![u64::MAX; count]);
                let item = encoded(hostile, &calls);
                assert!(item.len() <= Metrics::weigh(&calls), "{}", item.len());
                assert_eq!(item::events(&item), 1);
                assert_eq!(item::message_bytes(&item), event(&item).1.len());
            }
        }
    }

    #[test]
    fn what_the_format_has_no_place_for_is_refused() {
        for count in [0, 101] {
            let refused = metrics("cruddur").encode(&calls("a", vec![1; count]), &mut Vec::new());
            assert!(
                matches!(refused, Err(EncodeError::Field { field, .. }) if field == "durations_ns")
            );
        }
    }

    #[test]
    fn they_go_into_the_stream_of_the_log() {
        let records = [calls("a", vec![1]), calls("b", vec![2])];
        let batch = Batch::collect(&mut metrics("cruddur"), &records).expect("these have a form");
        let request = metrics("cruddur").request(&batch);
        let body: Value = serde_json::from_slice(&request.body.concat()).expect("JSON");
        let names = (&body["logGroupName"], &body["logStreamName"]);
        assert_eq!(names, (&"cruddur".into(), &"web-1".into()));
        assert_eq!(body["logEvents"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_namespace_is_what_the_service_takes_or_is_refused_with_what_it_would() {
        for name in ["Cruddur", "cruddur/api", "a.b-c_d#e:1", "AWS", &"x".repeat(255)] {
            assert_eq!(Namespace::new(name).unwrap().to_string(), name);
        }
        for name in ["", "AWS/Logs", "a b", "größe", &"x".repeat(256)] {
            let expected = format!(
                "the namespace is `{name}`, expected 1 to 255 of the characters a-z A-Z 0-9 . - _ / # :, \
                 not beginning with `AWS/`"
            );
            assert_eq!(Namespace::new(name).unwrap_err().to_string(), expected);
        }
    }
}
