//! Which error is whose: the exceptions of a trace.
//!
//! An error that passes several levels is told once, where it began. A level that hands it on names
//! its id; a level that wraps it tells its own and names the id as the cause.
//! In: the spans of a trace. Out: for each that failed, what its `cause` says.
//! Never: makes up an id that another run would not make: they are a function of the span's.

use std::fmt::Write as _;

use super::blocks::shortened;
use super::diet::Diet;
use super::facts::{Fact, Facts};
use super::forest::Node;
use super::json::{self, Object};
use super::stack;
use crate::record::{
    Attribute, ErrorClass, EventRecord, Outcome, SpanId, SpanKind, SpanRecord, Status, Value,
};
use crate::type_name;

/// The most exceptions of one span; the others are counted.
const MAX_EXCEPTIONS: usize = 16;

/// What the `cause` of one span says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// How many of the span's exceptions are its own; the others are those of a span below.
    own: usize,
    /// The id of the exception that follows the own ones, told by a span below.
    below: Option<u64>,
}

/// An exception as the record has it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Exception<'a> {
    /// The last part of the path of its type.
    kind: Option<&'a str>,
    message: &'a str,
    stack: Option<&'a str>,
    /// Whether the next exception caused it.
    is_caused: bool,
    /// Whether it is known by a status or an event only: whoever recorded that, the edge of a web
    /// framework for instance, had a message and a guess at the type, not the error.
    is_hearsay: bool,
}

/// The exceptions of each node, what it returned first, then what caused that.
pub(super) struct Causes<'a> {
    exceptions: Vec<Vec<Exception<'a>>>,
    causes: Vec<Cause>,
}

