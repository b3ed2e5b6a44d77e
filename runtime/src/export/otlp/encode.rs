//! One span record to one `Span` of a `ScopeSpans`.
//!
//! The item holds its tag and length, so that items of our own scope join by concatenation. An
//! item of another scope begins with the other fields of its `ScopeSpans`; `scopes` takes those
//! apart again.
//!
//! Wire format: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>.

use std::borrow::Cow;

use opentelemetry_proto::tonic::trace::v1::{Span, Status as WireStatus, span, status};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use rustc_hash::FxHashMap;

use super::attributes::{self, cut};
use super::scopes;
use crate::origin::{self, Scope};
use crate::record::{
    Attribute, EventRecord, LinkRecord, Outcome, Source, SpanKind, SpanRecord, Status, TraceFlags,
};

/// The field of `ScopeSpans` that holds its spans.
const SPANS_TAG: u32 = 2;

/// The byte that such a field begins with: its number, and that a length follows.
pub(super) const SPANS_KEY: u8 = 2 << 3 | WireType::LengthDelimited as u8;

/// The field of `Span` that holds its attributes.
const ATTRIBUTES_TAG: u8 = 9;

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`: the next bit has a meaning.
const HAS_IS_REMOTE: u32 = 0x100;

/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`: the parent, or the linked span, lives elsewhere.
const IS_REMOTE: u32 = 0x200;

/// Encodes spans one by one; keeps its memory from span to span.
#[derive(Debug)]
pub(super) struct Encoder {
    max_text_bytes: usize,
    /// All of a span but its attributes.
    span: Span,
    /// What is the same for all spans of a callsite, by its address: a `'static` is never another.
    sources: FxHashMap<usize, Place>,
    /// The encoded attribute of each outcome, empty for those that the status says.
    outcomes: [Box<[u8]>; 5],
    /// Whether a scope besides ours was ever met.
    has_met_scopes: bool,
}

/// A callsite, encoded.
#[derive(Debug)]
struct Place {
    /// What comes before an item of another scope than ours.
    scope: Box<[u8]>,
    attributes: Box<[u8]>,
}

/// Which attributes of a record are not just attributes.
#[derive(Clone, Copy, Default)]
struct Special {
    /// Some name the scope.
    scope: bool,
    /// Some stand in for those of the callsite or the outcome.
    origin: bool,
}

impl Encoder {
    /// Texts are cut at `max_text_bytes`, on a character boundary.
    pub(super) fn new(max_text_bytes: usize) -> Self {
        let outcomes =
            [Outcome::Ok, Outcome::Error, Outcome::None, Outcome::Panic, Outcome::Cancelled];
        Self {
            max_text_bytes,
            span: Span::default(),
            sources: FxHashMap::default(),
            outcomes: outcomes.map(|outcome| encoded(origin::of_outcome(outcome))),
            has_met_scopes: false,
        }
    }

    /// Whether an item so far may be of another scope than ours.
    pub(super) const fn has_met_scopes(&self) -> bool {
        self.has_met_scopes
    }

    /// Appends the span to `out`.
    pub(super) fn encode(&mut self, record: &SpanRecord, out: &mut Vec<u8>) {
        self.fill(record);
        let max = self.max_text_bytes;
        let special = Special::of(record);
        let source = std::ptr::from_ref(record.source).addr();
        let place = self.sources.entry(source).or_insert_with(|| Place::new(record.source, max));
        let scope: Cow<'_, [u8]> = if special.scope {
            scopes::prefix(origin::scope(record), max).into()
        } else {
            (&*place.scope).into()
        };
        if !scope.is_empty() {
            self.has_met_scopes = true;
            out.extend_from_slice(&scope);
        }
        let outcome = &self.outcomes[record.outcome as usize];
        let origin: [Cow<'_, [u8]>; 2] = if special.origin {
            [encoded(origin::attributes(record)).into_vec().into(), Cow::default()]
        } else {
            [(&*place.attributes).into(), (&**outcome).into()]
        };
        let is_kept = |own: &&Attribute| !(special.scope && origin::is_of_scope(&own.key));
        let own = record.attributes.iter().filter(is_kept);

