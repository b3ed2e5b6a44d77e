//! The destination CloudWatch Logs.

use std::mem;
use std::sync::{Arc, mpsc};
use std::time::SystemTime;

use super::InstallError;
use super::outlets::Parts;
use crate::aws::{Access, Service, SettingsError, Target, Transport};
use crate::config::Config;
use crate::export::cloudwatch::{Creation, Exporter, Metrics};
use crate::pipeline::{Aggregator, Handle, Motor};
use crate::record::{Array, Attribute, CallStatistics};
use crate::span;

/// What counts and measures calls.
pub(super) type Calls = Aggregator<Handle<CallStatistics>>;

/// Starts it, if it is configured.
pub(super) fn start(
    config: &mut Config,
    motor: &Motor,
    parts: &mut Parts,
) -> Result<Option<Arc<Calls>>, InstallError> {
    let Some(settings) = config.cloudwatch.take() else { return Ok(None) };
    let access = mem::replace(&mut config.cloudwatch_access, Ok(Access::new(Service::LOGS)))?;
    let target = target(&access, motor)?;
    let provider = access.provider(&target.region);
    let endpoint = target.endpoint.to_string();
    let creation = Creation::new(&settings, &endpoint);
    let transport = || {
        let (target, provider, creation) = (target.clone(), provider.clone(), creation.clone());
        Transport::new(target, provider, settings.timeout, now, creation)
    };
    let handle = motor.add(Exporter::new(&settings, &endpoint), transport()?, &config.pipeline);
    parts.processors.logs.push(Arc::new(handle));
    let Some(namespace) = &settings.metrics else { return Ok(None) };
    let metrics = Metrics::new(&settings, namespace, &config.resource, &endpoint);
    let calls = Arc::new(Aggregator::new(motor.add(metrics, transport()?, &config.pipeline)));
    motor.spawn(Arc::clone(&calls).run());
    parts.processors.spans.push(Arc::clone(&calls) as _);
    Ok(Some(calls))
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

/// Where it is: the region may have to be read from the profile, on the thread that reads and sends.
fn target(access: &Access, motor: &Motor) -> Result<Target, SettingsError> {
    let (found, target) = mpsc::channel();
    let access = access.clone();
    motor.spawn(async move {
        // Nobody waits any more when the thread has gone.
        let _ = found.send(access.target().await);
    });
    target.recv().unwrap_or(Err(SettingsError::NoRegion))
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + span::since_epoch()
}
