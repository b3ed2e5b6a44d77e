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

/// What to do while rules of the account are in force, and the account does not answer any more.
const OF_RULES_IN_FORCE: &str = "The rules that were fetched decide until they are an hour old, quotas until they end. \
                                 A doctor that is run beside the service asks the daemon why.";

/// What to do while local rules stand in for those of the account.
const OF_LOCAL_RULES: &str = "Until the account answers, local rules decide. A doctor that is run beside the service \
                              asks the daemon why.";

/// What to do while there are no rules at all.
const OF_NO_RULES: &str = "Until the account answers, one request a second and 5 % of the rest have segments. A \
                           doctor that is run beside the service asks the daemon why.";

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
    let worked_at = fetched_at.max(reported_at);
    let has_failed_since = last_failure.is_some_and(|(at, _)| worked_at.is_none_or(|it| at >= it));
    match (&explanation.source, has_failed_since) {
        (Source::Central { .. }, false) => Finding::ok(WHAT, detail),
        (Source::Central { .. }, true) => Finding::warning(WHAT, detail, OF_RULES_IN_FORCE),
        (Source::Local, true) => Finding::problem(WHAT, detail, OF_LOCAL_RULES),
        (Source::BuiltIn, true) => Finding::problem(WHAT, detail, OF_NO_RULES),
        // The account has not been asked yet, or its rules have grown old.
        (Source::Local, false) => Finding::warning(WHAT, detail, OF_LOCAL_RULES),
        (Source::BuiltIn, false) => Finding::warning(WHAT, detail, OF_NO_RULES),
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
                  `Span::build(..).segment()`. In AWS Lambda: within an invocation that is traced.";
    Finding::warning(WHAT, detail, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{SpanKind, TraceId};
    use crate::sample::Input;
    use crate::sample::xray::{Answer, Settings};
    use crate::xray::Verdict;

    const RULES: &str = r#"{"SamplingRuleRecords":[{"SamplingRule":{"RuleName":"all",
        "ResourceARN":"*","Priority":1,"FixedRate":1.0,"ReservoirSize":0,"ServiceName":"*",
        "ServiceType":"*","Host":"*","HTTPMethod":"*","URLPath":"*","Version":1}}]}"#;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_000_000 + seconds)
    }

    fn decide(sampler: &Sampler, now: Duration) {
        let input = Input {
            parent: None,
            trace_id: TraceId::from_u128(1),
            name: "GET",
            kind: SpanKind::Server,
            request: RequestFacts::default(),
        };
        assert_eq!(sampler.decide(&input, now).rule.as_deref(), Some("all"));
    }

    #[test]
    fn advice_names_the_rules_that_decide() {
        let sampler = Sampler::new(Settings { is_central: true, ..Settings::default() });
        let mut central = sampler.central(1).expect("rules of the account are asked for");
        let found = |now| {
            let finding = sampling(&sampler, now);
            (finding.verdict, finding.advice.unwrap_or_default())
        };
        assert_eq!(found(at(0)), (Verdict::Warning, OF_NO_RULES.to_owned()));
        assert!(central.poll(at(0)).is_some());
        assert!(central.answered(Answer::Failed { reason: "refused" }, at(0)).is_err());
        assert_eq!(found(at(1)), (Verdict::Problem, OF_NO_RULES.to_owned()));

        assert!(central.poll(at(30)).is_some());
        let rules = Answer::Replied { status: 200, body: RULES.as_bytes() };
        assert_eq!(central.answered(rules, at(30)), Ok(()));
        assert_eq!(found(at(31)).0, Verdict::Ok);

        decide(&sampler, at(31));
        assert!(central.poll(at(50)).is_some(), "counts are reported");
        let refused = Answer::Refused { status: 403, reason: "no such key" };
        assert!(central.answered(refused, at(50)).is_err());
        assert_eq!(found(at(51)), (Verdict::Warning, OF_RULES_IN_FORCE.to_owned()));
        assert!(sampling(&sampler, at(51)).detail.ends_with("expected 200: no such key"));

        decide(&sampler, at(61));
        assert!(central.poll(at(70)).is_some());
        let taken = br#"{"SamplingTargetDocuments":[]}"#;
        let taken = Answer::Replied { status: 200, body: taken };
        assert_eq!(central.answered(taken, at(70)), Ok(()));
        assert_eq!(found(at(71)).0, Verdict::Ok, "it works again");
    }
}
