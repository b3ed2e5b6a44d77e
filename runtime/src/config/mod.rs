//! What was asked: settings made in code or read from the standard variables.
//!
//! In: an environment, and calls of the application. Out: a [`Config`], which `install` turns into
//! running parts.
//! Never: starts anything; reads the process environment but in [`Config::from_env`].

#[cfg(feature = "cloudwatch")]
mod cloudwatch;
mod environment;
mod error;
mod exporters;
mod has;
mod logging;
mod near_miss;
mod proxies;
mod read;
mod redaction;
mod reports;
mod resource;
#[cfg(feature = "rollbar")]
mod rollbar;
mod sampler;
mod targets;

use std::fmt;
use std::sync::Arc;

pub use environment::Environment;
pub use error::ConfigError;
#[cfg(feature = "xray")]
pub(crate) use read::aws_bool;

pub use crate::warnings::Warnings;

use crate::propagate::{Composite, Targets};
use crate::record::{
    Attribute, ErrorRecord, Level, LogRecord, Processor, Resource, SpanRecord, Value,
};
use crate::redact::Redaction;
use crate::sample::Sampler;
use crate::secret::Secret;
use crate::span::Limits;

/// Settings of one process; [`install`](Config::install) makes them run.
///
/// ```
/// use spanwright::Config;
///
/// let telemetry = Config::from_env()?.service_name("cruddur").install()?;
/// // … the service runs …
/// telemetry.shutdown(std::time::Duration::from_secs(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing runs before `install`"]
pub struct Config {
    pub(crate) is_disabled: bool,
    pub(crate) resource: Resource,
    pub(crate) has_service_name: bool,
    pub(crate) sampler: sampler::Choice,
    /// `None` for what the destinations make sensible.
    pub(crate) propagator: Option<Composite>,
    pub(crate) propagation_targets: Targets,
    pub(crate) level: Level,
    pub(crate) limits: Limits,
    pub(crate) redaction_key: Option<Secret>,
    #[cfg(feature = "pipeline")]
    pub(crate) pipeline: crate::pipeline::Settings,
    #[cfg(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar"))]
    pub(crate) proxies: crate::pipeline::transport::Proxies,
    #[cfg(feature = "otlp")]
    pub(crate) otlp: Option<crate::export::otlp::Settings>,
    /// Where exceptions go as log records.
    #[cfg(feature = "otlp")]
    pub(crate) otlp_exceptions: Option<crate::export::otlp::Settings>,
    #[cfg(feature = "otlp")]
    pub(crate) exception_signal: crate::export::otlp::ExceptionSignal,
    #[cfg(feature = "xray")]
    pub(crate) xray: Option<crate::xray::Settings>,
    #[cfg(feature = "rollbar")]
    pub(crate) rollbar: Option<crate::export::rollbar::Settings>,
    #[cfg(feature = "cloudwatch")]
    pub(crate) cloudwatch: Option<crate::export::cloudwatch::Settings>,
    /// Region, address and credentials by the variables; an error keeps CloudWatch Logs from starting.
    #[cfg(feature = "cloudwatch")]
    pub(crate) cloudwatch_access: Result<crate::aws::Access, crate::aws::SettingsError>,
    #[cfg(feature = "console")]
    pub(crate) console: Option<crate::export::console::Settings>,
    /// What the environment says of the log on the console, which may be turned on later.
    #[cfg(feature = "console")]
    pub(crate) log_format: Option<crate::export::console::LogFormat>,
    #[cfg(feature = "opentelemetry")]
    pub(crate) exporters: Vec<crate::opentelemetry::Destination>,
    pub(crate) processors: Vec<Arc<dyn Processor<SpanRecord>>>,
    pub(crate) error_processors: Vec<Arc<dyn Processor<ErrorRecord>>>,
    pub(crate) log_processors: Vec<Arc<dyn Processor<LogRecord>>>,
    pub(crate) reports: crate::report::Settings,
    pub(crate) redaction: Redaction,
    pub(crate) logging: crate::logging::Settings,
    pub(crate) warnings: Warnings,
}

