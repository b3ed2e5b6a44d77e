//! Variables to settings.
//!
//! Sources: <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-python-configuration.html>,
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-go-configuration.html>.

use std::time::Duration;

use super::{
    Address, ContextMissing, DEFAULT_CONNECTIONS, Exclusion, MAX_CONNECTIONS, Naming, Pace, Rules,
    Sampling, Settings, Transport, lambda,
};
use crate::config::{ConfigError, Environment, Warnings, aws_bool};
use crate::sample::xray::Pattern;

/// Turns the destination on.
pub(super) const DAEMON_ADDRESS: &str = "AWS_XRAY_DAEMON_ADDRESS";
pub(super) const TRACING_NAME: &str = "AWS_XRAY_TRACING_NAME";
pub(super) const URL: &str = "AWS_XRAY_URL";
pub(super) const CONTEXT_MISSING: &str = "AWS_XRAY_CONTEXT_MISSING";
const SDK_ENABLED: &str = "AWS_XRAY_SDK_ENABLED";
const SDK_DISABLED: &str = "AWS_XRAY_SDK_DISABLED";
pub(super) const SAMPLING: &str = "SPANWRIGHT_XRAY_SAMPLING";
pub(super) const RULES: &str = "SPANWRIGHT_XRAY_RULES";
pub(super) const EXCLUDE: &str = "SPANWRIGHT_XRAY_EXCLUDE";
pub(super) const TRANSPORT: &str = "SPANWRIGHT_XRAY_TRANSPORT";
pub(super) const BYTES_PER_SECOND: &str = "SPANWRIGHT_XRAY_BYTES_PER_SECOND";
pub(super) const CONNECTIONS: &str = "SPANWRIGHT_XRAY_CONNECTIONS";
pub(super) const HEARTBEAT: &str = "SPANWRIGHT_XRAY_HEARTBEAT";

impl Settings {
    /// Reads the variables; `None` when they do not turn X-Ray on. A file of rules is read, which
    /// may block.
    ///
    /// Variables of AWS that cannot be used add warnings: the defaults apply, and without an address of the
    /// daemon X-Ray is off.
    ///
    /// # Errors
    /// The first `SPANWRIGHT_*` variable that cannot be used.
    pub fn from_environment(
        environment: &Environment,
        warnings: &mut Warnings,
    ) -> Result<Option<Self>, ConfigError> {
        let is_enabled = aws_bool(environment, SDK_ENABLED, warnings).unwrap_or(true);
        let is_disabled = aws_bool(environment, SDK_DISABLED, warnings).unwrap_or(false);
        let Some(address) = environment.get(DAEMON_ADDRESS) else { return Ok(None) };
        let off = |error| warnings.push(format_args!("{error}; X-Ray is off"));
        let Ok(address) = Address::parse(address).map_err(off) else { return Ok(None) };
        let mut settings = Self::new(address);
        settings.service_name = environment.get(TRACING_NAME).map(str::to_owned);
        settings.naming = naming(environment);
        settings.context_missing = context_missing(environment, warnings);
        let is_lambda = lambda::is_function(environment);
        settings.is_lambda = Some(is_lambda);
        settings.sampling = sampling(environment, is_lambda)?;
        settings.exclusions = exclusions(environment)?;
        settings.transport = transport(environment)?;
        settings.pace = pace(environment)?;
        settings.connections = connections(environment)?;
        settings.gather.heartbeat = heartbeat(environment)?;
        Ok((is_enabled && !is_disabled).then_some(settings))
    }
}

fn naming(environment: &Environment) -> Naming {
    let fixed = environment.get(TRACING_NAME).map(str::to_owned);
    match (environment.get(URL), fixed) {
        (Some(pattern), fallback) => Naming::Host { pattern: Pattern::new(pattern), fallback },
        (None, Some(name)) => Naming::Fixed(name),
        (None, None) => Naming::Service,
    }
}

fn context_missing(environment: &Environment, warnings: &mut Warnings) -> ContextMissing {
    let chosen = choice(
        environment,
        CONTEXT_MISSING,
        &[
            ("log_error", ContextMissing::LogError),
            ("runtime_error", ContextMissing::RuntimeError),
            ("ignore_error", ContextMissing::IgnoreError),
        ],
        "LOG_ERROR, RUNTIME_ERROR or IGNORE_ERROR",
    );
    chosen
        .map_err(|error| warnings.push(format_args!("{error}; using LOG_ERROR")))
        .unwrap_or_default()
}

