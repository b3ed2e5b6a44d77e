//! `OTEL_TRACES_EXPORTER`: which of our destinations are meant.
//!
//! In: the variable. Out: a choice, where there is one.
//! Never: turns a destination on by itself.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#exporter-selection>.

use super::{ConfigError, Environment};

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
    /// `None` when the variable says nothing, so that each destination follows its own variables.
    pub(super) fn read(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let Some(found) = environment.get(VARIABLE) else { return Ok(None) };
        let mut choice = Self::default();
        let names: Vec<_> = found.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
        for name in &names {
            match name.as_str() {
                "otlp" => choice.otlp = true,
                "console" => choice.console = true,
                "none" if names.len() == 1 => {}
                _ => {
                    return Err(ConfigError::Value {
                        variable: VARIABLE,
                        found: found.to_owned(),
                        expected: "`none`, or a list of `otlp` and `console`",
                    });
                }
            }
        }
        Ok(Some(choice))
    }

    /// A warning for each destination that this build does not have.
    pub(super) fn warnings(self) -> impl Iterator<Item = String> {
        let otlp = (self.otlp && !cfg!(feature = "otlp")).then_some("otlp");
        let console = (self.console && !cfg!(feature = "console")).then_some("console");
        otlp.into_iter().chain(console).map(|name| {
            format!(
                "{VARIABLE} asks for {name}, which this build was made without (feature `{name}`)"
            )
        })
    }
}
