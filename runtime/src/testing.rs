//! Spans, events of the log and reports of failures in memory, for tests of instrumented code.
//!
//! Each capture is its own small installation for one thread and whatever its spans reach, so
//! tests run side by side. In: code that makes spans, or fails. Out: the finished spans, with ids
//! that count up from 1 on the capturing thread, what was logged, and the reports, with ids that count
//! too.
//! Never: sends anything anywhere; sees spans or failures of other captures.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::logging;
use crate::propagate::targets::InvalidTarget;
use crate::propagate::{Composite, Targets};
use crate::record::{
    Destinations, ErrorRecord, Level, LogRecord, Outcome, Processor, RequestRecord, SpanKind,
    SpanRecord, Status,
};
use crate::redact::Redaction;
use crate::report::{self, Sources};
use crate::sample::{DecideSegments, Sampler};
use crate::span::tracer::{self, Breadcrumbs, Processors, Tracer};
use crate::span::{ContextMissing, Limits, SpanRef, collector, isolate, request, ring};
use crate::tree::walk;

/// How long a capture waits for its spans.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of a capture.
#[derive(Debug)]
pub struct Capture {
    sampler: Sampler,
    propagator: Composite,
    propagation_targets: Targets,
    limits: Limits,
    level: Level,
    destinations: Destinations,
    segments: Option<Arc<dyn DecideSegments>>,
    span_events: Option<Level>,
    reports: Option<report::Settings>,
    redaction: Arc<Redaction>,
}

/// What came of a capture.
#[derive(Debug)]
pub struct Captured<R> {
    /// What the body returned.
    pub value: R,
    /// The spans that ended in it, in the order they ended.
    pub spans: Vec<SpanRecord>,
    /// What was logged, in the order of its times.
    pub logs: Vec<LogRecord>,
    /// The failures that were reported, in the order they were told.
    pub errors: Vec<ErrorRecord>,
}

/// Runs `body` and returns what it logged on this thread through `tracing`, in the order of its times.
///
/// Where the thread has no subscriber it has one meanwhile, which takes everything; one that is there
/// stays, and tells us nothing unless it has a [layer](crate::logging) of ours. Spans of `tracing` are
/// captured as spans. Without the feature `tracing` nothing is logged. Blocks until all is collected.
///
/// ```
/// use spanwright::testing;
///
/// let logs = testing::capture_logs(|| tracing::warn!(left = 3, "running low"));
/// assert_eq!(logs[0].message, "running low");
/// assert_eq!(logs[0].attributes[0].key, "left");
/// ```
pub fn capture_logs<R>(body: impl FnOnce() -> R) -> Vec<LogRecord> {
    Capture::default().run_all(body).logs
}

/// Runs `body` and returns the failures that it reported, in the order they are told.
///
/// Blocks until they are told.
///
/// ```
/// use spanwright::record::{Severity, Subject};
/// use spanwright::testing;
///
/// let errors = testing::capture_errors(|| {
///     spanwright::report_message("Hello World!", Severity::Warning);
/// });
/// assert_eq!(errors[0].subject, Subject::Message("Hello World!".to_owned()));
/// ```
pub fn capture_errors<R>(body: impl FnOnce() -> R) -> Vec<ErrorRecord> {
    Capture::default().run_all(body).errors
}

/// Runs `body` and returns the spans that ended in it, in the order they ended.
///
/// Blocks until they are collected.
///
/// ```
/// use spanwright::{Span, testing};
///
/// let spans = testing::capture(|| Span::new("import").set_attribute("files", 3).is_none());
/// assert_eq!(testing::tree(&spans), "import files=3\n");
/// ```
pub fn capture<R>(body: impl FnOnce() -> R) -> Vec<SpanRecord> {
    Capture::default().run(body).1
}

impl Default for Capture {
    fn default() -> Self {
        Self {
            sampler: Sampler::AlwaysOn,
            propagator: Composite::default(),
            propagation_targets: Targets::default(),
            limits: Limits::default(),
            level: Level::Trace,
            destinations: Destinations::ALL,
            segments: None,
            span_events: Some(Level::Info),
            reports: Some(report::Settings::default()),
            redaction: Arc::default(),
        }
    }
}

