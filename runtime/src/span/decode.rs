//! Words from the ring into a finished span.
//!
//! In: one record's words. Out: a [`SpanRecord`], or an amendment for one.
//! Never: runs on the application's thread.

use std::borrow::Cow;

use super::callsite::Callsite;
use super::clock::Calendar;
use super::layout::{AMENDMENT_WORDS, END_WORDS, Tag, What};
use super::tracer::Limits;
use super::words::{Item, Key, Reader};
use crate::record::{
    Array, Attribute, EventRecord, LinkRecord, Outcome, SpanContext, SpanId, SpanKind, SpanRecord,
    Status, TraceFlags, TraceId, Value,
};

/// The name of the attribute that says what kind of error a span ended with.
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>.
const ERROR_TYPE: &str = "error.type";

/// Makes the span whose end these words are.
pub(super) fn span(
    what: What,
    words: &[u64],
    calendar: &Calendar,
    limits: &Limits,
) -> Option<SpanRecord> {
    let (head, items) = words.split_at_checked(END_WORDS)?;
    let callsite = callsite(*head.get(1)?)?;
    let start_unix_ns = calendar.unix_ns(head[7]);
    let parent_id = SpanId::from_u64(head[5]);
    let mut span = SpanRecord {
        name: Cow::Borrowed(callsite.source.name),
        context: SpanContext {
            trace_id: trace_id(head[2], head[3]),
            span_id: SpanId::from_u64(head[4]),
            flags: what.traits.flags(),
            is_remote: false,
        },
        parent_span_id: parent_id.is_valid().then_some(parent_id),
        parent_is_remote: what.parent_is_remote,
        local_root_id: SpanId::from_u64(head[6]),
        trace_state: None,
        kind: callsite.kind,
        start_unix_ns,
        end_unix_ns: calendar.unix_ns(head[8]).max(start_unix_ns),
        attributes: Vec::with_capacity(items.len() / 2),
        events: Vec::new(),
        links: Vec::new(),
        dropped: crate::record::Dropped::default(),
        status: status_of(what.outcome),
        outcome: what.outcome,
        source: &callsite.source,
    };
    for item in Reader::new(items) {
        add_item(&mut span, item, callsite, limits);
    }
    Some(span)
}

/// The span an amendment is about.
pub(super) fn amended_span_id(words: &[u64]) -> Option<u64> {
    words.get(2).copied()
}

/// Adds what an amendment says to its span.
pub(super) fn amend(span: &mut SpanRecord, words: &[u64], calendar: &Calendar, limits: &Limits) {
    let Some((head, payload)) = words.split_at_checked(AMENDMENT_WORDS) else { return };
    let (Some(what), Some(callsite)) = (What::unpack(head[0]), callsite(head[1])) else { return };
    let mut reader = Reader::new(payload);
    match what.tag {
        Tag::End => {}
        Tag::Items => reader.for_each(|item| add_item(span, item, callsite, limits)),
        Tag::Event | Tag::TimedEvent if span.events.len() >= limits.events => {
            span.dropped.events += 1;
        }
        Tag::Event | Tag::TimedEvent => {
            let Some(name) = reader.text_block() else { return };
            let is_ticks = what.tag == Tag::Event;
            let unix_ns = if is_ticks { calendar.unix_ns(head[3]) } else { head[3] };
            let attributes = attributes(reader, callsite, limits);
            span.events.push(EventRecord { name: name.into(), unix_ns, attributes });
        }
        Tag::Link if span.links.len() >= limits.links => span.dropped.links += 1,
        Tag::Link => {
            let Some(context) = linked(&mut reader) else { return };
            let attributes = attributes(reader, callsite, limits);
            span.links.push(LinkRecord { context, attributes });
        }
    }
}

/// Adds an attribute, or replaces the one of the same key.
pub(super) fn set_attribute(span: &mut SpanRecord, attribute: Attribute, limits: &Limits) {
    let has_room = span.attributes.len() < limits.attributes;
    match span.attributes.iter_mut().find(|known| known.key == attribute.key) {
        Some(known) => known.value = attribute.value,
        None if has_room => span.attributes.push(attribute),
        None => span.dropped.attributes += 1,
    }
}

