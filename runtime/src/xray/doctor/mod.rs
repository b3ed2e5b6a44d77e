//! Why segments do not arrive, or are not made: each part of the way is tried.
//!
//! In: the settings of the destination, and a request that somebody wonders about. Out: findings in
//! the order in which things depend on each other, each with what to do about it.
//! Never: changes anything but by one probe trace; takes longer than its timeouts; shows a secret.

mod finding;
mod network;
mod probe;
mod rules;
mod running;
mod table;

use std::net::SocketAddr;
use std::time::Duration;

pub use finding::{Diagnosis, Finding, Setting, Verdict};
pub(crate) use running::Running;

use super::{Sampling, Settings, Transport};
use crate::pipeline::transport::daemon::HostPort;
use crate::pipeline::transport::http;
use crate::pipeline::transport::udp::{Lookup, system};
use crate::record::Resource;
use crate::sample::RequestFacts;
use crate::sample::xray::Sampler;
use crate::span;

/// How long one question may take: the daemon passes most of them on.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Tries each part of the way from this process to X-Ray.
///
/// ```no_run
/// # async fn examine() -> Result<(), Box<dyn std::error::Error>> {
/// use spanwright::xray::Request;
///
/// let config = spanwright::Config::from_env()?.service_name("cruddur");
/// let Some(doctor) = config.xray_doctor() else { return Ok(()) };
/// let mut request = Request::default();
/// request.facts.method = Some("GET");
/// request.facts.path = Some("/api/activities/home");
/// println!("{}", doctor.examine(Some(&request)).await);
/// # Ok(())
/// # }
/// ```
pub struct Doctor {
    settings: Settings,
    resource: Resource,
    timeout: Duration,
    lookup: Lookup,
}

/// A request that somebody wonders about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// What rules may ask of it.
    pub facts: RequestFacts<'a>,
    /// The header `X-Amzn-Trace-Id` that it comes with; the decision in it counts more than rules.
    pub trace_header: Option<&'a str>,
}

impl Doctor {
    /// Looks at a destination with these settings, of a process that calls itself so.
    pub fn new(settings: Settings, resource: Resource) -> Self {
        Self { settings, resource, timeout: TIMEOUT, lookup: system() }
    }

    /// How long one question may take, instead of five seconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Looks names up by other means than the system's.
    #[must_use]
    pub fn lookup(self, lookup: Lookup) -> Self {
        Self { lookup, ..self }
    }

    /// Tries everything, and says which rule decides about a request if there is one.
    ///
    /// It sends a trace of two segments with the annotation `spanwright_probe`, one by each
    /// protocol. Needs a Tokio runtime with I/O and time; takes a few milliseconds where all is
    /// well, and some timeouts where nothing is.
    pub async fn examine(&self, request: Option<&Request<'_>>) -> Diagnosis {
        let mut findings = Vec::new();
        let settings = table::rows(&self.settings, &self.resource);
        let (tcp, udp) = self.addresses(&mut findings).await;
        let sampler = self.settings.sampler(&self.resource);
        let trace_id = probe::trace_id(span::since_epoch());
        if self.connects(&tcp, &mut findings).await {
            self.ask(sampler.as_ref(), trace_id, &mut findings).await;
        } else if let Some(sampler) = &sampler {
            findings.push(rules::for_service(sampler, self.rule_name()));
        }
        if !udp.is_empty() {
            findings.push(probe::by_udp(self, trace_id, &udp).await);
        }
        if let Some(request) = request {
            findings.push(rules::decision(sampler.as_ref(), request, span::since_epoch()));
        }
        Diagnosis { settings, findings }
    }

    /// The addresses for TCP and for UDP; none where there are none.
    async fn addresses(&self, findings: &mut Vec<Finding>) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let daemon = &self.settings.daemon;
        let tcp = self.resolve(&daemon.tcp, findings).await;
        if daemon.udp == daemon.tcp {
            return (tcp.clone(), tcp);
        }
        (tcp, self.resolve(&daemon.udp, findings).await)
    }

    async fn resolve(&self, of: &HostPort, findings: &mut Vec<Finding>) -> Vec<SocketAddr> {
        let (found, finding) = network::resolve(of, &self.lookup, self.timeout).await;
        findings.push(finding);
        found
    }

    /// Whether anybody takes a connection.
    async fn connects(&self, tcp: &[SocketAddr], findings: &mut Vec<Finding>) -> bool {
        if tcp.is_empty() {
            return false;
        }
        let finding = network::connect(tcp, self.timeout, self.needs_tcp()).await;
        let is_connected = finding.verdict == Verdict::Ok;
        findings.push(finding);
        is_connected
    }

    /// What is asked over a connection: rules, the time, what becomes of a document.
    async fn ask(
        &self,
        sampler: Option<&Sampler>,
        trace_id: crate::record::TraceId,
        findings: &mut Vec<Finding>,
    ) {
        let client = match http::Client::new(&http::Settings::new(self.timeout)) {
            Ok(client) => client,
            Err(error) => {
                let advice = "Nothing can be asked; this is no fault of the daemon.";
                return findings.push(Finding::problem("client", error.to_string(), advice));
            }
        };
        let mut date = None;
        match sampler {
            None => {
                let detail = "none are asked: the sampler of spans decides";
                findings.push(Finding::ok("rules", detail));
            }
            Some(sampler) => {
                if matches!(self.settings.sampling, Sampling::Central(_)) {
                    let url = format!("http://{}", self.settings.daemon.tcp);
                    let asked = rules::fetch(sampler, &client, &url).await;
                    date = asked.date;
                    findings.push(asked.finding);
                }
                findings.push(rules::for_service(sampler, self.rule_name()));
            }
        }
        let probed = probe::by_tcp(self, trace_id, &client).await;
        findings.push(network::clock(date.or(probed.date)));
        findings.extend(probed.findings);
    }

    /// Whether something that the settings ask for goes by TCP.
    fn needs_tcp(&self) -> bool {
        matches!(self.settings.sampling, Sampling::Central(_))
            || self.settings.transport != Transport::Udp
    }

    fn rule_name(&self) -> &str {
        self.settings.rule_name(&self.resource)
    }
}

impl std::fmt::Debug for Doctor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { settings, resource, timeout, .. } = self;
        f.debug_struct("Doctor")
            .field("settings", settings)
            .field("resource", resource)
            .field("timeout", timeout)
            .finish_non_exhaustive()
    }
}
