//! What operators say about reports of failures.

use super::read::count;
use super::{ConfigError, Environment};
use crate::report::{Panics, Settings};

/// How many lines of code around a frame may be asked for.
const MAX_SOURCE_LINES: usize = 20;

/// Reads the variables; what they do not say is as it is by default.
pub(super) fn read(environment: &Environment) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    settings.per_minute = per_minute(environment)?.unwrap_or(settings.per_minute);
    settings.panics = panics(environment)?.unwrap_or(settings.panics);
    let lines = source_lines(environment)?;
    settings.stack.source_lines = lines.map_or(settings.stack.source_lines, |lines| {
        // None before and none behind would still tell the line itself.
        Some(lines).filter(|lines| *lines > 0)
    });
    Ok(settings)
}

fn per_minute(environment: &Environment) -> Result<Option<u32>, ConfigError> {
    let found = count(environment, "SPANWRIGHT_REPORTS_PER_MINUTE")?;
    Ok(found.map(|found| u32::try_from(found).unwrap_or(u32::MAX)))
}

fn panics(environment: &Environment) -> Result<Option<Panics>, ConfigError> {
    const VARIABLE: &str = "SPANWRIGHT_REPORT_PANICS";
    let Some(found) = environment.get(VARIABLE) else { return Ok(None) };
    match found.to_ascii_lowercase().as_str() {
        "all" => Ok(Some(Panics::All)),
        "annotated" => Ok(Some(Panics::Annotated)),
        "off" => Ok(Some(Panics::Off)),
        _ => Err(ConfigError::Value {
            variable: VARIABLE,
            found: found.to_owned(),
            expected: "one of all, annotated, off",
        }),
    }
}

fn source_lines(environment: &Environment) -> Result<Option<usize>, ConfigError> {
    const VARIABLE: &str = "SPANWRIGHT_REPORT_SOURCE_LINES";
    let Some(found) = environment.get(VARIABLE) else { return Ok(None) };
    let lines = found.parse().ok().filter(|lines| *lines <= MAX_SOURCE_LINES);
    lines.map(Some).ok_or_else(|| ConfigError::Value {
        variable: VARIABLE,
        found: found.to_owned(),
        expected: "a number from 0 to 20",
    })
}