fn add_item(span: &mut SpanRecord, item: Item, callsite: &'static Callsite, limits: &Limits) {
    const NAME: u16 = Key::NAME.index();
    const STATUS_ERROR: u16 = Key::STATUS_ERROR.index();
    const STATUS_OK: u16 = Key::STATUS_OK.index();
    const STATUS_UNSET: u16 = Key::STATUS_UNSET.index();
    const KIND: u16 = Key::KIND.index();
    const EXCEPTION: u16 = Key::EXCEPTION.index();
    const START_UNIX_NS: u16 = Key::START_UNIX_NS.index();
    const END_UNIX_NS: u16 = Key::END_UNIX_NS.index();
    match (item.key, item.value) {
        (NAME, Value::Str(name)) => span.name = name,
        (STATUS_ERROR, Value::Str(message)) => span.status = Status::Error { message },
        (STATUS_OK, _) => span.status = Status::Ok,
        (STATUS_UNSET, _) => span.status = Status::Unset,
        (KIND, Value::I64(kind)) => span.kind = kind_from(kind),
        (EXCEPTION, Value::Str(level)) => add_exception(span, level),
        (START_UNIX_NS, Value::I64(unix_ns)) => span.start_unix_ns = unix_ns.cast_unsigned(),
        (END_UNIX_NS, Value::I64(unix_ns)) => span.end_unix_ns = unix_ns.cast_unsigned(),
        (key, value) => {
            if let Some(key) = key_text(key, item.dynamic_key, callsite) {
                let value = shortened(value, limits.value_chars);
                set_attribute(span, Attribute { key, value }, limits);
            }
        }
    }
}

/// Turns the error a span ended with into an event.
/// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>.
fn add_exception(span: &mut SpanRecord, level: Cow<'static, str>) {
    let mut attributes = vec![Attribute::new("level", level)];
    let error_type = span.attributes.iter().find(|attribute| attribute.key == ERROR_TYPE);
    if let Some(error_type) = error_type {
        attributes.push(Attribute::new("exception.type", error_type.value.clone()));
    }
    if let Status::Error { message } = &span.status {
        attributes.push(Attribute::new("exception.message", message.clone()));
    }
    let unix_ns = span.end_unix_ns;
    span.events.push(EventRecord { name: Cow::Borrowed("exception"), unix_ns, attributes });
}

fn attributes(reader: Reader<'_>, callsite: &'static Callsite, limits: &Limits) -> Vec<Attribute> {
    reader
        .filter_map(|item| {
            let key = key_text(item.key, item.dynamic_key, callsite)?;
            Some(Attribute { key, value: shortened(item.value, limits.value_chars) })
        })
        .take(limits.attributes)
        .collect()
}

fn key_text(
    key: u16,
    dynamic: Option<String>,
    callsite: &'static Callsite,
) -> Option<Cow<'static, str>> {
    if let Some(text) = dynamic {
        return Some(Cow::Owned(text));
    }
    if key == Key::ERROR_TYPE.index() {
        return Some(Cow::Borrowed(ERROR_TYPE));
    }
    callsite.keys.get(usize::from(key)).map(|&text| Cow::Borrowed(text))
}

fn shortened(value: Value, max_chars: usize) -> Value {
    match value {
        Value::Str(text) if text.len() > max_chars => {
            let cut = text.chars().take(max_chars).collect::<String>();
            Value::Str(Cow::Owned(cut))
        }
        Value::Array(Array::Str(texts)) => {
            let cut = |text: String| text.chars().take(max_chars).collect();
            Value::Array(Array::Str(texts.into_iter().map(cut).collect()))
        }
        value => value,
    }
}

fn linked(reader: &mut Reader<'_>) -> Option<SpanContext> {
    let (high, low) = (reader.word()?, reader.word()?);
    let span_id = SpanId::from_u64(reader.word()?);
    let [flags, is_remote, ..] = reader.word()?.to_le_bytes();
    let flags = TraceFlags::from_u8(flags);
    Some(SpanContext { trace_id: trace_id(high, low), span_id, flags, is_remote: is_remote != 0 })
}

fn status_of(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Ok | Outcome::None | Outcome::Cancelled => Status::Unset,
        Outcome::Error => Status::Error { message: Cow::Borrowed("") },
        Outcome::Panic => Status::Error { message: Cow::Borrowed("panicked") },
    }
}

fn kind_from(kind: i64) -> SpanKind {
    match kind {
        1 => SpanKind::Server,
        2 => SpanKind::Client,
        3 => SpanKind::Producer,
        4 => SpanKind::Consumer,
        _ => SpanKind::Internal,
    }
}

fn trace_id(high: u64, low: u64) -> TraceId {
    TraceId::from_u128(u128::from(high) << 64 | u128::from(low))
}

fn callsite(address: u64) -> Option<&'static Callsite> {
    let callsite = std::ptr::with_exposed_provenance::<Callsite>(usize::try_from(address).ok()?);
    #[expect(unsafe_code, reason = "one word per record instead of a table that needs a lock")]
    // SAFETY: the word was made from a `&'static Callsite` in `amend::address`, by this process.
    unsafe {
        callsite.as_ref()
    }
}
