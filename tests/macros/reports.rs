//! Reports as text, one line each.

use std::fmt::Write as _;

use spanwright::record::{Cause, ErrorRecord, Person, Subject};

/// One line a report: how bad it is, the functions that it left, what failed, what was said about it.
pub(crate) fn lines(reports: &[ErrorRecord]) -> String {
    reports.iter().map(|report| line(report) + "\n").collect()
}

fn line(report: &ErrorRecord) -> String {
    let path: Vec<_> = report.path.iter().map(|source| source.name).collect();
    let subject = match &report.subject {
        Subject::Error(causes) => causes.iter().map(cause).collect::<Vec<_>>().join(" <- "),
        Subject::Panic(cause) => format!("panic!({})", cause.message),
        Subject::Message(text) => text.clone(),
    };
    let mut line = format!("{} {}: {subject}", report.severity, path.join(" > "));
    for (name, text) in [
        ("title", &report.title),
        ("fingerprint", &report.fingerprint),
        ("context", &report.context),
    ] {
        if let Some(text) = text {
            let _ = write!(line, " {name}={text}");
        }
    }
    if report.person != Person::default() {
        let Person { id, username, email } = &report.person;
        let [id, username, email] = [id, username, email].map(|it| it.as_deref().unwrap_or(""));
        let _ = write!(line, " person={id}/{username}/{email}");
    }
    for attribute in &report.custom {
        let _ = write!(line, " {}={}", attribute.key, attribute.value);
    }
    line
}

/// The last word of the type, and what it says.
fn cause(cause: &Cause) -> String {
    let path = cause.type_name.as_deref().unwrap_or_default();
    let path = path.split('<').next().unwrap_or_default();
    format!("{}({})", path.rsplit("::").next().unwrap_or_default(), cause.message)
}
