//! Variables to settings.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use super::exporters::Choice;
use super::{Config, ConfigError, Environment, near_miss, resource};
use crate::propagate::targets::{self, InvalidTarget};
use crate::propagate::{Composite, Targets};
use crate::record::Level;
use crate::span::Limits;
use crate::warnings::Warnings;

pub(super) fn config(environment: &Environment) -> Result<Config, ConfigError> {
    let mut warnings = Warnings::default();
    warnings.extend(near_miss::warnings(environment.names()));
    let notes = &mut warnings;
    let (resource, has_service_name) = resource::read(environment, notes);
    let choice = Choice::read(environment, notes);
    #[cfg(not(any(feature = "otlp", feature = "console")))]
    let _ = choice;
    Ok(Config {
        is_disabled: standard_bool(environment, "OTEL_SDK_DISABLED", notes),
        resource,
        has_service_name,
        sampler: super::sampler::read(environment, notes),
        propagator: propagator(environment, notes),
        propagation_targets: propagation_targets(environment)?,
        level: level(environment)?,
        limits: limits(environment, notes),
        redaction_key: super::redaction::read(environment)?,
        #[cfg(feature = "pipeline")]
        pipeline: pipeline(environment, notes),
        #[cfg(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar"))]
        proxies: proxies(environment, notes),
        #[cfg(feature = "otlp")]
        otlp: otlp(environment, choice, notes),
        #[cfg(feature = "otlp")]
        otlp_exceptions: otlp_exceptions(environment, notes),
        #[cfg(feature = "otlp")]
        exception_signal: exception_signal(environment, notes),
        #[cfg(feature = "xray")]
        xray: crate::xray::Settings::from_environment(environment, notes)?,
        #[cfg(feature = "rollbar")]
        rollbar: super::rollbar::read(environment)?,
        #[cfg(feature = "cloudwatch")]
        cloudwatch_access: super::cloudwatch::access(environment),
        #[cfg(feature = "cloudwatch")]
        cloudwatch: super::cloudwatch::read(environment, notes)?,
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
        redaction: crate::redact::Redaction::default(),
        logging: super::logging::read(environment, notes)?,
        warnings,
    })
}

