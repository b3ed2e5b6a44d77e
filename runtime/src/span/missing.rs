//! What happens where a subsegment should begin and there is no segment above it.
//!
//! In: the name of the subsegment. Out: a count, and a line in our own voice where the policy wants
//! one.
//! Never: panics or fails the call, whatever the policy says.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock;
use super::current::Current;
use super::per_process::PerProcess;
use super::tracer::{self, Tracer};
use crate::diagnostics::{self, Throttle};
use crate::record::Destinations;

/// What is said where a subsegment has no segment above it; the call is never touched.
///
/// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-configuration.html>,
/// variable `AWS_XRAY_CONTEXT_MISSING`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ContextMissing {
    /// A line on standard error, at most one in a minute.
    #[default]
    LogError,
    /// A line on standard error each time.
    RuntimeError,
    /// Nothing.
    IgnoreError,
}

/// What to do in a function whose invocation has no segment.
const OF_FUNCTION: &str = "`_X_AMZN_TRACE_ID` has no `Root`, `Parent` and `Sampled` of an invocation here; begin \
                           it in the handler, and turn on active tracing of the function";

static COUNT: AtomicU64 = AtomicU64::new(0);

static THROTTLE: PerProcess<Mutex<Throttle>> = PerProcess::new(Mutex::default);

/// How many subsegments had no segment above them since the process began.
pub fn missing_segments() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Notes that a subsegment cannot begin under `current`, unless its trace is known to have no
/// segments.
#[cold]
pub(super) fn note_under(current: Current, name: &str) {
    if current.root_id != 0
        && !current.traits.segments_are_decided()
        && let Some(tracer) = tracer::find(current.traits.tracer())
    {
        note(tracer, name);
    }
}

/// Notes that a subsegment has no segment above it.
#[cold]
pub(super) fn note(tracer: &Tracer, name: &str) {
    if !tracer.destinations.contains(Destinations::SEGMENTS) {
        return;
    }
    COUNT.fetch_add(1, Ordering::Relaxed);
    let held_back = match tracer.context_missing {
        ContextMissing::IgnoreError => return,
        ContextMissing::RuntimeError => 0,
        ContextMissing::LogError => {
            let mut throttle = THROTTLE.get().lock().unwrap_or_else(PoisonError::into_inner);
            let admitted = throttle.admit(clock::now());
            let Some(held_back) = admitted else { return };
            held_back
        }
    };
    let more = match held_back {
        0 => String::new(),
        more => format!(" ({more} more like this)"),
    };
    let advice = match tracer.invocation {
        Some(_) => OF_FUNCTION,
        None => {
            "begin one with the actix middleware, a span of kind server or consumer, or \
             `Span::build(..).segment()`"
        }
    };
    diagnostics::say(format_args!(
        "xray: no segment is current where subsegment {name:?} begins; it is not sent: {advice}{more}"
    ));
}
