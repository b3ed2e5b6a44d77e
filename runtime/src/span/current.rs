//! Which span is current on this thread, and the small copy of it that travels.
//!
//! In: the span that begins or is resumed. Out: its context, to whoever begins the next one.
//! Never: allocates, locks, or needs a destructor; so an access is one load from thread-local
//! memory.

use std::cell::Cell;

use super::callsite::Callsite;
use super::ids::Generator;
use super::scope::Scope;
use super::{rate, ring};
use crate::record::{Destinations, Level, SpanContext, SpanId, TraceFlags, TraceId};

/// How many tracers the traits of a span can tell apart.
pub(super) const MAX_TRACERS: usize = 1024;

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

/// The W3C flags of a trace and who records it, and the tracer that began it with the most detailed
/// level it records: 0 is the installed one, others are captures of tests. Also the code of its
/// sample rate, and whether the innermost span is there for segments alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u64);

impl Traits {
    const FLAGS_AT: u32 = 16;
    const DESTINATIONS_AT: u32 = 18;
    const DESTINATIONS: u64 = (Destinations::ALL.bits() as u64) << Self::DESTINATIONS_AT;
    const IS_SEGMENT_ALONE: u64 = 1 << 20;
    const SEGMENTS_ARE_DECIDED: u64 = 1 << 21;
    const IS_PASSED_ON: u64 = 1 << 22;
    const IS_PROPAGATION_ONLY: u64 = 1 << 23;
    /// What is true of one span and not of those below it.
    const OWN: u64 = Self::IS_SEGMENT_ALONE | Self::IS_PASSED_ON;
    const LEVEL_AT: u32 = 25;
    const LEVEL_MASK: u64 = 0x7;
    const RATE_AT: u32 = 28;
    const RATE_MASK: u64 = (1 << rate::BITS) - 1;
    const TRACER_AT: u32 = Self::RATE_AT + rate::BITS;
    const TRACER_MASK: u64 = MAX_TRACERS as u64 - 1;

    pub(super) const fn new(flags: TraceFlags, tracer: u16, level: Level) -> Self {
        Self(
            (flags.to_u8() as u64) << Self::FLAGS_AT
                | (level as u64) << Self::LEVEL_AT
                | (tracer as u64) << Self::TRACER_AT,
        )
    }

    /// These traits, in a trace that was sampled at the rate behind this code.
    pub(super) const fn with_rate(self, code: u16) -> Self {
        Self(self.0 | (code as u64 & Self::RATE_MASK) << Self::RATE_AT)
    }

    /// The code of the rate that the trace was sampled at.
    pub(super) const fn rate(self) -> u16 {
        (self.0 >> Self::RATE_AT & Self::RATE_MASK) as u16
    }

    /// Whether the tracer records spans of this level.
    #[inline]
    pub(super) const fn admits(self, level: Level) -> bool {
        level as u64 <= self.0 >> Self::LEVEL_AT & Self::LEVEL_MASK
    }

    /// Who takes a span of this callsite.
    #[inline]
    pub(super) const fn takers(self, callsite: &Callsite) -> Destinations {
        if self.admits(callsite.source.level) {
            callsite.destinations.and(self.destinations())
        } else {
            Destinations::NONE
        }
    }

    /// These traits, in a trace that goes to `destinations`.
    pub(super) const fn with_destinations(self, destinations: Destinations) -> Self {
        Self(self.0 | (destinations.bits() as u64) << Self::DESTINATIONS_AT)
    }

    /// These traits, where nobody takes what is told.
    pub(super) const fn without_destinations(self) -> Self {
        Self(self.0 & !Self::DESTINATIONS)
    }

    /// These traits, in a trace whose flag says that it is sampled.
    pub(super) const fn with_sampled(self) -> Self {
        Self(self.0 | (TraceFlags::SAMPLED.to_u8() as u64) << Self::FLAGS_AT)
    }

    /// Who takes spans of the trace.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the word is taken apart")]
    pub(super) const fn destinations(self) -> Destinations {
        Destinations::from_bits((self.0 >> Self::DESTINATIONS_AT) as u8)
    }

    /// Whether anybody takes spans of the trace.
    #[inline]
    pub(super) const fn is_recorded(self) -> bool {
        self.0 & Self::DESTINATIONS != 0
    }

    /// These traits, where it is known whether the trace has segments.
    pub(super) const fn with_segments_decided(self) -> Self {
        Self(self.0 | Self::SEGMENTS_ARE_DECIDED)
    }

    /// Whether it is known whether the trace has segments: a request decides it.
    pub(super) const fn segments_are_decided(self) -> bool {
        self.0 & Self::SEGMENTS_ARE_DECIDED != 0
    }

    /// The traits of a span below, which may be there for segments alone.
    #[inline]
    pub(super) const fn of_child(self, is_segment_alone: bool) -> Self {
        let alone = if is_segment_alone { Self::IS_SEGMENT_ALONE } else { 0 };
        Self((self.0 & !Self::OWN) | alone)
    }

    /// The traits of a span that nobody takes, in whose place the one above stands.
    pub(super) const fn passed_on(self) -> Self {
        Self(self.0 | Self::IS_PASSED_ON)
    }

    /// Whether the span above stands in the place of one that nobody takes.
    #[inline]
    pub(super) const fn is_passed_on(self) -> bool {
        self.0 & Self::IS_PASSED_ON != 0
    }

    /// These traits, for a request that is not recorded and only carries its context on.
    pub(super) const fn propagation_only(self) -> Self {
        Self(self.0 | Self::IS_PROPAGATION_ONLY)
    }

    /// True for a request that is not recorded and only carries its context on.
    #[inline]
    pub(super) const fn is_propagation_only(self) -> bool {
        self.0 & Self::IS_PROPAGATION_ONLY != 0
    }

    /// Whether a span below has the same traits.
    #[inline]
    pub(super) const fn are_plain(self) -> bool {
        self.0 & Self::OWN == 0
    }

    /// Whether the innermost span is there for segments alone.
    #[inline]
    pub(super) const fn is_segment_alone(self) -> bool {
        self.0 & Self::IS_SEGMENT_ALONE != 0
    }

    #[expect(clippy::cast_possible_truncation, reason = "the word is taken apart")]
    pub(super) const fn flags(self) -> TraceFlags {
        TraceFlags::from_u8((self.0 >> Self::FLAGS_AT) as u8)
    }

    pub(super) const fn tracer(self) -> u16 {
        (self.0 >> Self::TRACER_AT & Self::TRACER_MASK) as u16
    }

    /// The bits of the first word of a record.
    #[inline]
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    /// The traits in the first word of a record.
    pub(super) const fn from_bits(word: u64) -> Self {
        const LEVEL: u64 = Traits::LEVEL_MASK << Traits::LEVEL_AT;
        const RATE: u64 = Traits::RATE_MASK << Traits::RATE_AT;
        const TRACER: u64 = Traits::TRACER_MASK << Traits::TRACER_AT;
        Self(word & (0xFF << Self::FLAGS_AT | LEVEL | RATE | TRACER))
    }
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
        traits: Traits(0),
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
        with(|local| local.current.get())
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
    let _attached = (Current::NONE.attach(), Scope::NONE.attach());
    let _restore =
        with(|local| Restore(local.tracer.replace(tracer), local.ids.replace(Generator::fixed())));
    body()
}
