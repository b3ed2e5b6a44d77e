//! Breadcrumb buffer: recent spans, events of the log and own breadcrumbs, for error reports.
//!
//! Each of the three is bounded in bytes. The collector thread adds groups of records by reference; they
//! are read when something has failed.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::iter::successors;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use super::lately::Lately;
use crate::record::{
    Attribute, Breadcrumb, EventRecord, Happening, Level, LogRecord, Outcome, Processor, Severity,
    SpanId, SpanRecord, Status, TraceId, Value,
};

/// Memory for spans, in bytes: some 6,000 of a usual service.
const MAX_SPAN_BYTES: usize = 4 * 1024 * 1024;
/// Memory for events of the log, in bytes.
const MAX_LOG_BYTES: usize = 2 * 1024 * 1024;
/// Memory for breadcrumbs of the application, in bytes.
const MAX_NOTE_BYTES: usize = 1024 * 1024;
/// How long ago what happened may be, to belong to a failure.
const MAX_AGE_NS: u64 = 15 * 60 * 1_000_000_000;
/// How many spans may be around a failure.
const MAX_DEPTH: usize = 256;
/// How many breadcrumbs a failure has, unless somebody says otherwise.
const BREADCRUMBS: usize = 50;
/// The longest text that an event makes, in bytes.
const MAX_EVENT_BYTES: usize = 1_024;
/// Attributes that a span gets when it ends: they are no fields of what happens in it.
const SET_AT_END: [&str; 3] = ["error.type", "busy_ns", "idle_ns"];

/// What happened lately, of all requests.
#[derive(Debug)]
pub(crate) struct Trail {
    spans: Lately<SpanRecord>,
    log: Lately<LogRecord>,
    notes: Mutex<Notes>,
    max_breadcrumbs: usize,
}

/// Breadcrumbs of the application, with the trace that each belongs to.
#[derive(Debug, Default)]
struct Notes {
    kept: VecDeque<(Option<TraceId>, Breadcrumb)>,
    bytes: usize,
}

/// What is known of the time and place of a failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Around {
    /// The names of the spans, the outermost first, as far as they have ended.
    pub(crate) spans: Vec<Cow<'static, str>>,
    /// What happened before, the oldest first.
    pub(crate) breadcrumbs: Vec<Breadcrumb>,
}

impl Default for Trail {
    fn default() -> Self {
        Self::new(BREADCRUMBS)
    }
}

impl Trail {
    /// Remembers nothing yet; tells at most so many breadcrumbs of one failure.
    pub(crate) fn new(max_breadcrumbs: usize) -> Self {
        Self {
            spans: Lately::new(SpanRecord::weight_bytes, MAX_SPAN_BYTES),
            log: Lately::new(LogRecord::weight_bytes, MAX_LOG_BYTES),
            notes: Mutex::default(),
            max_breadcrumbs,
        }
    }

    /// Adds a breadcrumb of a trace, or of none, unless it alone is larger than the buffer. Takes a
    /// short lock.
    pub(crate) fn note(&self, trace_id: Option<TraceId>, crumb: Breadcrumb) {
        let added = crumb.weight_bytes();
        if added > MAX_NOTE_BYTES {
            return;
        }
        let mut dropped = Vec::new();
        let mut notes = lock(&self.notes);
        notes.bytes += added;
        notes.kept.push_back((trace_id, crumb));
        while notes.bytes > MAX_NOTE_BYTES {
            let Some((_, oldest)) = notes.kept.pop_front() else { break };
            notes.bytes -= oldest.weight_bytes();
            dropped.push(oldest);
        }
        drop(notes);
        // Texts are freed without the lock.
        drop(dropped);
    }

