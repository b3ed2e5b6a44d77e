//! Which kinds of destinations a span goes to.

use super::SpanKind;

/// A set of kinds of destinations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Destinations(u8);

impl Destinations {
    /// Nobody.
    pub const NONE: Self = Self(0);
    /// Those that take spans as OpenTelemetry has them: OTLP, the console, exporters of its SDK.
    pub const SPANS: Self = Self(0b01);
    /// Those that take segments: AWS X-Ray.
    pub const SEGMENTS: Self = Self(0b10);
    /// Everybody.
    pub const ALL: Self = Self(0b11);

    /// Who takes a span of this kind where nothing else is said: work inside a service goes to those
    /// that take spans; what crosses its border to everybody.
    pub const fn of(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Internal => Self::SPANS,
            SpanKind::Server | SpanKind::Client | SpanKind::Producer | SpanKind::Consumer => {
                Self::ALL
            }
        }
    }

    /// Takes the set as bits; those without a meaning are kept out.
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The set as bits.
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` are in this set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nobody is in this set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members of either set.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The members of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}
