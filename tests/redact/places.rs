//! Places where a secret may stand.

use std::fmt;

use spanwright::record::{Severity, Status};
use spanwright::{Span, SpanRef, report, report_errors, set_user, traced, xray_subsegment};

use super::kinds;

/// A way in which an application hands a text to us.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    /// Records the text in the current request.
    pub(crate) record: fn(SpanRef, &str),
    /// True if the text is a statement, or goes into one.
    pub(crate) is_statement: bool,
}

const fn place(name: &'static str, record: fn(SpanRef, &str)) -> Place {
    Place { name, record, is_statement: false }
}

const fn statement(name: &'static str, record: fn(SpanRef, &str)) -> Place {
    Place { is_statement: true, ..place(name, record) }
}

/// Every place.
pub(crate) const PLACES: &[Place] = &[
    place("error text", |_, text| drop(failing(text))),
    place("error cause", |_, text| drop(failing_below(text))),
    place("panic", |_, text| {
        let _ = std::panic::catch_unwind(|| panicking(text));
    }),
    place("status", |span, text| {
        span.set_status(&Status::Error { message: text.to_owned().into() });
    }),
    place("log message", |_, text| tracing::error!("{text}")),
    place("log field", |_, text| tracing::warn!(note = text, "with a field")),
    place("log field of a secret", |_, text| tracing::warn!(db.password = text, "with a password")),
    place("span name", |_, text| drop(Span::new(text))),
    place("attribute", |span, text| {
        span.set_attribute("app.note", text);
    }),
    place("attribute of a secret", |span, text| {
        span.set_attribute("app.auth_token", text);
    }),
    place("array", |span, text| {
        span.set_attribute("app.notes", &[text][..]);
    }),
    place("event", |span, text| {
        span.add_event("noted", &[("note", &text)]);
    }),
    place("link", |span, text| {
        span.add_link(span.context(), &[("note", &text)]);
    }),
    place("annotation", |span, text| {
        span.set_annotation("note", text);
    }),
    place("metadata", |span, text| {
        span.set_metadata("default", "notes", serde_json::json!({ "note": [text] }));
    }),
    place("metadata of a secret", |span, text| {
        span.set_metadata("default", "login", serde_json::json!({ "password": { "of": text } }));
    }),
    place("query", |span, text| {
        let query = format!("a=1&note={}", kinds::component(text));
        span.set_attribute("url.query", &query);
    }),
    place("URL", |span, text| {
        let url = format!("https://a.example/b?note={}", kinds::component(text));
        span.set_attribute("url.full", &url);
    }),
    place("access line", |_, text| {
        let query = format!("note={}", kinds::component(text));
        tracing::info!(url.query = query, "127.0.0.1 GET http /cb?{query} 200 OK");
    }),
    place("header", |span, text| {
        span.set_attribute("http.request.header.x-note", &[text][..]);
    }),
    place("header of a secret", |span, text| {
        span.set_attribute("http.request.header.authorization", &[text][..]);
    }),
    statement("SQL", |span, text| {
        span.set_attribute("db.system.name", "postgresql");
        span.set_attribute("db.query.text", in_statement(text));
    }),
    statement("SQL of the log", |_, text| {
        tracing::info!(db.statement = in_statement(text), "a statement");
    }),
    place("connection string", |span, text| {
        span.set_attribute("db.connection_string", text);
    }),
    place("user", |_, text| set_user(text)),
    place("message", |_, text| {
        let _ = spanwright::report_message(text, Severity::Warning);
    }),
    place("breadcrumb", |_, text| {
        report::note(text, Severity::Info);
        let _ = spanwright::report_message("after a note", Severity::Warning);
    }),
    place("custom value", |_, text| {
        let _ = report::Builder::message("with a value").custom("note", text.to_owned()).send();
    }),
    place("title, context and user", |_, text| {
        let report = report::Builder::message("with a title").title(text).context(text);
        let _ = report.person(text).username(text).email(text).send();
    }),
];

/// A text that tells that something of a place arrived; the place itself cannot hold it.
pub(crate) fn mark(place: &str) -> String {
    format!("cell:{}", place.replace([' ', ','], "-"))
}

/// A statement as it is, or with the text in a literal.
fn in_statement(text: &str) -> String {
    if text.starts_with("select") {
        text.to_owned()
    } else {
        format!("select a from b where c = '{}'", text.replace('\'', "''"))
    }
}

#[derive(Debug)]
struct Failure(String, Option<Box<Failure>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|below| below as _)
    }
}

#[traced]
#[xray_subsegment]
#[report_errors]
fn failing(text: &str) -> Result<(), Failure> {
    Err(Failure(text.to_owned(), None))
}

#[traced]
#[xray_subsegment]
#[report_errors]
fn failing_below(text: &str) -> Result<(), Failure> {
    Err(Failure("above".to_owned(), Some(Box::new(Failure(text.to_owned(), None)))))
}

#[traced]
#[xray_subsegment]
#[report_errors(panics)]
fn panicking(text: &str) {
    panic!("{text}");
}
