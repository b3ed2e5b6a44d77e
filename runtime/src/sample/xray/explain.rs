//! Why a request is sampled as it is.
//!
//! In: the rules at work and a request. Out: every rule in order, why it is for the request or not,
//! and which one decides.
//! Never: counts; a question changes nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::live::Live;
use super::rule::{Condition, Facts};
use super::{Exclusion, Shared};
use crate::sample::RequestFacts;

/// Where rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the control plane.
    Central {
        /// How long ago they were fetched.
        age: Duration,
    },
    /// From the file or the code of this process.
    Local,
    /// There are none: one request a second and 5 % of the rest.
    BuiltIn,
}

/// How the rules see one request. As text it is a line for each rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What leaves the request out, if anything does; no rule decides then.
    pub excluded_by: Option<Exclusion>,
    /// Where the rules come from.
    pub source: Source,
    /// Whether rules of the control plane are wanted; then another source means that there are none
    /// or that they are too old.
    pub is_central: bool,
    /// Every rule, in the order in which they are asked.
    pub rules: Vec<Considered>,
}

/// How one rule sees the request.
#[derive(Clone, Debug, PartialEq)]
pub struct Considered {
    /// The name; none for the rule that is built in.
    pub name: Option<Arc<str>>,
    /// What does not hold; the rule is for the request when this is empty.
    pub mismatches: Vec<Mismatch>,
    /// Whether it is the first that is for the request, so that it decides.
    pub decides: bool,
    /// How many requests a second it records before the share counts; the quota where the control
    /// plane gave one that still holds.
    pub reservoir: u32,
    /// The share of the rest that it records, from 0 to 1, as the control plane has set it.
    pub fixed_rate: f64,
}

/// A condition of a rule that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The field of the rule, or the key of an attribute.
    pub field: String,
    /// What the rule wants.
    pub pattern: String,
    /// What the request has; none when that is not known.
    pub found: Option<String>,
}

impl Explanation {
    pub(super) fn new(shared: &Shared, request: &RequestFacts<'_>, now: Duration) -> Self {
        let facts = Facts::new(request);
        let central = shared.central.load();
        let central = central.as_deref().filter(|set| set.is_fresh(now));
        let (source, rules) = match (central, &shared.local) {
            (Some(set), _) => {
                let age = now.saturating_sub(set.fetched_at);
                (Source::Central { age }, &set.rules[..])
            }
            (None, Some(set)) => (Source::Local, &set.rules[..]),
            (None, None) => (Source::BuiltIn, &[][..]),
        };
        let excluded_by = shared.exclusions.iter().find(|exclusion| exclusion.is_for(&facts));
        let mut is_decided = excluded_by.is_some();
        let consider = |live: &Live| {
            let mismatches = live.mismatches(&shared.service, &facts, shared.matching);
            let decides = mismatches.is_empty() && !is_decided;
            is_decided |= decides;
            let quota = live.reservoir.quota();
            let quota = quota.filter(|(_, until)| u64::from(*until) >= now.as_secs());
            Considered {
                name: live.rule.name.clone(),
                mismatches: mismatches.iter().map(Mismatch::new).collect(),
                decides,
                reservoir: quota.map_or(live.rule.reservoir_size, |(quota, _)| quota),
                fixed_rate: live.reservoir.rate(super::second_of(now)),
            }
        };
        let rules = rules.iter().chain([&shared.built_in]).map(consider).collect();
        Self { excluded_by: excluded_by.cloned(), source, is_central: shared.is_central, rules }
    }

    /// The rule that decides; none when the request is excluded.
    pub fn deciding(&self) -> Option<&Considered> {
        self.rules.iter().find(|rule| rule.decides)
    }
}

impl Mismatch {
    fn new(condition: &Condition<'_>) -> Self {
        Self {
            field: condition.field.to_owned(),
            pattern: condition.pattern.as_str().to_owned(),
            found: condition.value.map(|text| text.as_str.to_owned()),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.is_central) {
            (Source::Central { age }, _) => {
                writeln!(f, "rules of the control plane, fetched {} s ago", age.as_secs())?;
            }
            (source, is_central) => {
                let what = if *source == Source::Local { "local rules" } else { "no rules" };
                let why =
                    if is_central { ", the control plane has given none of late" } else { "" };
                writeln!(f, "{what}{why}")?;
            }
        }
        if let Some(exclusion) = &self.excluded_by {
            writeln!(f, "excluded by {exclusion}: not sampled, whatever the rules say")?;
        }
        self.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

impl fmt::Display for Considered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}: ")?,
            None => f.write_str("(built in): ")?,
        }
        if self.mismatches.is_empty() {
            let percent = (self.fixed_rate * 1e6).round() / 1e4;
            let verb = if self.decides { "decides" } else { "would match" };
            return write!(f, "{verb}: {} a second, then {percent} %", self.reservoir);
        }
        for (at, mismatch) in self.mismatches.iter().enumerate() {
            let separator = if at == 0 { "no, " } else { "; " };
            write!(f, "{separator}{mismatch}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, pattern, found } = self;
        match found {
            Some(found) => write!(f, "{field} is {found:?}, not {pattern:?}"),
            None => write!(f, "{field} is not known, the rule wants {pattern:?}"),
        }
    }
}
