//! Variables to settings.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use super::exporters::Choice;
use super::{Config, ConfigError, Environment, near_miss, resource};
use crate::propagate::targets::{self, InvalidTarget};
use crate::propagate::{Composite, Targets};
use crate::record::Level;
use crate::sample::Sampler;
use crate::span::Limits;

pub(super) fn config(environment: &Environment) -> Result<Config, ConfigError> {
    let (resource, has_service_name) = resource::read(environment)?;
    let choice = Choice::read(environment)?;
    let mut warnings = near_miss::warnings(environment.names());
    warnings.extend(choice.into_iter().flat_map(Choice::warnings));
    #[cfg(feature = "cloudwatch")]
    let cloudwatch = super::cloudwatch::read(environment)?;
    #[cfg(feature = "cloudwatch")]
    warnings.extend(super::cloudwatch::warnings(environment, cloudwatch.as_ref()));
    Ok(Config {
        is_disabled: is_on(environment, "OTEL_SDK_DISABLED")?,
        resource,
        has_service_name,
        sampler: sampler(environment)?,
        propagator: propagator(environment)?,
        propagation_targets: propagation_targets(environment)?,
        level: level(environment)?,
        limits: limits(environment)?,
        #[cfg(feature = "pipeline")]
        pipeline: pipeline(environment)?,
        #[cfg(feature = "otlp")]
        otlp: otlp(environment, choice)?,
        #[cfg(feature = "otlp")]
        otlp_exceptions: otlp_exceptions(environment)?,
        #[cfg(feature = "otlp")]
        exception_signal: exception_signal(environment),
        #[cfg(feature = "xray")]
        xray: crate::xray::Settings::from_environment(environment)?,
        #[cfg(feature = "rollbar")]
        rollbar: super::rollbar::read(environment)?,
        #[cfg(feature = "cloudwatch")]
        cloudwatch_access: super::cloudwatch::access(environment, cloudwatch.as_ref())?,
        #[cfg(feature = "cloudwatch")]
        cloudwatch,
        #[cfg(feature = "console")]
        console: console(environment, choice)?,
        #[cfg(feature = "console")]
        log_format: log_format(environment)?,
        #[cfg(feature = "opentelemetry")]
        exporters: Vec::new(),
        processors: Vec::new(),
        error_processors: Vec::new(),
        log_processors: Vec::new(),
        reports: super::reports::read(environment)?,
        logging: super::logging::read(environment)?,
        warnings,
    })
}

fn sampler(environment: &Environment) -> Result<Sampler, ConfigError> {
    let Some(name) = environment.get("OTEL_TRACES_SAMPLER") else {
        return Ok(Sampler::AlwaysOn.parent_based());
    };
    Ok(Sampler::from_setting(name, environment.get("OTEL_TRACES_SAMPLER_ARG"))?)
}

fn propagator(environment: &Environment) -> Result<Option<Composite>, ConfigError> {
    let setting = environment.get("OTEL_PROPAGATORS");
    Ok(setting.map(Composite::from_setting).transpose()?)
}

fn propagation_targets(environment: &Environment) -> Result<Targets, ConfigError> {
    let Some(list) = environment.get(targets::SETTING) else { return Ok(Targets::default()) };
    Targets::parse(list).map_err(invalid_target)
}

pub(super) fn invalid_target(InvalidTarget(found): InvalidTarget) -> ConfigError {
    ConfigError::Value { variable: targets::SETTING, found, expected: targets::EXPECTED }
}

fn level(environment: &Environment) -> Result<Level, ConfigError> {
    const VARIABLE: &str = "SPANWRIGHT_LEVEL";
    let Some(found) = environment.get(VARIABLE) else { return Ok(Level::Info) };
    found.parse().map_err(|_| ConfigError::Value {
        variable: VARIABLE,
        found: found.to_owned(),
        expected: "one of error, warn, info, debug, trace",
    })
}