impl<'a> Causes<'a> {
    /// Looks at a whole trace; nothing is done for one without failures.
    pub(super) fn of(nodes: &[Node<'a>]) -> Self {
        if !nodes.iter().any(has_failed) {
            return Self { exceptions: Vec::new(), causes: Vec::new() };
        }
        let exceptions: Vec<_> = nodes.iter().map(exceptions).collect();
        let mut causes = vec![Cause::default(); nodes.len()];
        let mut last_failing: Vec<Option<usize>> = vec![None; nodes.len()];
        // Children come after their parents, so this way round they are known before them.
        for at in (0..nodes.len()).rev() {
            if exceptions[at].is_empty() {
                continue;
            }
            let below = last_failing[at];
            causes[at] = join(&exceptions[at], below.map(|below| &*exceptions[below]));
            if let Some(below) = below.filter(|_| causes[at].own < exceptions[at].len()) {
                causes[at].below = Some(head(nodes, &causes, below));
            } else {
                causes[at].own = exceptions[at].len();
            }
            if let Some(parent) = nodes[at].parent {
                let last = &mut last_failing[parent];
                let is_later = |other| nodes[at].span.end_unix_ns > ended(nodes, other);
                if last.is_none_or(is_later) {
                    *last = Some(at);
                }
            }
        }
        Self { exceptions, causes }
    }

    /// Writes the `cause` of a node, if it has one.
    pub(super) fn write(
        &self,
        at: usize,
        node: &Node<'_>,
        facts: &mut Facts<'_>,
        out: Part<'_, '_>,
    ) {
        let Some(all) = self.exceptions.get(at).filter(|all| !all.is_empty()) else { return };
        facts.take(Fact::ErrorType);
        let Part { document, diet } = out;
        let cause = &self.causes[at];
        if let (0, Some(below)) = (cause.own, cause.below) {
            return document.text("cause", &hex(below));
        }
        let told = &all[..cause.own.min(MAX_EXCEPTIONS)];
        let skipped = cause.own - told.len();
        let frame = Some(stack::Frame::of(node.span, facts));
        for fact in [Fact::Stack, Fact::Function, Fact::File, Fact::Line] {
            facts.take(fact);
        }
        let is_remote = matches!(node.span.kind, SpanKind::Client | SpanKind::Producer);
        document.object("cause", |object| {
            let exceptions = object.member("exceptions");
            exceptions.push(b'[');
            for (position, exception) in told.iter().enumerate() {
                if position > 0 {
                    exceptions.push(b',');
                }
                let mut object = Object::open(exceptions);
                object.text("id", &hex(id(node.span.context.span_id, position)));
                object.text("message", &shortened(exception.message, diet.message_bytes));
                object.short_text("type", exception.kind, super::MAX_TEXT_CHARS);
                object.flag("remote", is_remote);
                let is_last = position + 1 == told.len();
                object
                    .integer("skipped", i64::try_from(skipped).ok().filter(|n| is_last && *n > 0));
                let next = id(node.span.context.span_id, position + 1);
                let next = if is_last { cause.below } else { exception.is_caused.then_some(next) };
                object.short_text("cause", next.map(hex).as_deref(), 16);
                // What caused it happened in the same function, as far as is known.
                let frame = frame.filter(|_| position == 0);
                stack::write(exception.stack, frame, diet.frames, &mut object);
                object.close();
            }
            exceptions.push(b']');
        });
    }
}

/// Where a cause is written to, and how much of it.
pub(super) struct Part<'a, 'b> {
    pub(super) document: &'a mut Object<'b>,
    pub(super) diet: &'a Diet,
}

fn ended(nodes: &[Node<'_>], at: usize) -> u64 {
    nodes[at].span.end_unix_ns
}

fn has_failed(node: &Node<'_>) -> bool {
    let is_error = matches!(node.span.status, Status::Error { .. });
    is_error
        || matches!(node.span.outcome, Outcome::Error | Outcome::Panic)
        || !node.segment.errors.is_empty()
        || node.span.events.iter().any(is_exception)
}

fn is_exception(event: &EventRecord) -> bool {
    event.name == "exception"
}

/// How many exceptions of a span are its own, when those of one below are known.
fn join(own: &[Exception<'_>], below: Option<&[Exception<'_>]>) -> Cause {
    let len = own.len();
    if let ([own], Some([first, ..])) = (own, below)
        && own.is_hearsay
        && own.stack.is_none()
        && own.message == first.message
    {
        return Cause::default();
    }
    let told = |below: &[Exception<'_>]| {
        let own_len = len.checked_sub(below.len())?;
        let is_same_kind = own_len > 0 || own[0].kind == below[0].kind;
        let messages = own[own_len..].iter().zip(below);
        let is_same =
            is_same_kind && messages.into_iter().all(|(own, other)| own.message == other.message);
        is_same.then_some(own_len)
    };
    Cause { own: below.and_then(told).unwrap_or(len), below: None }
}

/// The id of a node's first exception, wherever it is told.
fn head(nodes: &[Node<'_>], causes: &[Cause], at: usize) -> u64 {
    match causes[at] {
        Cause { own: 0, below: Some(below) } => below,
        _ => id(nodes[at].span.context.span_id, 0),
    }
}

/// The id of an exception: that of its span and its position, mixed.
///
/// Source of the constants: the finaliser of `SplitMix64`, <https://prng.di.unimi.it/splitmix64.c>.
fn id(span_id: SpanId, position: usize) -> u64 {
    let step = (position as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut mixed = span_id.to_u64().wrapping_add(step);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)).max(1)
}

fn hex(id: u64) -> String {
    let mut text = String::with_capacity(16);
    // Writing to a text cannot fail.
    let _ = write!(text, "{id:016x}");
    text
}

fn exceptions<'a>(node: &Node<'a>) -> Vec<Exception<'a>> {
    if node.segment.error_class == Some(ErrorClass::Ignored) && node.span.outcome != Outcome::Panic
    {
        return Vec::new();
    }
    let span = node.span;
    let kind = text(&span.attributes, "error.type").map(last_part);
    let exception = |kind, message| Exception {
        kind,
        message,
        stack: None,
        is_caused: false,
        is_hearsay: false,
    };
    let returned = returned(node);
    let is_hearsay = node.segment.errors.is_empty();
    let mut all: Vec<_> = returned
        .iter()
        .map(|message| Exception { is_hearsay, ..exception(None, message) })
        .collect();
    let chained = all.len().saturating_sub(1);
    all.iter_mut().take(chained).for_each(|exception| exception.is_caused = true);
    if all.is_empty() {
        all.extend(span.events.iter().filter(|event| is_exception(event)).map(|event| Exception {
            kind: text(&event.attributes, "exception.type").map(last_part),
            message: text(&event.attributes, "exception.message").unwrap_or_default(),
            stack: text(&event.attributes, "exception.stacktrace"),
            is_caused: false,
            is_hearsay: true,
        }));
    } else if let Some(event) = event_of(span, &returned) {
        // It is the same error, told with more detail.
        all[0].stack = text(&event.attributes, "exception.stacktrace");
        all[0].kind = text(&event.attributes, "exception.type").map(last_part);
    }
    if all.is_empty() {
        match &span.status {
            Status::Error { message } if !message.is_empty() => {
                all.push(Exception { is_hearsay: true, ..exception(None, message) });
            }
            _ if span.outcome == Outcome::Panic => all.push(exception(Some("panic"), "panicked")),
            _ => {}
        }
    }
    if let Some(first) = all.first_mut() {
        let is_type = |kind: &&str| {
            *kind != type_name::OTHER && !kind.bytes().all(|byte| byte.is_ascii_digit())
        };
        first.kind = first.kind.or(kind.filter(is_type));
        first.stack = first.stack.or(text(&span.attributes, "code.stacktrace"));
    }
    all
}

