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
    Amendment, Callsite, Describe, ErrorProbe, Fallible, Frame, Joint, Judge, Mark, Parent,
    Recorder, Redaction, Report, ResultProbe, Running, Scoped, Site, Split, Subsegment,
    ToAttribute, Use, ViaAny, ViaAsRef, ViaAsRefSend, ViaClass, ViaDebug, ViaDeref, ViaDisplay,
    ViaError, ViaFallible, ViaNoClass, ViaNothing, ViaOption, ViaPlain, ViaResult, as_debug,
    as_display, asks, call, call_in, class_by, classify, error_event, guard_attributes, is_enabled,
    is_reported, is_reporting, joint, outlives_body, scoped,
};
