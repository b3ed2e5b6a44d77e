//! Finished spans as the SDK's exporters take them.
//!
//! In: records. Out: the SDK's span data and resource.
//! Never: changes what a record says.

use opentelemetry::trace::SpanId;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::convert::{api_span_context, key_values, system_time, trace_state};
use crate::origin::{self, Scope};
use crate::record::{Attribute, Resource, SpanRecord};

/// A finished span as the SDK's exporters take it.
///
/// The scope is the library that began the span through the API, the target given to `#[traced]`,
/// or this crate. Where the span comes from becomes the attributes `code.*`, and how it ended
/// `spanwright.outcome` where the status cannot say it; the span's own attributes of these names
/// win.
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
        instrumentation_scope: scope(record),
    }
}

/// The attributes of the process in the SDK's type; nothing is detected in addition.
pub fn sdk_resource(resource: &Resource) -> opentelemetry_sdk::Resource {
    opentelemetry_sdk::Resource::builder_empty()
        .with_attributes(key_values(resource.attributes().to_vec()))
        .build()
}

fn attributes(record: &SpanRecord) -> Vec<KeyValue> {
    let is_library = matches!(origin::scope(record), Scope::Library { .. });
    let is_kept = |attribute: &&Attribute| !(is_library && origin::is_of_scope(&attribute.key));
    let own = record.attributes.iter().filter(is_kept).cloned();
    own.chain(origin::attributes(record)).map(KeyValue::from).collect()
}

fn scope(record: &SpanRecord) -> InstrumentationScope {
    let (name, version) = match origin::scope(record) {
        Scope::Ours => (env!("CARGO_PKG_NAME"), Some(env!("CARGO_PKG_VERSION"))),
        Scope::Target(name) => (name, None),
        Scope::Library { name, version } => (name, version),
    };
    let scope = InstrumentationScope::builder(name.to_owned());
    match version {
        Some(version) => scope.with_version(version.to_owned()).build(),
        None => scope.build(),
    }
}
