//! Rules at work: each with its reservoir, in the order in which they are asked.
//!
//! In: rules, and the set they replace. Out: the rule for a request.
//! Never: forgets counts or a quota because the same rule was fetched again.

use std::sync::Arc;
use std::time::Duration;

use super::reservoir::{Counters, Reservoir};
use super::rule::{Condition, Facts, Matching, Rule, Service};
use super::rules::Rules;

/// A rule and its state.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) rule: Rule,
    pub(super) reservoir: Arc<Reservoir>,
    /// What the rule asks about this process holds; known beforehand.
    is_for_service: bool,
    /// The rule is for every request.
    is_default: bool,
}

/// Rules that replace each other as a whole.
#[derive(Debug)]
pub(super) struct RuleSet {
    pub(super) rules: Vec<Live>,
    /// When they were fetched, since the Unix epoch; zero for those of a file.
    pub(super) fetched_at: Duration,
}

impl Live {
    pub(super) fn new(rule: Rule, service: &Service, matching: Matching) -> Self {
        let reservoir = Reservoir::new(rule.fixed_rate, Arc::default());
        Self::with(rule, Arc::new(reservoir), service, matching)
    }

    fn with(rule: Rule, reservoir: Arc<Reservoir>, service: &Service, matching: Matching) -> Self {
        let conditions = rule.service_conditions(service);
        let is_for_service = conditions.iter().all(|condition| condition.holds(matching));
        let is_default = rule.is_default();
        Self { is_for_service: is_default || is_for_service, is_default, rule, reservoir }
    }

    #[inline]
    fn is_for(&self, facts: &Facts<'_>, matching: Matching) -> bool {
        self.is_for_service && (self.is_default || self.rule.is_for(facts, matching))
    }

    /// Every condition of the rule that does not hold.
    pub(super) fn mismatches<'a>(
        &'a self,
        service: &'a Service,
        facts: &Facts<'a>,
        matching: Matching,
    ) -> Vec<Condition<'a>> {
        if self.is_default {
            return Vec::new();
        }
        let of_service = self.rule.service_conditions(service).into_iter();
        let of_request = self.rule.request_conditions(facts);
        let all = of_service.chain(of_request).chain(self.rule.attribute_conditions(facts));
        all.filter(|condition| !condition.holds(matching)).collect()
    }
}

impl RuleSet {
    /// Rules that nobody shares.
    pub(super) fn of_file(rules: Rules, service: &Service, matching: Matching) -> Self {
        let rules = rules.into_vec().into_iter();
        let rules = rules.map(|rule| Live::new(rule, service, matching)).collect();
        Self { rules, fetched_at: Duration::ZERO }
    }

    /// Fetched rules in the place of others. The same rule keeps its quota; a changed one of the
    /// same name keeps the counts that have not been reported.
    pub(super) fn replacing(
        old: Option<&Self>,
        rules: Rules,
        fetched_at: Duration,
        service: &Service,
        matching: Matching,
    ) -> Self {
        let live = |rule: Rule| {
            let old = old.and_then(|old| old.by_name(rule.name()?));
            let reservoir = match old {
                Some(old) if old.rule == rule => Arc::clone(&old.reservoir),
                Some(old) => {
                    let counters = Arc::clone(old.reservoir.counters());
                    Arc::new(Reservoir::new(rule.fixed_rate, counters))
                }
                None => Arc::new(Reservoir::new(rule.fixed_rate, Arc::<Counters>::default())),
            };
            Live::with(rule, reservoir, service, matching)
        };
        Self { rules: rules.into_vec().into_iter().map(live).collect(), fetched_at }
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&Live> {
        self.rules.iter().find(|live| live.rule.name() == Some(name))
    }

    /// The first rule that is for a request.
    #[inline]
    pub(super) fn find(&self, facts: &Facts<'_>, matching: Matching) -> Option<&Live> {
        self.rules.iter().find(|live| live.is_for(facts, matching))
    }
}
