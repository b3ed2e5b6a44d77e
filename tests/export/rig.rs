//! OTLP at work, with patience in milliseconds.

use std::sync::Arc;
use std::time::Duration;

use spanwright::export::otlp;
use spanwright::pipeline::Settings;
use spanwright::pipeline::transport::http;
use spanwright::record::SpanRecord;
use support::otlp_sink::OtlpSink;
use support::records::span;

pub(crate) use support::rig::{LONG, Rig, Sum, quick, sum};

/// The group of spans with these numbers.
pub(crate) fn spans(numbers: std::ops::RangeInclusive<u64>) -> Arc<[SpanRecord]> {
    numbers.map(span).collect()
}

/// An HTTP client for loopback.
pub(crate) fn client(timeout: Duration) -> http::Client {
    http::Client::new(&http::Settings { timeout, tls: false, proxy: None })
        .expect("a client without TLS needs nothing from the system")
}

/// Settings for a receiver.
pub(crate) fn otlp_settings(sink: &OtlpSink) -> otlp::Settings {
    let endpoint = otlp::Endpoint::base(&sink.endpoint()).expect("the sink has an address");
    otlp::Settings::new(endpoint)
}

/// OTLP to a receiver.
pub(crate) fn otlp_rig(sink: &OtlpSink, settings: &Settings) -> Rig<SpanRecord> {
    Rig::new(otlp::Exporter::new(&otlp_settings(sink)), client(LONG), settings)
}