fn limits(environment: &Environment) -> Result<Limits, ConfigError> {
    let defaults = Limits::default();
    // The form for spans wins over the general one.
    let attributes = count(environment, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT")?
        .or(count(environment, "OTEL_ATTRIBUTE_COUNT_LIMIT")?);
    let value_chars = count(environment, "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT")?
        .or(count(environment, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT")?);
    Ok(Limits {
        attributes: attributes.unwrap_or(defaults.attributes),
        events: count(environment, "OTEL_SPAN_EVENT_COUNT_LIMIT")?.unwrap_or(defaults.events),
        links: count(environment, "OTEL_SPAN_LINK_COUNT_LIMIT")?.unwrap_or(defaults.links),
        value_chars: value_chars.unwrap_or(defaults.value_chars),
    })
}

#[cfg(feature = "pipeline")]
fn pipeline(environment: &Environment) -> Result<crate::pipeline::Settings, ConfigError> {
    Ok(crate::pipeline::Settings::from_env(&|name| environment.get(name).map(str::to_owned))?)
}

#[cfg(feature = "otlp")]
fn otlp(
    environment: &Environment,
    choice: Option<Choice>,
) -> Result<Option<crate::export::otlp::Settings>, ConfigError> {
    use crate::export::otlp::Settings;

    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    // Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.
    const DEFAULT_ENDPOINT: &str = "http://localhost:4318";

    if choice.is_some_and(|choice| !choice.otlp) {
        return Ok(None);
    }
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    let settings = Settings::from_env(&lookup)?;
    if settings.is_some() || choice.is_none() {
        return Ok(settings);
    }
    // Asked for by name alone.
    let lookup = |name: &str| match name {
        ENDPOINT => Some(DEFAULT_ENDPOINT.to_owned()),
        name => lookup(name),
    };
    Ok(Settings::from_env(&lookup)?)
}

#[cfg(feature = "otlp")]
fn exception_signal(environment: &Environment) -> crate::export::otlp::ExceptionSignal {
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    crate::export::otlp::ExceptionSignal::from_env(&lookup)
}

/// Where exceptions go as log records, where that is asked for.
#[cfg(feature = "otlp")]
fn otlp_exceptions(
    environment: &Environment,
) -> Result<Option<crate::export::otlp::Settings>, ConfigError> {
    if !exception_signal(environment).has_logs() {
        return Ok(None);
    }
    let lookup = |name: &str| environment.get(name).map(str::to_owned);
    Ok(crate::export::otlp::Settings::from_env_for_logs(&lookup)?)
}

#[cfg(feature = "console")]
fn console(
    environment: &Environment,
    choice: Option<Choice>,
) -> Result<Option<crate::export::console::Settings>, ConfigError> {
    let is_chosen = choice.is_some_and(|choice| choice.console);
    let is_on = is_on(environment, "SPANWRIGHT_CONSOLE")? || is_chosen;
    let log_format = log_format(environment)?;
    Ok(is_on.then(|| console_on_stdout(environment, log_format)))
}

/// As standard output is, but for the format of the log where the environment says one.
#[cfg(feature = "console")]
pub(super) fn console_on_stdout(
    environment: &Environment,
    log_format: Option<crate::export::console::LogFormat>,
) -> crate::export::console::Settings {
    let settings = crate::export::console::Settings::for_stdout(environment.get("NO_COLOR"));
    let log_format = log_format.unwrap_or(settings.log_format);
    crate::export::console::Settings { log_format, ..settings }
}

#[cfg(feature = "console")]
fn log_format(
    environment: &Environment,
) -> Result<Option<crate::export::console::LogFormat>, ConfigError> {
    const VARIABLE: &str = "SPANWRIGHT_LOG_FORMAT";
    let Some(found) = environment.get(VARIABLE) else { return Ok(None) };
    let expected = "text or json";
    let format = found.parse().map(Some);
    format.map_err(|_| ConfigError::Value { variable: VARIABLE, found: found.to_owned(), expected })
}

/// Adds rules of the code to settings that have none.
#[cfg(feature = "xray")]
pub(super) fn xray_rules(mut config: Config, json: &str) -> Result<Config, ConfigError> {
    use crate::xray::Sampling;

    let code = crate::sample::xray::Rules::from_json(json)?;
    let sampling = config.xray.as_mut().map(|settings| &mut settings.sampling);
    if let Some(Sampling::Central(rules) | Sampling::Local(rules)) = sampling {
        rules.get_or_insert(code);
    }
    Ok(config)
}

#[cfg(not(feature = "xray"))]
#[expect(clippy::unnecessary_wraps, reason = "with X-Ray the text may be wrong")]
pub(super) fn xray_rules(config: Config, _json: &str) -> Result<Config, ConfigError> {
    Ok(config)
}

pub(crate) fn is_on(
    environment: &Environment,
    variable: &'static str,
) -> Result<bool, ConfigError> {
    let Some(found) = environment.get(variable) else { return Ok(false) };
    match found.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(ConfigError::Value {
            variable,
            found: found.to_owned(),
            expected: "true, false, 1 or 0",
        }),
    }
}

pub(super) fn count(
    environment: &Environment,
    variable: &'static str,
) -> Result<Option<usize>, ConfigError> {
    let Some(found) = environment.get(variable) else { return Ok(None) };
    found.parse().map(Some).map_err(|_| ConfigError::Value {
        variable,
        found: found.to_owned(),
        expected: "a number that is not negative",
    })
}
