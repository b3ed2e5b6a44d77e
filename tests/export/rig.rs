//! OTLP at work, with patience in milliseconds.

use std::sync::Arc;

use spanwright::export::otlp;
use spanwright::pipeline::Settings;
use spanwright::record::SpanRecord;
use support::otlp_sink::OtlpSink;
use support::records::span;

pub(crate) use support::rig::{LONG, Rig, Sum, client, delivered, lost, quick, sum};

/// The group of spans with these numbers.
pub(crate) fn spans(numbers: std::ops::RangeInclusive<u64>) -> Arc<[SpanRecord]> {
    numbers.map(span).collect()
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