    /// What happened in a trace before a moment, and the spans around one of them. A failure outside
    /// of any trace has the notes and events of the log that belong to none.
    pub(crate) fn around(&self, trace_id: TraceId, span_id: SpanId, at_unix_ns: u64) -> Around {
        let (groups, log) = (self.spans.groups(), self.log.groups());
        let of_trace = |span: &&SpanRecord| span.context.trace_id == trace_id;
        let spans: Vec<_> = groups.iter().flat_map(|group| group.iter()).filter(of_trace).collect();
        let mut moments = self.notes_before(trace_id, at_unix_ns);
        let of_log =
            |it: &&LogRecord| it.span.map_or(TraceId::INVALID, |it| it.trace_id) == trace_id;
        let logged: Vec<_> = log.iter().flat_map(|group| group.iter()).filter(of_log).collect();
        let by_id: Spans<'_> = spans.iter().map(|span| (span.context.span_id, *span)).collect();
        // What was logged may have been told to the span around it, too.
        let times: FxHashSet<_> = logged.iter().map(|record| record.unix_ns).collect();
        let is_new = |event: &&EventRecord| !times.contains(&event.unix_ns);
        moments.extend(logged.iter().copied().map(Moment::Log));
        for span in &spans {
            moments.extend(moment_of(span));
            let events = span.events.iter().filter(is_new);
            moments.extend(events.filter_map(|event| moment_of_event(event, span)));
        }
        moments.retain(|moment| is_before(moment.unix_ns(), at_unix_ns));
        moments.sort_by_key(Moment::unix_ns);
        let told = moments.len().saturating_sub(self.max_breadcrumbs);
        let breadcrumbs = moments.into_iter().skip(told).map(|moment| moment.breadcrumb(&by_id));
        Around { spans: path(&by_id, span_id), breadcrumbs: breadcrumbs.collect() }
    }

    fn notes_before(&self, trace_id: TraceId, at_unix_ns: u64) -> Vec<Moment<'static>> {
        let trace_id = Some(trace_id).filter(|id| id.is_valid());
        let notes = lock(&self.notes);
        let newest = notes
            .kept
            .iter()
            .rev()
            .filter(|(of, crumb)| *of == trace_id && is_before(crumb.unix_ns, at_unix_ns));
        // The lock is held for no more notes than can be told.
        let newest = newest.take(self.max_breadcrumbs);
        let mut notes: Vec<_> = newest.map(|(_, crumb)| Moment::Note(crumb.clone())).collect();
        // Of what happened at the same time, what was said first comes first.
        notes.reverse();
        notes
    }
}

impl Processor<SpanRecord> for Trail {
    fn process(&self, records: &Arc<[SpanRecord]>) {
        self.spans.keep(records);
    }
}

impl Processor<LogRecord> for Trail {
    fn process(&self, records: &Arc<[LogRecord]>) {
        self.log.keep(records);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_before(unix_ns: u64, at_unix_ns: u64) -> bool {
    unix_ns <= at_unix_ns && at_unix_ns - unix_ns <= MAX_AGE_NS
}

/// Finished spans of a trace by their ids.
type Spans<'a> = FxHashMap<SpanId, &'a SpanRecord>;

/// Returns a span and those around it, the innermost first, up to the one that takes the request.
fn ancestry<'a>(spans: &Spans<'a>, innermost: SpanId) -> impl Iterator<Item = &'a SpanRecord> {
    let parent = |span: &&SpanRecord| {
        let is_first = span.kind.is_request() || span.parent_is_remote;
        let parent = span.parent_span_id.filter(|_| !is_first);
        parent.and_then(|parent| spans.get(&parent).copied())
    };
    successors(spans.get(&innermost).copied(), parent).take(MAX_DEPTH)
}

/// The names from the span that takes the request down to `innermost`.
fn path(spans: &Spans<'_>, innermost: SpanId) -> Vec<Cow<'static, str>> {
    let mut names: Vec<_> = ancestry(spans, innermost).map(|span| span.name.clone()).collect();
    names.reverse();
    names
}

/// Returns the fields of the spans around an event, the innermost first. Those of the request itself
/// are in the report already.
fn fields<'a>(spans: &Spans<'a>, innermost: SpanId) -> impl Iterator<Item = &'a Attribute> {
    let inside = ancestry(spans, innermost).take_while(|span| !span.kind.is_request());
    let attributes = inside.flat_map(|span| &span.attributes);
    attributes.filter(|attribute| !SET_AT_END.contains(&&*attribute.key))
}

/// Something that happened, before anybody copies it.
enum Moment<'a> {
    Note(Breadcrumb),
    Span(&'a SpanRecord),
    Event(&'a EventRecord, &'a SpanRecord),
    Log(&'a LogRecord),
}

fn moment_of(span: &SpanRecord) -> Option<Moment<'_>> {
    // A request that this process takes is what the failure is told of, not what came before.
    (!span.kind.is_request()).then_some(Moment::Span(span))
}