/// Messages of the error that an annotated function returned and of its sources; empty where the span
/// knows none.
fn returned<'a>(node: &Node<'a>) -> Vec<&'a str> {
    let Node { span, segment, .. } = node;
    if !segment.errors.is_empty() {
        return segment.errors.iter().map(String::as_str).collect();
    }
    // A span made by hand may have any status beside its exceptions.
    let is_function = !span.source.file.is_empty() && span.outcome == Outcome::Error;
    match &span.status {
        Status::Error { message } if is_function && !message.is_empty() => vec![message],
        _ => Vec::new(),
    }
}

/// The event of the returned error, which has all of its message or the part without its sources.
/// Earlier events are errors that were handled.
fn event_of<'a>(span: &'a SpanRecord, returned: &[&str]) -> Option<&'a EventRecord> {
    let error = returned.first()?;
    span.events.iter().rev().filter(|event| is_exception(event)).find(|event| {
        let message = text(&event.attributes, "exception.message").unwrap_or_default();
        let is_part = !message.is_empty() && error.starts_with(message);
        message == *error || is_part || !error.is_empty() && message.starts_with(error)
    })
}

/// The last part of a path, with what it is generic over: `app::Error<std::io::Error>` is
/// `Error<std::io::Error>`.
fn last_part(path: &str) -> &str {
    let end = path.find(['<', '(', ' ']).unwrap_or(path.len());
    path[..end].rfind("::").map_or(path, |at| &path[at + 2..])
}

fn text<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match &found.value {
        Value::Str(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Events that are not exceptions of the `cause`: exceptions that were handled are among them.
pub(super) fn other_events<'a>(node: &Node<'a>) -> impl Iterator<Item = &'a EventRecord> {
    let returned = returned(node);
    let own = event_of(node.span, &returned);
    let has_returned = !returned.is_empty();
    node.span.events.iter().filter(move |&event| {
        let is_own = !has_returned || own.is_some_and(|own| std::ptr::eq(own, event));
        !(is_exception(event) && is_own)
    })
}

/// What of an event's attributes is told beside its name and time.
pub(super) fn event(event: &EventRecord, out: &mut Vec<u8>) {
    let mut object = Object::open(out);
    object.text("name", &event.name);
    json::seconds(event.unix_ns, object.member("time"));
    object.object("attributes", |attributes| {
        for attribute in &event.attributes {
            json::value(&attribute.value, attributes.any_member(&attribute.key));
        }
    });
    object.close();
}
