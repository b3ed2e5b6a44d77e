//! One span record to one `Span` of a `ScopeSpans`.
//!
//! The item holds its tag and length, so that items join by concatenation.
//!
//! Wire format: <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>.

use std::borrow::Cow;
use std::mem::size_of;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{Span, Status as WireStatus, span, status};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use rustc_hash::FxHashMap;

use super::attributes::{self, cut};
use crate::record::{
    Array, Attribute, EventRecord, LinkRecord, Outcome, Source, SpanKind, SpanRecord, Status,
    TraceFlags, Value,
};

/// The field of `ScopeSpans` that holds its spans.
const SPANS_TAG: u32 = 2;

/// The field of `Span` that holds its attributes.
const ATTRIBUTES_TAG: u8 = 9;

/// `SPAN_FLAGS_CONTEXT_HAS_IS_REMOTE_MASK`: the next bit has a meaning.
const HAS_IS_REMOTE: u32 = 0x100;

/// `SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK`: the parent, or the linked span, lives elsewhere.
const IS_REMOTE: u32 = 0x200;

/// The attribute that says how a call ended when the status cannot: `none`, `panic`, `cancelled`.
const OUTCOME_KEY: &str = "spanwright.outcome";

/// Encodes spans one by one; keeps its memory from span to span.
#[derive(Debug)]
pub(super) struct Encoder {
    max_text_bytes: usize,
    /// All of a span but its attributes.
    span: Span,
    /// The encoded attributes of each callsite, by its address: a `'static` is never another.
    sources: FxHashMap<usize, Box<[u8]>>,
    /// The encoded attribute of each outcome, empty for those that the status says.
    outcomes: [Box<[u8]>; 5],
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
            outcomes: outcomes.map(|outcome| match outcome {
                Outcome::Ok | Outcome::Error => Box::default(),
                outcome => encoded(vec![text_attribute(OUTCOME_KEY, outcome.as_str())]),
            }),
        }
    }

    /// Appends the span to `out`.
    pub(super) fn encode(&mut self, record: &SpanRecord, out: &mut Vec<u8>) {
        self.fill(record);
        let source = std::ptr::from_ref(record.source).addr();
        let source = self.sources.entry(source).or_insert_with(|| source_attributes(record.source));
        let outcome = &self.outcomes[record.outcome as usize];

        let max = self.max_text_bytes;
        let attributes_len = attributes::len(&record.attributes, max);
        let len = self.span.encoded_len() + attributes_len + source.len() + outcome.len();
        out.reserve(len + 10);
        encode_key(SPANS_TAG, WireType::LengthDelimited, out);
        encode_varint(len as u64, out);
        self.span.encode_raw(out);
        // The fields of a message may come in any order, those of a repeated one in pieces.
        attributes::encode(ATTRIBUTES_TAG, &record.attributes, max, out);
        out.extend_from_slice(source);
        out.extend_from_slice(outcome);
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

/// About how many bytes a record occupies; more than its encoded form.
pub(super) fn weigh(record: &SpanRecord) -> usize {
    let source = record.source;
    size_of::<SpanRecord>()
        + record.name.len()
        + source.function.len()
        + source.file.len()
        + record.trace_state.as_ref().map_or(0, |state| state.len())
        + weigh_attributes(&record.attributes)
        + record.events.iter().map(weigh_event).sum::<usize>()
        + record.links.iter().map(weigh_link).sum::<usize>()
        + match &record.status {
            Status::Error { message } => message.len(),
            Status::Unset | Status::Ok => 0,
        }
}

fn weigh_event(event: &EventRecord) -> usize {
    size_of::<EventRecord>() + event.name.len() + weigh_attributes(&event.attributes)
}

fn weigh_link(link: &LinkRecord) -> usize {
    size_of::<LinkRecord>() + weigh_attributes(&link.attributes)
}

fn weigh_attributes(attributes: &[Attribute]) -> usize {
    let weigh = |attribute: &Attribute| {
        let text = match &attribute.value {
            Value::Bool(_) | Value::I64(_) | Value::F64(_) => 0,
            Value::Str(text) => text.len(),
            // Each element has a message of its own on the wire.
            Value::Array(Array::Bool(items)) => items.len() * 4,
            Value::Array(Array::I64(items)) => items.len() * 13,
            Value::Array(Array::F64(items)) => items.len() * 11,
            Value::Array(Array::Str(items)) => {
                items.iter().map(|text| size_of::<String>() + text.len()).sum()
            }
        };
        size_of::<Attribute>() + attribute.key.len() + text
    };
    attributes.iter().map(weigh).sum()
}

/// All attributes as the `attributes` field of a message that has it at the tag of a span.
fn encoded(attributes: Vec<KeyValue>) -> Box<[u8]> {
    Span { attributes, ..Span::default() }.encode_to_vec().into_boxed_slice()
}

/// Where the span comes from; a span made by hand comes from nowhere.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>.
fn source_attributes(source: &Source) -> Box<[u8]> {
    let texts = [("code.function.name", source.function), ("code.file.path", source.file)];
    let texts = texts.into_iter().filter(|(_, value)| !value.is_empty());
    let mut attributes: Vec<_> = texts.map(|(key, value)| text_attribute(key, value)).collect();
    if source.line > 0 {
        let line = any_value::Value::IntValue(source.line.into());
        attributes.push(attributes::message("code.line.number", line));
    }
    encoded(attributes)
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

fn text_attribute(key: &str, value: &str) -> KeyValue {
    attributes::message(key, any_value::Value::StringValue(value.to_owned()))
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