fn transport(environment: &Environment) -> Result<Transport, ConfigError> {
    choice(
        environment,
        TRANSPORT,
        &[("udp", Transport::Udp), ("tcp-acked", Transport::TcpAcked), ("auto", Transport::Auto)],
        "udp, tcp-acked or auto",
    )
}

/// Lambda decides about its invocations, and its daemon has no rules: a function asks for none unless it
/// is told to.
fn sampling(environment: &Environment, is_lambda: bool) -> Result<Sampling, ConfigError> {
    let rules = rules(environment)?;
    match environment.get(SAMPLING).map(str::to_ascii_lowercase).as_deref() {
        None if is_lambda => Ok(Sampling::Local(rules)),
        None | Some("central") => Ok(Sampling::Central(rules)),
        Some("local") => Ok(Sampling::Local(rules)),
        Some("as-spans") => Ok(Sampling::AsSpans),
        Some(_) => Err(wrong(environment, SAMPLING, "central, local or as-spans")),
    }
}

fn rules(environment: &Environment) -> Result<Option<Rules>, ConfigError> {
    let Some(path) = environment.get(RULES) else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError::File {
        variable: RULES,
        path: path.to_owned(),
        error,
    })?;
    let wrong = |error: crate::sample::xray::RulesError| ConfigError::RulesFile {
        variable: RULES,
        error: error.in_file(path),
    };
    Rules::from_json(&text).map(Some).map_err(wrong)
}

/// A list of paths with wildcards, each with a method before it or not.
fn exclusions(environment: &Environment) -> Result<Vec<Exclusion>, ConfigError> {
    let list = environment.get(EXCLUDE).unwrap_or_default();
    let members = list.split(',').map(str::trim).filter(|member| !member.is_empty());
    let exclusion = |member: &str| match member.split_once(' ') {
        Some((method, path)) if path.trim().starts_with(['/', '*']) => {
            Some(Exclusion::default().method(method).path(path.trim()))
        }
        None if member.starts_with(['/', '*']) => Some(Exclusion::default().path(member)),
        _ => None,
    };
    members
        .map(|member| {
            exclusion(member).ok_or_else(|| {
                wrong(environment, EXCLUDE, "a list like `/api/health-check,OPTIONS *`")
            })
        })
        .collect()
}

fn pace(environment: &Environment) -> Result<Option<Pace>, ConfigError> {
    let Some(found) = environment.get(BYTES_PER_SECOND) else { return Ok(Some(Pace::default())) };
    if found.eq_ignore_ascii_case("unlimited") {
        return Ok(None);
    }
    let rate = found.parse().ok().filter(|bytes| *bytes > 0);
    let expected = "a number of bytes above 0, or unlimited";
    let rate = rate.ok_or_else(|| wrong(environment, BYTES_PER_SECOND, expected))?;
    Ok(Some(Pace::bytes_per_second(rate)))
}

fn connections(environment: &Environment) -> Result<usize, ConfigError> {
    let Some(found) = environment.get(CONNECTIONS) else { return Ok(DEFAULT_CONNECTIONS) };
    let number = found.parse().ok().filter(|number| (1..=MAX_CONNECTIONS).contains(number));
    number.ok_or_else(|| wrong(environment, CONNECTIONS, "a number from 1 to 64"))
}

fn heartbeat(environment: &Environment) -> Result<Option<Duration>, ConfigError> {
    let Some(found) = environment.get(HEARTBEAT) else { return Ok(None) };
    let seconds = found.parse().ok().filter(|seconds| *seconds > 0);
    let expected = "a number of seconds above 0";
    let seconds = seconds.ok_or_else(|| wrong(environment, HEARTBEAT, expected))?;
    Ok(Some(Duration::from_secs(seconds)))
}

/// One of several words, in any case; the first where the variable is not set.
fn choice<T: Copy>(
    environment: &Environment,
    variable: &'static str,
    words: &[(&str, T)],
    expected: &'static str,
) -> Result<T, ConfigError> {
    let found = environment.get(variable).unwrap_or(words[0].0);
    let known = words.iter().find(|(word, _)| found.eq_ignore_ascii_case(word));
    known.map(|(_, value)| *value).ok_or_else(|| wrong(environment, variable, expected))
}

fn wrong(environment: &Environment, variable: &'static str, expected: &'static str) -> ConfigError {
    let found = environment.get(variable).unwrap_or_default().to_owned();
    ConfigError::Value { variable, found, expected }
}

#[cfg(test)]
mod tests;
