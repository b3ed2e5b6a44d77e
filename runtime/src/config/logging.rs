//! What operators say about the log.

use super::{ConfigError, Environment};
use crate::logging::{self, Settings};
use crate::record::Level;

const FILTER: &str = "RUST_LOG";
const SPAN_EVENTS: &str = "SPANWRIGHT_SPAN_EVENTS";

/// Reads the variables; what they do not say is as it is by default.
pub(super) fn read(environment: &Environment) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    if let Some(filter) = environment.get(FILTER) {
        logging::check(filter).map_err(|problem| ConfigError::Filter {
            variable: FILTER,
            found: filter.to_owned(),
            problem,
        })?;
        filter.clone_into(&mut settings.filter);
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
