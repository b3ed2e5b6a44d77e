//! Traces to AWS X-Ray, through its daemon.
//!
//! In: [`LocalTrace`]s, of which those spans count that have a segment. Out: segment documents, one
//! nested document a trace as long as it fits; datagrams of one document each, or requests that the
//! service answers.
//! Never: sends what the service would silently refuse; loses a span because another is large.
//!
//! Wire format: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>,
//! datagrams: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>.
//! A span that has not ended, told by an end at the epoch, is sent as in progress; the document that
//! is sent at its end takes its place.
//! Not supported: working directory and paths of a cause, `precursor_ids`, versions of databases.

mod address;
mod annotations;
mod blocks;
mod body;
mod cause;
mod diet;
mod encode;
mod facts;
mod flags;
mod forest;
mod json;
mod letters;
mod metadata;
mod names;
mod naming;
mod pack;
mod process;
mod request;
mod settings;
mod stack;
mod verdict;

pub use settings::{Indexed, Naming, Settings, Transport};
pub(crate) use verdict::refusal;

use crate::export::{Batch, EncodeError, Limits, Reply, Request, Verdict};
use crate::notes::Notes;
use crate::record::{LocalTrace, Resource, SpanRecord};

/// The most documents of one request that is answered.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>; the daemon
/// passes on as many at a time:
/// <https://github.com/aws/aws-xray-daemon/blob/master/pkg/processor/processor.go>.
const MAX_DOCUMENTS: usize = 50;

/// Bounds of one request, in documents: nothing that the queue has taken is larger than the queue.
///
/// Source: as of [`MAX_DOCUMENTS`], <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>.
const LIMITS: Limits = Limits { items: MAX_DOCUMENTS, bytes: 16 * 1024 * 1024, overhead_bytes: 0 };

/// The most bytes of a document: 64 kB by its own limit, 65,507 in a datagram with the header
/// before it, less some air.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
const MAX_DOCUMENT_BYTES: usize = 60_000;

/// Up to here a datagram takes half as much of the daemon's buffer as one byte more.
///
/// Source: `SKB_TRUESIZE` and `SKB_DATA_ALIGN` of
/// <https://github.com/torvalds/linux/blob/master/include/linux/skbuff.h>.
const MAX_QUIET_BYTES: usize = 32_000;

/// Documents as large as they may be. Readers of JSON stop somewhere: `serde_json` at 128 levels,
/// of which a subsegment has two.
///
/// Source: <https://docs.rs/serde_json/1/serde_json/struct.Deserializer.html>.
const BOUNDS: pack::Bounds = pack::Bounds { bytes: MAX_DOCUMENT_BYTES, levels: 40 };

/// Documents as large as they had better be, by the source of [`MAX_QUIET_BYTES`]:
/// <https://github.com/torvalds/linux/blob/master/include/linux/skbuff.h>.
const PREFERRED: pack::Bounds = pack::Bounds { bytes: MAX_QUIET_BYTES, levels: 40 };

/// The most annotations of a document: X-Ray indexes so many of a trace.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
const MAX_ANNOTATIONS: usize = 50;

/// The longest value of an annotation, in characters.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
const MAX_ANNOTATION_CHARS: usize = 1_000;

/// The longest text of the blocks, in characters.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
const MAX_TEXT_CHARS: usize = 250;

/// The most links of one span.
///
/// Source:
/// <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsxrayexporter>.
const MAX_LINKS: usize = 20;

/// The first line of every datagram.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html>.
const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Encodes traces and frames them.
#[derive(Debug)]
pub struct Exporter {
    encoder: encode::Encoder,
    framing: request::Framing,
    notes: Notes,
}

impl Exporter {
    /// Takes the settings in; encodes the resource once.
    pub fn new(settings: &Settings) -> Self {
        let rules = body::Rules {
            process: process::Process::of(&settings.resource),
            naming: settings.naming.clone(),
            indexed: settings.indexed.clone(),
            notes: settings.notes.clone(),
        };
        Self {
            encoder: encode::Encoder::new(rules),
            framing: request::Framing::new(settings),
            notes: settings.notes.clone(),
        }
    }
}

/// What runs the process, as X-Ray calls it: the `origin` of segments and the `ServiceType` of
/// sampling rules.
pub fn origin(resource: &Resource) -> Option<&'static str> {
    process::origin(resource)
}

/// About how many bytes a span takes when it is encoded, never fewer; 0 for one without a segment.
pub fn weigh(span: &SpanRecord) -> usize {
    encode::weigh_span(span)
}

impl super::Exporter for Exporter {
    type Record = LocalTrace;

    const NAME: &'static str = "xray";

    fn weigh(record: &LocalTrace) -> usize {
        encode::weigh(record)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn count(item: &[u8]) -> usize {
        encode::documents(item).count()
    }

    fn encode(&mut self, record: &LocalTrace, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder.encode(record, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch)
    }

    fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(batch, reply, self.framing.is_acked(batch), &self.notes)
    }
}
