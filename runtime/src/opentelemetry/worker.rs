//! The thread that drives one exporter of the SDK.
//!
//! In: batches from the queue. Out: calls of the exporter, one at a time, and their results.
//! Never: retries, which the SDK leaves to the exporter; ends because the exporter panicked.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use super::data::span_data;
use super::queue::{Group, Queue, Work};
use super::reactor::{Reactor, block_on};
use crate::diagnostics::{self, Throttle};
use crate::guard::guard;
use crate::loss::LossReason;

/// The longest text of an exporter in a line of ours, in characters.
const MAX_REASON_CHARS: usize = 200;

/// An exporter of any type, called from a thread that may wait.
pub(super) trait Export: Debug + Send {
    /// Exports a batch; gives up after `timeout` if the exporter waits asynchronously.
    fn export_now(&self, batch: Vec<SpanData>, timeout: Duration) -> OTelSdkResult;
    /// Makes sure of what was exported.
    fn flush_now(&self) -> OTelSdkResult;
    /// Ends the exporter.
    fn shutdown_now(&self, timeout: Duration) -> OTelSdkResult;
    /// Says who sends.
    fn take_resource(&mut self, resource: &Resource);
}

impl<E: SpanExporter> Export for E {
    fn export_now(&self, batch: Vec<SpanData>, timeout: Duration) -> OTelSdkResult {
        let export = async { tokio::time::timeout(timeout, self.export(batch)).await };
        block_on(export).unwrap_or(Err(OTelSdkError::Timeout(timeout)))
    }

    fn flush_now(&self) -> OTelSdkResult {
        self.force_flush()
    }

    fn shutdown_now(&self, timeout: Duration) -> OTelSdkResult {
        self.shutdown_with_timeout(timeout)
    }

    fn take_resource(&mut self, resource: &Resource) {
        self.set_resource(resource);
    }
}

/// One exporter at work.
pub(super) struct Worker {
    pub(super) name: String,
    pub(super) exporter: Box<dyn Export>,
    pub(super) queue: Arc<Queue>,
    pub(super) reactor: Reactor,
    pub(super) export_timeout: Duration,
    pub(super) complaints: Throttle,
}

/// Why a call of the exporter did not succeed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the exporter panicked")]
    Panicked,
    #[error("{0}")]
    Sdk(OTelSdkError),
}

impl Failure {
    fn loss(&self) -> LossReason {
        match self {
            Self::Panicked => LossReason::WorkerPanicked,
            Self::Sdk(OTelSdkError::AlreadyShutdown) => LossReason::Shutdown,
            // Retrying is the exporter's business: what it reports is final.
            Self::Sdk(_) => LossReason::RetriesExhausted,
        }
    }
}

impl Worker {
    /// Works until the queue is closed and empty, or given up.
    pub(super) fn run(mut self, resource: &Resource) {
        diagnostics::suppress_thread();
        // Clients that are instrumented with the API look for this mark.
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        let _ending = Ending(Arc::clone(&self.queue));
        let runtime = self.reactor.handle().clone();
        let _entered = runtime.enter();
        let taken = call(&self.name, || {
            self.exporter.take_resource(resource);
            Ok(())
        });
        self.note(taken);
        loop {
            match self.queue.next() {
                Work::Batch(batch) => self.export(&batch),
                Work::Flush(accepted) => {
                    let flushed = call(&self.name, || self.exporter.flush_now());
                    self.queue.flushed(accepted);
                    self.note(flushed);
                }
                Work::Stop => break,
            }
        }
        let stopped = call(&self.name, || self.exporter.shutdown_now(self.export_timeout));
        self.note(stopped);
        // Within the runtime, and before anybody hears that it is over.
        guard(format_args!("exporter `{}`", self.name), || drop(self.exporter));
    }

    fn export(&mut self, batch: &[Group]) {
        let exported = call(&self.name, || {
            let records = batch.iter().flat_map(Group::records);
            self.exporter.export_now(records.map(span_data).collect(), self.export_timeout)
        });
        self.queue.settle(exported.as_ref().map_err(Failure::loss).copied());
        self.note(exported);
    }

    #[expect(clippy::disallowed_methods, reason = "how often it may speak is told by the clock")]
    fn note(&mut self, result: Result<(), Failure>) {
        let Err(failure) = result else { return };
        let Some(held_back) = self.complaints.admit(Instant::now()) else { return };
        let reason = diagnostics::shorten(&failure.to_string(), MAX_REASON_CHARS);
        let lost = self.queue.ledger().tally().lost();
        diagnostics::say(format_args!(
            "{}: {reason} ({lost} lost so far, {held_back} messages held back)",
            self.name
        ));
    }
}

/// Calls the exporter, which may panic.
fn call(name: &str, exporter: impl FnOnce() -> OTelSdkResult) -> Result<(), Failure> {
    guard(format_args!("exporter `{name}`"), exporter)
        .ok_or(Failure::Panicked)?
        .map_err(Failure::Sdk)
}

/// Accounts for what has no fate, whatever ended the worker.
struct Ending(Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        let is_panic = std::thread::panicking();
        self.0.end(if is_panic { LossReason::WorkerPanicked } else { LossReason::Shutdown });
    }
}
