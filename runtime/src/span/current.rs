//! Which span is current on this thread, and the small copy of it that travels.
//!
//! In: the span that begins or is resumed. Out: its context, to whoever begins the next one.
//! Never: allocates, locks, or needs a destructor; so an access is one load from thread-local
//! memory.

use std::cell::Cell;

use super::ids::Generator;
use super::ring;
use crate::record::{SpanContext, SpanId, TraceFlags, TraceId};

/// The current span of a thread as plain words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Current {
    pub(super) trace_high: u64,
    pub(super) trace_low: u64,
    /// Zero where no span is current.
    pub(super) span_id: u64,
    /// The first span of this process above; the request, where there is one.
    pub(super) root_id: u64,
    /// The W3C flags.
    pub(super) flags: TraceFlags,
    /// The tracer that began the trace: 0 is the installed one, others are captures of tests.
    pub(super) tracer: u16,
}

/// Everything a thread keeps for its spans.
pub(super) struct Local {
    pub(super) current: Cell<Current>,
    pub(super) ids: Cell<Generator>,
    /// The tracer that begins new traces on this thread.
    pub(super) tracer: Cell<u16>,
    pub(super) ring: Cell<ring::Slot>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            current: Cell::new(Current::NONE),
            ids: Cell::new(Generator::UNSEEDED),
            tracer: Cell::new(0),
            ring: Cell::new(ring::Slot::EMPTY),
        }
    };
}

/// Gives access to what this thread keeps.
#[inline]
pub(super) fn with<R>(visit: impl FnOnce(&Local) -> R) -> R {
    LOCAL.with(visit)
}

impl Current {
    /// No span is current.
    pub(super) const NONE: Self = Self {
        trace_high: 0,
        trace_low: 0,
        span_id: 0,
        root_id: 0,
        flags: TraceFlags::NONE,
        tracer: 0,
    };

    /// What is current on this thread.
    #[inline]
    pub(super) fn get() -> Self {
        with(|local| local.current.get())
    }

    #[inline]
    pub(super) const fn is_some(&self) -> bool {
        self.span_id != 0
    }

    #[inline]
    pub(super) const fn is_recording(&self) -> bool {
        self.is_some() && self.flags.is_sampled()
    }

    /// The context of a child of this span.
    #[inline]
    pub(super) const fn child(self, span_id: u64) -> Self {
        Self { span_id, ..self }
    }

    pub(super) const fn trace_id(&self) -> TraceId {
        TraceId::from_u128((self.trace_high as u128) << 64 | self.trace_low as u128)
    }

    pub(super) const fn context(&self) -> SpanContext {
        SpanContext {
            trace_id: self.trace_id(),
            span_id: SpanId::from_u64(self.span_id),
            flags: self.flags,
            is_remote: false,
        }
    }

    /// Makes this current on this thread until the guard is dropped.
    #[inline]
    pub(super) fn attach(self) -> Attached {
        let previous = with(|local| local.current.replace(self));
        Attached { previous, not_send: std::marker::PhantomData }
    }
}

/// Restores what was current before; bound to its thread.
#[derive(Debug)]
#[must_use = "the span is current only until this guard is dropped"]
pub struct Attached {
    previous: Current,
    not_send: std::marker::PhantomData<*const ()>,
}

impl Drop for Attached {
    #[inline]
    fn drop(&mut self) {
        with(|local| local.current.set(self.previous));
    }
}

/// Runs `body` as if this thread were fresh: nothing is current, new traces belong to `tracer`,
/// and ids count up from 1.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "isolation is for tests"))]
pub(crate) fn isolate<R>(tracer: u16, body: impl FnOnce() -> R) -> R {
    struct Restore(u16, Generator);
    impl Drop for Restore {
        fn drop(&mut self) {
            with(|local| {
                local.tracer.set(self.0);
                local.ids.set(self.1);
            });
        }
    }
    let _attached = Current::NONE.attach();
    let _restore =
        with(|local| Restore(local.tracer.replace(tracer), local.ids.replace(Generator::fixed())));
    body()
}