impl Capture {
    /// Who decides about new traces; every trace is recorded where nothing is said.
    #[must_use]
    pub fn sampler(self, sampler: Sampler) -> Self {
        Self { sampler, ..self }
    }

    /// Which headers carry traces; `tracecontext,baggage` where nothing is said.
    #[must_use]
    pub fn propagator(self, propagator: Composite) -> Self {
        Self { propagator, ..self }
    }

    /// Hosts that context may be sent to, as in
    /// [`Config::propagation_targets`](crate::Config::propagation_targets); all by default.
    ///
    /// # Panics
    /// A target is not a host.
    #[must_use]
    pub fn propagation_targets<T: AsRef<str>>(self, hosts: impl IntoIterator<Item = T>) -> Self {
        match Targets::new(hosts) {
            Ok(propagation_targets) => Self { propagation_targets, ..self },
            Err(InvalidTarget(found)) => panic!("propagation target {found:?}: expected a host"),
        }
    }

    /// How much a span may hold.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The most detailed level that is recorded; all where nothing is said.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Who is there to take anything; everybody where nothing is said.
    #[must_use]
    pub fn destinations(self, destinations: Destinations) -> Self {
        Self { destinations, ..self }
    }

    /// Who decides which requests have segments; those have that have spans where nothing is said.
    #[must_use]
    pub fn segments(self, rules: impl DecideSegments) -> Self {
        Self { segments: Some(Arc::new(rules)), ..self }
    }

    /// The most detailed level of the log that is told to spans as events; info where nothing is said.
    #[must_use]
    pub fn span_events(self, level: Option<Level>) -> Self {
        Self { span_events: level, ..self }
    }

    /// What is reported of failures. They are told when the body is over, however long they are held.
    #[must_use]
    pub fn reports(self, reports: report::Settings) -> Self {
        Self { reports: Some(reports), ..self }
    }

    /// Rules of redaction; the default ones where nothing is said, so that a test sees what is exported.
    #[must_use]
    pub fn redaction(self, redaction: Redaction) -> Self {
        Self { redaction: Arc::new(redaction), ..self }
    }

    /// Takes no reports of failures, as where nobody wants to know of them.
    #[must_use]
    pub fn without_reports(self) -> Self {
        Self { reports: None, ..self }
    }

    /// Runs `body` and returns its result and the spans that ended in it.
    ///
    /// # Panics
    /// When more than a thousand captures run at a time, or the collector does not answer.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> (R, Vec<SpanRecord>) {
        let Captured { value, spans, .. } = self.run_all(body);
        (value, spans)
    }

    /// Runs `body` and returns its result, the spans that ended in it, what it logged, and the failures
    /// it reported, the panics of its thread among them.
    ///
    /// # Panics
    /// When more than a thousand captures run at a time, or the collector does not answer.
    pub fn run_all<R>(self, body: impl FnOnce() -> R) -> Captured<R> {
        assert!(collector::start(), "the system gives no thread for the collector");
        let (spans, logs) = (Arc::new(Memory::default()), Arc::new(Memory::default()));
        let errors = Arc::new(Memory::default());
        let parts = self.reports.clone().map(|reports| {
            let redaction = Arc::clone(&self.redaction);
            report::parts(
                reports,
                redaction,
                true,
                Sources::Counting,
                vec![Arc::clone(&errors) as _],
            )
        });
        let tracer = || self.tracer(&spans, &logs, parts.as_ref());
        let tag = tracer::add(tracer).expect("a thousand captures at a time");
        let _removal = Removal(tag);
        let value = isolate(tag, || logging::with_subscriber(body));
        assert!(collector::flush(TIMEOUT), "the collector does not answer");
        if let Some(parts) = &parts {
            parts.teller.tell(true, true);
        }
        Captured { value, spans: spans.take(), logs: logs.take(), errors: errors.take() }
    }

    fn tracer(
        &self,
        spans: &Arc<Memory<SpanRecord>>,
        logs: &Arc<Memory<LogRecord>>,
        parts: Option<&report::Parts>,
    ) -> Tracer {
        Tracer {
            sampler: self.sampler.clone(),
            propagator: self.propagator.clone(),
            propagation_targets: self.propagation_targets.clone(),
            limits: self.limits,
            redaction_key: None,
            segments: self.segments.clone(),
            context_missing: ContextMissing::IgnoreError,
            invocation: None,
            watcher: None,
            failures: parts.map(|parts| Arc::clone(&parts.taker)),
            destinations: self.destinations,
            level: self.level,
            event_level: self.span_events,
            processors: Processors {
                spans: Vec::new(),
                all: vec![spans.clone()],
                logs: vec![logs.clone()],
                breadcrumbs: parts.map(|parts| Breadcrumbs {
                    spans: Arc::clone(&parts.trail) as _,
                    logs: Arc::clone(&parts.trail) as _,
                }),
            },
            redaction: Arc::clone(&self.redaction),
        }
    }
}

