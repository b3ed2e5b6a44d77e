//! The destination CloudWatch Logs.

use std::io;
use std::mem;
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use super::outlets::Parts;
use crate::aws::{Access, Service, SettingsError, Target, Transport, on_own_thread};
use crate::config::Config;
use crate::diagnostics;
use crate::export::cloudwatch::{Creation, Exporter, Metrics, Settings};
use crate::pipeline::{Aggregator, Handle, Motor};
use crate::record::{Array, Attribute, CallStatistics};
use crate::span;

/// What counts and measures calls.
pub(super) type Calls = Aggregator<Handle<CallStatistics>>;

/// Longest wait for the region that the profile names: its file may be on a file system that hangs.
const PROFILE_TIMEOUT: Duration = Duration::from_secs(2);

/// Starts it, if it is configured. Waits up to [`PROFILE_TIMEOUT`] for the profile.
pub(super) fn start(config: &mut Config, motor: &Motor, parts: &mut Parts) -> Option<Arc<Calls>> {
    let settings = config.cloudwatch.take()?;
    match try_start(config, &settings, motor, parts) {
        Ok(calls) => calls,
        Err(problem) => {
            parts.fail("cloudwatch", problem);
            None
        }
    }
}

fn try_start(
    config: &mut Config,
    settings: &Settings,
    motor: &Motor,
    parts: &mut Parts,
) -> Result<Option<Arc<Calls>>, Problem> {
    let access = mem::replace(&mut config.cloudwatch_access, Ok(Access::new(Service::LOGS)))?;
    let access = access.default_proxies(&config.proxies);
    if let Some(warning) = access.warning() {
        diagnostics::say(warning);
    }
    let target = target(&access, PROFILE_TIMEOUT)?;
    let provider = access.provider(&target.region);
    let endpoint = target.endpoint.to_string();
    let creation = Creation::new(settings, &endpoint);
    let transport = || {
        let (target, provider, creation) = (target.clone(), provider.clone(), creation.clone());
        Transport::new(target, provider, settings.timeout, now, creation)
    };
    let (logs, metrics) = (transport()?, transport()?);
    let handle = motor.add(Exporter::new(settings, &endpoint), logs, &config.pipeline);
    parts.processors.logs.push(Arc::new(handle));
    let Some(namespace) = &settings.metrics else { return Ok(None) };
    let exporter = Metrics::new(settings, namespace, &config.resource, &endpoint);
    let calls = Arc::new(Aggregator::new(motor.add(exporter, metrics, &config.pipeline)));
    motor.spawn(Arc::clone(&calls).run());
    parts.processors.spans.push(Arc::clone(&calls) as _);
    Ok(Some(calls))
}

/// Reasons why CloudWatch Logs does not start.
#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(
        "no AWS region: the profile could not be read within {0:?}; set AWS_REGION or AWS_DEFAULT_REGION"
    )]
    Timeout(Duration),
    #[error("no AWS region: the profile cannot be read: {0}; set AWS_REGION or AWS_DEFAULT_REGION")]
    Thread(#[from] io::Error),
}

/// Says in the resource where the log is: consoles of AWS show it beside a trace.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/resource/cloud-provider/aws/logs/>.
pub(super) fn tell_group(config: &mut Config) {
    let known = ["aws.log.group.names", "aws.log.group.arns"];
    let mut attributes = config.resource.attributes().iter();
    if attributes.any(|attribute| known.contains(&&*attribute.key)) {
        return;
    }
    if let Some(settings) = &config.cloudwatch {
        let groups = Array::Str(vec![settings.group.to_string()]);
        config.resource.set(Attribute::new(known[0], groups));
    }
}

/// Region and address. The region may have to be read from the profile, which may hang.
fn target(access: &Access, limit: Duration) -> Result<Target, Problem> {
    let access = access.clone();
    let (sender, target) = mpsc::channel();
    // Nothing waits any more after the limit.
    on_own_thread(async move { drop(sender.send(access.target().await)) })?;
    Ok(target.recv_timeout(limit).map_err(|_| Problem::Timeout(limit))??)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + span::since_epoch()
}
