//! The beginning of a span whose parent is not simply the recording span above it.
//!
//! In: the name, the kind, perhaps a parent from elsewhere. Out: ids and the sampling decision,
//! taken once for the whole local part of the trace.
//! Never: runs for an ordinary child; that path stays in `frame`.

use super::callsite::Callsite;
use super::current::{self, Current, Traits};
use super::handle::SpanRef;
use super::parent::Parent;
use super::{frame, rate, request, tracer};
use crate::diagnostics;
use crate::record::{Level, SpanContext, SpanKind, TraceFlags, TraceId};
use crate::sample::{Decision, Input, RequestFacts};

/// A span that has ids and a decision.
pub(super) struct Begun {
    pub(super) context: Current,
    pub(super) parent_id: u64,
    pub(super) parent_is_remote: bool,
}

/// Begins the first span of ours in a trace, which others may have begun; `None` when nothing is
/// installed.
#[cold]
pub(super) fn first(callsite: &'static Callsite) -> Option<Begun> {
    under(Parent::current(), callsite, callsite.source.name, callsite.kind)
}

/// Begins a span under a parent given by hand; `None` when nothing is installed, or when the span
/// is too detailed to be recorded.
#[cold]
pub(super) fn under(
    parent: Parent,
    callsite: &'static Callsite,
    name: &str,
    kind: SpanKind,
) -> Option<Begun> {
    let remote = match parent {
        Parent::Local(span) if !span.is_none() => {
            return under_local(span, callsite.source.level, kind);
        }
        Parent::Remote(context) if context.is_valid() => Some(context),
        Parent::Root | Parent::Local(_) | Parent::Remote(_) => None,
    };
    begin(remote, callsite.source.level, name, kind)
}

fn under_local(parent: SpanRef, level: Level, kind: SpanKind) -> Option<Begun> {
    let parent = parent.to_current();
    if parent.is_recording() && !parent.traits.admits(level) {
        return None;
    }
    let context = parent.child(current::with(frame::next_span_id));
    Some(Begun {
        context: if kind.is_request() { request::begin(context) } else { context },
        parent_id: parent.span_id,
        parent_is_remote: false,
    })
}

fn begin(remote: Option<SpanContext>, level: Level, name: &str, kind: SpanKind) -> Option<Begun> {
    if Current::get() == Current::DECIDING || diagnostics::suppressed() {
        return None;
    }
    let (tag, mut ids) = current::with(|local| (local.tracer.get(), local.ids.get()));
    let tracer = tracer::find(tag).filter(|tracer| level <= tracer.level)?;
    let (trace_id, carried) = match remote {
        Some(context) => (context.trace_id.to_u128(), context.flags.without(TraceFlags::SAMPLED)),
        None => (ids.trace_id(), TraceFlags::RANDOM),
    };
    let span_id = ids.span_id();
    current::with(|local| local.ids.set(ids));
    let trace = TraceId::from_u128(trace_id);
    let request = RequestFacts::default();
    let input = Input { parent: remote, trace_id: trace, name, kind, request };
    let decision = {
        // A sampler's own spans would ask it again.
        let _deciding = Current::DECIDING.attach();
        tracer.sampler.decide(&input)
    };
    let (flags, rate) = match decision {
        Decision::Record { sample_rate } => {
            (carried.with(TraceFlags::SAMPLED), rate::code(sample_rate))
        }
        Decision::Drop => (carried, 0),
    };
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
    let context = Current {
        trace_high: (trace_id >> 64) as u64,
        trace_low: trace_id as u64,
        span_id,
        root_id: span_id,
        traits: Traits::new(flags, tag, tracer.level).with_rate(rate),
    };
    Some(Begun {
        context,
        parent_id: remote.map_or(0, |context| context.span_id.to_u64()),
        parent_is_remote: remote.is_some(),
    })
}
