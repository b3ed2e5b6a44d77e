//! The decision: whether a trace is recorded, made once, at its root.
//!
//! In: what is known before a span begins. Out: record or drop.
//! Never: allocates, locks or reads a clock while it decides; a sampler of the user's may.

mod ratio;
mod segments;
mod setting;
#[cfg(feature = "xray")]
pub mod xray;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

pub use ratio::{Ratio, RatioError};
pub use segments::{DecideSegments, SegmentDecision};
pub use setting::SamplerError;

use crate::record::{SpanContext, SpanKind, TraceId};

/// What is known before a span begins.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The parent, here or in another process; `None` at the root of a trace. An invalid one counts
    /// as none.
    pub parent: Option<SpanContext>,
    /// The trace the span will belong to.
    pub trace_id: TraceId,
    /// The name of the span.
    pub name: &'a str,
    /// The role of the span between services.
    pub kind: SpanKind,
    /// What is known of the request that the span is about; nothing where it is about none.
    pub request: RequestFacts<'a>,
}

/// What rules may ask of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestFacts<'a> {
    /// What the client asked for, as its `Host` header has it.
    pub host: Option<&'a str>,
    /// The method, in capitals.
    pub method: Option<&'a str>,
    /// The path, without the query.
    pub path: Option<&'a str>,
    /// The header `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// Further attributes that are known already, each a key and its value.
    pub attributes: &'a [(&'a str, &'a str)],
}

/// What becomes of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// The span is recorded and sent, and the next service is told so.
    Record {
        /// The spans this one stands for, itself included: 10 when one in ten is kept. `None` when
        /// every one is kept, or when somebody else decided and did not say.
        ///
        /// Every span below that one in this process has it as integer attribute `SampleRate`, by
        /// which Honeycomb multiplies. Of a thousand different rates further ones become the
        /// nearest.
        /// Source: <https://docs.honeycomb.io/manage-data-volume/sample/sampled-data-in-honeycomb/>.
        sample_rate: Option<NonZeroU32>,
    },
    /// Nothing is recorded; the trace id still travels.
    Drop,
}

impl Decision {
    /// Recorded, and standing for itself alone.
    pub const RECORD: Self = Self::Record { sample_rate: None };

    /// Whether the span is recorded.
    pub const fn is_sampled(self) -> bool {
        matches!(self, Self::Record { .. })
    }
}

/// A rule of the user's own.
///
/// Called on the application's threads for every span without a decision: it must not block or
/// panic.
pub trait Decide: fmt::Debug + Send + Sync + 'static {
    /// Decides on one span. The same trace id should get the same answer everywhere.
    fn decide(&self, input: &Input<'_>) -> Decision;

    /// Name of the type, for diagnostics.
    #[doc(hidden)]
    fn type_name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// Decides which traces are recorded.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/trace/sdk/#built-in-samplers>.
#[derive(Clone, Debug)]
pub enum Sampler {
    /// Every span.
    AlwaysOn,
    /// No span.
    AlwaysOff,
    /// A fixed share of all traces, told by their ids.
    Ratio(Ratio),
    /// As the parent was decided; at the root of a trace, as the sampler inside says.
    ParentBased(Box<Self>),
    /// As the user's own rule says.
    Custom(Arc<dyn Decide>),
}

impl Sampler {
    /// Makes this sampler decide at roots only; below them the parent's decision counts.
    #[must_use]
    pub fn parent_based(self) -> Self {
        Self::ParentBased(Box::new(self))
    }

    /// Name of the type that decides at roots, for diagnostics.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::ParentBased(root) => root.type_name(),
            Self::Custom(rule) => rule.type_name(),
            Self::AlwaysOn | Self::AlwaysOff | Self::Ratio(_) => std::any::type_name::<Self>(),
        }
    }

    /// Decides on one span; never blocks or allocates, unless a [`Decide`] of the user's does.
    pub fn decide(&self, input: &Input<'_>) -> Decision {
        match self {
            Self::AlwaysOn => Decision::RECORD,
            Self::AlwaysOff => Decision::Drop,
            Self::Ratio(ratio) => ratio.decide(input.trace_id),
            Self::ParentBased(root) => match input.parent.filter(SpanContext::is_valid) {
                Some(parent) if parent.flags.is_sampled() => Decision::RECORD,
                Some(_) => Decision::Drop,
                None => root.decide(input),
            },
            Self::Custom(rule) => rule.decide(input),
        }
    }
}

/// Every trace, unless the caller decided otherwise, as OpenTelemetry has it.
impl Default for Sampler {
    fn default() -> Self {
        Self::AlwaysOn.parent_based()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SpanId, TraceFlags};

    fn input(parent: Option<SpanContext>) -> Input<'static> {
        let trace_id = TraceId::from_u128(u128::MAX);
        let request = RequestFacts::default();
        Input { parent, trace_id, name: "home", kind: SpanKind::Server, request }
    }

    fn parent(flags: TraceFlags) -> SpanContext {
        SpanContext {
            trace_id: TraceId::from_u128(1),
            span_id: SpanId::from_u64(2),
            flags,
            is_remote: true,
        }
    }

    #[test]
    fn a_parent_decides_only_where_it_is_asked() {
        let sampled = Some(parent(TraceFlags::SAMPLED));
        let unsampled = Some(parent(TraceFlags::RANDOM));
        let invalid = Some(SpanContext { flags: TraceFlags::SAMPLED, ..SpanContext::INVALID });
        let none = Sampler::Ratio(Ratio::new(0.0).unwrap());
        for (sampler, parent, is_sampled) in [
            (Sampler::AlwaysOn, None, true),
            (Sampler::AlwaysOn, unsampled, true),
            (Sampler::AlwaysOff, None, false),
            (Sampler::AlwaysOff, sampled, false),
            (none.clone(), sampled, false),
            (Sampler::default(), None, true),
            (Sampler::default(), sampled, true),
            (Sampler::default(), unsampled, false),
            (Sampler::default(), invalid, true),
            (Sampler::AlwaysOff.parent_based(), None, false),
            (Sampler::AlwaysOff.parent_based(), sampled, true),
            (Sampler::AlwaysOff.parent_based(), invalid, false),
            (none.parent_based(), sampled, true),
        ] {
            let decision = sampler.decide(&input(parent));
            assert_eq!(decision.is_sampled(), is_sampled, "{sampler:?} {parent:?}");
        }
    }

    /// Keeps what has `home` for a name, and says that it is one of two.
    #[derive(Debug)]
    struct OnlyHome;

    impl Decide for OnlyHome {
        fn decide(&self, input: &Input<'_>) -> Decision {
            match (input.name, input.kind) {
                ("home", SpanKind::Server) => Decision::Record { sample_rate: NonZeroU32::new(2) },
                _ => Decision::Drop,
            }
        }
    }

    #[test]
    fn a_rule_of_the_user_sees_the_span_and_decides() {
        let sampler = Sampler::Custom(Arc::new(OnlyHome)).parent_based();
        let home = input(None);
        assert_eq!(sampler.decide(&home), Decision::Record { sample_rate: NonZeroU32::new(2) });
        assert_eq!(sampler.decide(&Input { name: "health", ..home }), Decision::Drop);
        let below = Input { parent: Some(parent(TraceFlags::SAMPLED)), name: "health", ..home };
        assert_eq!(sampler.decide(&below), Decision::RECORD);
    }
}
