//! Finished spans as the SDK's exporters take them.
//!
//! In: records. Out: the SDK's span data and resource.
//! Never: changes what a record says.

use opentelemetry::trace::SpanId;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::convert::{api_span_context, key_values, system_time, trace_state};
use super::tracer::{SCOPE_NAME, SCOPE_VERSION};
use crate::record::{Attribute, Resource, Source, SpanRecord, Value};

/// A finished span as the SDK's exporters take it.
///
/// The scope is the one of the library that began the span through the API, or this crate; where
/// the span comes from becomes the attributes `code.*`.
pub fn span_data(record: &SpanRecord) -> SpanData {
    let mut events = SpanEvents::default();
    events.events = record.events.iter().cloned().map(Into::into).collect();
    events.dropped_count = record.dropped.events;
    let mut links = SpanLinks::default();
    links.links = record.links.iter().cloned().map(Into::into).collect();
    links.dropped_count = record.dropped.links;
    SpanData {
        span_context: api_span_context(record.context, trace_state(record.trace_state.as_deref())),
        parent_span_id: record.parent_span_id.map_or(SpanId::INVALID, Into::into),
        parent_span_is_remote: record.parent_is_remote,
        span_kind: record.kind.into(),
        name: record.name.clone(),
        start_time: system_time(record.start_unix_ns),
        end_time: system_time(record.end_unix_ns),
        attributes: attributes(record),
        dropped_attributes_count: record.dropped.attributes,
        events,
        links,
        status: record.status.clone().into(),
        instrumentation_scope: scope(&record.attributes),
    }
}

/// The attributes of the process in the SDK's type; nothing is detected in addition.
pub fn sdk_resource(resource: &Resource) -> opentelemetry_sdk::Resource {
    opentelemetry_sdk::Resource::builder_empty()
        .with_attributes(key_values(resource.attributes().to_vec()))
        .build()
}

fn attributes(record: &SpanRecord) -> Vec<KeyValue> {
    let is_scope = |attribute: &&Attribute| [SCOPE_NAME, SCOPE_VERSION].contains(&&*attribute.key);
    let own = record.attributes.iter().filter(|attribute| !is_scope(attribute));
    own.cloned().map(KeyValue::from).chain(source(record.source)).collect()
}

/// Where the span comes from; a span made by hand comes from nowhere.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>.
fn source(source: &Source) -> impl Iterator<Item = KeyValue> {
    let texts = [("code.function.name", source.function), ("code.file.path", source.file)];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let line = (source.line > 0).then(|| KeyValue::new("code.line.number", i64::from(source.line)));
    texts.map(|(key, text)| KeyValue::new(key, text)).chain(line)
}

fn scope(attributes: &[Attribute]) -> InstrumentationScope {
    let Some(name) = text(attributes, SCOPE_NAME) else {
        let ours = InstrumentationScope::builder(env!("CARGO_PKG_NAME"));
        return ours.with_version(env!("CARGO_PKG_VERSION")).build();
    };
    let scope = InstrumentationScope::builder(name);
    match text(attributes, SCOPE_VERSION) {
        Some(version) => scope.with_version(version).build(),
        None => scope.build(),
    }
}

fn text(attributes: &[Attribute], key: &str) -> Option<String> {
    attributes.iter().find(|attribute| attribute.key == key).and_then(|found| match &found.value {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    })
}
