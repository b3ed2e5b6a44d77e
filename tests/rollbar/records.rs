//! Failures to begin with.

use spanwright::record::{ErrorRecord, Person, ReportId, Severity, Subject};

/// A message without anything else.
pub(crate) fn message(text: &str) -> ErrorRecord {
    ErrorRecord {
        id: ReportId::from_random(1),
        unix_ns: 1_795_166_494_000_000_000,
        severity: Severity::Warning,
        subject: Subject::Message(text.to_owned()),
        title: None,
        fingerprint: None,
        context: None,
        stack: Vec::new(),
        path: Vec::new(),
        spans: Vec::new(),
        span: None,
        request: None,
        person: Person::default(),
        custom: Vec::new(),
        breadcrumbs: Vec::new(),
        thread: None,
    }
}
