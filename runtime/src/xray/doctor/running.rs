//! How a running destination has fared so far.
//!
//! In: what it shares with those who look: its sampler, its notes, its counters. Out: findings.
//! Never: asks the daemon anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use super::finding::{Diagnosis, Finding};
use crate::loss::{Ledger, LossReason};
use crate::notes::Notes;
use crate::sample::RequestFacts;
use crate::sample::xray::{Sampler, Source, Status};
use crate::span;

/// How many examples of a kind are shown.
const MAX_EXAMPLES: usize = 3;

/// What a running destination lets others see.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    /// `None` where the sampler of spans decides.
    pub(crate) sampler: Option<Sampler>,
    /// What was changed or refused.
    pub(crate) notes: Notes,
    /// The counters, in traces.
    pub(crate) ledger: Arc<Ledger>,
}

impl Running {
    /// How often each kind of thing was changed or refused.
    pub(crate) fn changes(&self) -> BTreeMap<&'static str, u64> {
        self.notes.counts()
    }

    /// How it has fared until `now`, the time since the Unix epoch.
    pub(crate) fn diagnose(&self, now: Duration) -> Diagnosis {
        let mut findings = vec![match &self.sampler {
            Some(sampler) => sampling(sampler, now),
            None => Finding::ok("sampling", "the sampler of spans decides"),
        }];
        findings.push(delivery(&self.ledger));
        findings.push(notes(&self.notes));
        findings.push(missing(span::missing_segments()));
        Diagnosis { settings: Vec::new(), findings }
    }
}

fn sampling(sampler: &Sampler, now: Duration) -> Finding {
    const WHAT: &str = "sampling";
    let explanation = sampler.explain(&RequestFacts::default(), now);
    let Status { rules, fetched_at, reported_at, failures, last_failure, .. } = sampler.status();
    let ago = |at: Duration| now.saturating_sub(at).as_secs();
    if !explanation.is_central {
        return Finding::ok(WHAT, "by local rules; the account is not asked");
    }
    let mut detail = match fetched_at {
        Some(at) => format!("{rules} rules of the account, fetched {} s ago", ago(at)),
        None => "no rules of the account so far".to_owned(),
    };
    if let Some(at) = reported_at {
        let _ = write!(detail, ", counts reported {} s ago", ago(at));
    }
    if let Some((at, error)) = &last_failure {
        let _ = write!(detail, "\n{failures} failures, the last {} s ago: {error}", ago(*at));
    }
    let has_failed_since = last_failure.is_some_and(|(at, _)| fetched_at.is_none_or(|it| at >= it));
    let is_in_force = matches!(explanation.source, Source::Central { .. });
    let advice = "Until the account answers, local rules decide, or one request a second and 5 %. A doctor that is \
                  run beside the service asks the daemon why.";
    match (is_in_force, has_failed_since) {
        (true, false) => Finding::ok(WHAT, detail),
        (false, true) => Finding::problem(WHAT, detail, advice),
        // It worked once, or nobody has been asked yet.
        (true, true) | (false, false) => Finding::warning(WHAT, detail, advice),
    }
}

fn delivery(ledger: &Ledger) -> Finding {
    const WHAT: &str = "delivery";
    let tally = ledger.tally();
    let mut detail = format!(
        "traces accepted {}, delivered {}, sent {}, pending {}, rejected {}, lost {}",
        tally.accepted,
        tally.delivered,
        tally.sent,
        tally.pending(),
        tally.rejected,
        tally.lost()
    );
    for reason in LossReason::ALL {
        let count = tally.lost_to(reason);
        if count > 0 {
            let _ = write!(detail, "\nlost to {reason}: {count}");
        }
    }
    if tally.lost() + tally.rejected > 0 {
        let advice = "Is the daemon up, and fast enough? With SPANWRIGHT_XRAY_TRANSPORT=tcp-acked the service \
                      acknowledges each document.";
        return Finding::problem(WHAT, detail, advice);
    }
    if tally.sent > 0 {
        detail.push_str("\nsent is what went as datagrams, which nothing acknowledges");
    }
    Finding::ok(WHAT, detail)
}

fn notes(notes: &Notes) -> Finding {
    const WHAT: &str = "changes";
    let all = notes.all();
    if all.is_empty() {
        return Finding::ok(WHAT, "every document was sent as it was meant");
    }
    let mut detail = String::new();
    for (name, kind) in &all {
        let separator = if detail.is_empty() { "" } else { "\n" };
        let _ = write!(detail, "{separator}{name}: {}", kind.count);
        for example in kind.examples.iter().rev().take(MAX_EXAMPLES) {
            let _ = write!(detail, "\n  {:?} became {:?}", example.was, example.became);
        }
    }
    let advice = "X-Ray would have refused these. Change the names and values in the code, or take it as it is.";
    Finding::warning(WHAT, detail, advice)
}

fn missing(count: u64) -> Finding {
    const WHAT: &str = "orphans";
    if count == 0 {
        return Finding::ok(WHAT, "every subsegment had a segment above it");
    }
    let detail = format!("{count} subsegments had no segment above them, and were not sent");
    let advice = "Begin one where the work begins: the middleware, a span of kind server or consumer, or \
                  `Span::build(..).segment()`.";
    Finding::warning(WHAT, detail, advice)
}
