//! Where the log goes in CloudWatch Logs, and as whose.

use super::{ConfigError, Environment};
use crate::aws::{Access, Service, SettingsError};
use crate::export::cloudwatch::Settings;

/// Reads the variables; `None` when they name no log group.
pub(super) fn read(environment: &Environment) -> Result<Option<Settings>, ConfigError> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    Ok(Settings::from_env(&lookup)?.map(complete))
}

/// A warning where metrics are asked for that have no stream to go to.
pub(super) fn warning(environment: &Environment, settings: Option<&Settings>) -> Option<String> {
    const NAMESPACE: &str = "CLOUDWATCH_METRICS_NAMESPACE";
    let is_idle = settings.is_none() && environment.get(NAMESPACE).is_some();
    is_idle.then(|| format!("{NAMESPACE} changes nothing without CLOUDWATCH_LOG_GROUP"))
}

/// Reads who asks and where. What cannot be used is an error at once where there is a log to send, and
/// otherwise kept until there is one.
pub(super) fn access(
    environment: &Environment,
    settings: Option<&Settings>,
) -> Result<Result<Access, SettingsError>, ConfigError> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    match Access::from_env(Service::LOGS, &lookup) {
        Err(error) if settings.is_some() => Err(error.into()),
        access => Ok(access),
    }
}

/// Fills in what the settings do not say of the process.
pub(super) fn complete(mut settings: Settings) -> Settings {
    let process = &mut settings.process;
    process
        .machine
        .get_or_insert_with(|| gethostname::gethostname().to_string_lossy().into_owned());
    process.process_id.get_or_insert_with(std::process::id);
    if process.program.is_none() {
        let program = std::env::current_exe().ok();
        let name = program.as_deref().and_then(std::path::Path::file_stem);
        process.program = name.map(|name| name.to_string_lossy().into_owned());
    }
    settings
}
