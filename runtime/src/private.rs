//! All that generated code calls. This is not an interface: it changes without notice.
//!
//! In: nothing of its own. Out: what the attributes need, under one path.
//! Never: contains logic.

pub use core;
pub use std::boxed::Box;

pub use crate::record::{Destinations, Failure, Level, Namespace, Outcome, Source, SpanKind};
pub use crate::span::{
    Amendment, Callsite, ErrorProbe, Fallible, Frame, Judge, Mark, MustFail, Parent, Recorder,
    Redaction, Scoped, Split, Subsegment, ToAttribute, ViaAsRef, ViaAsRefSend, ViaDebug,
    ViaDisplay, ViaError, ViaFallible, ViaNothing, ViaOption, ViaPlain, ViaResult, call, call_in,
    classify, error_event, guard_attributes, is_enabled, must_fail, scoped,
};
