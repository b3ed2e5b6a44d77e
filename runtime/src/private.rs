//! All that generated code calls. This is not an interface: it changes without notice.
//!
//! In: nothing of its own. Out: what the attributes need, under one path.
//! Never: contains logic.

pub use core;
pub use std::boxed::Box;

pub use crate::record::{
    Destinations, ErrorClass, Level, Namespace, Outcome, Severity, Source, SpanKind,
};
pub use crate::span::{
    Amendment, Callsite, Coverable, Describe, ErrorProbe, Fallible, Frame, Judge, Mark, Parent,
    Recorder, Redaction, Report, ResultProbe, Returned, Running, Site, Split, Subsegment,
    ToAttribute, Use, ValueJudge, ViaAny, ViaAsRef, ViaAsRefSend, ViaBoxedFuture, ViaClass,
    ViaDebug, ViaDeref, ViaDisplay, ViaError, ViaFallible, ViaNamedFuture, ViaNoClass, ViaNothing,
    ViaOption, ViaOtherBox, ViaPlain, ViaResult, ViaValue, WholeCall, as_debug, as_display, asks,
    call, call_in, class_by, eager, error_event, guard_argument, guard_description, guard_field,
    is_enabled, is_enabled_under, is_reported, is_reporting, lazy, never, outlives_body,
    severity_by, unrecorded,
};
