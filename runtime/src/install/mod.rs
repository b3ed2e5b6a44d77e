//! Asked → running: connects the rooms.
//!
//! In: a [`Config`]. Out: a [`Telemetry`] that flushes and stops what was started.
//! Never: decides anything about a record.

mod abort;
mod applications;
#[cfg(feature = "cloudwatch")]
mod cloudwatch;
mod display;
#[cfg(feature = "opentelemetry")]
mod exporters;
#[cfg(not(feature = "opentelemetry"))]
#[path = "no_exporters.rs"]
mod exporters;
mod outlets;
#[cfg(not(any(
    feature = "otlp",
    feature = "xray",
    feature = "cloudwatch",
    feature = "rollbar",
    feature = "console"
)))]
#[path = "no_pipelines.rs"]
mod pipelines;
#[cfg(any(
    feature = "otlp",
    feature = "xray",
    feature = "cloudwatch",
    feature = "rollbar",
    feature = "console"
))]
mod pipelines;
mod reports;
#[cfg(feature = "xray")]
mod xray;

use std::collections::BTreeMap;
use std::mem;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::loss::{LossReason, Tally};
use crate::propagate::Composite;
use crate::report::{self, Teller};
use crate::span::tracer::{self, Tracer};
use crate::span::{self, END_TIMEOUT, collector};
use crate::{diagnostics, logging};

pub use abort::AbortHandle;
use outlets::Outlets;
pub use outlets::{Delivery, FailedDestination};

/// How long a drop waits for what is on its way.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Running telemetry; dropping it shuts it down within five seconds.
///
/// It belongs to the process that installed it. In a child made by `fork` it does nothing, at once,
/// and spans are not recorded until the child [installs](Config::install) telemetry of its own. Spans
/// that are open or not sent yet at the fork are sent by the parent.
///
/// A process that ends by [`std::process::exit`] sends what is pending first, for at most two seconds.
/// Diagnostic lines are written by a thread of their own, so an unread standard error blocks nothing; the
/// end of the process waits for them within the same two seconds.
#[derive(Debug)]
#[must_use = "telemetry stops when this is dropped"]
pub struct Telemetry {
    /// Id of the process that installed it; a forked child is another one.
    process: u32,
    /// `None` when there is nothing to run, and after a shutdown.
    destinations: Option<Arc<Outlets>>,
    /// Who tells failures, where anybody takes them.
    teller: Option<Arc<Teller>>,
    /// Destinations that did not start.
    failed: Vec<FailedDestination>,
    /// Subsegments without a segment before this installation.
    missing_before: u64,
    #[cfg(feature = "xray")]
    xray: Option<crate::xray::Running>,
}

/// Why telemetry does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InstallError {
    /// There is telemetry in this process already.
    #[error("telemetry is already installed in this process; shut that down first")]
    AlreadyInstalled,
    /// The system gives no thread for the collector.
    #[error("cannot start the thread that collects spans")]
    NoThread,
    /// The I/O thread does not start.
    #[cfg(feature = "pipeline")]
    #[error(transparent)]
    Start(#[from] crate::pipeline::StartError),
}

/// What a flush or a shutdown has come to.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Report {
    /// Whether everything that ended before the call has met its fate, and a shutdown lost none of
    /// it.
    pub in_time: bool,
    /// Spans on their way from the application's threads to the destinations.
    pub spans: Tally,
    /// Attributes, events and links that went to running spans on the same way. Those that wait
    /// for the end of their span are pending.
    pub amendments: Tally,
    /// Events of the log on their way from the application's threads to the destinations that take the
    /// log.
    pub logs: Tally,
    /// Failures on their way from the application's threads to the destinations that take them. Those
    /// that other functions may still add to are not among them.
    pub errors: Tally,
    /// What each destination did.
    pub destinations: Vec<Delivery>,
    /// Number of values that were cut, collided, replaced or refused on the way to AWS X-Ray, by kind.
    /// Mappings by a documented rule, such as `user.id` to `user_id`, are none.
    pub changes: BTreeMap<&'static str, u64>,
    /// Subsegments that were not made, because no segment was above them.
    pub missing_segments: u64,
    /// Number of diagnostic lines that were not written to standard error since the process began, because
    /// it was full or closed.
    pub unwritten_lines: u64,
}

