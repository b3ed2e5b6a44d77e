//! Words from the ring into a finished span.
//!
//! In: one record's words. Out: a [`SpanRecord`], an amendment for one, or an event of the log.
//! Never: runs on the application's thread.

pub(super) mod log;
mod records;
mod reduce;

use std::borrow::Cow;

pub(super) use self::records::Records;
use self::records::in_order;
pub(super) use self::reduce::reduce;
use super::callsite::{Callsite, Mark};
use super::clock::ClockAnchor;
use super::layout::{AMENDMENT_WORDS, END_WORDS, Tag, What};
use super::tracer::Limits;
use super::words::{Item, Key, Reader};
use super::{marks, rate};
use crate::record::{
    Array, Attribute, EventRecord, LinkRecord, Outcome, SpanContext, SpanId, SpanKind, SpanRecord,
    Status, TraceFlags, TraceId, Value,
};
use crate::type_name::OTHER;

/// The name of the attribute that says what kind of error a span ended with.
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>.
const ERROR_TYPE: &str = "error.type";

/// The name of the attribute that says how many spans this one stands for.
/// Source: <https://docs.honeycomb.io/manage-data-volume/sample/sampled-data-in-honeycomb/>.
const SAMPLE_RATE: &str = "SampleRate";

/// The names of the attributes for the time that a span of `tracing` was entered, and was not.
/// Source: <https://docs.rs/tracing-opentelemetry/0.34/tracing_opentelemetry/struct.OpenTelemetryLayer.html#method.with_tracked_inactivity>.
const BUSY_NS: &str = "busy_ns";
const IDLE_NS: &str = "idle_ns";

/// Makes the span whose end these words are.
pub(super) fn span(
    what: What,
    words: &[u64],
    anchor: &ClockAnchor,
    limits: &Limits,
) -> Option<SpanRecord> {
    let (head, items) = words.split_at_checked(what.head_words())?;
    let callsite = callsite(*head.get(1)?)?;
    let (start_unix_ns, end_unix_ns) = anchor.unix_ns_between(head[7], head[8]);
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
        parent_is_remote: what.remote.has_span(),
        local_root_id: SpanId::from_u64(head[6]),
        trace_state: None,
        kind: callsite.kind,
        start_unix_ns,
        end_unix_ns,
        attributes: Vec::with_capacity(Reader::new(items).room_for_attributes()),
        events: Vec::new(),
        links: Vec::new(),
        dropped: crate::record::Dropped::default(),
        status: status_of(what.outcome),
        outcome: what.outcome,
        source: &callsite.source,
        destinations: what.takers,
        segment: head
            .get(END_WORDS)
            .map(|&parent_id| Box::new(marks::segment(callsite, parent_id))),
    };
    if let Some(rate) = rate::find(what.traits.rate()) {
        span.attributes.push(Attribute::new(SAMPLE_RATE, i64::from(rate.get())));
    }
    if let Some(segment) = &mut span.segment {
        let is_first = span.context.span_id == span.local_root_id;
        segment.is_root = is_first && !what.remote.has_segment();
    }
    let mut adding = Adding { span: &mut span, anchor, limits, is_judged: false, failure: None };
    Reader::new(items).for_each(|item| adding.item(item, callsite));
    if what.outcome == Outcome::Panic {
        name_panic(&mut span, limits);
    }
    Some(span)
}

/// A panic has no type that is known; what the code has said counts more.
#[cold]
fn name_panic(span: &mut SpanRecord, limits: &Limits) {
    if !span.attributes.iter().any(|attribute| attribute.key == ERROR_TYPE) {
        set_attribute(span, Attribute::new(ERROR_TYPE, "panic"), limits);
    }
}

/// The begin of a span whose end these words are, in ticks.
pub(super) fn start_ticks(words: &[u64]) -> Option<u64> {
    words.get(7).copied()
}

/// The id of a span whose end these words are.
pub(super) fn ended_span_id(words: &[u64]) -> Option<u64> {
    words.get(4).copied()
}

/// The span an amendment is about.
pub(super) fn amended_span_id(words: &[u64]) -> Option<u64> {
    words.get(2).copied()
}

/// Applies amendments, one after the other, to their span, in the order of their times.
pub(super) fn amend(span: &mut SpanRecord, words: &[u64], anchor: &ClockAnchor, limits: &Limits) {
    let mut adding = Adding { span, anchor, limits, is_judged: false, failure: None };
    for (what, record) in in_order(words) {
        // What is cut off in the middle says nothing.
        let _ = adding.amendment(what, record);
    }
}

/// Adds an attribute to a span, or replaces the one of the same key.
pub(super) fn set_attribute(span: &mut SpanRecord, attribute: Attribute, limits: &Limits) {
    if !put(&mut span.attributes, attribute, limits) {
        span.dropped.attributes += 1;
    }
}

