//! The destination that takes segments, and the rules that it samples by.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::InstallError;
use super::outlets::Parts;
use crate::config::Config;
use crate::export::{Header, Reply, Request, xray as export};
use crate::pipeline::transport::{TransportError, daemon, http, udp};
use crate::pipeline::{Gatherer, Handle, Motor, Poller, Step};
use crate::record::{LocalTrace, Resource};
use crate::sample::xray::{self as rules, Answer, Central};
use crate::secret::Secret;
use crate::span;
use crate::span::tracer::Watcher;
use crate::xray::{Sampling, Settings};

/// What gathers segments.
pub(super) type Xray = Gatherer<Handle<LocalTrace>>;

/// How long the daemon may take for an answer: it asks the service itself.
///
/// Source: <https://github.com/aws/aws-xray-daemon/blob/master/pkg/conn/conn.go>.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Starts the destination, if it is configured.
pub(super) fn start(
    config: &mut Config,
    motor: &Motor,
    parts: &mut Parts,
) -> Result<Option<Arc<Xray>>, InstallError> {
    let Some(settings) = config.xray.take() else { return Ok(None) };
    let client = daemon::Client {
        udp: udp::Client::new(udp::Settings {
            pace: settings.pace,
            ..udp::Settings::new(settings.daemon.udp.clone())
        }),
        http: client()?,
    };
    let exporter = export::Exporter::new(&export_settings(&settings, &config.resource));
    // The pace of datagrams is one, whatever the batch variables say.
    let pipeline = crate::pipeline::Settings { max_in_flight: 1, ..config.pipeline.clone() };
    let handle = motor.add(exporter, client, &pipeline);
    let gatherer = Arc::new(Gatherer::new(handle, settings.gather, export::weigh));
    motor.spawn(Arc::clone(&gatherer).run());
    parts.processors.of_all.push(Arc::clone(&gatherer) as _);
    if settings.gather.heartbeat.is_some() {
        let watching = Arc::clone(&gatherer);
        parts.watcher = Some(Watcher(Arc::new(move |running| watching.begun(running))));
    }
    parts.segments = sampler(&settings, &config.resource, motor)?;
    parts.context_missing = settings.context_missing;
    Ok(Some(gatherer))
}

fn client() -> Result<http::Client, InstallError> {
    Ok(http::Client::new(&http::Settings { timeout: TIMEOUT, tls: false, proxy: None })?)
}

fn export_settings(settings: &Settings, resource: &Resource) -> export::Settings {
    export::Settings {
        udp_address: settings.daemon.udp.to_string(),
        tcp_address: settings.daemon.tcp.to_string(),
        transport: settings.transport,
        naming: settings.naming.clone(),
        indexed: settings.indexed.clone(),
        resource: resource.clone(),
        notes: settings.notes.clone(),
    }
}

/// The sampler, whose rules are fetched through the daemon if that is meant.
fn sampler(
    settings: &Settings,
    resource: &Resource,
    motor: &Motor,
) -> Result<Option<Arc<dyn crate::sample::DecideSegments>>, InstallError> {
    let (rules, is_central) = match &settings.sampling {
        Sampling::AsSpans => return Ok(None),
        Sampling::Central(rules) => (rules.clone(), true),
        Sampling::Local(rules) => (rules.clone(), false),
    };
    let name = settings.service_name.as_deref().unwrap_or_else(|| resource.service_name());
    let sampler = rules::Sampler::new(rules::Settings {
        service_name: name.to_owned(),
        service_type: export::origin(resource).map(str::to_owned),
        resource_arn: None,
        rules,
        is_central,
        exclusions: settings.exclusions.clone(),
        matching: rules::Matching::default(),
    });
    if let Some(central) = sampler.central(seed()) {
        motor.poll(Polling::new(central, &settings.daemon.tcp.to_string()), client()?);
    }
    Ok(Some(Arc::new(sampler)))
}

/// A random number: every hasher of the library has keys of its own.
fn seed() -> u128 {
    let [high, low] = [(); 2].map(|()| RandomState::new().build_hasher().finish());
    u128::from(high) << 64 | u128::from(low)
}

/// Asks the daemon for rules and quotas when they are due.
struct Polling {
    central: Central,
    url: String,
    begun: Instant,
    /// The time since the Unix epoch when polling began; from then on the clock does not jump.
    begun_at: Duration,
}

impl Polling {
    fn new(central: Central, address: &str) -> Self {
        let url = format!("http://{address}");
        Self { central, url, begun: span::now(), begun_at: span::since_epoch() }
    }

    fn since_epoch(&self, now: Instant) -> Duration {
        self.begun_at + now.saturating_duration_since(self.begun)
    }

    fn instant(&self, since_epoch: Duration) -> Instant {
        self.begun + since_epoch.saturating_sub(self.begun_at)
    }
}

impl Poller for Polling {
    const NAME: &'static str = "xray sampling";

    fn next(&mut self, now: Instant) -> Step {
        if let Some(rules::Request { path, body }) = self.central.poll(self.since_epoch(now)) {
            let content_type = Secret::new("application/json");
            return Step::Ask(Request {
                url: Secret::new(format!("{}{path}", self.url)),
                headers: vec![Header { name: "content-type".into(), value: content_type }],
                body: vec![body.into()],
            });
        }
        match self.central.next_at() {
            Some(at) => Step::WaitUntil(self.instant(at)),
            None => Step::Stop,
        }
    }

    fn answered(
        &mut self,
        answer: Result<Reply, TransportError>,
        now: Instant,
    ) -> Result<(), String> {
        let now = self.since_epoch(now);
        let told = match &answer {
            Ok(Reply { status, body, .. }) => {
                self.central.answered(Answer::Replied { status: *status, body }, now)
            }
            Err(error) => self.central.answered(Answer::Failed { reason: &error.to_string() }, now),
        };
        told.map_err(|error| error.to_string())
    }
}
