//! Settings of the log by their variables.

use super::{ConfigError, Environment};
use crate::logging::{self, Settings};
use crate::record::Level;
use crate::warnings::Warnings;

const FILTER: &str = "RUST_LOG";
const SPAN_EVENTS: &str = "SPANWRIGHT_SPAN_EVENTS";

/// Reads the variables; unset ones keep their defaults. `RUST_LOG` belongs to others, too: a directive that
/// is none is left out with a warning.
pub(super) fn read(
    environment: &Environment,
    warnings: &mut Warnings,
) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    let directives: Vec<_> = environment.list(FILTER).collect();
    let mut is_one = |directive: &&str| {
        let checked = logging::check(directive);
        let expected = |problem| format!("a directive such as `info` or `sqlx=warn`: {problem}");
        checked
            .map_err(|problem| warnings.invalid_entry(FILTER, directive, expected(problem)))
            .is_ok()
    };
    let filter: Vec<_> = directives.into_iter().filter(|directive| is_one(directive)).collect();
    if !filter.is_empty() {
        settings.filter = filter.join(",");
    }
    if let Some(found) = environment.get(SPAN_EVENTS) {
        settings.span_events = span_events(found)?;
    }
    Ok(settings)
}

fn span_events(found: &str) -> Result<Option<Level>, ConfigError> {
    if found.eq_ignore_ascii_case("off") {
        return Ok(None);
    }
    found.parse().map(Some).map_err(|_| ConfigError::Value {
        variable: SPAN_EVENTS,
        found: found.to_owned(),
        expected: "one of off, error, warn, info, debug, trace",
    })
}
