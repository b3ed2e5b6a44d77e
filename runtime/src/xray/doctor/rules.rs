//! The rules: whether the account tells them, whether they can be for this service, and which one
//! decides about a request.
//!
//! In: the sampler, a client to the daemon. Out: findings.
//! Never: reports counts; the sampler here is not the one that samples.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::finding::Finding;
use super::probe::of_refusal;
use super::{Request, network};
use crate::export::Refusal;
use crate::pipeline::transport::http::{self, Fetched};
use crate::propagate::{Context, Propagator, Sampled, Xray};
use crate::sample::RequestFacts;
use crate::sample::xray::{Answer, CentralError, Considered, Sampler, Source};
use crate::span;
use crate::xray::question;
use crate::xray::read::{RULES, SAMPLING, TRACING_NAME};

const WHAT: &str = "rules";

/// The rule that every account has.
const DEFAULT: &str = "Default";

/// What came of asking for rules.
pub(super) struct Asked {
    pub(super) finding: Finding,
    /// What time it was for whoever answered.
    pub(super) date: Option<SystemTime>,
}

/// Asks the account for its rules, all pages of them.
pub(super) async fn fetch(sampler: &Sampler, client: &http::Client, url: &str) -> Asked {
    const SAMPLING_CALL: &str = "sampling";
    let now = span::since_epoch();
    let (mut date, mut finding) = (None, None);
    let mut central = sampler.central(0);
    // Always at the same moment, so that nothing but the rules is due.
    while let Some(request) = central.as_mut().and_then(|central| central.poll(now)) {
        let fetched = client.fetch(question(url, request)).await;
        date = date.or_else(|| network::date(fetched.as_ref().ok()?));
        let reply = fetched.map(Fetched::into_reply).map_err(|error| error.to_string());
        let refusal = reply.as_ref().ok().filter(|reply| !reply.is_success()).map(Refusal::of);
        let reason = refusal.as_ref().map(ToString::to_string).unwrap_or_default();
        let answer = match (&reply, &refusal) {
            (Err(reason), _) => Answer::Failed { reason },
            (Ok(reply), Some(_)) => Answer::Refused { status: reply.status, reason: &reason },
            (Ok(reply), None) => Answer::Replied { status: reply.status, body: &reply.body },
        };
        let told = central.as_mut().map_or(Ok(()), |central| central.answered(answer, now));
        if let Err(error) = told {
            finding = Some(refused(SAMPLING_CALL, &error, refusal));
        }
    }
    let told = || {
        let rules = sampler.status().rules;
        Finding::ok(SAMPLING_CALL, format!("the account answers, with {rules} rules"))
    };
    Asked { finding: finding.unwrap_or_else(told), date }
}

fn refused(what: &'static str, error: &CentralError, refusal: Option<Refusal>) -> Finding {
    let local = format!("Or set {SAMPLING}=local, with a file in {RULES}.");
    match (error, refusal) {
        (CentralError::Status { status: 404, .. }, _) => Finding::problem(
            what,
            format!("{error}: whoever listens there knows no sampling"),
            format!(
                "Is it the X-Ray daemon, version 3 or newer? Some doubles of it have no sampling. {local}"
            ),
        ),
        (CentralError::Status { .. }, Some(refusal)) => {
            Finding::problem(what, error.to_string(), of_refusal(&refusal))
        }
        (CentralError::Rule(_), _) => {
            let advice =
                "The others are in use. Change that rule, or use a newer release of this library.";
            Finding::warning(what, error.to_string(), advice)
        }
        (CentralError::Garbage { .. }, _) => Finding::problem(
            what,
            error.to_string(),
            format!("Whoever listens there is not the X-Ray daemon. {local}"),
        ),
        _ => Finding::problem(
            what,
            error.to_string(),
            format!("Can the daemon reach AWS? Its own log says more. {local}"),
        ),
    }
}

/// Whether any rule can be for this service, whatever is requested.
pub(super) fn for_service(sampler: &Sampler, service: &str) -> Finding {
    let explanation = sampler.explain(&RequestFacts::default(), span::since_epoch());
    let rules: Vec<_> = explanation.rules.iter().filter(|rule| rule.name.is_some()).collect();
    let (possible, impossible): (Vec<&Considered>, Vec<&Considered>) =
        rules.into_iter().partition(|rule| of_service(rule).next().is_none());
    let is_alone = possible.iter().all(|rule| rule.name.as_deref() == Some(DEFAULT));
    let origin = match explanation.source {
        Source::Central { .. } => "of the account",
        Source::Local => "local rules",
        Source::BuiltIn => "there are none: one request a second, then 5 %",
    };
    let mut detail = format!("for service {service:?}, {origin}");
    if !possible.is_empty() {
        let names: Vec<_> = possible.iter().filter_map(|rule| rule.name.as_deref()).collect();
        let _ = write!(detail, ": {}", names.join(", "));
    }
    for rule in &impossible {
        let name = rule.name.as_deref().unwrap_or_default();
        let why: Vec<_> = of_service(rule).map(ToString::to_string).collect();
        let _ = write!(detail, "\n{name} is never for it: {}", why.join("; "));
    }
    if is_alone && !impossible.is_empty() {
        return Finding::warning(WHAT, detail, advice_for(&impossible, service));
    }
    Finding::ok(WHAT, detail)
}

/// What makes a rule possible for this service.
fn advice_for(impossible: &[&Considered], service: &str) -> String {
    let mut mismatches = impossible.iter().flat_map(|rule| of_service(rule));
    if mismatches.any(|mismatch| mismatch.field == "ServiceName") {
        return format!(
            "No rule of yours can be for this service. Set {TRACING_NAME} to the name in the rule, or \
             let the rule ask for `{service}` or `*`."
        );
    }
    "No rule of yours can be for this service. Let the rule ask for `*`, or say where the service runs: \
     `OTEL_RESOURCE_ATTRIBUTES=cloud.provider=aws,cloud.platform=aws_ecs` for a container of ECS."
        .to_owned()
}

/// What a rule asks of the process, and does not find.
fn of_service(rule: &Considered) -> impl Iterator<Item = &crate::sample::xray::Mismatch> {
    let is_of_service =
        |field: &str| matches!(field, "ServiceName" | "ServiceType" | "ResourceARN");
    rule.mismatches.iter().filter(move |mismatch| is_of_service(&mismatch.field))
}

/// Which rule decides about a request, or who else.
pub(super) fn decision(sampler: Option<&Sampler>, request: &Request<'_>, now: Duration) -> Finding {
    const WHAT: &str = "decision";
    let mut context = Context::default();
    if let Some(header) = request.trace_header {
        Xray.extract(&[("x-amzn-trace-id", header)].as_slice(), &mut context);
    }
    match context.xray.map(|xray| xray.sampled) {
        Some(Sampled::Yes) => {
            return Finding::ok(WHAT, "the caller decided: sampled; no rule is asked");
        }
        Some(Sampled::No) => {
            return Finding::ok(WHAT, "the caller decided: not sampled; no rule is asked");
        }
        Some(Sampled::Asked | Sampled::Unsaid) | None => {}
    }
    match sampler {
        Some(sampler) => Finding::ok(WHAT, sampler.explain(&request.facts, now).to_string()),
        None => Finding::ok(WHAT, "as the sampler of spans decides (OTEL_TRACES_SAMPLER)"),
    }
}
