//! One decision by the rules for the spans and for the segments of a request.

use std::cell::Cell;
use std::time::Duration;

use super::{Decision, Sampler};
use crate::record::TraceId;
use crate::sample::{self, Decide, DecideSegments, Input, SegmentDecision};

thread_local! {
    /// Decision about the spans of a request that begins, until the one about its segments is asked for.
    static DECIDED: Cell<Option<(TraceId, Decision)>> = const { Cell::new(None) };
}

/// Decides about spans by the rules, and about segments as about the spans of the same trace: a request counts
/// once, and takes from a reservoir once.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    sampler: Sampler,
    /// Time since the Unix epoch.
    clock: fn() -> Duration,
}

impl Shared {
    pub(crate) const fn new(sampler: Sampler, clock: fn() -> Duration) -> Self {
        Self { sampler, clock }
    }
}

impl Decide for Shared {
    fn decide(&self, input: &Input<'_>) -> sample::Decision {
        let decision = self.sampler.decide(input, (self.clock)());
        let is_sampled = decision.is_sampled;
        DECIDED.set(Some((input.trace_id, decision)));
        if is_sampled { sample::Decision::RECORD } else { sample::Decision::Drop }
    }
}

impl DecideSegments for Shared {
    fn decide(&self, input: &Input<'_>, now: Duration) -> SegmentDecision {
        let decided = DECIDED.take().filter(|(trace_id, _)| *trace_id == input.trace_id);
        let decision = decided.map(|(_, decision)| decision);
        let Decision { is_sampled, rule } =
            decision.unwrap_or_else(|| self.sampler.decide(input, now));
        SegmentDecision { is_sampled, rule }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SpanKind;
    use crate::sample::RequestFacts;
    use crate::sample::xray::{Rules, Settings};

    #[test]
    fn a_request_takes_from_the_reservoir_once() {
        let rules = r#"{"version": 2, "default": {"fixed_target": 2, "rate": 0}, "rules": []}"#;
        let rules = Some(Rules::from_json(rules).expect("rules"));
        let sampler = Sampler::new(Settings { rules, ..Settings::default() });
        let now = || Duration::from_hours(500_000);
        let shared = Shared::new(sampler, now);
        let input = |id| Input {
            parent: None,
            trace_id: TraceId::from_u128(id),
            name: "GET",
            kind: SpanKind::Server,
            request: RequestFacts::default(),
        };
        for (id, is_sampled) in [(1, true), (2, true), (3, false)] {
            let input = input(id);
            let spans = Decide::decide(&shared, &input);
            let segments = DecideSegments::decide(&shared, &input, now());
            assert_eq!((spans.is_sampled(), segments.is_sampled), (is_sampled, is_sampled), "{id}");
            assert!(segments.rule.is_some(), "{id}");
        }
    }
}
