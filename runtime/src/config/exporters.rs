//! `OTEL_TRACES_EXPORTER`: which of our destinations are meant.
//!
//! In: the variable. Out: a choice, where there is one.
//! Never: turns a destination on by itself.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#exporter-selection>.

use super::Environment;
use crate::warnings::Warnings;

const VARIABLE: &str = "OTEL_TRACES_EXPORTER";

/// What the variable lists; what it does not list is not meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// `otlp`.
    pub(super) otlp: bool,
    /// `console`.
    pub(super) console: bool,
}

impl Choice {
    /// `None` where the variable is unset or lists nothing that is known, so that each destination follows
    /// its own variables.
    pub(super) fn read(environment: &Environment, warnings: &mut Warnings) -> Option<Self> {
        let mut choice = Self::default();
        let mut is_made = false;
        let has_one = environment.list(VARIABLE).nth(1).is_none();
        for name in environment.list(VARIABLE) {
            match name.to_ascii_lowercase().as_str() {
                "otlp" => choice.otlp = true,
                // The second name is an older one of the first.
                "console" | "logging" => choice.console = true,
                "none" if has_one => {}
                _ => {
                    let expected = "`none` alone, or `otlp` or `console`";
                    warnings.invalid_entry(VARIABLE, name, expected);
                    continue;
                }
            }
            is_made = true;
        }
        warnings.extend(choice.missing());
        is_made.then_some(choice)
    }

    /// A warning for each destination that this build does not have.
    fn missing(self) -> impl Iterator<Item = String> {
        let otlp = (self.otlp && !cfg!(feature = "otlp")).then_some("otlp");
        let console = (self.console && !cfg!(feature = "console")).then_some("console");
        otlp.into_iter().chain(console).map(|name| {
            format!(
                "{VARIABLE} asks for {name}, which this build was made without (feature `{name}`)"
            )
        })
    }
}