/// Propagators of the list; a name that is not known is left out.
fn propagator(environment: &Environment, warnings: &mut Warnings) -> Option<Composite> {
    let names: Vec<_> = environment.list("OTEL_PROPAGATORS").collect();
    let has_others = names.iter().any(|name| !name.eq_ignore_ascii_case("none"));
    let mut known = Vec::new();
    for name in names {
        if has_others && name.eq_ignore_ascii_case("none") {
            let expected = "`none` alone, or a list without it";
            warnings.invalid_entry("OTEL_PROPAGATORS", name, expected);
        } else if let Err(error) = Composite::from_setting(name) {
            warnings.push(format_args!("{error}; ignored"));
        } else {
            known.push(name);
        }
    }
    Composite::from_setting(&known.join(",")).ok().filter(|_| !known.is_empty())
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

fn limits(environment: &Environment, warnings: &mut Warnings) -> Limits {
    let defaults = Limits::default();
    // The form for spans wins over the general one.
    let mut first = |variables: &[&'static str]| {
        variables.iter().find_map(|variable| standard_count(environment, variable, warnings))
    };
    let attributes = first(&["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"]);
    let value_chars =
        first(&["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]);
    Limits {
        attributes: attributes.unwrap_or(defaults.attributes),
        events: first(&["OTEL_SPAN_EVENT_COUNT_LIMIT"]).unwrap_or(defaults.events),
        links: first(&["OTEL_SPAN_LINK_COUNT_LIMIT"]).unwrap_or(defaults.links),
        value_chars: value_chars.unwrap_or(defaults.value_chars),
    }
}

#[cfg(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar"))]
fn proxies(
    environment: &Environment,
    warnings: &mut Warnings,
) -> crate::pipeline::transport::Proxies {
    crate::pipeline::transport::Proxies::from_env(&|name| environment.owned(name), warnings)
}

#[cfg(feature = "pipeline")]
fn pipeline(environment: &Environment, warnings: &mut Warnings) -> crate::pipeline::Settings {
    crate::pipeline::Settings::from_env(&|name| environment.owned(name), warnings)
}

#[cfg(feature = "otlp")]
fn otlp(
    environment: &Environment,
    choice: Option<Choice>,
    warnings: &mut Warnings,
) -> Option<crate::export::otlp::Settings> {
    use crate::export::otlp::Settings;

    const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    // Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.
    const DEFAULT_ENDPOINT: &str = "http://localhost:4318";

    if choice.is_some_and(|choice| !choice.otlp) {
        return None;
    }
    let lookup = |name: &str| environment.owned(name);
    let settings = Settings::from_env(&lookup, warnings);
    if settings.is_some() || choice.is_none() {
        return settings;
    }
    // Asked for by name alone.
    let lookup = |name: &str| match name {
        ENDPOINT => Some(DEFAULT_ENDPOINT.to_owned()),
        name => lookup(name),
    };
    Settings::from_env(&lookup, warnings)
}

#[cfg(feature = "otlp")]
fn exception_signal(
    environment: &Environment,
    warnings: &mut Warnings,
) -> crate::export::otlp::ExceptionSignal {
    crate::export::otlp::ExceptionSignal::from_env(&|name| environment.owned(name), warnings)
}

/// Settings of exceptions as log records, where they are asked for.
#[cfg(feature = "otlp")]
fn otlp_exceptions(
    environment: &Environment,
    warnings: &mut Warnings,
) -> Option<crate::export::otlp::Settings> {
    if !exception_signal(environment, warnings).has_logs() {
        return None;
    }
    let lookup = |name: &str| environment.owned(name);
    crate::export::otlp::Settings::from_env_for_logs(&lookup, warnings)
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

/// A boolean of ours.
#[cfg(feature = "console")]
fn is_on(environment: &Environment, variable: &'static str) -> Result<bool, ConfigError> {
    let Some(found) = environment.get(variable) else { return Ok(false) };
    truth(found).ok_or_else(|| ConfigError::Value {
        variable,
        found: found.to_owned(),
        expected: "true, false, 1 or 0",
    })
}

/// A boolean of AWS, by the words that its SDKs take; `None` where it is unset or none of them.
#[cfg(feature = "xray")]
pub(crate) fn aws_bool(
    environment: &Environment,
    variable: &'static str,
    warnings: &mut Warnings,
) -> Option<bool> {
    let found = environment.get(variable)?;
    let is_on = truth(found);
    if is_on.is_none() {
        warnings.invalid(variable, found, "true, false, 1 or 0", "ignored");
    }
    is_on
}

#[cfg(any(feature = "xray", feature = "console"))]
fn truth(found: &str) -> Option<bool> {
    match found.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A boolean of OpenTelemetry: only `true` is true, in any case.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean>.
fn standard_bool(
    environment: &Environment,
    variable: &'static str,
    warnings: &mut Warnings,
) -> bool {
    let found = environment.get(variable).unwrap_or("false");
    let is_true = found.eq_ignore_ascii_case("true");
    if !is_true && !found.eq_ignore_ascii_case("false") {
        warnings.invalid(variable, found, "true or false", "using false");
    }
    is_true
}

/// A count of OpenTelemetry; `None` where it is unset or no count.
fn standard_count(
    environment: &Environment,
    variable: &'static str,
    warnings: &mut Warnings,
) -> Option<usize> {
    let found = environment.get(variable)?;
    let count = found.parse().ok();
    if count.is_none() {
        warnings.invalid(variable, found, "a number that is not negative", "ignored");
    }
    count
}

/// A count of ours.
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