impl Config {
    /// Reads the variables of this process.
    ///
    /// A variable of OpenTelemetry, AWS or others that holds what cannot be used is a [warning](Self::warnings)
    /// and the default.
    ///
    /// # Errors
    /// The first variable of this crate (`SPANWRIGHT_*`, `ROLLBAR_*`, `CLOUDWATCH_*`) that holds what cannot be
    /// used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_environment(&Environment::of_process())
    }

    /// Reads the variables of `environment`; nothing else is read.
    ///
    /// A variable of OpenTelemetry, AWS or others that holds what cannot be used is a [warning](Self::warnings)
    /// and the default.
    ///
    /// # Errors
    /// The first variable of this crate (`SPANWRIGHT_*`, `ROLLBAR_*`, `CLOUDWATCH_*`) that holds what cannot be
    /// used.
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        read::config(environment)
    }

    /// The name of the service, where the environment gives none.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        if !self.has_service_name {
            self.resource.set(Attribute::new("service.name", name.into()));
        }
        self
    }

    /// The version of the service, where the environment gives none.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        let version = version.into();
        self.resource_attribute_if_absent("service.version", version)
    }

    /// An attribute of the process as a whole.
    pub fn resource_attribute(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.resource.set(Attribute::new(key, value));
        self
    }

    /// Sets the sampler of new traces, instead of `OTEL_TRACES_SAMPLER`.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = sampler::Choice::Generic(sampler);
        self
    }

    /// Which headers carry traces, instead of `OTEL_PROPAGATORS`.
    pub fn propagator(mut self, propagator: Composite) -> Self {
        self.propagator = Some(propagator);
        self
    }

    /// The most detailed level that is recorded, instead of `SPANWRIGHT_LEVEL`.
    pub fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// How much a span may hold, instead of the `OTEL_*_LIMIT` variables.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How every destination batches, retries and bounds what it holds.
    #[cfg(feature = "pipeline")]
    pub fn pipeline(mut self, settings: crate::pipeline::Settings) -> Self {
        self.pipeline = settings;
        self
    }

    /// Reaches remote destinations by these proxies, instead of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY`; `Proxies::default()` for none. The search for AWS credentials does not know SOCKS: behind
    /// such a proxy it asks directly, and says so on standard error.
    #[cfg(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar"))]
    pub fn proxies(mut self, proxies: crate::pipeline::transport::Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Sends spans by OTLP as these settings say, instead of the `OTEL_EXPORTER_OTLP_*` variables.
    /// The resource in them is replaced by the process's own.
    #[cfg(feature = "otlp")]
    pub fn otlp(mut self, settings: crate::export::otlp::Settings) -> Self {
        self.otlp = Some(settings);
        self
    }

    /// Sends exceptions by OTLP as log records, as these settings say, instead of
    /// `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN`; spans have no events for them then. The resource in the
    /// settings is replaced by the process's own.
    #[cfg(feature = "otlp")]
    pub fn otlp_exceptions(mut self, settings: crate::export::otlp::Settings) -> Self {
        self.otlp_exceptions = Some(settings);
        self.exception_signal = crate::export::otlp::ExceptionSignal::Logs;
        self
    }

    /// Reports failures to Rollbar as these settings say, instead of the `ROLLBAR_*` variables. What they
    /// do not say of the process, such as the name of the machine, is filled in; the resource in them is
    /// replaced by the process's own.
    #[cfg(feature = "rollbar")]
    pub fn rollbar(mut self, settings: crate::export::rollbar::Settings) -> Self {
        self.rollbar = Some(rollbar::complete(settings));
        self
    }

    /// Sends the log to CloudWatch Logs as these settings say, instead of the `CLOUDWATCH_LOG_*`
    /// variables. What they do not say of the process, such as the name of the machine, is filled in.
    #[cfg(feature = "cloudwatch")]
    pub fn cloudwatch(mut self, settings: crate::export::cloudwatch::Settings) -> Self {
        self.cloudwatch = Some(cloudwatch::complete(settings));
        self
    }

    /// Where CloudWatch Logs is asked and who asks, instead of the `AWS_*` variables. What neither says
    /// is looked for: the region in the profile, credentials in the chain of AWS.
    #[cfg(feature = "cloudwatch")]
    pub fn cloudwatch_access(mut self, access: crate::aws::Access) -> Self {
        self.cloudwatch_access = Ok(access);
        self
    }

    /// Sends segments to AWS X-Ray as these settings say, instead of the `AWS_XRAY_*` variables.
    #[cfg(feature = "xray")]
    pub fn xray(mut self, settings: crate::xray::Settings) -> Self {
        self.xray = Some(settings.in_place_of(self.xray.as_ref()));
        self
    }

    /// What tries each part of the way to AWS X-Ray by these settings; `None` where it is not
    /// configured, or all is disabled. Nothing needs to be installed for it.
    #[cfg(feature = "xray")]
    pub fn xray_doctor(&self) -> Option<crate::xray::Doctor> {
        let settings = self.xray.clone().filter(|_| !self.is_disabled)?;
        Some(crate::xray::Doctor::new(settings, self.resource.clone()))
    }

    /// Sampling rules for AWS X-Ray where `SPANWRIGHT_XRAY_RULES` names no file: a JSON text in one of
    /// the forms of such a file. They count where the rules of the account do not, or are not there.
    ///
    /// In a build without X-Ray, and where it is not on, nothing changes.
    ///
    /// # Errors
    /// The text holds no sampling rules.
    pub fn xray_rules(self, json: &str) -> Result<Self, ConfigError> {
        read::xray_rules(self, json)
    }

    /// Prints finished traces, failures and the log, instead of `SPANWRIGHT_CONSOLE`.
    #[cfg(feature = "console")]
    pub fn console(mut self, settings: crate::export::console::Settings) -> Self {
        self.console = Some(settings);
        self
    }

    /// Prints finished traces, failures and the log to standard output if no other destination is configured;
    /// in a build without the console nothing changes.
    pub fn console_if_alone(self, environment: &Environment) -> Self {
        if self.has_destination() { self } else { self.console_on_stdout(environment) }
    }

    #[cfg(feature = "console")]
    fn console_on_stdout(self, environment: &Environment) -> Self {
        let settings = read::console_on_stdout(environment, self.log_format);
        self.console(settings)
    }

    #[cfg(not(feature = "console"))]
    fn console_on_stdout(self, _environment: &Environment) -> Self {
        self
    }

    /// Hands finished spans to an exporter of the OpenTelemetry SDK too.
    #[cfg(feature = "opentelemetry")]
    pub fn exporter(mut self, destination: crate::opentelemetry::Destination) -> Self {
        self.exporters.push(destination);
        self
    }

    /// Hands finished spans to a processor of your own too. It runs on the collector's thread and
    /// must not block.
    pub fn processor(mut self, processor: impl Processor<SpanRecord>) -> Self {
        self.processors.push(Arc::new(processor));
        self
    }

    /// Hands reports of failures to a processor of your own too. It runs on a thread of ours, and holds
    /// up other reports.
    pub fn error_processor(mut self, processor: impl Processor<ErrorRecord>) -> Self {
        self.error_processors.push(Arc::new(processor));
        self
    }

    /// Hands events of the log to a processor of your own too. It runs on the collector's thread and must
    /// not block.
    pub fn log_processor(mut self, processor: impl Processor<LogRecord>) -> Self {
        self.log_processors.push(Arc::new(processor));
        self
    }

    /// What becomes of the log, instead of `RUST_LOG` and `SPANWRIGHT_SPAN_EVENTS`.
    pub fn logging(mut self, settings: crate::logging::Settings) -> Self {
        self.logging = settings;
        self
    }

    /// Changes what becomes of the log, and leaves the rest as the variables say, for instance
    /// `change_logging(|logging| logging.has_subscriber = false)`.
    pub fn change_logging(mut self, change: impl FnOnce(&mut crate::logging::Settings)) -> Self {
        change(&mut self.logging);
        self
    }

    /// What is reported of failures, and how much of it, instead of the `SPANWRIGHT_REPORT*` variables.
    pub fn reports(mut self, settings: crate::report::Settings) -> Self {
        self.reports = settings;
        self
    }

    /// Changes what is reported of failures, and leaves the rest as the variables say, for instance
    /// `change_reports(|reports| reports.breadcrumbs = 20)`.
    pub fn change_reports(mut self, change: impl FnOnce(&mut crate::report::Settings)) -> Self {
        change(&mut self.reports);
        self
    }

    /// Variables that are not used as they stand: values that are not of their kind, entries of lists that are
    /// left out, names that look misspelt. [`install`](Self::install) prints them on standard error.
    pub fn warnings(&self) -> &[String] {
        self.warnings.as_slice()
    }

    /// Whether anything would be recorded.
    pub fn has_destination(&self) -> bool {
        self.has_span_taker() || self.has_xray()
    }

    /// Whether anybody takes spans, or tells by them what happened before a failure.
    pub(crate) fn has_span_taker(&self) -> bool {
        self.has_span_destination()
            || self.has_rollbar()
            || self.has_otlp_exceptions()
            || !self.error_processors.is_empty()
            || self.has_log_taker()
    }

    /// Whether anybody takes the log. Its events name the trace that they belong to, so there are
    /// spans, too.
    pub(crate) fn has_log_taker(&self) -> bool {
        let has_console = cfg!(feature = "tracing") && self.has_console();
        has_console || self.has_cloudwatch() || !self.log_processors.is_empty()
    }

    /// Whether spans are told of failures.
    pub(crate) fn tells_spans_of_failures(&self) -> bool {
        #[cfg(feature = "otlp")]
        if !self.exception_signal.has_span_events() {
            return false;
        }
        self.has_span_destination() || self.has_xray()
    }

    /// Whether anybody takes spans.
    pub(crate) fn has_span_destination(&self) -> bool {
        self.has_otlp() || self.has_console() || self.has_exporter() || !self.processors.is_empty()
    }

    fn resource_attribute_if_absent(self, key: &'static str, value: impl Into<Value>) -> Self {
        if self.resource.attributes().iter().any(|attribute| attribute.key == key) {
            return self;
        }
        self.resource_attribute(key, value)
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("is_disabled", &self.is_disabled)
            .field("resource", &self.resource)
            .field("sampler", &self.sampler)
            .field("level", &self.level)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
