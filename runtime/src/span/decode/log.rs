//! Words from the ring into an event of the log, and into the event of a span.

use std::borrow::Cow;

use super::{callsite, key_text, put, shortened, trace_id};
use crate::record::{Attribute, EventRecord, Level, LogId, LogRecord, SpanContext, SpanId, Value};
use crate::span::clock::ClockAnchor;
use crate::span::layout::{LOG_WORDS, What};
use crate::span::request::Root;
use crate::span::tracer::Limits;
use crate::span::words::Reader;

/// The field of an event that holds what it says.
const MESSAGE: &str = "message";

/// The field of an event that holds what went wrong. One that says nothing else is an exception.
/// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>.
const ERROR: &str = "error";

/// Makes the event that these words are; whose request it belongs to is not known here.
pub(in crate::span) fn record(
    what: What,
    words: &[u64],
    anchor: &ClockAnchor,
) -> Option<LogRecord> {
    let (head, items) = words.split_at_checked(LOG_WORDS)?;
    let callsite = callsite(head[1])?;
    let unix_ns = anchor.unix_ns(head[3]);
    let context = SpanContext {
        trace_id: trace_id(head[4], head[5]),
        span_id: SpanId::from_u64(head[6]),
        flags: what.traits.flags(),
        is_remote: false,
    };
    let source = &callsite.source;
    let mut record = LogRecord {
        id: LogId::new(unix_ns, head[8]),
        unix_ns,
        level: source.level,
        target: Cow::Borrowed(source.target),
        file: (!source.file.is_empty()).then_some(Cow::Borrowed(source.file)),
        line: (source.line > 0).then_some(source.line),
        message: Cow::Borrowed(""),
        attributes: Vec::with_capacity(callsite.keys.len()),
        span: context.is_valid().then_some(context),
        user: None,
    };
    let mut last_key = None;
    for item in Reader::new(items) {
        let Some(key) = key_text(item.key, item.dynamic_key, callsite) else { continue };
        let is_more = last_key.replace(item.key) == Some(item.key);
        record.take(key, item.value, is_more);
    }
    Some(record)
}

/// The level of the event.
pub(in crate::span) fn level(words: &[u64]) -> Option<Level> {
    Some(callsite(*words.get(1)?)?.source.level)
}

/// The request that the event belongs to.
pub(in crate::span) fn root(what: What, words: &[u64]) -> Option<Root> {
    words.get(7).map(|&root_id| (what.traits.tracer(), root_id))
}

/// The same as an event of the span around it.
pub(super) fn event(
    what: What,
    words: &[u64],
    anchor: &ClockAnchor,
    limits: &Limits,
) -> Option<EventRecord> {
    let LogRecord { unix_ns, level, target, message, attributes: said, .. } =
        record(what, words, anchor)?;
    let exception = said.iter().find(|it| it.key == ERROR && message.is_empty());
    let exception = exception.map(|it| Attribute::new("exception.message", it.value.clone()));
    let name = match &exception {
        Some(_) => Cow::Borrowed("exception"),
        None if message.is_empty() => callsite(words[1])?.source.name.into(),
        None => message,
    };
    let mut attributes = Vec::with_capacity(3 + said.len());
    let mut dropped_attributes = 0;
    let of_event = [Attribute::new("level", level.as_str()), Attribute::new("target", target)];
    for Attribute { key, value } in of_event.into_iter().chain(exception).chain(said) {
        let value = shortened(value, limits.value_chars);
        let has_place = put(&mut attributes, Attribute { key, value }, limits);
        dropped_attributes += u32::from(!has_place);
    }
    Some(EventRecord { name, unix_ns, attributes, dropped_attributes })
}

impl LogRecord {
    /// Takes a field, or the next part of the one before. Of several fields of one name the last one
    /// counts; a second message is a field.
    ///
    /// Records of the `log` crate have their source in fields.
    /// Source: <https://docs.rs/tracing-log/0.2/tracing_log/>.
    fn take(&mut self, key: Cow<'static, str>, value: Value, is_more: bool) {
        match (&*key, value) {
            (MESSAGE, Value::Str(text)) if self.message.is_empty() => self.message = text,
            (MESSAGE, value) if self.message.is_empty() => self.message = value.to_string().into(),
            (MESSAGE, Value::Str(text)) if is_more && !self.has_second_message() => {
                self.message.to_mut().push_str(&text);
            }
            ("log.target", Value::Str(target)) => self.target = target,
            ("log.file", Value::Str(file)) => self.file = Some(file),
            ("log.line", Value::I64(line)) => self.line = u32::try_from(line).ok(),
            ("log.module_path", _) => {}
            (_, Value::Str(text)) if is_more => self.append(&text),
            (_, value) => {
                self.attributes.retain(|known| known.key != key);
                self.attributes.push(Attribute { key, value });
            }
        }
    }

    fn has_second_message(&self) -> bool {
        self.attributes.last().is_some_and(|last| last.key == MESSAGE)
    }

    fn append(&mut self, text: &str) {
        if let Some(Attribute { value: Value::Str(known), .. }) = self.attributes.last_mut() {
            known.to_mut().push_str(text);
        }
    }
}