        let attributes_len = attributes::len(own.clone(), max);
        let origin_len: usize = origin.iter().map(|part| part.len()).sum();
        let len = self.span.encoded_len() + attributes_len + origin_len;
        out.reserve(len + 10);
        encode_key(SPANS_TAG, WireType::LengthDelimited, out);
        encode_varint(len as u64, out);
        self.span.encode_raw(out);
        // The fields of a message may come in any order, those of a repeated one in pieces.
        attributes::encode(ATTRIBUTES_TAG, own, max, out);
        for part in origin {
            out.extend_from_slice(&part);
        }
    }

    fn fill(&mut self, record: &SpanRecord) {
        let max = self.max_text_bytes;
        let span = &mut self.span;
        set_bytes(&mut span.trace_id, &record.context.trace_id.to_bytes());
        set_bytes(&mut span.span_id, &record.context.span_id.to_bytes());
        match record.parent_span_id {
            Some(parent) => set_bytes(&mut span.parent_span_id, &parent.to_bytes()),
            None => span.parent_span_id.clear(),
        }
        set_text(&mut span.trace_state, record.trace_state.as_deref().unwrap_or_default(), max);
        span.flags = flags(record.context.flags, record.parent_is_remote);
        set_text(&mut span.name, &record.name, max);
        span.kind = kind(record.kind) as i32;
        span.start_time_unix_nano = record.start_unix_ns;
        span.end_time_unix_nano = record.end_unix_ns;
        span.dropped_attributes_count = record.dropped.attributes;
        span.events.clear();
        span.events.extend(record.events.iter().map(|event| wire_event(event, max)));
        span.dropped_events_count = record.dropped.events;
        span.links.clear();
        span.links.extend(record.links.iter().map(|link| wire_link(link, max)));
        span.dropped_links_count = record.dropped.links;
        span.status = wire_status(&record.status, max);
    }
}

impl Place {
    fn new(source: &'static Source, max_text_bytes: usize) -> Self {
        let scope = scopes::prefix(origin::scope_of_source(source), max_text_bytes);
        Self { scope: scope.into(), attributes: encoded(origin::of_source(source)) }
    }
}

impl Special {
    fn of(record: &SpanRecord) -> Self {
        let mut special = Self::default();
        for Attribute { key, .. } in &record.attributes {
            special.scope |= key == origin::SCOPE_NAME;
            special.origin |= origin::is_own(key);
        }
        // A name that is no text is an attribute like others.
        special.scope = special.scope && matches!(origin::scope(record), Scope::Library { .. });
        special
    }
}

/// Returns the memory that a record occupies, in bytes; more than its encoded form, which names its
/// place in the code.
pub(super) fn weigh(record: &SpanRecord) -> usize {
    let source = record.source;
    record.weight_bytes() + source.function.len() + source.file.len() + source.target.len()
}

/// The attributes as the `attributes` field of a message that has it at the tag of a span.
fn encoded(attributes: impl IntoIterator<Item = Attribute>) -> Box<[u8]> {
    let attributes: Vec<_> = attributes.into_iter().collect();
    let mut encoded = Vec::new();
    attributes::encode(ATTRIBUTES_TAG, attributes.iter(), usize::MAX, &mut encoded);
    encoded.into()
}

fn wire_event(event: &EventRecord, max: usize) -> span::Event {
    span::Event {
        time_unix_nano: event.unix_ns,
        name: cut(&event.name, max).to_owned(),
        attributes: attributes::messages(&event.attributes, max),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn wire_link(link: &LinkRecord, max: usize) -> span::Link {
    span::Link {
        trace_id: link.context.trace_id.to_bytes().to_vec(),
        span_id: link.context.span_id.to_bytes().to_vec(),
        trace_state: String::new(),
        attributes: attributes::messages(&link.attributes, max),
        dropped_attributes_count: link.dropped_attributes,
        flags: flags(link.context.flags, link.context.is_remote),
    }
}

fn wire_status(status: &Status, max: usize) -> Option<WireStatus> {
    let (code, message) = match status {
        Status::Unset => return None,
        Status::Ok => (status::StatusCode::Ok, &Cow::Borrowed("")),
        Status::Error { message } => (status::StatusCode::Error, message),
    };
    Some(WireStatus { message: cut(message, max).to_owned(), code: code as i32 })
}

const fn kind(kind: SpanKind) -> span::SpanKind {
    match kind {
        SpanKind::Internal => span::SpanKind::Internal,
        SpanKind::Server => span::SpanKind::Server,
        SpanKind::Client => span::SpanKind::Client,
        SpanKind::Producer => span::SpanKind::Producer,
        SpanKind::Consumer => span::SpanKind::Consumer,
    }
}

fn flags(flags: TraceFlags, is_remote: bool) -> u32 {
    u32::from(flags.to_u8()) | HAS_IS_REMOTE | if is_remote { IS_REMOTE } else { 0 }
}

fn set_bytes(field: &mut Vec<u8>, bytes: &[u8]) {
    field.clear();
    field.extend_from_slice(bytes);
}

fn set_text(field: &mut String, text: &str, max: usize) {
    field.clear();
    field.push_str(cut(text, max));
}

#[cfg(test)]
mod tests;
