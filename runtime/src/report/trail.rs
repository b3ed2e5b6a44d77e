//! A bounded memory of what happened lately.
//!
//! In: finished spans, from the collector; notes, from whoever has something to say. Out: what
//! happened around a failure, and in which spans.
//! Never: copies a span before anybody asks; grows with the traffic.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::record::{
    Breadcrumb, EventRecord, Happening, Outcome, Processor, Severity, SpanId, SpanRecord, Status,
    TraceId, Value,
};

/// How many spans are remembered; of a single group that has more, all are.
const MAX_SPANS: usize = 8_192;
/// How many notes are remembered.
const MAX_NOTES: usize = 1_024;
/// How long ago what happened may be, to belong to a failure.
const MAX_AGE_NS: u64 = 15 * 60 * 1_000_000_000;
/// How many spans may be around a failure.
const MAX_DEPTH: usize = 256;
/// How many breadcrumbs a failure has, unless somebody says otherwise.
const BREADCRUMBS: usize = 50;
/// The longest note that an event makes, in bytes.
const MAX_EVENT_BYTES: usize = 1_024;

/// What happened lately, of all requests.
#[derive(Debug)]
pub(crate) struct Trail {
    groups: Mutex<Groups>,
    notes: Mutex<VecDeque<(Option<TraceId>, Breadcrumb)>>,
    max_breadcrumbs: usize,
}

#[derive(Debug, Default)]
struct Groups {
    kept: VecDeque<Arc<[SpanRecord]>>,
    spans: usize,
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
        Self { groups: Mutex::default(), notes: Mutex::default(), max_breadcrumbs }
    }

    /// Remembers that something happened, in a trace or in none. Takes a lock for a moment.
    pub(crate) fn note(&self, trace_id: Option<TraceId>, crumb: Breadcrumb) {
        let mut notes = lock(&self.notes);
        let forgotten = if notes.len() < MAX_NOTES { None } else { notes.pop_front() };
        notes.push_back((trace_id, crumb));
        drop(notes);
        // Its texts are freed when nobody waits for them.
        drop(forgotten);
    }

    /// What happened in a trace before a moment, and the spans around one of them. A failure outside
    /// of any trace has the notes that belong to none.
    pub(crate) fn around(&self, trace_id: TraceId, span_id: SpanId, at_unix_ns: u64) -> Around {
        let groups: Vec<_> = lock(&self.groups).kept.iter().cloned().collect();
        let of_trace = |span: &&SpanRecord| span.context.trace_id == trace_id;
        let spans: Vec<_> = groups.iter().flat_map(|group| group.iter()).filter(of_trace).collect();
        let mut moments = self.notes_before(trace_id, at_unix_ns);
        for span in &spans {
            moments.extend(moment_of(span));
            moments.extend(span.events.iter().filter_map(moment_of_event));
        }
        moments.retain(|moment| is_before(moment.unix_ns(), at_unix_ns));
        moments.sort_by_key(Moment::unix_ns);
        let told = moments.len().saturating_sub(self.max_breadcrumbs);
        Around {
            spans: path(&spans, span_id),
            breadcrumbs: moments.into_iter().skip(told).map(Moment::into_breadcrumb).collect(),
        }
    }

    fn notes_before(&self, trace_id: TraceId, at_unix_ns: u64) -> Vec<Moment<'static>> {
        let trace_id = Some(trace_id).filter(|id| id.is_valid());
        let notes = lock(&self.notes);
        let newest = notes
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
        let mut forgotten = Vec::new();
        let mut groups = lock(&self.groups);
        groups.spans += records.len();
        groups.kept.push_back(Arc::clone(records));
        while groups.spans > MAX_SPANS && groups.kept.len() > 1 {
            let Some(group) = groups.kept.pop_front() else { break };
            groups.spans -= group.len();
            forgotten.push(group);
        }
        drop(groups);
        // Nobody waits while the spans are freed that only we have kept.
        drop(forgotten);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_before(unix_ns: u64, at_unix_ns: u64) -> bool {
    unix_ns <= at_unix_ns && at_unix_ns - unix_ns <= MAX_AGE_NS
}

/// The names from the span that takes the request down to `innermost`.
fn path(spans: &[&SpanRecord], innermost: SpanId) -> Vec<Cow<'static, str>> {
    let by_id: FxHashMap<_, _> = spans.iter().map(|span| (span.context.span_id, *span)).collect();
    let mut names = Vec::new();
    let mut next = by_id.get(&innermost);
    while let Some(span) = next.filter(|_| names.len() < MAX_DEPTH) {
        names.push(span.name.clone());
        let is_first = span.kind.is_request() || span.parent_is_remote;
        let parent = span.parent_span_id.filter(|_| !is_first);
        next = parent.and_then(|parent| by_id.get(&parent));
    }
    names.reverse();
    names
}

/// Something that happened, before anybody copies it.
enum Moment<'a> {
    Note(Breadcrumb),
    Span(&'a SpanRecord),
    Event(&'a EventRecord),
}

fn moment_of(span: &SpanRecord) -> Option<Moment<'_>> {
    // A request that this process takes is what the failure is told of, not what came before.
    (!span.kind.is_request()).then_some(Moment::Span(span))
}

fn moment_of_event(event: &EventRecord) -> Option<Moment<'_>> {
    (event.name != "exception").then_some(Moment::Event(event))
}

impl Moment<'_> {
    fn unix_ns(&self) -> u64 {
        match self {
            Self::Note(crumb) => crumb.unix_ns,
            Self::Span(span) => span.end_unix_ns,
            Self::Event(event) => event.unix_ns,
        }
    }

    fn into_breadcrumb(self) -> Breadcrumb {
        let unix_ns = self.unix_ns();
        match self {
            Self::Note(crumb) => crumb,
            Self::Event(event) => Breadcrumb {
                unix_ns,
                severity: Severity::Info,
                what: Happening::Note { message: sentence(event) },
            },
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

/// An event with its attributes as a line of text.
fn sentence(event: &EventRecord) -> String {
    let mut text = event.name.clone().into_owned();
    for attribute in &event.attributes {
        if text.len() >= MAX_EVENT_BYTES {
            break;
        }
        // A value of several words is in quotes, so that a secret is hidden to its end. Writing to a
        // text does not fail.
        let _ = match &attribute.value {
            Value::Str(value) if !value.chars().all(char::is_alphanumeric) => {
                write!(text, " {}={value:?}", attribute.key)
            }
            value => write!(text, " {}={value}", attribute.key),
        };
    }
    text.truncate(text.floor_char_boundary(MAX_EVENT_BYTES));
    text
}

#[cfg(test)]
mod tests;
