//! All that generated code calls. This is not an interface: it changes without notice.
//!
//! In: nothing of its own. Out: what the attributes need, under one path.
//! Never: contains logic.

pub use core;
pub use std::boxed::Box;

pub use crate::record::{
    Destinations, Failure, Level, Namespace, Outcome, Severity, Source, SpanKind,
};
pub use crate::span::{
    Amendment, Callsite, Coverable, Describe, ErrorProbe, Fallible, Frame, Judge, Mark, MustFail,
    Parent, Recorder, Redaction, Report, Returned, Running, Site, Split, Subsegment, ToAttribute,
    Use, ViaAsRef, ViaAsRefSend, ViaBoxedFuture, ViaDebug, ViaDisplay, ViaError, ViaFallible,
    ViaNamedFuture, ViaNothing, ViaOption, ViaPlain, ViaResult, ViaValue, asks, call, call_in,
    classify, eager, error_event, fallible, guard_attributes, is_enabled, is_reporting, lazy,
    unreachable,
};
