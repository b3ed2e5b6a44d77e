//! The destination that takes segments, and the rules that it samples by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::outlets::Parts;
use crate::config::Config;
use crate::export::{Exporter, Reply, xray as export};
use crate::guard::guard;
use crate::pipeline::transport::{TransportError, daemon, http, udp};
use crate::pipeline::{Gatherer, Handle, Motor, Poller, Step};
use crate::record::{LocalTrace, Resource};
use crate::sample::Sampler;
use crate::sample::xray::{self as rules, Answer, Central, SharedDecision};
use crate::span;
use crate::span::tracer::Watcher;
use crate::xray::{Address, Running, Sampling, Settings, SpanRules, lambda, question};

/// What gathers segments.
pub(super) type Xray = Gatherer<Handle<LocalTrace>>;

/// How long the daemon may take for an answer: it asks the service itself.
///
/// Source: <https://github.com/aws/aws-xray-daemon/blob/master/pkg/conn/conn.go>.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long the sampler's poller may rest: a clock that was set in the meantime is seen then.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Starts the destination, if it is configured, and the sampler of spans by its rules, where that is chosen.
pub(super) fn start(config: &mut Config, motor: &Motor, parts: &mut Parts) -> Option<Arc<Xray>> {
    let settings = config.xray.take();
    let is_destination = settings.is_some();
    if !is_destination && config.sampler.xray().is_none() {
        return None;
    }
    let settings = settings.unwrap_or_else(|| Settings::new(Address::default()));
    let client = || http::Client::new(&http::Settings::new(TIMEOUT));
    let clients = client().and_then(|documents| Ok((documents, client()?)));
    let (documents, questions) = match clients {
        Ok(clients) => clients,
        Err(error) => {
            parts.fail(<export::Exporter as Exporter>::NAME, error);
            return None;
        }
    };
    if !is_destination {
        if let Some(rules) = config.sampler.xray() {
            sample_spans(settings, rules, &config.resource, (motor, questions), parts);
        }
        return None;
    }
    Some(start_destination(config, settings, documents, (motor, questions), parts))
}

fn start_destination(
    config: &Config,
    settings: Settings,
    http: http::Client,
    (motor, questions): (&Motor, http::Client),
    parts: &mut Parts,
) -> Arc<Xray> {
    let client = daemon::Client {
        udp: udp::Client::new(udp::Settings {
            pace: settings.pace,
            ..udp::Settings::new(settings.daemon.udp.clone())
        }),
        http,
    };
    let exporter = export::Exporter::new(&settings.dialect(&config.resource));
    let max_in_flight = settings.max_in_flight();
    let mut pipeline = crate::pipeline::Settings { max_in_flight, ..config.pipeline.clone() };
    let is_lambda = settings.is_lambda == Some(true);
    if is_lambda {
        // Lambda may freeze the process as soon as it has answered.
        pipeline.max_batch_age = Duration::ZERO;
        parts.invocation = Some(lambda::invocation);
    }
    let handle = motor.add(exporter, client, &pipeline);
    let ledger = Arc::clone(handle.ledger());
    let gatherer = Arc::new(Gatherer::new(handle, settings.gather, export::weigh));
    if is_lambda {
        // The root that spans would wait for is Lambda's.
        gatherer.close();
    }
    motor.spawn(Arc::clone(&gatherer).run());
    parts.processors.all.push(Arc::clone(&gatherer) as _);
    if settings.gather.heartbeat.is_some() {
        let watching = Arc::clone(&gatherer);
        let redaction = Arc::clone(&parts.redaction);
        parts.watcher = Some(Watcher(Arc::new(move |mut running| {
            // On the application's thread: it has a name and no attributes yet.
            if guard("redaction", || redaction.redact_span(&mut running)).is_some() {
                watching.begun(running);
            }
        })));
    }
    parts.context_missing = settings.context_missing;
    let (sampler, notes) = (settings.sampler(&config.resource), settings.notes.clone());
    decide(sampler.as_ref(), config, settings, (motor, questions), parts);
    parts.xray = Some(Running { sampler, notes, ledger });
    gatherer
}

/// Has requests and spans sampled by the rules that the settings name.
fn decide(
    sampler: Option<&rules::Sampler>,
    config: &Config,
    settings: Settings,
    poller: (&Motor, http::Client),
    parts: &mut Parts,
) {
    match (sampler, config.sampler.xray()) {
        (None, None) => {}
        (None, Some(rules)) => {
            sample_spans(settings, rules, &config.resource, poller, parts);
        }
        (Some(sampler), None) => {
            keep_up_to_date(sampler, &settings, poller);
            parts.segments = Some(Arc::new(sampler.clone()));
        }
        (Some(sampler), Some(_)) => {
            keep_up_to_date(sampler, &settings, poller);
            let shared = SharedDecision::new(sampler.clone(), span::since_epoch);
            parts.segments = Some(Arc::new(shared.clone()));
            parts.sampler = Some(by_rules(shared));
        }
    }
}