/// How many rings, each for the spans of one thread at a time, this process has made so far.
pub fn rings() -> usize {
    ring::made()
}

/// The request of a span as a report of an error would tell it; what is known of it only by the
/// response is there once the response was made.
///
/// `None` where nothing takes reports, the span belongs to no request, or the request is over.
pub fn request_details(span: SpanRef) -> Option<RequestRecord> {
    request::describe(span)
}

/// Renders spans as an indented tree, children in the order they began; one line a span with its
/// kind (unless internal), attributes, outcome (unless ok) and status message.
pub fn tree(spans: &[SpanRecord]) -> String {
    let mut text = String::new();
    for node in walk(spans) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:indent$}{}", "", line(node.span), indent = node.depth * 2);
    }
    text
}

fn line(span: &SpanRecord) -> String {
    let mut line = span.name.to_string();
    if span.kind != SpanKind::Internal {
        let _ = write!(line, " [{:?}]", span.kind);
    }
    for attribute in &span.attributes {
        let _ = write!(line, " {}={}", attribute.key, attribute.value);
    }
    for event in &span.events {
        let _ = write!(line, " @{}", event.name);
    }
    if span.outcome != Outcome::Ok {
        let _ = write!(line, " -> {}", span.outcome.as_str());
    }
    if let Status::Error { message } = &span.status {
        let _ = write!(line, " !{message}");
    }
    line
}

/// Keeps finished records.
#[derive(Debug)]
struct Memory<R>(Mutex<Vec<R>>);

impl<R> Default for Memory<R> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<R> Memory<R> {
    fn take(&self) -> Vec<R> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<R: Clone + Send + Sync + 'static> Processor<R> for Memory<R> {
    fn process(&self, records: &Arc<[R]>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(records.iter().cloned());
    }
}

/// Takes the capture's tracer out again, however the body ends.
struct Removal(u16);

impl Drop for Removal {
    fn drop(&mut self) {
        tracer::remove(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Span;
    use crate::record::{SpanId, TraceId};

    /// Spans with ids from 1 on, each under the one that is asked for.
    fn spans(count: u64, parent: impl Fn(u64) -> u64) -> Vec<SpanRecord> {
        let first = capture(|| drop(Span::new("step"))).remove(0);
        let numbered = |id| {
            let mut span = first.clone();
            span.context.span_id = SpanId::from_u64(id);
            span.parent_span_id = Some(SpanId::from_u64(parent(id)));
            span
        };
        (1..=count).map(numbered).collect()
    }

    #[test]
    fn a_tree_may_be_as_deep_as_it_likes() {
        let text = tree(&spans(2_000, |id| id + 1));
        let depths = text.lines().map(|line| (line.len() - "step".len()) / 2);
        assert!(depths.eq(0..2_000));
        assert_eq!(walk(&spans(100_000, |id| id - 1)).len(), 100_000);
    }

    #[test]
    fn siblings_that_began_at_one_time_stay_in_the_order_they_ended() {
        let spans = spans(20_000, |_| 99_999);
        let of_text = walk(&spans).into_iter().map(|node| node.span.context.span_id);
        assert!(of_text.eq(spans.iter().map(|span| span.context.span_id)));
    }

    #[test]
    fn a_parent_of_another_trace_is_no_parent() {
        let mut spans = spans(2, |id| id - 1);
        spans[1].context.trace_id = TraceId::from_u128(7);
        assert_eq!(tree(&spans), "step\nstep\n");
    }
}
