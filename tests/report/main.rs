//! Failures that people are told of, from user code to finished reports.

mod once;
mod panics;
mod scrub;
mod what_is_told;

use spanwright::record::{ErrorRecord, Subject};

/// What each error of a report says, as it was known last first.
fn messages(report: &ErrorRecord) -> Vec<&str> {
    report.subject.causes().iter().map(|cause| cause.message.as_str()).collect()
}

/// The functions that a failure left, the outermost first.
fn path(report: &ErrorRecord) -> Vec<&str> {
    report.path.iter().map(|source| source.name).collect()
}

/// The only report.
fn only(reports: Vec<ErrorRecord>) -> ErrorRecord {
    let [report] = <[ErrorRecord; 1]>::try_from(reports).unwrap_or_else(|reports| {
        let said: Vec<_> = reports.iter().map(messages).collect();
        panic!("one report, not {}: {said:?}", reports.len())
    });
    report
}

fn is_panic(report: &ErrorRecord) -> bool {
    matches!(report.subject, Subject::Panic(_))
}
