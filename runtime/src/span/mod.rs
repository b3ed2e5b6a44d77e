//! The fast path: makes spans.
//!
//! ```text
//! callsite ─┐                         one per thread          one thread
//! values ───┤ frame ── current        ┌──────────┐   ┌───────────────────────────┐
//! parent ───┘   │        amend ──────▶│   ring   │──▶│ collector: drain, decode  │──▶ processors
//!               └────────────────────▶│          │   └───────────────────────────┘
//!                 end of the span     └──────────┘
//! ```
//!
//! In: calls of generated code, of the manual interface, and events of the log. Out: finished
//! [`SpanRecord`]s and [`LogRecord`]s.
//! Never: does I/O; locks or allocates where an ordinary span begins and ends; knows a vendor.
//!
//! [`SpanRecord`]: crate::record::SpanRecord
//! [`LogRecord`]: crate::record::LogRecord

mod age;
mod amend;
mod attribute;
mod begin;
mod builder;
mod callsite;
mod chain;
mod checks;
mod classify;
mod clock;
pub(crate) mod collector;
mod covered;
mod current;
mod decode;
mod drain;
mod ending;
mod entered;
#[cfg(feature = "tracing")]
mod foreign;
mod fork;
mod frame;
mod handle;
mod ids;
mod invocation;
mod isolate;
#[cfg(any(feature = "xray", feature = "testing"))]
mod json;
#[cfg(not(any(feature = "xray", feature = "testing")))]
#[path = "no_json.rs"]
mod json;
mod layout;
mod live;
#[cfg(feature = "tracing")]
pub(crate) mod log;
#[cfg(not(feature = "tracing"))]
#[path = "no_log.rs"]
mod log;
mod marks;
mod missing;
mod outcome;
mod outgoing;
pub(crate) mod parent;
mod per_process;
mod rate;
mod redaction;
mod report;
pub(crate) mod request;
mod returned;
pub(crate) mod ring;
mod scope;
mod scoped;
mod sink;
pub(crate) mod tracer;
mod traits;
mod unrecorded;
mod unwinding;
#[cfg(any(feature = "otlp", feature = "rollbar", feature = "console", feature = "testing"))]
pub(crate) mod walk;
mod words;

pub(crate) use clock::now;
#[cfg_attr(
    not(any(
        feature = "xray",
        feature = "cloudwatch",
        all(feature = "actix", feature = "tracing")
    )),
    expect(unused_imports, reason = "for who deals with others' clocks")
)]
pub(crate) use clock::since_epoch;
pub(crate) use clock::{since_epoch_by_ticks, steady};

#[cfg(feature = "tracing")]
pub(crate) use chain::Chain;
#[cfg(feature = "tracing")]
pub(crate) use clock::ticks;
#[cfg(feature = "tracing")]
pub(crate) use foreign::{Foreign, set_kind};
#[cfg(feature = "opentelemetry")]
pub(crate) use outgoing::outgoing;
pub(crate) use outgoing::outgoing_now;
#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_imports, reason = "for spans that others begin")
)]
pub(crate) use tracer::is_any_recorded;
pub(crate) use tracer::is_propagating;
#[cfg_attr(not(feature = "actix"), expect(unused_imports, reason = "for the web integration"))]
pub(crate) use tracer::is_recorded;

pub(crate) use ending::{END_TIMEOUT, before_end, call_hook, watch_abort, watch_end, watch_lines};
#[cfg_attr(not(feature = "tracing"), expect(unused_imports, reason = "for the bridge"))]
pub(crate) use entered::Place;
pub(crate) use fork::{entropy, note_orphan};
pub(crate) use invocation::Invocation;
pub(crate) use per_process::PerProcess;
pub(crate) use report::{Noticed, TakeFailures, Told, taker};
pub(crate) use scope::{Scope, notice, takes_reports};
#[cfg_attr(not(feature = "actix"), expect(unused_imports, reason = "for the web integration"))]
pub(crate) use {current::Attached, unwinding::Unwinding};

pub use amend::Attributes;
pub use attribute::{Text, ToAttribute, ToElement};
pub use builder::SpanBuilder;
pub use classify::ClassifyError;
pub use entered::{Entered, EnteredSpan};
pub use handle::{Span, SpanRef, current};
pub use missing::{ContextMissing, missing_segments};
pub use outcome::{Fallible, Split};
pub use parent::Parent;
pub use request::{baggage, change_baggage, set_user};
pub use scoped::{FutureExt, InContext, InSpan};
pub use sink::Sink;
pub use tracer::Limits;

// What only generated code calls, by way of `private`.
#[doc(hidden)]
pub use amend::Amendment;
#[doc(hidden)]
pub use callsite::{AttributeName, Callsite, Mark, Subsegment};
#[doc(hidden)]
pub use checks::{ResultProbe, ViaAny, ViaOption, ViaResult, as_debug, as_display, outlives_body};
#[doc(hidden)]
pub use classify::{ViaClass, ViaNoClass, class_by, is_reported};
#[doc(hidden)]
pub use covered::{eager, lazy};
#[doc(hidden)]
pub use frame::{Frame, WholeCall};
#[doc(hidden)]
pub use outcome::{
    Describe, ErrorProbe, Judge, ViaAsRef, ViaAsRefSend, ViaDebug, ViaDeref, ViaDisplay, ViaError,
    ViaFallible, ViaNothing, ViaPlain, asks, call, error_event, fail, guard_argument,
    guard_description, never, severity_by,
};
#[doc(hidden)]
pub use redaction::Redaction;
pub(crate) use redaction::RedactionKey;
#[doc(hidden)]
pub use report::{Report, Site, Use, is_reporting};
#[doc(hidden)]
pub use returned::{
    Coverable, NotBoxedFuture, Returned, ValueJudge, ViaBoxedFuture, ViaNamedFuture, ViaOtherBox,
    ViaValue,
};
#[doc(hidden)]
pub use scoped::{Running, call_in};
pub use sink::{Recorder, guard_field};
#[doc(hidden)]
pub use tracer::{is_enabled, is_enabled_under};
#[doc(hidden)]
pub use unrecorded::unrecorded;

#[cfg_attr(
    not(feature = "testing"),
    expect(unused_imports, reason = "isolation is for tests")
)]
pub(crate) use isolate::isolate;

use crate::loss::Ledger;

/// Whether this build records anything: it has a destination and is not switched off. Where it is
/// false, every way to a record is a constant branch that leaves no code behind.
pub(crate) const IS_LIVE: bool = cfg!(all(
    any(
        feature = "otlp",
        feature = "xray",
        feature = "cloudwatch",
        feature = "rollbar",
        feature = "console",
        feature = "opentelemetry",
        feature = "testing"
    ),
    not(feature = "off")
));

/// True if this build carries trace context on, also where it records nothing: the feature `off` turns
/// it off.
pub(crate) const CAN_PROPAGATE: bool = cfg!(not(feature = "off"));

/// Spans between the application's threads and the processors.
pub(crate) static LEDGER: Ledger = Ledger::new();

/// Events of the log on the same way.
pub(crate) static LOGS: Ledger = Ledger::new();

/// Attributes, events and links on the same way.
pub(crate) static AMENDMENTS: Ledger = Ledger::new();
