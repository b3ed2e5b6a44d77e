//! What is wrong with settings.

use crate::propagate::CompositeError;
use crate::sample::SamplerError;

/// Why settings cannot be used; each message names the variable, what it holds and what was
/// expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A value that is not of its kind.
    #[error("{variable} is `{found}`, expected {expected}")]
    Value {
        /// The variable.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
    /// A filter of the log that is none.
    #[error("{variable} is `{found}`, expected directives such as `info,sqlx=warn`: {problem}")]
    Filter {
        /// The variable.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The sampler's variables.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// A file that cannot be read.
    #[error("{variable} names `{path}`, which cannot be read: {error}")]
    File {
        /// The variable.
        variable: &'static str,
        /// The file.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// A file of sampling rules.
    #[cfg(feature = "xray")]
    #[error(transparent)]
    Rules(#[from] crate::sample::xray::RulesError),
    /// The list of propagators.
    #[error(transparent)]
    Propagators(#[from] CompositeError),
    /// The variables of OTLP.
    #[cfg(feature = "otlp")]
    #[error(transparent)]
    Otlp(#[from] crate::export::otlp::SettingsError),
    /// The variables of Rollbar.
    #[cfg(feature = "rollbar")]
    #[error(transparent)]
    Rollbar(#[from] crate::export::rollbar::SettingsError),
    /// The variables of CloudWatch Logs.
    #[cfg(feature = "cloudwatch")]
    #[error(transparent)]
    Cloudwatch(#[from] crate::export::cloudwatch::SettingsError),
    /// The variables of AWS.
    #[cfg(feature = "cloudwatch")]
    #[error(transparent)]
    Aws(#[from] crate::aws::SettingsError),
    /// The variables of batching.
    #[cfg(feature = "pipeline")]
    #[error(transparent)]
    Pipeline(#[from] crate::pipeline::SettingsError),
}