/// Lets the rules of the account decide about spans, where no segments are sampled by them.
fn sample_spans(
    mut settings: Settings,
    rules: &SpanRules,
    resource: &Resource,
    poller: (&Motor, http::Client),
    parts: &mut Parts,
) {
    settings.sampling = Sampling::Central(None);
    if let Some(address) = &rules.address {
        settings.daemon.tcp = address.clone();
    }
    if let Some(sampler) = settings.sampler(resource) {
        keep_up_to_date(&sampler, &settings, poller);
        parts.sampler = Some(by_rules(SharedDecision::new(sampler, span::since_epoch)));
    }
}

/// A caller's decision counts more than the rules.
fn by_rules(shared: SharedDecision) -> Sampler {
    Sampler::Custom(Arc::new(shared)).parent_based()
}

/// Lets the rules be fetched through the daemon if they are those of the account.
fn keep_up_to_date(
    sampler: &rules::Sampler,
    settings: &Settings,
    (motor, client): (&Motor, http::Client),
) {
    if let Some(central) = sampler.central(seed()) {
        let address = settings.daemon.tcp.to_string();
        motor.poll(Polling::new(central, &address, span::since_epoch), client);
    }
}

/// A random number.
fn seed() -> u128 {
    u128::from(span::entropy()) << 64 | u128::from(span::entropy())
}

/// Asks the daemon for rules and quotas when they are due.
struct Polling {
    central: Central,
    url: String,
    /// The time since the Unix epoch, as whoever decides reads it too: were it another, rules just
    /// fetched would be old to them once a clock was set or a machine had slept.
    clock: fn() -> Duration,
}

impl Polling {
    fn new(central: Central, address: &str, clock: fn() -> Duration) -> Self {
        Self { central, url: format!("http://{address}"), clock }
    }
}

impl Poller for Polling {
    const NAME: &'static str = "xray sampling";

    fn next(&mut self, now: Instant) -> Step {
        let time = (self.clock)();
        if let Some(request) = self.central.poll(time) {
            return Step::Ask(question(&self.url, request));
        }
        match self.central.next_at() {
            Some(at) => Step::WaitUntil(now + at.saturating_sub(time).min(LONGEST_WAIT)),
            None => Step::Stop,
        }
    }

    fn answered(
        &mut self,
        answer: Result<Reply, TransportError>,
        _now: Instant,
    ) -> Result<(), String> {
        let now = (self.clock)();
        let told = match &answer {
            Ok(reply) if !reply.is_success() => {
                let (status, reason) = (reply.status, &*export::refusal(reply));
                self.central.answered(Answer::Refused { status, reason }, now)
            }
            Ok(Reply { status, body, .. }) => {
                self.central.answered(Answer::Replied { status: *status, body }, now)
            }
            Err(error) => self.central.answered(Answer::Failed { reason: &error.to_string() }, now),
        };
        told.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::record::{SpanKind, TraceId};
    use crate::sample::{Input, RequestFacts};

    thread_local! {
        static TIME: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
    fn rules_fetched_after_the_clock_was_set_are_not_old() {
        const RULES: &str = r#"{"SamplingRuleRecords":[{"SamplingRule":{"RuleName":"all",
            "ResourceARN":"*","Priority":1,"FixedRate":1.0,"ReservoirSize":0,"ServiceName":"*",
            "ServiceType":"*","Host":"*","HTTPMethod":"*","URLPath":"*","Version":1}}]}"#;
        TIME.set(Duration::from_secs(1_000));
        let settings = rules::Settings { is_central: true, ..rules::Settings::default() };
        let sampler = rules::Sampler::new(settings);
        let central = sampler.central(1).expect("rules are fetched");
        let mut polling = Polling::new(central, "127.0.0.1:2000", || TIME.get());
        let now = Instant::now();
        // The first synchronisation of a machine that did not know the time.
        TIME.set(Duration::from_hours(500_000));
        assert!(matches!(polling.next(now), Step::Ask(_)));
        let reply = Reply { status: 200, body: RULES.into(), ..Reply::default() };
        assert_eq!(polling.answered(Ok(reply), now), Ok(()));
        let input = Input {
            parent: None,
            trace_id: TraceId::from_u128(u128::MAX),
            name: "GET",
            kind: SpanKind::Server,
            request: RequestFacts::default(),
        };
        assert_eq!(sampler.decide(&input, TIME.get()).rule.as_deref(), Some("all"));
        let Step::WaitUntil(at) = polling.next(now) else { panic!("there is nothing to ask yet") };
        assert!((now..=now + LONGEST_WAIT).contains(&at));
    }
}
