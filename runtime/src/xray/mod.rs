//! AWS X-Ray as one destination: its settings, how they are read, and what is wrong where nothing
//! arrives.
//!
//! In: variables, or code. Out: plain settings for the rooms that do the work: `export::xray`,
//! `sample::xray`, `pipeline`; what a [`Doctor`] finds.
//! Never: starts anything that goes on.

mod doctor;
pub(crate) mod lambda;
mod parts;
mod read;

pub(crate) use doctor::Running;
pub use doctor::{Diagnosis, Doctor, Finding, Request, Setting, Verdict};
pub(crate) use parts::question;

pub use crate::export::xray::{Indexed, Naming, Transport};
pub use crate::notes::Notes;
pub use crate::pipeline::GatherSettings;
pub use crate::pipeline::transport::daemon::{Address, HostPort};
pub use crate::pipeline::transport::udp::Pace;
pub use crate::sample::xray::{Exclusion, Rules};
pub use crate::span::ContextMissing;

use crate::config::Config;

/// Acknowledged requests at the same time, unless the settings say otherwise.
///
/// Source: `Concurrency` of <https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon-configuration.html>.
const DEFAULT_CONNECTIONS: usize = 8;

/// Most acknowledged requests at the same time.
const MAX_CONNECTIONS: usize = 64;

/// What goes to AWS X-Ray, and how.
///
/// ```
/// use spanwright::xray::{Address, Settings};
///
/// let settings = Settings::new(Address::parse("xray-daemon:2000")?);
/// let config = spanwright::Config::from_env()?.xray(settings);
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the daemon listens.
    pub daemon: Address,
    /// Which way documents go.
    pub transport: Transport,
    /// Rate of datagrams, in bytes of the daemon's kernel; `None` for as fast as the system takes
    /// them, which is faster than the daemon reads. `SPANWRIGHT_XRAY_BYTES_PER_SECOND`.
    pub pace: Option<Pace>,
    /// Number of requests that are acknowledged at the same time, each on a connection of its own:
    /// 1 to 64, by default 8, as many as the daemon itself has to the service. What is out of range
    /// counts as the nearest. Datagrams are sent one after the other in any case.
    /// `SPANWRIGHT_XRAY_CONNECTIONS`.
    ///
    /// A request has at most 50 documents, so 8 connections carry 400 documents per round trip to
    /// the service: 8,000 a second at 50 ms. The service itself takes 2,600 segments a second of an
    /// account in a region, unless that quota is raised:
    /// <https://docs.aws.amazon.com/general/latest/gr/xray.html>.
    pub connections: usize,
    /// The name by which sampling rules know the service; `None` for that of the resource.
    pub service_name: Option<String>,
    /// The resource that sampling rules know the service by, as `ResourceARN`; `None` for the one that
    /// the resource tells: `aws.ecs.container.arn`, `aws.ecs.task.arn`, `aws.ecs.cluster.arn`,
    /// `aws.eks.cluster.arn`, `cloud.resource_id` or `faas.id`, the first that is an ARN.
    pub resource_arn: Option<String>,
    /// What segments are called.
    pub naming: Naming,
    /// Which attributes become annotations besides those that are marked.
    pub indexed: Indexed,
    /// Who decides which requests have segments, where the caller has not.
    pub sampling: Sampling,
    /// What never has a segment; asked before any rule.
    pub exclusions: Vec<Exclusion>,
    /// What is said where a subsegment has no segment above it.
    pub context_missing: ContextMissing,
    /// How long spans of a request wait for each other.
    pub gather: GatherSettings,
    /// True in a function of AWS Lambda. `None` is as the variables have it: it is one where
    /// `LAMBDA_TASK_ROOT` or `AWS_LAMBDA_FUNCTION_NAME` is set.
    ///
    /// Lambda makes and sends the segment of each invocation. Spans without a parent in the process go
    /// below it, as subsegments with documents of their own, in the trace that `_X_AMZN_TRACE_ID` names
    /// when they begin, or that [`SpanBuilder::incoming`](crate::span::SpanBuilder::incoming) gives: where
    /// one process serves several invocations at a time, the variable cannot tell them apart. If Lambda did
    /// not sample the invocation, none is sent. A span of kind server or consumer is still a segment, below
    /// Lambda's. Documents are sent as soon as their spans end; a function that must not lose one calls
    /// [`Telemetry::flush`](crate::Telemetry::flush) before it answers, because Lambda may freeze the
    /// process then.
    pub is_lambda: Option<bool>,
    /// Where everything is noted that was changed to be valid, or refused.
    pub notes: Notes,
}

/// Sampling of spans by the rules of X-Ray, which `OTEL_TRACES_SAMPLER=xray` asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SpanRules {
    /// Address that serves the rules; `None` for that of the daemon that segments go to, or else port 2000 of
    /// this machine.
    pub(crate) address: Option<HostPort>,
}

/// Who decides which requests have segments, where the caller has not.
#[derive(Clone, Debug, PartialEq)]
pub enum Sampling {
    /// The rules of the account, fetched through the daemon; while there are none, these, or else
    /// one request a second and 5 % of the rest.
    Central(Option<Rules>),
    /// These rules alone, or else one request a second and 5 % of the rest.
    Local(Option<Rules>),
    /// As the sampler of spans decides.
    AsSpans,
}

impl Settings {
    /// Number of requests in flight at the same time.
    pub(crate) fn max_in_flight(&self) -> usize {
        match self.transport {
            Transport::Udp => 1,
            Transport::TcpAcked | Transport::Auto => self.connections.clamp(1, MAX_CONNECTIONS),
        }
    }

    /// Settings for a daemon, all else as X-Ray's own SDKs have it.
    pub fn new(daemon: Address) -> Self {
        Self {
            daemon,
            transport: Transport::default(),
            pace: Some(Pace::default()),
            connections: DEFAULT_CONNECTIONS,
            service_name: None,
            resource_arn: None,
            naming: Naming::default(),
            indexed: Indexed::default(),
            sampling: Sampling::Central(None),
            exclusions: Vec::new(),
            context_missing: ContextMissing::default(),
            gather: GatherSettings::default(),
            is_lambda: None,
            notes: Notes::default(),
        }
    }

    /// Takes over what the variables say of the process, for settings from code.
    pub(crate) fn in_place_of(self, of_variables: Option<&Self>) -> Self {
        let is_lambda = self.is_lambda.or_else(|| of_variables?.is_lambda);
        Self { is_lambda, ..self }
    }
}

impl Config {
    /// Changes what goes to AWS X-Ray and how, and leaves the rest as the variables say, for instance
    /// `change_xray(|xray| xray.connections = 16)`. Where X-Ray is not on, nothing changes.
    pub fn change_xray(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        if let Some(settings) = &mut self.xray {
            change(settings);
        }
        self
    }
}
