//! The destinations of one installation.
//!
//! In: the configured destinations. Out: processors for the tracer; flush and shutdown for all.
//! Never: looks at a record.

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::InstallError;
use super::applications::Applications;
use crate::config::Config;
use crate::diagnostics;
use crate::loss::{LossReason, Tally};
use crate::propagate::Composite;
use crate::record::{Destinations, ErrorRecord, Processor};
use crate::redact::Redaction;
use crate::report::Teller;
use crate::sample::{DecideSegments, Sampler};
use crate::span::tracer::{Processors, Tracer, Watcher};
use crate::span::{ContextMissing, Invocation, RedactionKey, TakeFailures};

/// What the destinations want of the tracer.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) processors: Processors,
    /// Rules of redaction for all signals, the credentials of the destinations among them.
    pub(super) redaction: Arc<Redaction>,
    /// Sampler of spans, where it is not the generic one of the configuration.
    pub(super) sampler: Option<Sampler>,
    /// The rules by which requests have segments.
    pub(super) segments: Option<Arc<dyn DecideSegments>>,
    pub(super) context_missing: ContextMissing,
    /// The invocation under way, in a process whose segments the platform makes.
    pub(super) invocation: Option<Invocation>,
    /// Who wants to know of requests that begin.
    pub(super) watcher: Option<Watcher>,
    /// Who takes reports of failures.
    pub(super) of_errors: Vec<Arc<dyn Processor<ErrorRecord>>>,
    /// Who takes failures.
    pub(super) failures: Option<Arc<dyn TakeFailures>>,
    /// Who tells them.
    pub(super) teller: Option<Arc<Teller>>,
    /// Destinations that did not start.
    pub(super) failed: Vec<FailedDestination>,
    /// What others may see of the destination AWS X-Ray.
    #[cfg(feature = "xray")]
    pub(super) xray: Option<crate::xray::Running>,
}

impl Parts {
    /// Leaves a destination off, with a message on standard error; the others run.
    #[cfg_attr(
        not(any(
            feature = "otlp",
            feature = "xray",
            feature = "cloudwatch",
            feature = "rollbar",
            feature = "opentelemetry"
        )),
        expect(dead_code, reason = "the console cannot fail")
    )]
    pub(super) fn fail(
        &mut self,
        destination: impl Into<Cow<'static, str>>,
        problem: impl fmt::Display,
    ) {
        let problem = problem.to_string();
        let failed = FailedDestination { destination: destination.into(), problem };
        diagnostics::say(&failed);
        self.failed.push(failed);
    }

    /// Kinds of records that what has started takes.
    pub(super) fn takers(&self) -> Destinations {
        let processors = &self.processors;
        let has_spans = processors.take_spans() || processors.take_logs();
        let spans = if has_spans { Destinations::SPANS } else { Destinations::NONE };
        let segments =
            if processors.all.is_empty() { Destinations::NONE } else { Destinations::SEGMENTS };
        spans.with(segments)
    }

    /// Returns the tracer of an installation with these parts, which it takes.
    pub(super) fn tracer(&mut self, config: Config, propagator: Composite) -> Tracer {
        // Events are recorded in spans only if the spans are exported.
        let has_span_readers = config.has_span_destination() || config.has_xray();
        let key = config.redaction_key;
        Tracer {
            sampler: self.sampler.take().unwrap_or_else(|| config.sampler.generic()),
            segments: self.segments.take(),
            context_missing: self.context_missing,
            invocation: self.invocation.take(),
            watcher: self.watcher.take(),
            failures: self.failures.take(),
            destinations: self.takers(),
            propagator,
            propagation_targets: config.propagation_targets,
            limits: config.limits,
            redaction_key: key.and_then(|key| RedactionKey::new(key.reveal())),
            level: config.level,
            event_level: if has_span_readers { config.logging.span_events } else { None },
            processors: mem::take(&mut self.processors),
            redaction: Arc::clone(&self.redaction),
        }
    }
}

/// A destination that is configured but did not start, because of its certificates, its region or its threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedDestination {
    /// Name of the destination.
    pub destination: Cow<'static, str>,
    /// The reason, with what to do.
    pub problem: String,
}

