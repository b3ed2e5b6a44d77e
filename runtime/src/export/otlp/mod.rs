//! Spans, and exceptions, to anything that speaks OTLP over HTTP: a collector, Honeycomb.
//!
//! In: [`SpanRecord`]s, and [`ErrorRecord`](crate::record::ErrorRecord)s. Out:
//! `ExportTraceServiceRequest`s and `ExportLogsServiceRequest`s in protobuf, one resource each and
//! as many scopes as its items have.
//! Never: follows the environment by itself, sends an empty request.
//!
//! Wire format: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>, messages of the
//! `opentelemetry-proto` crate.
//! Not supported: gRPC, JSON.

mod attributes;
mod encode;
mod endpoint;
mod environment;
mod exceptions;
mod honeycomb;
mod request;
mod scopes;
mod settings;
mod signal;
mod stacktrace;
mod verdict;

pub use endpoint::Endpoint;
pub use exceptions::Exceptions;
pub use settings::{Compression, Settings, SettingsError};
pub use signal::ExceptionSignal;

use crate::export::{Batch, EncodeError, Limits, Reply, Request, Verdict};
use crate::record::SpanRecord;

/// Bounds of one request, ours: OTLP itself only asks to stay below 64 MiB.
///
/// 4 MiB is what a gRPC receiver behind an OTLP gateway takes by default, less than the 20 MiB of
/// the collector's HTTP receiver; 4096 spans of usual size are a quarter of it.
/// Sources: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-request>,
/// <https://github.com/grpc/grpc-go/blob/master/server.go> (`defaultServerMaxReceiveMessageSize`),
/// <https://github.com/open-telemetry/opentelemetry-collector/blob/main/config/confighttp/README.md>
/// (`max_request_body_size`).
const LIMITS: Limits = Limits { items: 4096, bytes: 4 * 1024 * 1024, overhead_bytes: 0 };

/// Encodes spans and frames them.
#[derive(Debug)]
pub struct Exporter {
    encoder: encode::Encoder,
    framing: request::Framing,
}

impl Exporter {
    /// Takes the settings in; encodes the resource once.
    pub fn new(settings: &Settings) -> Self {
        let max_text_bytes = settings.max_text_bytes();
        Self {
            encoder: encode::Encoder::new(max_text_bytes),
            framing: request::Framing::new(settings, max_text_bytes),
        }
    }
}

impl super::Exporter for Exporter {
    type Record = SpanRecord;

    const NAME: &'static str = "otlp";

    fn weigh(record: &SpanRecord) -> usize {
        encode::weigh(record)
    }

    fn limits(&self) -> Limits {
        self.framing.limits()
    }

    fn encode(&mut self, record: &SpanRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder.encode(record, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch, self.encoder.has_met_scopes())
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(reply)
    }
}