/// Adds an attribute, or replaces the one of the same key; `false` when there is no room.
pub(super) fn put(attributes: &mut Vec<Attribute>, attribute: Attribute, limits: &Limits) -> bool {
    let has_room = attributes.len() < limits.attributes;
    match attributes.iter_mut().find(|known| known.key == attribute.key) {
        Some(known) => known.value = attribute.value,
        None if has_room => attributes.push(attribute),
        None => return false,
    }
    true
}

/// A span and what is added to it.
struct Adding<'a> {
    span: &'a mut SpanRecord,
    anchor: &'a ClockAnchor,
    limits: &'a Limits,
    /// Whether somebody has said how the span ended, which counts more than its result.
    is_judged: bool,
    /// The message of the error that was returned.
    failure: Option<Cow<'static, str>>,
}

impl Adding<'_> {
    fn amendment(&mut self, what: What, record: &[u64]) -> Option<()> {
        let (head, payload) = record.split_at_checked(AMENDMENT_WORDS)?;
        let unix_ns = self.anchor.unix_ns_in(self.span, head[3]);
        if what.tag == Tag::Log {
            let event = log::event(what, record, self.anchor, self.limits)?;
            self.event(EventRecord { unix_ns, ..event });
            return Some(());
        }
        let callsite = callsite(head[1])?;
        let mut reader = Reader::new(payload);
        match what.tag {
            Tag::End | Tag::Log => {}
            Tag::Items => reader.for_each(|item| self.item(item, callsite)),
            Tag::Event | Tag::TimedEvent => {
                let is_timed = what.tag == Tag::TimedEvent;
                let unix_ns = if is_timed { reader.word()? } else { unix_ns };
                let name = reader.text_block()?.into();
                let (attributes, dropped_attributes) = attributes(reader, callsite, self.limits);
                self.event(EventRecord { name, unix_ns, attributes, dropped_attributes });
            }
            Tag::Link if self.span.links.len() >= self.limits.links => {
                self.span.dropped.links += 1;
            }
            Tag::Link => {
                let context = linked(&mut reader)?;
                let (attributes, dropped_attributes) = attributes(reader, callsite, self.limits);
                self.span.links.push(LinkRecord { context, attributes, dropped_attributes });
            }
        }
        Some(())
    }

    fn item(&mut self, item: Item, callsite: &'static Callsite) {
        const NAME: u16 = Key::NAME.index();
        const STATUS_ERROR: u16 = Key::STATUS_ERROR.index();
        const STATUS_OK: u16 = Key::STATUS_OK.index();
        const FAILURE: u16 = Key::FAILURE.index();
        const KIND: u16 = Key::KIND.index();
        const EXCEPTION: u16 = Key::EXCEPTION.index();
        const START_UNIX_NS: u16 = Key::START_UNIX_NS.index();
        const END_UNIX_NS: u16 = Key::END_UNIX_NS.index();
        const ENDED_BEFORE: u16 = Key::ENDED_BEFORE.index();
        const BUSY: u16 = Key::BUSY.index();
        const IDLE: u16 = Key::IDLE.index();
        const ERROR_CLASS: u16 = Key::ERROR_CLASS.index();
        const ERRORS: u16 = Key::ERRORS.index();
        let span = &mut *self.span;
        match (item.key, item.value) {
            (NAME, Value::Str(name)) => span.name = name,
            (STATUS_ERROR, Value::Str(message)) => self.judge(Status::Error { message }),
            (STATUS_OK, _) => self.judge(Status::Ok),
            (FAILURE, Value::Str(message)) => self.fail(message),
            (KIND, Value::I64(kind)) => span.kind = kind_from(kind),
            (EXCEPTION, Value::Str(level)) => self.exception(level),
            (START_UNIX_NS, Value::I64(unix_ns)) => span.start_unix_ns = unix_ns.cast_unsigned(),
            (END_UNIX_NS, Value::I64(unix_ns)) => span.end_unix_ns = unix_ns.cast_unsigned(),
            (ENDED_BEFORE, Value::I64(ticks)) => {
                let end = span.end_unix_ns.saturating_sub(self.anchor.ns(ticks.cast_unsigned()));
                span.end_unix_ns = end.max(span.start_unix_ns);
            }
            (BUSY, Value::I64(ticks)) => self.time(BUSY_NS, ticks),
            (IDLE, Value::I64(ticks)) => self.time(IDLE_NS, ticks),
            (ERROR_CLASS, Value::I64(class)) => {
                if let Some(segment) = &mut span.segment {
                    segment.error_class = marks::error_class(class);
                }
            }
            (ERRORS, Value::Array(Array::Str(errors))) => {
                if let Some(segment) = &mut span.segment {
                    segment.errors = errors;
                }
            }
            (key, value) => self.value(key, item.dynamic_key, value, callsite),
        }
    }

    /// Adds the length of a time as an attribute in nanoseconds.
    fn time(&mut self, key: &'static str, ticks: i64) {
        let time_ns = i64::try_from(self.anchor.ns(ticks.cast_unsigned())).unwrap_or(i64::MAX);
        set_attribute(self.span, Attribute::new(key, time_ns), self.limits);
    }

    /// Puts a value where its key says.
    fn value(
        &mut self,
        key: u16,
        dynamic: Option<String>,
        value: Value,
        callsite: &'static Callsite,
    ) {
        let Self { span, limits, .. } = self;
        let mark = marks::of(key, callsite);
        let Some(key) = key_text(key, dynamic, callsite) else { return };
        match mark {
            Mark::Metadata(namespace) => return marks::metadata(span, namespace, key, value),
            Mark::Annotation => return marks::annotation(span, key, value, limits),
            Mark::Annotated => {
                marks::list_annotated(span, &key, limits);
                marks::annotation(span, key.clone(), value.clone(), limits);
            }
            Mark::Attribute => {}
        }
        let value = shortened(value, limits.value_chars);
        set_attribute(span, Attribute { key, value }, limits);
    }

    /// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
    fn judge(&mut self, status: Status) {
        self.is_judged = true;
        if self.span.status != Status::Ok {
            self.span.status = status;
        }
    }

    fn fail(&mut self, message: Cow<'static, str>) {
        self.failure = Some(message.clone());
        if !self.is_judged {
            self.span.status = Status::Error { message };
        }
    }

    fn event(&mut self, event: EventRecord) {
        if self.span.events.len() < self.limits.events {
            self.span.events.push(event);
        } else {
            self.span.dropped.events += 1;
        }
    }

    /// Turns the error a span ended with into an event.
    /// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>.
    fn exception(&mut self, level: Cow<'static, str>) {
        let mut attributes = vec![Attribute::new("level", level)];
        let is_type = |it: &&Attribute| it.key == ERROR_TYPE && it.value != Value::from(OTHER);
        if let Some(error_type) = self.span.attributes.iter().find(is_type) {
            attributes.push(Attribute::new("exception.type", error_type.value.clone()));
        }
        let of_status = || match &self.span.status {
            Status::Error { message } => Some(message.clone()),
            Status::Unset | Status::Ok => None,
        };
        if let Some(message) = self.failure.take().or_else(of_status) {
            attributes.push(Attribute::new("exception.message", message));
        }
        let unix_ns = self.span.end_unix_ns;
        let name = Cow::Borrowed("exception");
        self.event(EventRecord { name, unix_ns, attributes, dropped_attributes: 0 });
    }
}

