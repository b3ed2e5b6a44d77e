//! Where the log goes in CloudWatch Logs, and as whose.

use super::{ConfigError, Environment};
use crate::aws::{Access, Service, SettingsError};
use crate::export::cloudwatch::Settings;

/// Reads the variables; `None` when they name no log group.
pub(super) fn read(environment: &Environment) -> Result<Option<Settings>, ConfigError> {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    Ok(Settings::from_env(&lookup)?.map(complete))
}

/// Warnings of what is asked for and not done: metrics that have no stream to go to, addresses of AWS
/// of another kind.
pub(super) fn warnings(environment: &Environment, settings: Option<&Settings>) -> Vec<String> {
    const NAMESPACE: &str = "CLOUDWATCH_METRICS_NAMESPACE";
    const KINDS: [&str; 2] = ["AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT"];
    if settings.is_none() {
        let is_idle = environment.get(NAMESPACE).is_some();
        let warning = || format!("{NAMESPACE} changes nothing without CLOUDWATCH_LOG_GROUP");
        return is_idle.then(warning).into_iter().collect();
    }
    let is_on =
        |name: &&str| environment.get(name).is_some_and(|it| it.eq_ignore_ascii_case("true"));
    let warning = |name| {
        format!(
            "{name} is not supported: name the address of CloudWatch Logs by AWS_ENDPOINT_URL_LOGS"
        )
    };
    KINDS.into_iter().filter(is_on).map(warning).collect()
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
