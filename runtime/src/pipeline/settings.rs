//! How patient and how large a destination's pipeline is.

use std::time::Duration;

use super::Backoff;
use super::state::Rules;
use crate::export::Limits;
use crate::warnings::Warnings;

/// Longest time of any setting; a longer one counts as this, which can be added to every moment of a clock.
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

/// A setting that cannot be used.
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
    /// A value that is not a number, or 0 where nothing would ever be sent, keeps the default too and adds a
    /// warning. `OTEL_BSP_EXPORT_TIMEOUT` bounds a single request, so the exporter reads it.
    /// Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor>.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>, warnings: &mut Warnings) -> Self {
        const DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
        let mut settings = Self::default();
        let mut number = |variable, min, expected| {
            let found = lookup(variable).filter(|value| !value.trim().is_empty())?;
            let number = found.trim().parse::<u64>().ok().filter(|number| *number >= min);
            if number.is_none() {
                warnings.invalid(variable, &found, expected, "using the default");
            }
            number
        };
        if let Some(delay_ms) = number(DELAY, 0, "a number of milliseconds") {
            settings.max_batch_age = Duration::from_millis(delay_ms);
        }
        let records = "a number of spans, at least 1";
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        settings.max_records = number("OTEL_BSP_MAX_QUEUE_SIZE", 1, records).map(count);
        if let Some(records) = number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, records) {
            settings.max_batch_records = count(records);
        }
        settings
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
            backoff: Backoff {
                initial: self.backoff.initial.min(FOR_EVER),
                max: self.backoff.max.min(FOR_EVER),
            },
            give_up_after: self.give_up_after.min(FOR_EVER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let lookup = |name: &str| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let mut warnings = Warnings::default();
        let settings = Settings::from_env(&lookup, &mut warnings);
        (settings, warnings.as_slice().to_vec())
    }

    #[test]
    fn the_variables_of_the_batch_processor_are_honoured() {
        assert_eq!(from(&[]), (Settings::default(), vec![]));
        assert_eq!(from(&[("OTEL_BSP_SCHEDULE_DELAY", " ")]), (Settings::default(), vec![]));
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
        assert_eq!(settings, (expected, vec![]));
    }

    #[test]
    fn a_bad_number_is_a_warning_and_the_default() {
        for (variable, value, expected) in [
            ("OTEL_BSP_SCHEDULE_DELAY", "5s", "a number of milliseconds"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "a number of spans, at least 1"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "-1", "a number of spans, at least 1"),
        ] {
            let warning =
                format!("{variable} is `{value}`, expected {expected}; using the default");
            assert_eq!(from(&[(variable, value)]), (Settings::default(), vec![warning]));
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
