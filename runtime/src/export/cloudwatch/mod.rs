//! The log to Amazon CloudWatch Logs, as log events of one JSON object each.
//!
//! In: [`LogRecord`]s. Out: `PutLogEvents` requests, and the requests that make the group and the
//! stream they go to.
//! Never: signs a request (the transport does, when it sends), knows a region.
//!
//! Wire format: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>,
//! by <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>.
//! Not supported: entities, tags and encryption keys of groups, sequence tokens, which are no
//! longer needed.

mod create;
mod encode;
mod item;
mod metrics;
mod request;
mod settings;
mod stream;
#[cfg(test)]
mod testing;
mod verdict;
mod weigh;

pub use create::Creation;
pub use metrics::{Metrics, Namespace};
pub use settings::{Group, Oversize, Retention, Settings, SettingsError};
pub use stream::{Process, Template};

use crate::export::{Batch, EncodeError, Limits, Reply, Request, Verdict};
use crate::record::LogRecord;

/// Bounds of one request: 10,000 events, and 1,048,576 bytes of messages in UTF-8 with 26 bytes on
/// top of each.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>.
const LIMITS: Limits = Limits { items: 10_000, bytes: 1_048_576, overhead_bytes: 26 };

/// The largest message of an event, in bytes: one event is at most 1 MB, and has to be in a request.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>.
const MAX_MESSAGE_BYTES: usize = LIMITS.bytes - LIMITS.overhead_bytes;

/// How far an event may be from the one that began its request, on either side, in milliseconds:
/// whatever comes, the events of a request are within 24 hours then.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>.
const MAX_DISTANCE_MS: u64 = 12 * 60 * 60 * 1_000;

/// The longest name of a group or a stream, in characters.
///
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html>.
const MAX_NAME_CHARS: usize = 512;

/// Encodes events and frames them.
#[derive(Debug)]
pub struct Exporter {
    encoder: encode::Encoder,
    framing: request::Framing,
    judge: verdict::Judge,
}

impl Exporter {
    /// Takes the settings in; `endpoint` is the address of the service, without a slash at its end.
    pub fn new(settings: &Settings, endpoint: &str) -> Self {
        Self {
            encoder: encode::Encoder::new(settings),
            framing: request::Framing::new(settings, endpoint),
            judge: verdict::Judge::new(settings),
        }
    }
}

impl super::Exporter for Exporter {
    type Record = LogRecord;

    const NAME: &'static str = "cloudwatch";

    fn weigh(record: &LogRecord) -> usize {
        weigh::weigh(record)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn count(item: &[u8]) -> usize {
        item::events(item)
    }

    fn size(item: &[u8]) -> usize {
        item::message_bytes(item)
    }

    fn joins(&self, first: &[u8], item: &[u8]) -> bool {
        self.framing.joins(first, item)
    }

    fn encode(&mut self, record: &LogRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder.encode(record, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch)
    }

    fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict {
        self.judge.verdict(batch, reply)
    }
}
