//! One destination at work, with patience in milliseconds.

use std::sync::Arc;
use std::time::Duration;

use spanwright::export::{Exporter, otlp};
use spanwright::loss::{LossReason, Tally};
use spanwright::pipeline::transport::{Transport, http};
use spanwright::pipeline::{Backoff, Flushed, Handle, Motor, Settings};
use spanwright::record::{Processor, SpanRecord};
use support::otlp_sink::OtlpSink;
use support::records::span;

/// Long enough for anything that happens at all.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// A motor with one destination.
pub(crate) struct Rig<R> {
    pub(crate) motor: Motor,
    pub(crate) handle: Handle<R>,
}

/// Patience for tests: quick retries, batches that wait for nobody.
pub(crate) fn quick() -> Settings {
    Settings {
        max_batch_age: Duration::ZERO,
        backoff: Backoff { initial: Duration::from_millis(1), max: Duration::from_millis(4) },
        ..Settings::default()
    }
}

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

impl Rig<SpanRecord> {
    /// OTLP to a receiver.
    pub(crate) fn otlp(sink: &OtlpSink, settings: &Settings) -> Self {
        let exporter = otlp::Exporter::new(&otlp_settings(sink));
        Self::new(exporter, client(LONG), settings)
    }
}

impl<R: Send + Sync + 'static> Rig<R> {
    pub(crate) fn new<E, T>(exporter: E, transport: T, settings: &Settings) -> Self
    where
        E: Exporter<Record = R>,
        T: Transport,
    {
        let motor = Motor::start().expect("the system has a thread to spare");
        let handle = motor.add(exporter, transport, settings);
        Self { motor, handle }
    }

    pub(crate) fn flush(&self, timeout: Duration) -> Flushed {
        only(&self.motor.flush(timeout))
    }

    pub(crate) fn shutdown(&self, timeout: Duration) -> Flushed {
        only(&self.motor.shutdown(timeout))
    }

    /// Hands a group in, waits until it has met its fate, stops; the final counts.
    pub(crate) fn deliver(&self, group: &Arc<[R]>) -> Tally {
        self.handle.process(group);
        let flushed = self.flush(LONG);
        assert!(flushed.in_time, "{flushed:?}");
        let tally = self.shutdown(LONG).tally;
        assert_eq!(self.handle.held_bytes(), 0, "{tally:?}");
        tally
    }
}

/// Accepted, delivered, rejected and lost; the reasons of all that is lost.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sum(
    pub(crate) u64,
    pub(crate) u64,
    pub(crate) u64,
    pub(crate) Vec<(LossReason, u64)>,
);

/// Sums a tally up, after proving that nothing is missing.
pub(crate) fn sum(tally: Tally) -> Sum {
    assert_eq!(tally.accepted, tally.delivered + tally.rejected + tally.lost(), "{tally:?}");
    let lost = LossReason::ALL.into_iter().map(|reason| (reason, tally.lost_to(reason)));
    let lost = lost.filter(|(_, count)| *count > 0).collect();
    Sum(tally.accepted, tally.delivered, tally.rejected, lost)
}

fn only(flushed: &[Flushed]) -> Flushed {
    let [only] = flushed else { panic!("one destination, found {flushed:?}") };
    *only
}