/// The attributes of an event or a link, and how many there was no room for.
fn attributes(
    reader: Reader<'_>,
    callsite: &'static Callsite,
    limits: &Limits,
) -> (Vec<Attribute>, u32) {
    let (mut attributes, mut dropped) = (Vec::new(), 0);
    for item in reader {
        if let Some(key) = key_text(item.key, item.dynamic_key, callsite) {
            let value = shortened(item.value, limits.value_chars);
            let has_place = put(&mut attributes, Attribute { key, value }, limits);
            dropped += u32::from(!has_place);
        }
    }
    (attributes, dropped)
}

fn key_text(
    key: u16,
    dynamic: Option<String>,
    callsite: &'static Callsite,
) -> Option<Cow<'static, str>> {
    if let Some(text) = dynamic {
        // Source: <https://opentelemetry.io/docs/specs/otel/common/#attribute>: a key is not empty.
        return (!text.is_empty()).then_some(Cow::Owned(text));
    }
    if key == Key::ERROR_TYPE.index() {
        return Some(Cow::Borrowed(ERROR_TYPE));
    }
    callsite.keys.get(usize::from(key)).map(|&text| Cow::Borrowed(text))
}

#[inline]
fn shortened(value: Value, max_chars: usize) -> Value {
    if max_chars == usize::MAX { value } else { cut_chars(value, max_chars) }
}

fn cut_chars(value: Value, max_chars: usize) -> Value {
    match value {
        Value::Str(text) => Value::Str(short(text.into_owned(), max_chars).into()),
        Value::Array(Array::Str(texts)) => {
            let texts = texts.into_iter().map(|text| short(text, max_chars));
            Value::Array(Array::Str(texts.collect()))
        }
        value => value,
    }
}

fn short(mut text: String, max_chars: usize) -> String {
    // There are never more characters than bytes.
    if text.len() > max_chars
        && let Some((end, _)) = text.char_indices().nth(max_chars)
    {
        text.truncate(end);
    }
    text
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
