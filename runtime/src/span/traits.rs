//! Inherited properties of a span, packed into one word: flags, recipients, level, sample rate, tracer,
//! and the depth of the span among the guards of its thread.
//!
//! Records carry the same bits in their first word, see [`layout`](super::layout).

use super::callsite::Callsite;
use super::rate;
use crate::record::{Destinations, Level, TraceFlags};

/// Number of tracers that traits can tell apart.
pub(super) const MAX_TRACERS: usize = 1024;

/// The W3C flags of a trace and who records it, and the tracer that began it with the most detailed
/// level it records: 0 is the installed one, others are captures of tests. Also the code of its
/// sample rate, whether the innermost span is there for segments alone, and the number of guards
/// of this thread beneath it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traits(u64);

impl Traits {
    /// No trace.
    pub(super) const NONE: Self = Self(0);

    const FLAGS_AT: u32 = 16;
    const DESTINATIONS_AT: u32 = 18;
    const DESTINATIONS: u64 = (Destinations::ALL.bits() as u64) << Self::DESTINATIONS_AT;
    const IS_SEGMENT_ALONE: u64 = 1 << 20;
    const SEGMENTS_ARE_DECIDED: u64 = 1 << 21;
    const IS_PASSED_ON: u64 = 1 << 22;
    const IS_GUARDED: u64 = 1 << 23;
    const IS_PROPAGATION_ONLY: u64 = 1 << 24;
    /// Bits of one span that its children do not inherit.
    const OWN: u64 = Self::IS_SEGMENT_ALONE | Self::IS_PASSED_ON | Self::IS_GUARDED;
    const LEVEL_AT: u32 = 25;
    const LEVEL_MASK: u64 = 0x7;
    const RATE_AT: u32 = 28;
    const RATE_MASK: u64 = (1 << rate::BITS) - 1;
    const TRACER_AT: u32 = Self::RATE_AT + rate::BITS;
    const TRACER_MASK: u64 = MAX_TRACERS as u64 - 1;
    const DEPTH_AT: u32 = 48;
    /// The place on this thread.
    const PLACE: u64 = (u16::MAX as u64) << Self::DEPTH_AT | Self::IS_GUARDED;
    /// Bits that no record has.
    const UNRECORDED: u64 = Self::PLACE | Self::IS_PROPAGATION_ONLY;

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

    /// Returns true if the tracer records spans of this level.
    #[inline]
    pub(super) const fn admits(self, level: Level) -> bool {
        level as u64 <= self.0 >> Self::LEVEL_AT & Self::LEVEL_MASK
    }

    /// Destinations of a span of this callsite.
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

    /// Returns a copy without destinations.
    pub(super) const fn without_destinations(self) -> Self {
        Self(self.0 & !Self::DESTINATIONS)
    }

    /// These traits, in a trace whose flag says that it is sampled.
    pub(super) const fn with_sampled(self) -> Self {
        Self(self.0 | (TraceFlags::SAMPLED.to_u8() as u64) << Self::FLAGS_AT)
    }

    /// Destinations of the spans of the trace.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the word is taken apart")]
    pub(super) const fn destinations(self) -> Destinations {
        Destinations::from_bits((self.0 >> Self::DESTINATIONS_AT) as u8)
    }

    /// Returns true if spans of the trace are recorded.
    #[inline]
    pub(super) const fn is_recorded(self) -> bool {
        self.0 & Self::DESTINATIONS != 0
    }

    /// These traits, where it is known whether the trace has segments.
    pub(super) const fn with_segments_decided(self) -> Self {
        Self(self.0 | Self::SEGMENTS_ARE_DECIDED)
    }

    /// Returns true if it is known whether the trace has segments: a request decides it.
    pub(super) const fn segments_are_decided(self) -> bool {
        self.0 & Self::SEGMENTS_ARE_DECIDED != 0
    }

    /// The traits of a span below, which may be there for segments alone.
    #[inline]
    pub(super) const fn of_child(self, is_segment_alone: bool) -> Self {
        let alone = if is_segment_alone { Self::IS_SEGMENT_ALONE } else { 0 };
        Self((self.0 & !Self::OWN) | alone)
    }

    /// Marks the span as pass-through.
    pub(super) const fn passed_on(self) -> Self {
        Self(self.0 | Self::IS_PASSED_ON)
    }

    /// Returns true for a pass-through span.
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

    /// Returns true if a span below has the same traits.
    #[inline]
    pub(super) const fn are_plain(self) -> bool {
        self.0 & Self::OWN == 0
    }

    /// True if the span is current because of a guard.
    #[inline]
    pub(super) const fn is_guarded(self) -> bool {
        self.0 & Self::IS_GUARDED != 0
    }

    /// The number of guards of this thread at or beneath the span.
    pub(super) const fn depth(self) -> usize {
        (self.0 >> Self::DEPTH_AT) as usize
    }

    /// These traits where a guard makes the span current, the guard of this number from below.
    pub(super) const fn guarded(self, depth: u16) -> Self {
        Self(self.0 & !Self::PLACE | (depth as u64) << Self::DEPTH_AT | Self::IS_GUARDED)
    }

    /// These traits with the depth of others.
    #[inline]
    pub(super) const fn at_depth_of(self, other: Self) -> Self {
        Self(self.0 & !Self::PLACE | other.0 & Self::PLACE & !Self::IS_GUARDED)
    }

    /// Returns true if the innermost span is there for segments alone.
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
        self.0 & !Self::UNRECORDED
    }

    /// These traits without the place on this thread.
    #[inline]
    pub(super) const fn without_place(self) -> Self {
        Self(self.0 & !Self::PLACE)
    }

    /// The traits in the first word of a record.
    pub(super) const fn from_bits(word: u64) -> Self {
        const LEVEL: u64 = Traits::LEVEL_MASK << Traits::LEVEL_AT;
        const RATE: u64 = Traits::RATE_MASK << Traits::RATE_AT;
        const TRACER: u64 = Traits::TRACER_MASK << Traits::TRACER_AT;
        Self(word & (0xFF << Self::FLAGS_AT | LEVEL | RATE | TRACER))
    }
}