impl Config {
    /// Starts telemetry for this process.
    ///
    /// Without a destination, or disabled by `OTEL_SDK_DISABLED`, nothing is started and nothing
    /// is recorded; the trace context of requests still goes on to the calls made in them, in the
    /// formats of `OTEL_PROPAGATORS`. So it does after a shutdown. Connections are opened when there
    /// is something to send.
    ///
    /// A process without a `tracing` subscriber gets one, which stays: an application that has its own
    /// sets it before this call, or turns this off by [`change_logging`](Self::change_logging).
    ///
    /// A destination that cannot start (no CA certificates, a file with certificates that cannot be used, no
    /// AWS region) is off, with a line on standard error and in [`Telemetry::failed_destinations`]; the others
    /// run. Blocks while certificates are read, and up to two seconds for the AWS profile.
    ///
    /// # Errors
    /// There is telemetry already, or the system gives no thread.
    pub fn install(mut self) -> Result<Telemetry, InstallError> {
        span::watch_lines();
        for warning in self.warnings() {
            diagnostics::say(warning);
        }
        if !span::IS_LIVE || self.is_disabled || !self.has_destination() {
            self.propagate_only();
            return Ok(Telemetry::idle());
        }
        if tracer::is_installed() {
            return Err(InstallError::AlreadyInstalled);
        }
        if !collector::start() {
            return Err(InstallError::NoThread);
        }
        let propagator = self.take_propagator();
        let (destinations, mut parts) = Outlets::start(&mut self)?;
        if parts.takers().is_empty() {
            return Ok(self.without_destinations(propagator, parts.failed));
        }
        let logging = self.logging.clone();
        let tracer = parts.tracer(self, propagator);
        if !tracer::install(tracer) {
            return Err(InstallError::AlreadyInstalled);
        }
        logging::start(&logging);
        let destinations = Arc::new(destinations);
        send_before_the_end(&destinations, parts.teller.clone());
        Ok(Telemetry {
            process: process::id(),
            destinations: Some(destinations),
            teller: parts.teller,
            failed: parts.failed,
            missing_before: span::missing_segments(),
            #[cfg(feature = "xray")]
            xray: parts.xray,
        })
    }
}

/// Has what is pending sent when the process exits, or aborts by a panic.
fn send_before_the_end(destinations: &Arc<Outlets>, teller: Option<Arc<Teller>>) {
    let destinations = Arc::downgrade(destinations);
    report::before_the_end(Some(Arc::new(move || {
        let Some(destinations) = destinations.upgrade() else { return };
        // The report of what has become of it has no reader.
        let _ = in_order(&destinations, teller.as_deref(), END_TIMEOUT, Outlets::flush);
    })));
}

impl Config {
    /// Telemetry of a process whose destinations have all failed.
    fn without_destinations(
        mut self,
        propagator: Composite,
        failed: Vec<FailedDestination>,
    ) -> Telemetry {
        self.propagator = Some(propagator);
        self.propagate_only();
        let mut telemetry = Telemetry::idle();
        telemetry.failed = failed;
        telemetry
    }

    /// Lets requests carry their context on, where nothing else runs. Starts no thread.
    fn propagate_only(mut self) {
        let propagator = self.take_propagator();
        if span::CAN_PROPAGATE {
            // Telemetry that runs already carries context on, too.
            let sampler = self.sampler.generic();
            tracer::install(Tracer::idle(sampler, propagator, self.propagation_targets));
        }
    }

    fn take_propagator(&mut self) -> Composite {
        self.propagator.take().unwrap_or_else(|| {
            if self.has_xray() { Composite::with_xray() } else { Composite::default() }
        })
    }
}

impl Telemetry {
    /// With nothing to run.
    fn idle() -> Self {
        Self {
            process: process::id(),
            destinations: None,
            teller: None,
            failed: Vec::new(),
            missing_before: 0,
            #[cfg(feature = "xray")]
            xray: None,
        }
    }

    /// How the destination AWS X-Ray has fared so far: rules and their age, traces delivered and
    /// lost, what was changed to be valid; `None` where it is not installed. Asks nobody, and does not
    /// block; [`Doctor`](crate::xray::Doctor) tries the way itself.
    #[cfg(feature = "xray")]
    pub fn xray_diagnosis(&self) -> Option<crate::xray::Diagnosis> {
        let running = self.xray.as_ref().filter(|_| self.is_of_this_process())?;
        Some(running.diagnose(span::since_epoch()))
    }

    /// Destinations that are configured but did not start, each with the reason.
    pub fn failed_destinations(&self) -> &[FailedDestination] {
        &self.failed
    }

    /// True if anything is recorded; false in a forked child.
    pub fn is_running(&self) -> bool {
        self.destinations.is_some() && self.is_of_this_process()
    }

    fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// Sends everything that ended before the call and waits for its outcome.
    ///
    /// Blocks the calling thread up to `timeout`, whatever the destinations do; may be called from
    /// any thread, inside a runtime or not, as it needs no runtime of the caller's. On a thread of this
    /// crate, for instance in a processor, an exporter or an edit, it would wait for itself: there it
    /// returns at once, with `in_time` false. So it does in a forked child.
    pub fn flush(&self, timeout: Duration) -> Report {
        self.report(timeout, Outlets::flush)
    }

    /// Stops recording, sends what is left and stops every part.
    ///
    /// Blocks the calling thread up to about `timeout`; what is left then is counted as lost. An
    /// [abort](Self::abort_handle) ends it at once; see [`shutdown_until`](Self::shutdown_until). May be called from any thread, inside a runtime or not. On a thread of this crate, for instance in a
    /// processor, it waits for nothing: what is not delivered yet counts as lost. In a forked child it
    /// does nothing.
    pub fn shutdown(mut self, timeout: Duration) -> Report {
        self.stop(timeout)
    }

    fn stop(&mut self, timeout: Duration) -> Report {
        if !self.is_of_this_process() {
            return self.leave_to_the_parent();
        }
        report::before_the_end(None);
        if let Some(teller) = &self.teller {
            teller.stop();
        }
        let mut report = self.report(timeout, |destinations, timeout| {
            let deliveries = destinations.shutdown(timeout);
            tracer::uninstall();
            deliveries
        });
        if let Some(teller) = &self.teller {
            report.in_time &= teller.abandon() == 0;
            report.errors = teller.tally();
        }
        let Report { spans, amendments, logs, errors, .. } = &mut report;
        for tally in [spans, amendments, logs, errors] {
            *tally = tally.closed(LossReason::Shutdown);
        }
        self.destinations = None;
        report
    }

    /// Gives up what the parent process has. Nothing is freed: to drop a sender takes locks that the
    /// parent's threads may have held at the fork.
    fn leave_to_the_parent(&mut self) -> Report {
        let report = self.report(Duration::ZERO, Outlets::flush);
        mem::forget((self.destinations.take(), self.teller.take()));
        report
    }

    #[cfg(feature = "xray")]
    fn changes(&self) -> BTreeMap<&'static str, u64> {
        self.xray.as_ref().map(crate::xray::Running::changes).unwrap_or_default()
    }

    #[cfg(not(feature = "xray"))]
    #[expect(clippy::unused_self, reason = "the other form has something to tell")]
    const fn changes(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }

    fn report(
        &self,
        timeout: Duration,
        order: impl FnOnce(&Outlets, Duration) -> Vec<Delivery>,
    ) -> Report {
        let Some(destinations) = &self.destinations else {
            return Report { in_time: true, ..Report::default() };
        };
        if !self.is_of_this_process() {
            span::note_orphan();
            return Report {
                spans: span::LEDGER.tally(),
                amendments: span::AMENDMENTS.tally(),
                logs: span::LOGS.tally(),
                ..Report::default()
            };
        }
        let (in_time, deliveries) = in_order(destinations, self.teller.as_deref(), timeout, order);
        Report {
            in_time: in_time && deliveries.iter().all(|delivery| delivery.in_time),
            spans: span::LEDGER.tally(),
            amendments: span::AMENDMENTS.tally(),
            logs: span::LOGS.tally(),
            errors: self.teller.as_ref().map(|teller| teller.tally()).unwrap_or_default(),
            destinations: deliveries,
            changes: self.changes(),
            missing_segments: span::missing_segments() - self.missing_before,
            unwritten_lines: diagnostics::unwritten_lines(),
        }
    }
}

/// Has everything handed on that waits on its way, then the destinations do what they are ordered;
/// also gives back whether all of it was handed on in time.
fn in_order(
    destinations: &Outlets,
    teller: Option<&Teller>,
    timeout: Duration,
    order: impl FnOnce(&Outlets, Duration) -> Vec<Delivery>,
) -> (bool, Vec<Delivery>) {
    let begin = crate::span::now();
    let is_collected = collector::flush(timeout);
    let is_told = teller.is_none_or(|teller| teller.flush(timeout.saturating_sub(begin.elapsed())));
    let deliveries = order(destinations, timeout.saturating_sub(begin.elapsed()));
    (is_collected && is_told, deliveries)
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if self.destinations.is_some() {
            // Nobody is left to read the report.
            let _ = self.stop(DROP_TIMEOUT);
        }
    }
}