impl fmt::Display for FailedDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is off: {}", self.destination, self.problem)
    }
}

/// What a flush or a shutdown has come to at one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The name of the destination; `processor`, `log processor` and `error processor` for those of the
    /// application, with a number from the second one of a kind on.
    pub destination: Cow<'static, str>,
    /// Whether everything accepted before the call has met its fate, and a shutdown lost none of
    /// it.
    pub in_time: bool,
    /// The counters since the start, in records of that destination: spans, or whole traces on
    /// the console; for X-Ray requests with all below them, or the parts that they went out in.
    pub tally: Tally,
}

/// Waits for the end of a flush or a shutdown, at most so long.
pub(super) type Wait<'a> = Box<dyn FnOnce(Duration) -> Vec<Delivery> + 'a>;

/// The configured rules, with the credentials of the destinations.
fn redaction(config: &mut Config) -> Redaction {
    let secrets = config.secrets();
    secrets.into_iter().fold(mem::take(&mut config.redaction), Redaction::secret)
}

/// One or more destinations that are flushed and stopped together.
pub(super) trait Outlet: fmt::Debug + Send + Sync {
    /// Begins to send what is held; never blocks.
    fn flush(&self) -> Wait<'_>;

    /// Begins to send what is held and to stop, within the timeout; never blocks.
    fn shutdown(&self, timeout: Duration) -> Wait<'_>;

    /// Ends every wait, now and later; what is not delivered is lost. Never blocks.
    fn abort(&self);
}

/// Everything that delivers.
#[derive(Debug, Default)]
pub(super) struct Outlets(Vec<Box<dyn Outlet>>);

impl Outlets {
    /// Starts what is configured.
    pub(super) fn start(config: &mut Config) -> Result<(Self, Parts), InstallError> {
        let mut outlets = Self::default();
        // All this before the destinations take their settings.
        let tells_spans = config.tells_spans_of_failures();
        let redaction = Arc::new(redaction(config));
        redaction.redact_resource(&mut config.resource);
        let mut applications = Applications::default();
        let spans = applications.count("processor", mem::take(&mut config.processors));
        let logs = applications.count("log processor", mem::take(&mut config.log_processors));
        let errors = mem::take(&mut config.error_processors);
        config.error_processors = applications.count("error processor", errors);
        let processors = Processors { spans, logs, ..Processors::default() };
        let mut parts = Parts { processors, redaction, ..Parts::default() };
        super::pipelines::start(config, &mut outlets, &mut parts)?;
        super::exporters::start(config, &mut outlets, &mut parts);
        parts.teller = super::reports::start(config, tells_spans, &mut parts)?;
        outlets.add(applications);
        Ok((outlets, parts))
    }

    pub(super) fn add(&mut self, outlet: impl Outlet + 'static) {
        self.0.push(Box::new(outlet));
    }

    pub(super) fn flush(&self, timeout: Duration) -> Vec<Delivery> {
        self.each(timeout, |outlet| outlet.flush())
    }

    pub(super) fn shutdown(&self, timeout: Duration) -> Vec<Delivery> {
        let mut deliveries = self.each(timeout, |outlet| outlet.shutdown(timeout));
        for delivery in &mut deliveries {
            // Their counters began with this installation, so only its shutdown can have lost these.
            delivery.in_time &= delivery.tally.lost_to(LossReason::Shutdown) == 0;
        }
        deliveries
    }

    pub(super) fn abort(&self) {
        for outlet in &self.0 {
            outlet.abort();
        }
    }

    /// Begins everywhere before waiting anywhere: one that hangs takes no time from the others.
    fn each(&self, timeout: Duration, begin: impl Fn(&dyn Outlet) -> Wait<'_>) -> Vec<Delivery> {
        let start = crate::span::now();
        let waits: Vec<_> = self.0.iter().map(|outlet| begin(outlet.as_ref())).collect();
        waits.into_iter().flat_map(|wait| wait(timeout.saturating_sub(start.elapsed()))).collect()
    }
}
