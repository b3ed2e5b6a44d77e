//! Sampling decisions about the first span of a trace in this process.

use crate::guard::guard;
use crate::loss::LossReason;
use crate::record::{Destinations, TraceFlags};
use crate::sample::{Decision, Input};
use crate::span::current::Current;
use crate::span::tracer::Tracer;
use crate::span::traits::Traits;
use crate::span::{LEDGER, rate};

/// Decides about spans; `None` if the sampler panics.
pub(super) fn spans(tracer: &Tracer, input: &Input<'_>) -> Option<Decision> {
    if tracer.destinations.contains(Destinations::SPANS) {
        decide(tracer, input)
    } else {
        Some(Decision::Drop)
    }
}

/// Asks the sampler; `None` if it panics.
pub(super) fn decide(tracer: &Tracer, input: &Input<'_>) -> Option<Decision> {
    // A sampler's own spans would ask it again.
    let _deciding = Current::DECIDING.attach();
    let sampler = &tracer.sampler;
    guard(format_args!("sampler `{}`", sampler.type_name()), || sampler.decide(input))
}

/// Counts the first span of a trace that is not recorded because its sampler panics.
#[cold]
pub(super) fn lose_undecided() {
    LEDGER.accept(1);
    LEDGER.lose(1, LossReason::WorkerPanicked);
}

/// Decides about the W3C `sampled` flag of outgoing calls. The flag is about spans: without a
/// destination for spans, the caller's decision stays, and a new trace follows its segment.
pub(super) fn is_sampled(
    tracer: &Tracer,
    input: &Input<'_>,
    spans: Decision,
    has_segment: bool,
) -> bool {
    if tracer.destinations.contains(Destinations::SPANS) {
        return spans.is_sampled();
    }
    input.parent.map_or(has_segment, |caller| caller.flags.is_sampled())
}

pub(super) fn with_sampled(flags: TraceFlags, is_sampled: bool) -> TraceFlags {
    if is_sampled { flags.with(TraceFlags::SAMPLED) } else { flags.without(TraceFlags::SAMPLED) }
}

pub(super) fn traits(
    tracer: &Tracer,
    flags: TraceFlags,
    tag: u16,
    spans: Decision,
    has_segments: bool,
) -> Traits {
    let mut takers = Destinations::NONE;
    let mut rate = 0;
    if let Decision::Record { sample_rate } = spans {
        takers = takers.with(Destinations::SPANS);
        rate = rate::code(sample_rate);
    }
    if has_segments {
        takers = takers.with(Destinations::SEGMENTS);
    }
    Traits::new(flags, tag, tracer.level).with_rate(rate).with_destinations(takers)
}
