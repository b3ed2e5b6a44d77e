//! Errors in the variables of this crate.

/// A variable of this crate (`SPANWRIGHT_*`, `ROLLBAR_*`, `CLOUDWATCH_*`) that cannot be used; each message
/// names the variable, its value and what is expected.
///
/// Variables of OpenTelemetry, AWS and others are never errors: [`Config::warnings`](crate::Config::warnings)
/// has those that cannot be used.
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
    /// A file that holds no sampling rules.
    #[cfg(feature = "xray")]
    #[error("{variable} names {error}")]
    RulesFile {
        /// The variable.
        variable: &'static str,
        /// The file, and what is wrong in it.
        error: crate::sample::xray::RulesError,
    },
    /// A text in code that holds no sampling rules.
    #[cfg(feature = "xray")]
    #[error(transparent)]
    Rules(#[from] crate::sample::xray::RulesError),
    /// The variables of Rollbar.
    #[cfg(feature = "rollbar")]
    #[error(transparent)]
    Rollbar(#[from] crate::export::rollbar::SettingsError),
    /// The variables of CloudWatch Logs.
    #[cfg(feature = "cloudwatch")]
    #[error(transparent)]
    Cloudwatch(#[from] crate::export::cloudwatch::SettingsError),
}
