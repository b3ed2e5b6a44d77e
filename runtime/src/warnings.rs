//! Warnings about settings that are not used as they stand.
//!
//! By OpenTelemetry's rules an unusable value of one of its variables is a warning and the default, never an
//! error.
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#parsing-empty-value>.

use std::fmt;

use crate::diagnostics;

/// Longest quoted value, in characters.
const MAX_FOUND_CHARS: usize = 100;

/// Warnings about settings, each kept once.
///
/// [`Config::warnings`](crate::Config::warnings) returns those of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Warnings(Vec<String>);

impl Warnings {
    /// Adds a warning, unless it is there already: several signals read the same general variables.
    pub fn push(&mut self, warning: impl fmt::Display) {
        let warning = warning.to_string();
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// All warnings, in the order in which they were added.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Adds a warning about a variable whose value is not one of its kind, and says what applies instead.
    pub(crate) fn invalid(
        &mut self,
        variable: &str,
        found: &str,
        expected: impl fmt::Display,
        instead: &str,
    ) {
        let found = diagnostics::shorten(found, MAX_FOUND_CHARS);
        self.push(format_args!("{variable} is `{found}`, expected {expected}; {instead}"));
    }

    /// Adds a warning about one entry of a list; the other entries apply.
    pub(crate) fn invalid_entry(
        &mut self,
        variable: &str,
        found: &str,
        expected: impl fmt::Display,
    ) {
        let found = diagnostics::shorten(found, MAX_FOUND_CHARS);
        self.push(format_args!("{variable} has the entry `{found}`, expected {expected}; ignored"));
    }
}

impl<W: fmt::Display> Extend<W> for Warnings {
    fn extend<T: IntoIterator<Item = W>>(&mut self, warnings: T) {
        for warning in warnings {
            self.push(warning);
        }
    }
}
