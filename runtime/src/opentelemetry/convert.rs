//! The nouns of both sides into one another.
//!
//! In: ids, contexts, kinds, statuses and values of either side. Out: the same in the other's types.
//! Never: loses a type that both sides have.
//!
//! What only one side has: a `tracestate` is part of the API's span context and part of the request
//! here, so it is handed over beside the context; and of the trace flags we know two.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{self as api, TraceState};
use opentelemetry::{Key, KeyValue, StringValue};

use crate::record::{
    Array, Attribute, EventRecord, LinkRecord, SpanContext, SpanId, SpanKind, Status, TraceFlags,
    TraceId, Value,
};
use crate::span::{Sink, ToAttribute};

impl From<TraceId> for api::TraceId {
    fn from(id: TraceId) -> Self {
        Self::from(id.to_u128())
    }
}

impl From<api::TraceId> for TraceId {
    fn from(id: api::TraceId) -> Self {
        Self::from_u128(u128::from_be_bytes(id.to_bytes()))
    }
}

impl From<SpanId> for api::SpanId {
    fn from(id: SpanId) -> Self {
        Self::from(id.to_u64())
    }
}

impl From<api::SpanId> for SpanId {
    fn from(id: api::SpanId) -> Self {
        Self::from_u64(u64::from_be_bytes(id.to_bytes()))
    }
}

impl From<TraceFlags> for api::TraceFlags {
    fn from(flags: TraceFlags) -> Self {
        Self::new(flags.to_u8())
    }
}

/// Flags that we do not know are left out.
impl From<api::TraceFlags> for TraceFlags {
    fn from(flags: api::TraceFlags) -> Self {
        Self::from_u8(flags.to_u8())
    }
}

/// Without a `tracestate`; [`api_span_context`] takes one.
impl From<SpanContext> for api::SpanContext {
    fn from(context: SpanContext) -> Self {
        api_span_context(context, TraceState::NONE)
    }
}

/// Without the `tracestate`, which belongs to the request here.
impl From<&api::SpanContext> for SpanContext {
    fn from(context: &api::SpanContext) -> Self {
        Self {
            trace_id: context.trace_id().into(),
            span_id: context.span_id().into(),
            flags: context.trace_flags().into(),
            is_remote: context.is_remote(),
        }
    }
}

/// A span context of the API with the `tracestate` that came with its request.
pub fn api_span_context(context: SpanContext, trace_state: TraceState) -> api::SpanContext {
    api::SpanContext::new(
        context.trace_id.into(),
        context.span_id.into(),
        context.flags.into(),
        context.is_remote,
        trace_state,
    )
}

/// The text of a `tracestate` in the API's type; what the API cannot read is left out whole.
pub(super) fn trace_state(text: Option<&str>) -> TraceState {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

impl From<SpanKind> for api::SpanKind {
    fn from(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Internal => Self::Internal,
            SpanKind::Server => Self::Server,
            SpanKind::Client => Self::Client,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
        }
    }
}

impl From<api::SpanKind> for SpanKind {
    fn from(kind: api::SpanKind) -> Self {
        match kind {
            api::SpanKind::Internal => Self::Internal,
            api::SpanKind::Server => Self::Server,
            api::SpanKind::Client => Self::Client,
            api::SpanKind::Producer => Self::Producer,
            api::SpanKind::Consumer => Self::Consumer,
        }
    }
}

impl From<Status> for api::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Unset => Self::Unset,
            Status::Ok => Self::Ok,
            Status::Error { message } => Self::Error { description: message },
        }
    }
}

impl From<api::Status> for Status {
    fn from(status: api::Status) -> Self {
        match status {
            api::Status::Unset => Self::Unset,
            api::Status::Ok => Self::Ok,
            api::Status::Error { description } => Self::Error { message: description },
        }
    }
}

impl From<Value> for opentelemetry::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(value),
            Value::I64(value) => Self::I64(value),
            Value::F64(value) => Self::F64(value),
            Value::Str(text) => Self::String(text.into()),
            Value::Array(array) => Self::Array(array.into()),
        }
    }
}

/// A value of a type that the API may get one day becomes text.
impl From<opentelemetry::Value> for Value {
    fn from(value: opentelemetry::Value) -> Self {
        match value {
            opentelemetry::Value::Bool(value) => Self::Bool(value),
            opentelemetry::Value::I64(value) => Self::I64(value),
            opentelemetry::Value::F64(value) => Self::F64(value),
            opentelemetry::Value::String(text) => Self::from(String::from(text)),
            opentelemetry::Value::Array(array) => Self::Array(array.into()),
            other => Self::from(other.to_string()),
        }
    }
}

impl From<Array> for opentelemetry::Array {
    fn from(array: Array) -> Self {
        match array {
            Array::Bool(values) => Self::Bool(values),
            Array::I64(values) => Self::I64(values),
            Array::F64(values) => Self::F64(values),
            Array::Str(texts) => Self::String(texts.into_iter().map(StringValue::from).collect()),
        }
    }
}

/// An array of a type that the API may get one day becomes one text.
impl From<opentelemetry::Array> for Array {
    fn from(array: opentelemetry::Array) -> Self {
        match array {
            opentelemetry::Array::Bool(values) => Self::Bool(values),
            opentelemetry::Array::I64(values) => Self::I64(values),
            opentelemetry::Array::F64(values) => Self::F64(values),
            opentelemetry::Array::String(texts) => {
                Self::Str(texts.into_iter().map(String::from).collect())
            }
            other => Self::Str(vec![other.to_string()]),
        }
    }
}

impl From<Attribute> for KeyValue {
    fn from(attribute: Attribute) -> Self {
        Self::new(Key::from(attribute.key), attribute.value)
    }
}

impl From<KeyValue> for Attribute {
    fn from(attribute: KeyValue) -> Self {
        Self { key: Cow::Owned(attribute.key.into()), value: attribute.value.into() }
    }
}

impl From<EventRecord> for api::Event {
    fn from(event: EventRecord) -> Self {
        Self::new(
            event.name,
            system_time(event.unix_ns),
            key_values(event.attributes),
            event.dropped_attributes,
        )
    }
}

impl From<LinkRecord> for api::Link {
    fn from(link: LinkRecord) -> Self {
        Self::new(link.context.into(), key_values(link.attributes), link.dropped_attributes)
    }
}

/// Attributes in the API's type, in the same order.
pub(super) fn key_values(attributes: Vec<Attribute>) -> Vec<KeyValue> {
    attributes.into_iter().map(KeyValue::from).collect()
}

/// A time of day in the standard library's type.
pub(super) fn system_time(unix_ns: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(unix_ns)
}

/// Values of the API are attribute values here, without a copy in between.
impl ToAttribute for opentelemetry::Value {
    fn to_attribute(&self, sink: Sink<'_>) {
        match self {
            Self::Bool(value) => sink.bool(*value),
            Self::I64(value) => sink.i64(*value),
            Self::F64(value) => sink.f64(*value),
            Self::String(text) => sink.str(text.as_str()),
            Self::Array(opentelemetry::Array::Bool(values)) => sink.bools(values),
            Self::Array(opentelemetry::Array::I64(values)) => sink.i64s(values),
            Self::Array(opentelemetry::Array::F64(values)) => sink.f64s(values),
            Self::Array(opentelemetry::Array::String(texts)) => {
                sink.strs(
                    &texts.iter().map(opentelemetry::StringValue::as_str).collect::<Vec<_>>(),
                );
            }
            other => sink.display(other),
        }
    }
}

#[cfg(test)]
mod tests;
