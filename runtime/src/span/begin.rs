//! The beginning of a span whose parent is not simply the recording span above it.
//!
//! In: the name, the kind, perhaps a parent from elsewhere. Out: ids and the sampling decisions,
//! taken once for the whole local part of the trace.
//! Never: runs for an ordinary child; that path stays in `frame`.

mod decisions;

use decisions::{decide, is_sampled, lose_undecided, spans, traits, with_sampled};

use super::callsite::Callsite;
use super::current::{self, Current};
use super::handle::SpanRef;
use super::invocation::{self, Facade};
use super::layout::RemoteParent;
use super::parent::Parent;
use super::tracer::{self, Tracer, Watcher};
use super::traits::Traits;
use super::{clock, fork, live, missing, request};
use crate::diagnostics;
use crate::guard::guard;
use crate::propagate::{Sampled, XrayContext};
use crate::record::{
    Destinations, Level, Segment, Source, SpanContext, SpanId, SpanKind, SpanRecord, TraceFlags,
    TraceId,
};
use crate::sample::{Decision, Input, RequestFacts, SegmentDecision};

/// What is known of a span before it begins.
pub(super) struct Asked<'a> {
    pub(super) parent: Parent,
    pub(super) name: &'a str,
    pub(super) kind: SpanKind,
    pub(super) level: Level,
    /// Who wants the span.
    pub(super) takers: Destinations,
    /// Whether it takes a request: it has a segment of its own.
    pub(super) is_request: bool,
    /// Whether it was asked to be a subsegment.
    pub(super) is_subsegment: bool,
    /// What the caller says to X-Ray.
    pub(super) xray: Option<&'a XrayContext>,
    /// Whether the caller leaves the decision about spans to us.
    pub(super) is_deferred: bool,
    /// What rules may ask of the request.
    pub(super) request: RequestFacts<'a>,
    /// Where in the code it comes from.
    pub(super) source: &'static Source,
}

/// A span that has ids and a decision.
pub(super) struct Begun {
    pub(super) context: Current,
    pub(super) takers: Destinations,
    pub(super) parent_id: u64,
    pub(super) parent_segment_id: u64,
    /// The parents in another process.
    pub(super) remote: RemoteParent,
}

impl Asked<'static> {
    /// A span of this callsite under `parent`.
    pub(super) fn of(callsite: &'static Callsite, parent: Parent) -> Self {
        Self {
            parent,
            name: callsite.source.name,
            kind: callsite.kind,
            level: callsite.source.level,
            takers: callsite.destinations,
            is_request: callsite.kind.is_request(),
            is_subsegment: callsite.subsegment.is_some(),
            xray: None,
            is_deferred: false,
            request: RequestFacts::default(),
            source: &callsite.source,
        }
    }
}