fn moment_of_event<'a>(event: &'a EventRecord, span: &'a SpanRecord) -> Option<Moment<'a>> {
    (event.name != "exception").then_some(Moment::Event(event, span))
}

impl<'a> Moment<'a> {
    fn unix_ns(&self) -> u64 {
        match self {
            Self::Note(crumb) => crumb.unix_ns,
            Self::Span(span) => span.end_unix_ns,
            Self::Event(event, _) => event.unix_ns,
            Self::Log(record) => record.unix_ns,
        }
    }

    fn breadcrumb(self, spans: &Spans<'a>) -> Breadcrumb {
        let unix_ns = self.unix_ns();
        match self {
            Self::Note(crumb) => crumb,
            Self::Event(event, span) => {
                let attributes = event.attributes.iter().chain(fields(spans, span.context.span_id));
                let what = Happening::Note { message: sentence(&event.name, attributes) };
                Breadcrumb { unix_ns, severity: Severity::Info, what }
            }
            Self::Log(record) => {
                let span_id = record.span.map_or(SpanId::INVALID, |span| span.span_id);
                let attributes = record.attributes.iter().chain(fields(spans, span_id));
                let what = Happening::Log { message: sentence(&record.message, attributes) };
                Breadcrumb { unix_ns, severity: severity_of(record.level), what }
            }
            Self::Span(span) => {
                let what = call(span).unwrap_or_else(|| Happening::Span {
                    name: span.name.clone(),
                    duration_ns: span.end_unix_ns.saturating_sub(span.start_unix_ns),
                    error: error(span),
                });
                Breadcrumb { unix_ns, severity: severity(span, &what), what }
            }
        }
    }
}

fn attribute<'a>(span: &'a SpanRecord, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key == key).map(|attribute| &attribute.value)
}

/// A span as a call of another service, if it is one.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span>.
fn call(span: &SpanRecord) -> Option<Happening> {
    let (Some(Value::Str(method)), Some(Value::Str(url))) =
        (attribute(span, "http.request.method"), attribute(span, "url.full"))
    else {
        return None;
    };
    let status = match attribute(span, "http.response.status_code") {
        Some(Value::I64(status)) => u16::try_from(*status).ok(),
        _ => None,
    };
    Some(Happening::Call { method: method.to_string(), url: url.to_string(), status })
}

fn error(span: &SpanRecord) -> Option<String> {
    match &span.status {
        Status::Error { message } if !message.is_empty() => Some(message.to_string()),
        Status::Error { .. } => Some(span.outcome.as_str().to_owned()),
        _ if matches!(span.outcome, Outcome::Error | Outcome::Panic) => {
            Some(span.outcome.as_str().to_owned())
        }
        _ => None,
    }
}

fn severity(span: &SpanRecord, what: &Happening) -> Severity {
    match what {
        Happening::Call { status: Some(400..=499), .. } => Severity::Warning,
        Happening::Call { status: Some(500..), .. } => Severity::Error,
        _ if error(span).is_some() => Severity::Error,
        _ => Severity::Info,
    }
}

const fn severity_of(level: Level) -> Severity {
    match level {
        Level::Error => Severity::Error,
        Level::Warn => Severity::Warning,
        Level::Info => Severity::Info,
        Level::Debug | Level::Trace => Severity::Debug,
    }
}

/// Returns an event with its attributes as a line of text; of several of one key, the first counts.
fn sentence<'a>(name: &str, attributes: impl IntoIterator<Item = &'a Attribute>) -> String {
    let mut text = name[..name.floor_char_boundary(MAX_EVENT_BYTES)].to_owned();
    let mut keys = FxHashSet::default();
    for Attribute { key, value } in attributes {
        if text.len() >= MAX_EVENT_BYTES {
            break;
        }
        if !keys.insert(key) {
            continue;
        }
        let space = if text.is_empty() { "" } else { " " };
        // A value of several words is in quotes, so that a secret is hidden to its end. Writing to a
        // text does not fail.
        let _ = match value {
            Value::Str(value) if !value.chars().all(char::is_alphanumeric) => {
                write!(text, "{space}{key}={value:?}")
            }
            value => write!(text, "{space}{key}={value}"),
        };
    }
    text.truncate(text.floor_char_boundary(MAX_EVENT_BYTES));
    text
}

#[cfg(test)]
mod tests;
