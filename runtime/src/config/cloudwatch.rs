//! Where the log goes in CloudWatch Logs, and as whose.

use super::{ConfigError, Environment};
use crate::aws::{Access, Endpoint, Service, SettingsError};
use crate::export::cloudwatch::Settings;
use crate::warnings::Warnings;

/// Reads the variables; `None` when they name no log group.
pub(super) fn read(
    environment: &Environment,
    notes: &mut Warnings,
) -> Result<Option<Settings>, ConfigError> {
    let settings = Settings::from_env(&|name| environment.owned(name))?.map(complete);
    notes.extend(warnings(environment, settings.as_ref()));
    Ok(settings)
}

/// Warnings of what is asked for and not done: metrics that have no stream to go to, addresses of AWS
/// of another kind, where none is named.
fn warnings(environment: &Environment, settings: Option<&Settings>) -> Vec<String> {
    const NAMESPACE: &str = "CLOUDWATCH_METRICS_NAMESPACE";
    if settings.is_some() {
        return other_addresses(environment);
    }
    let warning = |_| format!("{NAMESPACE} changes nothing without CLOUDWATCH_LOG_GROUP");
    environment.get(NAMESPACE).map(warning).into_iter().collect()
}

fn other_addresses(environment: &Environment) -> Vec<String> {
    if Endpoint::from_env(Service::LOGS, &|name| environment.owned(name))
        .is_ok_and(|named| named.is_some())
    {
        return Vec::new();
    }
    let is_on =
        |name: &&str| environment.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let instead = "name the address of CloudWatch Logs by AWS_ENDPOINT_URL_LOGS";
    let asked = ["AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"].into_iter().filter(is_on);
    asked.map(|name| format!("{name} is not supported: {instead}")).collect()
}

/// Region, address and credentials. Values that cannot be used matter only where there is a log to send:
/// CloudWatch Logs does not start then.
pub(super) fn access(environment: &Environment) -> Result<Access, SettingsError> {
    Access::from_env(Service::LOGS, &|name| environment.owned(name))
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