impl Asked<'_> {
    /// Begins the span; `None` when nothing is installed, or nobody would take it and there is none
    /// above to stand in its place.
    #[cold]
    pub(super) fn begin(&self) -> Option<Begun> {
        let tag = || current::with(|local| local.tracer.get());
        let begun = match self.parent {
            Parent::Local(span) if span.is_propagation_only() => {
                Some(self.under_propagation_only(span.to_current()))
            }
            Parent::Local(span) if !span.is_none() => Some(self.under_local(span.to_current())),
            Parent::Remote(context) if context.trace_id.is_valid() => {
                self.first(tag(), Some(context))
            }
            Parent::Root | Parent::Local(_) | Parent::Remote(_) => self.first(tag(), None),
        }?;
        if self.is_request && begun.takers.contains(Destinations::SEGMENTS) {
            self.announce(&begun);
        }
        Some(begun)
    }

    /// Shows a request that begins to whoever watches them.
    fn announce(&self, begun: &Begun) {
        let tracer = tracer::find(begun.context.traits.tracer());
        if let Some(Watcher(watch)) = tracer.and_then(|tracer| tracer.watcher.as_ref()) {
            watch(self.running(begun));
        }
    }

    /// The record of the span as it begins.
    fn running(&self, begun: &Begun) -> SpanRecord {
        let parent_id = |id| Some(SpanId::from_u64(id)).filter(|id| id.is_valid());
        let start_unix_ns = clock::unix_ns();
        SpanRecord {
            name: self.name.to_owned().into(),
            parent_span_id: parent_id(begun.parent_id),
            parent_is_remote: begun.remote.has_span(),
            kind: self.kind,
            destinations: begun.takers,
            segment: Some(Box::new(Segment {
                is_root: true,
                parent_id: parent_id(begun.parent_segment_id),
                ..Segment::default()
            })),
            ..SpanRecord::new(begun.context.context(), self.source, start_unix_ns, 0)
        }
    }

    fn under_local(&self, parent: Current) -> Begun {
        let id = current::with(live::next_span_id);
        let mut context = parent;
        let mut segments = SegmentDecision::default();
        let is_admitted = context.traits.admits(self.level);
        // A request below the level is none to the rules: the next one in it asks them.
        if self.is_request && is_admitted && !context.traits.segments_are_decided() {
            (context, segments) = self.with_segments(context);
        }
        let is_recorded = context.traits.is_recorded();
        let takers = self.takers.and(context.traits.destinations());
        let is_passed_on = is_recorded && (takers.is_empty() || !is_admitted);
        let takers = if is_passed_on { Destinations::NONE } else { takers };
        let context = if is_passed_on {
            Current { traits: context.traits.passed_on(), ..context }
        } else if self.is_request {
            keep_rule(context.traits.tracer(), id, &segments);
            request::begin(context.request(id))
        } else {
            context.child(id, takers)
        };
        Begun {
            context,
            takers,
            parent_id: parent.span_id,
            parent_segment_id: parent.segment_id,
            remote: RemoteParent::NONE,
        }
    }

    /// Decides about segments at a request inside a trace that has not come to one yet.
    fn with_segments(&self, parent: Current) -> (Current, SegmentDecision) {
        let Some(tracer) = tracer::find(parent.traits.tracer()) else {
            return (parent, SegmentDecision::default());
        };
        let input = self.input(parent.trace_id().to_u128(), None);
        let has_spans = parent.traits.destinations().contains(Destinations::SPANS);
        let spans = if has_spans { Decision::RECORD } else { Decision::Drop };
        let segments = self.segments(tracer, self.xray, &input, spans);
        let takers = if segments.is_sampled { Destinations::SEGMENTS } else { Destinations::NONE };
        let traits = parent.traits.with_segments_decided().with_destinations(takers);
        // As at the begin of a trace: the flag speaks of spans, unless nobody takes any.
        let is_flagged = segments.is_sampled && !tracer.destinations.contains(Destinations::SPANS);
        let traits = if is_flagged { traits.with_sampled() } else { traits };
        (Current { traits, ..parent }, segments)
    }

    /// Begins the first recorded span below a propagation-only request, as a child of the request's
    /// caller. A span that is not recorded is left out: the request stays current.
    fn under_propagation_only(&self, request: Current) -> Begun {
        let begun = self.first(request.traits.tracer(), Some(request.caller()));
        match begun.filter(|begun| !begun.context.traits.is_propagation_only()) {
            Some(begun) => {
                request::inherit(begun.context, request.root());
                begun
            }
            None => Begun::unrecorded(Current { traits: request.traits.passed_on(), ..request }),
        }
    }

    /// Begins the first span of ours in a trace, which others may have begun.
    fn first(&self, tag: u16, remote: Option<SpanContext>) -> Option<Begun> {
        if Current::get() == Current::DECIDING || diagnostics::suppressed() {
            return None;
        }
        let tracer = tracer::find(tag);
        if tracer.is_none_or(Tracer::is_idle) {
            fork::note_orphan();
        }
        let tracer = tracer?;
        if self.level > tracer.level || tracer.is_idle() {
            return self.propagation_only(tracer, tag, remote);
        }
        let invoked = invocation::context(tracer, remote);
        let remote = remote.or_else(|| invoked.as_ref().map(invocation::trace_alone));
        let xray = self.xray.or_else(|| invoked.as_ref()?.xray.as_ref());
        let facade = self.facade(tracer, xray);
        if self.is_subsegment && !self.is_request && facade.is_none() {
            missing::note(tracer, self.name);
            if self.takers == Destinations::SEGMENTS {
                return None;
            }
        }
        let begun = self.decided_first((tracer, tag), remote, xray, facade);
        if let Some(invoked) = &invoked {
            request::open(SpanRef::from_current(begun.context), invoked);
        }
        Some(begun)
    }

    /// Decides about a trace, at the first span of it in this process.
    fn decided_first(
        &self,
        (tracer, tag): (&Tracer, u16),
        remote: Option<SpanContext>,
        xray: Option<&XrayContext>,
        facade: Option<Facade>,
    ) -> Begun {
        let (trace_id, carried, span_id) = new_ids(remote);
        let input = self.input(trace_id, self.decided(remote));
        let decision = spans(tracer, &input);
        let spans = decision.unwrap_or(Decision::Drop);
        let segments = match facade {
            Some(facade) => facade.decision(),
            None => self.segments(tracer, xray, &input, spans),
        };
        if decision.is_none() && !segments.is_sampled {
            lose_undecided();
        }
        keep_rule(tag, span_id, &segments);
        let is_sampled = is_sampled(tracer, &input, spans, segments.is_sampled);
        let flags = with_sampled(carried, is_sampled);
        let traits = traits(tracer, flags, tag, spans, segments.is_sampled);
        let takers = self.takers.and(traits.destinations());
        let is_segment = self.is_request || takers.contains(Destinations::SEGMENTS);
        let is_decided = self.is_request || facade.is_some();
        let of_facade = facade.map_or(0, |facade| facade.id.to_u64());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
        let context = Current {
            trace_high: (trace_id >> 64) as u64,
            trace_low: trace_id as u64,
            span_id,
            segment_id: if segments.is_sampled && is_segment { span_id } else { of_facade },
            root_id: span_id,
            traits: if is_decided { traits.with_segments_decided() } else { traits },
        };
        Begun::under_remote(context, takers, remote, xray, facade)
    }

    /// The segment that the platform makes for what this span belongs to, unless the span is a segment
    /// itself.
    fn facade(&self, tracer: &Tracer, xray: Option<&XrayContext>) -> Option<Facade> {
        tracer.invocation.filter(|_| !self.is_request)?;
        xray.and_then(Facade::of)
    }

    /// Begins a request that is not recorded, because of its level or without a destination: calls
    /// made in it continue the trace of its caller, or one that begins here. `None` for other spans.
    fn propagation_only(
        &self,
        tracer: &Tracer,
        tag: u16,
        remote: Option<SpanContext>,
    ) -> Option<Begun> {
        let is_request = self.is_request || remote.is_some();
        if !is_request || !tracer.propagates() {
            return None;
        }
        let (trace_id, carried, own_id) = new_ids(remote);
        let input = self.input(trace_id, self.decided(remote));
        let is_sampled = match input.parent {
            Some(caller) => caller.flags.is_sampled(),
            None => decide(tracer, &input).is_some_and(Decision::is_sampled),
        };
        let flags = with_sampled(carried, is_sampled);
        let caller_id = remote.map(|caller| caller.span_id).filter(|id| id.is_valid());
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
        let context = Current {
            trace_high: (trace_id >> 64) as u64,
            trace_low: trace_id as u64,
            span_id: caller_id.map_or(own_id, SpanId::to_u64),
            segment_id: 0,
            root_id: own_id,
            traits: Traits::new(flags, tag, tracer.level).propagation_only(),
        };
        Some(Begun::unrecorded(context))
    }

    /// The caller, if it has decided about sampling.
    fn decided(&self, remote: Option<SpanContext>) -> Option<SpanContext> {
        remote.filter(|caller| caller.is_valid() && !self.is_deferred)
    }

    const fn input(&self, trace_id: u128, parent: Option<SpanContext>) -> Input<'_> {
        let trace_id = TraceId::from_u128(trace_id);
        Input { parent, trace_id, name: self.name, kind: self.kind, request: self.request }
    }

    /// Decides whether the request has a segment: as the caller says, or else as the rules do;
    /// without rules, as was decided about its spans.
    fn segments(
        &self,
        tracer: &Tracer,
        xray: Option<&XrayContext>,
        input: &Input<'_>,
        spans: Decision,
    ) -> SegmentDecision {
        if !self.is_request || !tracer.destinations.contains(Destinations::SEGMENTS) {
            return SegmentDecision::default();
        }
        let without_rule = |is_sampled| SegmentDecision { is_sampled, rule: None };
        let has_spans = tracer.destinations.contains(Destinations::SPANS);
        match (xray.map(|xray| xray.sampled), &tracer.segments) {
            (Some(Sampled::No), _) => SegmentDecision::default(),
            (Some(Sampled::Yes), _) => without_rule(true),
            (_, None) => without_rule(spans.is_sampled() || !has_spans),
            (_, Some(rules)) => {
                let _deciding = Current::DECIDING.attach();
                let decide = || rules.decide(input, clock::since_epoch());
                guard("sampling rules of segments", decide).unwrap_or_default()
            }
        }
    }
}

