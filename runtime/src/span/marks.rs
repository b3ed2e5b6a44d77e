//! What values are to destinations that take segments.
//!
//! In: a key and a value with a mark. Out: an annotation or metadata of the span's segment.
//! Never: runs on the application's thread.

use std::borrow::Cow;

use super::callsite::{Callsite, Mark};
use super::decode;
use super::tracer::Limits;
use super::words::{Dynamic, Key};
use crate::record::{Array, Attribute, ErrorClass, Metadata, Segment, SpanId, SpanRecord, Value};

/// The attribute by which a collector knows which others are annotations.
/// Source: <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/exporter/awsxrayexporter>.
const ANNOTATED: &str = "aws.xray.annotations";

/// The most metadata of one segment.
const MAX_METADATA: usize = 1_024;

/// What is known of a segment at compile time.
pub(super) fn segment(callsite: &'static Callsite, parent_id: u64) -> Segment {
    let parent_id = SpanId::from_u64(parent_id);
    let subsegment = callsite.subsegment.as_ref();
    Segment {
        parent_id: parent_id.is_valid().then_some(parent_id),
        name: subsegment.and_then(|subsegment| subsegment.name),
        namespace: subsegment.and_then(|subsegment| subsegment.namespace),
        ..Segment::default()
    }
}

/// What a key is besides an attribute.
pub(super) fn of(key: u16, callsite: &'static Callsite) -> Mark {
    match Key::dynamic(key) {
        Some(Dynamic::Annotation) => Mark::Annotation,
        Some(Dynamic::Metadata) => Mark::Metadata(""),
        Some(Dynamic::Attribute) => Mark::Attribute,
        None => callsite.marks.get(usize::from(key)).copied().unwrap_or(Mark::Attribute),
    }
}

/// The maximum number of keys of a span that have this mark.
pub(super) const fn max_keys(mark: Mark, limits: &Limits) -> usize {
    match mark {
        Mark::Attribute | Mark::Annotation => limits.attributes,
        Mark::Metadata(_) => MAX_METADATA,
        // As many as there are in the code; their limits are those of attributes and annotations.
        Mark::Annotated => usize::MAX,
    }
}

/// The class of an error, from its number in the record.
pub(super) fn error_class(class: i64) -> Option<ErrorClass> {
    match class {
        0 => Some(ErrorClass::Fault),
        1 => Some(ErrorClass::Error),
        2 => Some(ErrorClass::Throttle),
        3 => Some(ErrorClass::Ignored),
        _ => None,
    }
}

/// Adds an annotation, if the span is a segment.
pub(super) fn annotation(
    span: &mut SpanRecord,
    key: Cow<'static, str>,
    value: Value,
    limits: &Limits,
) {
    if let Some(segment) = &mut span.segment
        && !decode::put(&mut segment.annotations, Attribute { key, value }, limits)
    {
        span.dropped.attributes += 1;
    }
}

/// Adds metadata, if the span is a segment; where the key was known only at run time, the
/// namespace stands before it.
pub(super) fn metadata(
    span: &mut SpanRecord,
    namespace: &'static str,
    key: Cow<'static, str>,
    value: Value,
) {
    let (Some(segment), Value::Str(json)) = (&mut span.segment, value) else { return };
    let (namespace, key) = match key.split_once('\0') {
        Some((namespace, key)) => (namespace.to_owned().into(), key.to_owned().into()),
        None => (Cow::Borrowed(namespace), key),
    };
    let json = json.into_owned();
    let has_room = segment.metadata.len() < MAX_METADATA;
    match segment.metadata.iter_mut().find(|it| it.namespace == namespace && it.key == key) {
        Some(known) => known.json = json,
        None if has_room => segment.metadata.push(Metadata { namespace, key, json }),
        None => span.dropped.attributes += 1,
    }
}

/// Lists the key of an attribute that is an annotation too, for destinations that take spans.
pub(super) fn list_annotated(span: &mut SpanRecord, key: &str, limits: &Limits) {
    let known = span.attributes.iter_mut().find(|attribute| attribute.key == ANNOTATED);
    if let Some(Attribute { value: Value::Array(Array::Str(keys)), .. }) = known {
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
        return;
    }
    let value = Value::Array(Array::Str(vec![key.to_owned()]));
    decode::set_attribute(span, Attribute { key: ANNOTATED.into(), value }, limits);
}
