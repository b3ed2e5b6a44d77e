//! Any exporter of the SDK as a further destination.
//!
//! In: an exporter; groups of finished spans. Out: batches to the exporter, and one fate for every
//! span in the [`Tally`].
//! Never: lets the exporter's time, panics or errors reach anything but its own thread.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanExporter;

use super::data::sdk_resource;
use super::queue::Queue;
use super::reactor::Reactor;
use super::worker::{Export, Worker};
use crate::diagnostics::Throttle;
use crate::loss::{LossReason, Tally};
use crate::record::{Processor, Resource, SpanRecord};

/// How much waits for an exporter, and how it is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that wait or are being exported; further spans are lost.
    pub max_bytes: usize,
    /// The most spans that wait or are being exported; further ones are lost.
    pub max_spans: usize,
    /// The most spans of one call of the exporter; at least 1.
    pub max_batch_spans: usize,
    /// How long a span waits for others to fill the batch.
    pub max_batch_age: Duration,
    /// How long the exporter may wait asynchronously for one batch. A call that blocks its thread
    /// cannot be cut short: it holds up its own destination, and nothing else.
    pub export_timeout: Duration,
}

/// An exporter of the SDK that finished spans shall go to.
///
/// It is driven on a thread of its own, in a Tokio runtime of its own, so exporters with
/// asynchronous clients work as well as those with blocking ones, with any runtime of the
/// application or none. Retrying is the exporter's own business: a batch that it reports as failed
/// is lost, and counted.
#[derive(Debug)]
#[must_use = "nothing is exported before `start`"]
pub struct Destination {
    exporter: Box<dyn Export>,
    name: String,
    limits: Limits,
}

/// A [`Destination`] at work; stops without waiting when it is dropped.
#[derive(Debug)]
pub struct Delivery {
    queue: Arc<Queue>,
}

/// The system gave no thread or runtime for a destination.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the thread of exporter {name}: {source}")]
pub struct StartError {
    name: String,
    source: io::Error,
}

/// The batch limits of the SDK's own processor with an age that keeps traces nearly live.
/// Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor>.
impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
            max_spans: usize::MAX,
            max_batch_spans: 512,
            max_batch_age: Duration::from_secs(1),
            export_timeout: Duration::from_secs(30),
        }
    }
}

impl Destination {
    /// Takes an exporter.
    pub fn new(exporter: impl SpanExporter + 'static) -> Self {
        Self { exporter: Box::new(exporter), name: "sdk".to_owned(), limits: Limits::default() }
    }

    /// Its name in messages and of its thread; `sdk` where nothing is said.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How much may wait for it; the [default](Limits::default) where nothing is said.
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Starts its threads. The exporter is told the resource first.
    ///
    /// # Errors
    /// The system gives no thread or runtime.
    pub fn start(self, resource: &Resource) -> Result<Delivery, StartError> {
        let limits = Limits { max_batch_spans: self.limits.max_batch_spans.max(1), ..self.limits };
        let queue = Arc::new(Queue::new(limits));
        let thread = std::thread::Builder::new().name(format!("spanwright-{}", self.name));
        let resource = sdk_resource(resource);
        let failed = |source| StartError { name: self.name.clone(), source };
        let worker = Worker {
            name: self.name.clone(),
            exporter: self.exporter,
            queue: Arc::clone(&queue),
            reactor: Reactor::start().map_err(&failed)?,
            export_timeout: limits.export_timeout,
            complaints: Throttle::default(),
        };
        thread.spawn(move || worker.run(&resource)).map_err(&failed)?;
        Ok(Delivery { queue })
    }
}

impl Delivery {
    /// Who takes finished spans for it; never blocks.
    pub fn processor(&self) -> Arc<dyn Processor<SpanRecord>> {
        Arc::clone(&self.queue) as _
    }

    /// What became of the spans so far.
    pub fn tally(&self) -> Tally {
        self.queue.ledger().tally()
    }

    /// Exports what was handed in before the call, and has the exporter flush.
    ///
    /// Blocks up to `timeout`; returns true if every span had its outcome in time. Returns false at
    /// once on a thread of this crate, for instance in the exporter itself, and in a forked child.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.wait_for_flush(self.start_flush(), timeout)
    }

    /// Begins a flush; returns what to wait for. Never blocks.
    pub(crate) fn start_flush(&self) -> Option<u64> {
        self.queue.may_wait().then(|| self.queue.start_flush())
    }

    /// Waits for a flush that was begun; returns true if it was done in time.
    pub(crate) fn wait_for_flush(&self, target: Option<u64>, timeout: Duration) -> bool {
        target.is_some_and(|target| self.queue.wait_for_flush(target, timeout))
    }

    /// Takes no more spans, and exports those that are held. Never blocks; does nothing in a forked child.
    pub(crate) fn close(&self) {
        if self.queue.is_of_this_process() {
            self.queue.close();
        }
    }

    /// Ends every wait; what has no outcome yet counts as lost. Never blocks; does nothing in a forked child.
    pub(crate) fn abort(&self) {
        if self.queue.is_of_this_process() {
            self.queue.end(LossReason::Shutdown);
        }
    }

    /// Exports what was handed in before the call and shuts the exporter down; later spans are
    /// lost.
    ///
    /// Blocks up to `timeout`; returns true if it was done in time. If not, what has no outcome yet
    /// counts as lost, although the exporter may still deliver a batch it is busy with. Does not wait
    /// on a thread of this crate; does nothing in a forked child.
    pub fn shutdown(&self, timeout: Duration) -> bool {
        if !self.queue.is_of_this_process() {
            return false;
        }
        self.queue.close();
        let is_done = self.queue.wait_for_end(timeout);
        if !is_done {
            self.queue.end(LossReason::Shutdown);
        }
        is_done
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.close();
    }
}