impl Begun {
    /// A span whose parents, if it has any, are in other processes.
    fn under_remote(
        context: Current,
        takers: Destinations,
        remote: Option<SpanContext>,
        xray: Option<&XrayContext>,
        facade: Option<Facade>,
    ) -> Self {
        let caller_id = remote.map(|caller| caller.span_id).filter(|id| id.is_valid());
        let segment_id = xray.and_then(|xray| xray.parent_id).or(caller_id);
        Self {
            context,
            takers,
            parent_id: caller_id.map_or(0, SpanId::to_u64),
            parent_segment_id: segment_id.map_or(0, SpanId::to_u64),
            remote: RemoteParent::SPAN
                .when(caller_id.is_some())
                .with(RemoteParent::SEGMENT.when(facade.is_some())),
        }
    }

    /// A span that no destination takes.
    const fn unrecorded(context: Current) -> Self {
        Self {
            context,
            takers: Destinations::NONE,
            parent_id: 0,
            parent_segment_id: 0,
            remote: RemoteParent::NONE,
        }
    }
}

/// The trace id and flags of `remote`, or of a new trace, and a new span id.
fn new_ids(remote: Option<SpanContext>) -> (u128, TraceFlags, u64) {
    current::with(|local| {
        let mut ids = local.ids.get();
        let (trace_id, flags) = match remote {
            Some(context) => (context.trace_id.to_u128(), context.flags),
            None => (ids.trace_id(), TraceFlags::RANDOM),
        };
        let span_id = ids.span_id();
        local.ids.set(ids);
        (trace_id, flags, span_id)
    })
}

/// Keeps the rule for the record of the request.
fn keep_rule(tag: u16, root_id: u64, decision: &SegmentDecision) {
    if let SegmentDecision { is_sampled: true, rule: Some(rule) } = decision {
        request::set_sampling_rule((tag, root_id), rule);
    }
}
