//! Which span is current on this thread, and the small copy of it that travels.
//!
//! In: the span that begins or is resumed. Out: its context, to whoever begins the next one.
//! Never: allocates, locks, or needs a destructor; so an access is one load from thread-local
//! memory.

use std::cell::Cell;

use super::ids::Generator;
use super::scope::Scope;
use super::traits::Traits;
use super::{entered, ring};
use crate::record::{Destinations, SpanContext, SpanId, TraceId};

/// The current span of a thread as plain words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Current {
    pub(super) trace_high: u64,
    pub(super) trace_low: u64,
    /// The nearest span that goes to those who take spans, or the request; zero where no span is
    /// current. In a propagation-only request, the span that called it, or the request itself if the
    /// caller is unknown.
    pub(super) span_id: u64,
    /// The nearest span that goes to those who take segments; zero where there is none.
    pub(super) segment_id: u64,
    /// The request above, or else the first span of this process.
    pub(super) root_id: u64,
    /// The flags and the tracer, where the first word of a record has them too; all of this is
    /// whole words, because reading what was written in parts stalls the processor.
    pub(super) traits: Traits,
}

/// Everything a thread keeps for its spans.
pub(super) struct Local {
    pub(super) current: Cell<Current>,
    pub(super) ids: Cell<Generator>,
    /// The tracer that begins new traces on this thread.
    pub(super) tracer: Cell<u16>,
    pub(super) ring: Cell<ring::Slot>,
    /// The innermost call whose failures are reported.
    pub(super) scope: Cell<Scope>,
    /// The next number of such a call; zero before the first.
    pub(super) next_scope: Cell<u64>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            current: Cell::new(Current::NONE),
            ids: Cell::new(Generator::UNSEEDED),
            tracer: Cell::new(0),
            ring: Cell::new(ring::Slot::EMPTY),
            scope: Cell::new(Scope::NONE),
            next_scope: Cell::new(0),
        }
    };
}

/// Gives access to what this thread keeps.
#[inline]
pub(super) fn with<R>(visit: impl FnOnce(&Local) -> R) -> R {
    const { assert!(!std::mem::needs_drop::<Local>(), "see below") };
    let local = LOCAL.with(std::ptr::from_ref);
    #[expect(unsafe_code, reason = "a larger closure keeps `LocalKey::with` an indirect call")]
    // SAFETY: thread-local memory without a destructor lives as long as its thread, which waits
    // for `visit`; `Local` is not `Sync`, so the reference cannot leave the thread.
    visit(unsafe { &*local })
}

impl Current {
    /// No span is current.
    pub(super) const NONE: Self = Self {
        trace_high: 0,
        trace_low: 0,
        span_id: 0,
        segment_id: 0,
        root_id: 0,
        traits: Traits::NONE,
    };

    /// A span without a trace, which nobody records.
    pub(super) const MUTED: Self = Self { span_id: 1, root_id: 0, ..Self::NONE };

    /// Stands where a sampler decides: no trace begins there.
    pub(super) const DECIDING: Self = Self { span_id: 2, ..Self::MUTED };

    /// Whether it stands where nothing is recorded.
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for events of the log"))]
    pub(super) const fn is_muted(&self) -> bool {
        self.is_some() && self.trace_high | self.trace_low == 0
    }

    /// What is current on this thread.
    #[inline]
    pub(super) fn get() -> Self {
        let current = with(|local| local.current.get());
        Self { traits: current.traits.without_place(), ..current }
    }

    #[inline]
    pub(super) const fn is_some(&self) -> bool {
        self.span_id != 0
    }

    /// Whether it is a span that somebody takes: what is not a span is not in a trace.
    #[inline]
    pub(super) const fn is_recording(&self) -> bool {
        self.traits.is_recorded() && !self.traits.is_passed_on()
    }

    /// The innermost span, whoever takes it.
    #[inline]
    pub(super) const fn id(&self) -> u64 {
        if self.traits.is_segment_alone() { self.segment_id } else { self.span_id }
    }

    /// The context of a span below that `takers` take; nobody, where it is only passed on.
    #[inline]
    pub(super) const fn child(self, id: u64, takers: Destinations) -> Self {
        let has_segment = takers.contains(Destinations::SEGMENTS);
        let is_alone = has_segment && !takers.contains(Destinations::SPANS);
        Self {
            span_id: if is_alone { self.span_id } else { id },
            segment_id: if has_segment { id } else { self.segment_id },
            traits: self.traits.of_child(is_alone),
            ..self
        }
    }

    /// The context of a span that takes a request, whoever takes that span.
    pub(super) const fn request(self, id: u64) -> Self {
        let has_segment = self.traits.destinations().contains(Destinations::SEGMENTS);
        Self {
            span_id: id,
            segment_id: if has_segment { id } else { 0 },
            traits: self.traits.of_child(false),
            ..self
        }
    }

    /// The request above, or else the first span of this process.
    pub(super) const fn of_root(self) -> Self {
        self.request(self.root_id)
    }

    pub(super) const fn trace_id(&self) -> TraceId {
        TraceId::from_u128((self.trace_high as u128) << 64 | self.trace_low as u128)
    }

    /// The caller of a propagation-only request, as the parent of the first recorded span below it;
    /// the trace alone if the caller is unknown.
    pub(super) const fn caller(&self) -> SpanContext {
        let caller_id = if self.span_id == self.root_id { 0 } else { self.span_id };
        SpanContext {
            trace_id: self.trace_id(),
            span_id: SpanId::from_u64(caller_id),
            flags: self.traits.flags(),
            is_remote: true,
        }
    }

    /// Names what belongs to the request as a whole.
    pub(super) const fn root(&self) -> super::request::Root {
        (self.traits.tracer(), self.root_id)
    }

    pub(super) const fn context(&self) -> SpanContext {
        SpanContext {
            trace_id: self.trace_id(),
            span_id: SpanId::from_u64(self.span_id),
            flags: self.traits.flags(),
            is_remote: false,
        }
    }

    /// The same span where a guard makes it current, the guard of this number from below.
    pub(super) const fn guarded(self, depth: u16) -> Self {
        Self { traits: self.traits.guarded(depth), ..self }
    }

    /// The same span where a function, a poll or a closure makes it current above `previous`.
    #[inline]
    pub(super) const fn above(self, previous: Self) -> Self {
        Self { traits: self.traits.at_depth_of(previous.traits), ..self }
    }

    /// Makes this current on this thread until the guard is dropped.
    #[inline]
    pub(super) fn attach(self) -> Attached {
        let previous = with(|local| {
            let traits = self.traits.at_depth_of(local.current.get().traits);
            // Most often they are the same; what is moved as a whole stalls no later read.
            if traits == self.traits {
                local.current.replace(self)
            } else {
                replace(local, Self { traits, ..self })
            }
        });
        Attached { previous, not_send: std::marker::PhantomData }
    }
}

#[cold]
fn replace(local: &Local, current: Current) -> Current {
    local.current.replace(current)
}

/// Restores what was current before; for scopes of our own, which end in the opposite order of their
/// begins. [`Entered`](super::Entered) is the guard for applications.
#[derive(Debug)]
#[must_use = "the span is current only until this guard is dropped"]
pub struct Attached {
    previous: Current,
    not_send: std::marker::PhantomData<*const ()>,
}

impl Drop for Attached {
    #[inline]
    fn drop(&mut self) {
        with(|local| entered::restore(local, self.previous));
    }
}
