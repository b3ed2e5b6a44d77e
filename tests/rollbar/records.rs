//! Failures to begin with.

use spanwright::record::{ErrorRecord, ReportId, Severity, Subject};

/// A message without anything else.
pub(crate) fn message(text: &str) -> ErrorRecord {
    ErrorRecord::new(
        ReportId::from_random(1),
        1_795_166_494_000_000_000,
        Severity::Warning,
        Subject::Message(text.to_owned()),
    )
}
