//! How asking the control plane is going.
//!
//! In: successes and failures. Out: what a person wants to know about them.
//! Never: holds more than the last failure.

use std::time::Duration;

use crate::sample::xray::fields::FieldError;

/// What went wrong with one request to the control plane.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CentralError {
    /// There was no answer.
    #[error("{path}: {reason}")]
    NoAnswer {
        /// What was asked for.
        path: &'static str,
        /// Why there was none.
        reason: String,
    },
    /// The answer was a refusal.
    #[error(
        "{path}: the daemon answered with status {status}, expected 200{}",
        behind_colon(reason)
    )]
    Status {
        /// What was asked for.
        path: &'static str,
        /// The status of HTTP.
        status: u16,
        /// The reason, as far as the answer gives one; may be empty.
        reason: String,
    },
    /// The answer is not what was asked for.
    #[error("{path}: the answer cannot be used: {reason}")]
    Garbage {
        /// What was asked for.
        path: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A rule is none; the others are in use.
    #[error("a rule of the control plane is left out: {0}")]
    Rule(FieldError),
    /// Counts of some rules were not taken; the others were.
    #[error("statistics of {count} rules were not processed, of `{rule}` for {code} {message:?}")]
    Unprocessed {
        /// How many.
        count: usize,
        /// The first of them.
        rule: String,
        /// The code of its error.
        code: String,
        /// The message of its error.
        message: String,
    },
}

/// Returns a reason behind a colon, or nothing.
fn behind_colon(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

/// How asking the control plane is going. Times are since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How many rules were fetched last.
    pub rules: usize,
    /// When that was.
    pub fetched_at: Option<Duration>,
    /// When counts were reported last.
    pub reported_at: Option<Duration>,
    /// How many requests went wrong, wholly or in part.
    pub failures: u64,
    /// The last of them and when it was.
    pub last_failure: Option<(Duration, CentralError)>,
}

impl Status {
    pub(super) fn fail(&mut self, error: &CentralError, now: Duration) {
        self.failures += 1;
        self.last_failure = Some((now, error.clone()));
    }
}
