//! What a span says to destinations that think in segments and subsegments: AWS X-Ray.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Attribute, SpanId};

/// What a span says beyond OpenTelemetry's model.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Segment {
    /// Whether it is a segment, the work of one service on one request; a subsegment otherwise.
    pub is_root: bool,
    /// The nearest span above that is a segment or a subsegment, here or in the calling service;
    /// `None` at the root of a trace.
    pub parent_id: Option<SpanId>,
    /// The name, if it is another than that of the span.
    pub name: Option<&'static str>,
    /// Who did the work of a subsegment; `None` for work of this process.
    pub namespace: Option<Namespace>,
    /// Values to search for, in the order they were recorded; each key once. Numbers, truth values
    /// and text.
    pub annotations: Vec<Attribute>,
    /// Values to read, in the order they were recorded; each key once in its namespace.
    pub metadata: Vec<Metadata>,
    /// Class of the error that the call returned; `None` if neither the attribute nor
    /// [`ClassifyError`](crate::ClassifyError) gives one.
    pub error_class: Option<ErrorClass>,
    /// What the returned error said, then each error below it that caused the one before.
    pub errors: Vec<String>,
    /// The sampling rule that decided to record the trace; known where it was decided here.
    pub sampling_rule: Option<Arc<str>>,
}

/// Who did the work of a subsegment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// A service of AWS, called through its SDK.
    Aws,
    /// Another service.
    Remote,
}

/// One value that is kept with a segment and not searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The group of keys it belongs to.
    pub namespace: Cow<'static, str>,
    /// The key.
    pub key: Cow<'static, str>,
    /// The value as a JSON text.
    pub json: String,
}

/// Class of an error: who has to act on it.
///
/// Given for an error's type by [`ClassifyError`](crate::ClassifyError), where the effects of each class
/// are listed.
///
/// Source of the classes: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html#api-segmentdocuments-errors>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ErrorClass {
    /// The service failed, as with status 500.
    Fault = 0,
    /// The caller made a mistake, as with status 400.
    Error = 1,
    /// The caller sent too many requests, as with status 429; X-Ray counts it as an error as well.
    Throttle = 2,
    /// A regular, expected answer: not counted as a failure at all.
    Ignored = 3,
}
