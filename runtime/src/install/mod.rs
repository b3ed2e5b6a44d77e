//! Asked → running: connects the rooms.
//!
//! In: a [`Config`]. Out: a [`Telemetry`] that flushes and stops what was started.
//! Never: decides anything about a record.

#[cfg(feature = "cloudwatch")]
mod cloudwatch;
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
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::loss::{LossReason, Tally};
use crate::propagate::Composite;
use crate::record::Destinations;
use crate::report::{self, Teller};
use crate::span::tracer::{self, Tracer};
use crate::span::{self, collector};
use crate::{diagnostics, logging};

pub use outlets::Delivery;
use outlets::Outlets;

/// How long a drop waits for what is on its way.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a process that ends with a panic waits for what is on its way.
const ABORT_TIMEOUT: Duration = Duration::from_secs(2);

/// Running telemetry; dropping it shuts it down within five seconds.
#[derive(Debug)]
#[must_use = "telemetry stops when this is dropped"]
pub struct Telemetry {
    /// `None` when there is nothing to run, and after a shutdown.
    destinations: Option<Arc<Outlets>>,
    /// Who tells failures, where anybody takes them.
    teller: Option<Arc<Teller>>,
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
    /// The threads of an exporter do not start.
    #[cfg(feature = "opentelemetry")]
    #[error(transparent)]
    Exporter(#[from] crate::opentelemetry::StartError),
    /// Nothing says where CloudWatch Logs is, or its client cannot be built.
    #[cfg(feature = "cloudwatch")]
    #[error(transparent)]
    Aws(#[from] crate::aws::SettingsError),
    /// A destination's client cannot be built.
    #[cfg(feature = "pipeline")]
    #[error("cannot send telemetry")]
    Transport(#[from] crate::pipeline::transport::TransportError),
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
    /// How often each kind of thing was changed to be valid, or refused, on the way to AWS X-Ray.
    pub changes: BTreeMap<&'static str, u64>,
    /// Subsegments that were not made, because no segment was above them.
    pub missing_segments: u64,
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
    /// # Errors
    /// There is telemetry already, the system gives no thread, or a client cannot be built.
    pub fn install(mut self) -> Result<Telemetry, InstallError> {
        for warning in &self.warnings {
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
        let takers = self.takers();
        // Spans that nobody reads need not be told of events.
        let has_span_readers = self.has_span_destination() || self.has_xray();
        let propagator = self.take_propagator();
        let (destinations, parts) = Outlets::start(&mut self)?;
        let tracer = Tracer {
            sampler: self.sampler,
            segments: parts.segments,
            context_missing: parts.context_missing,
            watcher: parts.watcher,
            failures: parts.failures,
            destinations: takers,
            propagator,
            propagation_targets: self.propagation_targets,
            limits: self.limits,
            level: self.level,
            event_level: if has_span_readers { self.logging.span_events } else { None },
            processors: parts.processors,
        };
        if !tracer::install(tracer) {
            return Err(InstallError::AlreadyInstalled);
        }
        logging::start(&self.logging);
        let destinations = Arc::new(destinations);
        let (sent, teller) = (Arc::downgrade(&destinations), parts.teller.clone());
        report::before_the_end(Some(Arc::new(move || {
            let Some(destinations) = sent.upgrade() else { return };
            // Nobody is left to read what has come of it.
            let _ = in_order(&destinations, teller.as_deref(), ABORT_TIMEOUT, Outlets::flush);
        })));
        Ok(Telemetry {
            destinations: Some(destinations),
            teller: parts.teller,
            missing_before: span::missing_segments(),
            #[cfg(feature = "xray")]
            xray: parts.xray,
        })
    }
}

impl Config {
    /// Lets requests carry their context on, where nothing else runs. Starts no thread.
    fn propagate_only(mut self) {
        let propagator = self.take_propagator();
        if span::CAN_PROPAGATE {
            // Telemetry that runs already carries context on, too.
            tracer::install(Tracer::idle(self.sampler, propagator, self.propagation_targets));
        }
    }

    fn take_propagator(&mut self) -> Composite {
        self.propagator.take().unwrap_or_else(|| {
            if self.has_xray() { Composite::with_xray() } else { Composite::default() }
        })
    }

    /// Who is there to take anything.
    fn takers(&self) -> Destinations {
        let spans = if self.has_span_taker() { Destinations::SPANS } else { Destinations::NONE };
        let segments = if self.has_xray() { Destinations::SEGMENTS } else { Destinations::NONE };
        spans.with(segments)
    }
}

impl Telemetry {
    /// With nothing to run.
    fn idle() -> Self {
        Self {
            destinations: None,
            teller: None,
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
        self.xray.as_ref().map(|running| running.diagnose(span::since_epoch()))
    }

    /// Whether anything is recorded.
    pub fn is_running(&self) -> bool {
        self.destinations.is_some()
    }

    /// Sends everything that ended before the call and waits for its fate.
    ///
    /// Blocks the calling thread up to `timeout`, whatever the destinations do; may be called from
    /// any thread, inside a runtime or not, as it needs no runtime of the caller's.
    pub fn flush(&self, timeout: Duration) -> Report {
        self.report(timeout, Outlets::flush)
    }

    /// Stops recording, sends what is left and stops every part.
    ///
    /// Blocks the calling thread up to about `timeout`; what is left then is counted as lost. May
    /// be called from any thread, inside a runtime or not.
    pub fn shutdown(mut self, timeout: Duration) -> Report {
        self.stop(timeout)
    }

    fn stop(&mut self, timeout: Duration) -> Report {
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
    let begin = fastant::Instant::now();
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

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pace = if self.in_time { "in time" } else { "not in time" };
        let Self { spans, amendments, logs, errors, .. } = self;
        write!(f, "{pace}; spans collected {}, {}", spans.accepted, Losses(spans))?;
        if amendments.lost() > 0 {
            write!(f, "; amendments of spans {}", Losses(amendments))?;
        }
        if logs.accepted > 0 {
            write!(f, "; log {}, {}", logs.accepted, Losses(logs))?;
        }
        if errors.accepted > 0 {
            write!(f, "; errors {}, {}", errors.accepted, Losses(errors))?;
        }
        for Delivery { destination, tally, .. } in &self.destinations {
            let Tally { accepted, delivered, rejected, .. } = tally;
            let losses = Losses(tally);
            write!(
                f,
                "; {destination}: accepted {accepted}, delivered {delivered}, rejected {rejected}, {losses}"
            )?;
        }
        for (at, (kind, count)) in self.changes.iter().enumerate() {
            let separator = if at == 0 { "; changed or refused: " } else { ", " };
            write!(f, "{separator}{kind} {count}")?;
        }
        if self.missing_segments > 0 {
            write!(f, "; subsegments without a segment {}", self.missing_segments)?;
        }
        Ok(())
    }
}

/// What was lost, with the reasons.
struct Losses<'a>(&'a Tally);

impl fmt::Display for Losses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lost {}", self.0.lost())?;
        let reasons = LossReason::ALL.map(|reason| (reason, self.0.lost_to(reason)));
        let mut separator = " (";
        for (reason, count) in reasons.into_iter().filter(|(_, count)| *count > 0) {
            write!(f, "{separator}{reason} {count}")?;
            separator = ", ";
        }
        if self.0.lost() > 0 { f.write_str(")") } else { Ok(()) }
    }
}
