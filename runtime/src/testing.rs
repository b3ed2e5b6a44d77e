//! Spans in memory, for tests of instrumented code.
//!
//! Each capture is its own small installation for one thread and whatever its spans reach, so
//! tests run side by side. In: code that makes spans. Out: the finished spans, with ids that
//! count up from 1 on the capturing thread.
//! Never: sends anything anywhere; sees spans of other captures.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::propagate::Composite;
use crate::record::{Level, Outcome, Processor, SpanId, SpanKind, SpanRecord, Status};
use crate::sample::Sampler;
use crate::span::tracer::{self, Processors, Tracer};
use crate::span::{Limits, collector, isolate, ring};

/// How long a capture waits for its spans.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Settings of a capture.
#[derive(Debug)]
pub struct Capture {
    sampler: Sampler,
    limits: Limits,
    level: Level,
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
        Self { sampler: Sampler::AlwaysOn, limits: Limits::default(), level: Level::Trace }
    }
}

impl Capture {
    /// Who decides about new traces; every trace is recorded where nothing is said.
    #[must_use]
    pub fn sampler(self, sampler: Sampler) -> Self {
        Self { sampler, ..self }
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

    /// Runs `body` and returns its result and the spans that ended in it.
    ///
    /// # Panics
    /// When more than a thousand captures run at a time, or the collector does not answer.
    pub fn run<R>(self, body: impl FnOnce() -> R) -> (R, Vec<SpanRecord>) {
        assert!(collector::start(), "the system gives no thread for the collector");
        let memory = Arc::new(Memory::default());
        let tag = tracer::add(|| self.tracer(&memory)).expect("a thousand captures at a time");
        let _removal = Removal(tag);
        let result = isolate(tag, body);
        assert!(collector::flush(TIMEOUT), "the collector does not answer");
        (result, memory.take())
    }

    fn tracer(&self, memory: &Arc<Memory>) -> Tracer {
        Tracer {
            sampler: self.sampler.clone(),
            propagator: Composite::default(),
            limits: self.limits,
            level: self.level,
            processors: Processors(vec![memory.clone()]),
        }
    }
}

/// How many rings, each for the spans of one thread at a time, this process has made so far.
pub fn rings() -> usize {
    ring::made()
}

/// Renders spans as an indented tree, children in the order they began; one line a span with its
/// kind (unless internal), attributes, outcome (unless ok) and status message.
pub fn tree(spans: &[SpanRecord]) -> String {
    let is_root =
        |span: &&SpanRecord| span.parent_span_id.is_none_or(|parent| find(spans, parent).is_none());
    let mut text = String::new();
    for root in in_order(spans.iter().filter(is_root)) {
        render(root, spans, 0, &mut text);
    }
    text
}

fn render(span: &SpanRecord, spans: &[SpanRecord], depth: usize, text: &mut String) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{:indent$}{}", "", line(span), indent = depth * 2);
    let is_child = |other: &&SpanRecord| {
        other.parent_span_id == Some(span.context.span_id)
            && other.context.trace_id == span.context.trace_id
    };
    for child in in_order(spans.iter().filter(is_child)) {
        render(child, spans, depth + 1, text);
    }
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

fn in_order<'a>(spans: impl Iterator<Item = &'a SpanRecord>) -> Vec<&'a SpanRecord> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(|span| span.start_unix_ns);
    spans
}

fn find(spans: &[SpanRecord], id: SpanId) -> Option<&SpanRecord> {
    spans.iter().find(|span| span.context.span_id == id)
}

/// Keeps finished spans.
#[derive(Debug, Default)]
struct Memory(Mutex<Vec<SpanRecord>>);

impl Memory {
    fn take(&self) -> Vec<SpanRecord> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Processor<SpanRecord> for Memory {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(spans.iter().cloned());
    }
}

/// Takes the capture's tracer out again, however the body ends.
struct Removal(u16);

impl Drop for Removal {
    fn drop(&mut self) {
        tracer::remove(self.0);
    }
}
