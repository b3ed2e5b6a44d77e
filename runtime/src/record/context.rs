//! What travels: the part of a span that other processes see.
//!
//! In: ids and flags. Out: one small value that is copied, never borrowed.
//! Never: holds text; vendor state and baggage belong to the request, not to each span.

use super::{SpanId, TraceId};

/// The trace flags of the W3C context: bit 0 `sampled`, bit 1 `random`.
///
/// Source: <https://www.w3.org/TR/trace-context-2/#trace-flags>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// No flag is set.
    pub const NONE: Self = Self(0);
    /// The trace is recorded.
    pub const SAMPLED: Self = Self(0b01);
    /// The right-most 56 bits of the trace id are random.
    pub const RANDOM: Self = Self(0b10);

    /// Takes the flags as a byte; bits without a meaning are kept out.
    pub const fn from_u8(bits: u8) -> Self {
        Self(bits & 0b11)
    }

    /// The flags as a byte.
    pub const fn to_u8(self) -> u8 {
        self.0
    }

    /// Whether the trace is recorded.
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// These flags and `other` together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These flags without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// Names one span across processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SpanContext {
    /// The trace the span belongs to.
    pub trace_id: TraceId,
    /// The span itself.
    pub span_id: SpanId,
    /// Whether the trace is recorded, and how its id was made.
    pub flags: TraceFlags,
    /// Whether the span lives in another process.
    pub is_remote: bool,
}

impl SpanContext {
    /// The context that names no span.
    pub const INVALID: Self = Self {
        trace_id: TraceId::INVALID,
        span_id: SpanId::INVALID,
        flags: TraceFlags::NONE,
        is_remote: false,
    };

    /// Names a span of this process that is recorded.
    pub const fn sampled(trace_id: TraceId, span_id: SpanId) -> Self {
        Self { trace_id, span_id, flags: TraceFlags::SAMPLED, is_remote: false }
    }

    /// Whether both ids are valid.
    pub const fn is_valid(&self) -> bool {
        self.trace_id.is_valid() && self.span_id.is_valid()
    }
}
