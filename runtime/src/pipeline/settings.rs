//! How patient and how large a destination's pipeline is.

use std::time::Duration;

use super::Backoff;
use super::state::Rules;
use crate::export::Limits;

/// What any longer time is meant as; a moment may be that far away on every clock.
pub(super) const FOR_EVER: Duration = Duration::from_hours(365 * 24);

/// How one destination batches, retries and bounds what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most bytes held at any moment: queued, encoded, in flight and waiting for a retry.
    /// What does not fit is lost, newest first.
    pub max_bytes: usize,
    /// The most records held at any moment; `None` leaves it to the bytes.
    pub max_records: Option<usize>,
    /// The most records of one request; the destination's own limit applies too.
    pub max_batch_records: usize,
    /// How long the first record of a batch waits for others.
    pub max_batch_age: Duration,
    /// How many requests may be under way at once, at least 1.
    pub max_in_flight: usize,
    /// How long to wait after a failure when the server does not say.
    pub backoff: Backoff,
    /// How long after a batch was closed a failure is final, and the longest wait that a server may
    /// ask for.
    pub give_up_after: Duration,
}

/// Why a variable of the environment cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is `{found}`, expected {expected}")]
pub struct SettingsError {
    /// The variable.
    pub variable: &'static str,
    /// Its value.
    pub found: String,
    /// What it may be.
    pub expected: &'static str,
}

impl Default for Settings {
    /// 16 MiB hold about 60,000 spans of 280 encoded bytes: ten minutes of an outage at 100 spans
    /// a second, and the hour after which a batch is given up at 16 spans a second. A batch of
    /// 4096 such spans is a little over 1 MiB. One second of age keeps traces nearly live; the
    /// OpenTelemetry default of five goes with batches of 512 spans.
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024 * 1024,
            max_records: None,
            max_batch_records: 4096,
            max_batch_age: Duration::from_secs(1),
            max_in_flight: 2,
            backoff: Backoff::default(),
            give_up_after: Duration::from_hours(1),
        }
    }
}

impl Settings {
    /// Reads the `OTEL_BSP_*` variables through `lookup`; what is not set keeps its default.
    ///
    /// `OTEL_BSP_EXPORT_TIMEOUT` bounds a single request, so it is the dialect that reads it.
    /// Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor>.
    ///
    /// # Errors
    /// A value that is not a number, or 0 where nothing would ever be sent.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some(delay_ms) = number(lookup, "OTEL_BSP_SCHEDULE_DELAY", 0)? {
            settings.max_batch_age = Duration::from_millis(delay_ms as u64);
        }
        settings.max_records = number(lookup, "OTEL_BSP_MAX_QUEUE_SIZE", 1)?;
        if let Some(records) = number(lookup, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1)? {
            settings.max_batch_records = records;
        }
        Ok(settings)
    }

    /// Joins the settings with the limits of a destination.
    ///
    /// A batch never needs more than half of what may be held, or a full queue would wait for it.
    pub(super) fn rules(&self, limits: Limits) -> Rules {
        let half_of_queue = self.max_records.map_or(usize::MAX, |records| (records / 2).max(1));
        Rules {
            limits: Limits {
                items: limits.items.min(self.max_batch_records).min(half_of_queue).max(1),
                bytes: limits.bytes.min(self.max_bytes / 2),
                overhead_bytes: limits.overhead_bytes,
            },
            max_batch_age: self.max_batch_age.min(FOR_EVER),
            max_in_flight: self.max_in_flight.max(1),
            backoff: self.backoff,
            give_up_after: self.give_up_after.min(FOR_EVER),
        }
    }
}

fn number(
    lookup: &dyn Fn(&str) -> Option<String>,
    variable: &'static str,
    min: usize,
) -> Result<Option<usize>, SettingsError> {
    let Some(found) = lookup(variable).filter(|value| !value.trim().is_empty()) else {
        return Ok(None);
    };
    // A count beyond 32 bits is a slip of the keyboard.
    match found.trim().parse::<u32>() {
        Ok(value) if value as usize >= min => Ok(Some(value as usize)),
        _ if min == 0 => {
            Err(SettingsError { variable, found, expected: "a number of milliseconds" })
        }
        _ => Err(SettingsError { variable, found, expected: "a number of spans, at least 1" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let lookup = |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Settings::from_env(&lookup).map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_of_the_batch_processor_are_honoured() {
        assert_eq!(from(&[]), Ok(Settings::default()));
        assert_eq!(from(&[("OTEL_BSP_SCHEDULE_DELAY", " ")]), Ok(Settings::default()));
        let settings = from(&[
            ("OTEL_BSP_SCHEDULE_DELAY", "0"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "2048"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "512"),
        ]);
        let expected = Settings {
            max_batch_age: Duration::ZERO,
            max_records: Some(2048),
            max_batch_records: 512,
            ..Settings::default()
        };
        assert_eq!(settings, Ok(expected));
    }

    #[test]
    fn a_bad_number_names_the_variable_the_value_and_what_was_expected() {
        for (variable, value, expected) in [
            ("OTEL_BSP_SCHEDULE_DELAY", "5s", "a number of milliseconds"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "a number of spans, at least 1"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1", "a number of spans, at least 1"),
        ] {
            let message = format!("{variable} is `{value}`, expected {expected}");
            assert_eq!(from(&[(variable, value)]), Err(message));
        }
    }

    #[test]
    fn a_batch_is_full_before_the_queue_is() {
        let limits = Limits { items: 4096, bytes: 4 << 20, overhead_bytes: 0 };
        let settings =
            Settings { max_records: Some(100), max_bytes: 1 << 20, ..Settings::default() };
        let Limits { items, bytes, .. } = settings.rules(limits).limits;
        assert_eq!((items, bytes), (50, 1 << 19));
    }
}
