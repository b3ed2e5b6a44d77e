//! Where the log goes in CloudWatch Logs, and as whose.

use super::{ConfigError, Environment};
use crate::aws::{Access, Endpoint, Service, SettingsError};
use crate::export::cloudwatch::Settings;

/// Reads the variables; `None` when they name no log group.
pub(super) fn read(environment: &Environment) -> Result<Option<Settings>, ConfigError> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    Ok(Settings::from_env(&lookup)?.map(complete))
}

/// Warnings of what is asked for and not done: metrics that have no stream to go to, addresses of AWS
/// of another kind, where none is named.
pub(super) fn warnings(environment: &Environment, settings: Option<&Settings>) -> Vec<String> {
    const NAMESPACE: &str = "CLOUDWATCH_METRICS_NAMESPACE";
    if settings.is_some() {
        return other_addresses(environment);
    }
    let warning = |_| format!("{NAMESPACE} changes nothing without CLOUDWATCH_LOG_GROUP");
    environment.get(NAMESPACE).map(warning).into_iter().collect()
}

fn other_addresses(environment: &Environment) -> Vec<String> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    if Endpoint::from_env(Service::LOGS, &lookup).is_ok_and(|named| named.is_some()) {
        return Vec::new();
    }
    let is_on =
        |name: &&str| environment.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let instead = "name the address of CloudWatch Logs by AWS_ENDPOINT_URL_LOGS";
    let asked = ["AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"].into_iter().filter(is_on);
    asked.map(|name| format!("{name} is not supported: {instead}")).collect()
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
