//! What an item tells: a trace, a chain of them, or a message, and what happened before.
//!
//! In: the subject, the frames, the breadcrumbs. Out: Rollbar's `body`.
//! Never: makes a trace of a message.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>, `body`.

use serde_json::{Map, Value, json};

use crate::record::{Breadcrumb, Cause, ErrorRecord, Happening, Subject};

/// What an error is called whose type is not known: Rollbar insists on a class.
const NO_CLASS: &str = "Error";

/// What a panic is called.
const PANIC: &str = "panic";

pub(super) fn body(record: &ErrorRecord, frames: Vec<Value>) -> Value {
    let mut body = Map::new();
    let (kind, told) = match &record.subject {
        Subject::Message(text) => ("message", json!({ "body": text })),
        Subject::Panic(cause) => ("trace", trace(cause, PANIC, frames)),
        Subject::Error(causes) => error(causes, frames),
    };
    body.insert(kind.to_owned(), told);
    if !record.breadcrumbs.is_empty() {
        let telemetry = record.breadcrumbs.iter().map(crumb).collect();
        body.insert("telemetry".to_owned(), telemetry);
    }
    Value::Object(body)
}

fn error(causes: &[Cause], frames: Vec<Value>) -> (&'static str, Value) {
    match causes {
        [] => ("trace", trace(&Cause::default(), NO_CLASS, frames)),
        [cause] => ("trace", trace(cause, NO_CLASS, frames)),
        [first, sources @ ..] => {
            // One stack was taken, by the error as it is known now; its causes have none.
            let mut first = trace(first, NO_CLASS, frames);
            first["exception"]["description"] = json!(whole(causes));
            let sources = sources.iter().map(|cause| trace(cause, NO_CLASS, Vec::new()));
            ("trace_chain", std::iter::once(first).chain(sources).collect())
        }
    }
}

fn trace(cause: &Cause, class: &str, frames: Vec<Value>) -> Value {
    let class = cause.type_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(class);
    let exception = json!({ "class": class, "message": cause.message });
    Value::from_iter([("frames", Value::Array(frames)), ("exception", exception)])
}

/// The messages of a chain on one line.
fn whole(causes: &[Cause]) -> String {
    let messages = causes.iter().map(|cause| cause.message.as_str());
    messages.filter(|message| !message.is_empty()).collect::<Vec<_>>().join(": ")
}

fn crumb(crumb: &Breadcrumb) -> Value {
    let (kind, body) = match &crumb.what {
        Happening::Log { message } => ("log", json!({ "message": message })),
        Happening::Note { message } => ("manual", json!({ "message": message })),
        Happening::Span { name, duration_ns, error } => {
            ("manual", span(name, *duration_ns, error.as_deref()))
        }
        Happening::Call { method, url, status } => {
            let mut call = json!({ "method": method, "url": url });
            if let Some(status) = status {
                call["status_code"] = json!(status);
            }
            ("network", call)
        }
    };
    json!({
        "level": crumb.severity.as_str(),
        "type": kind,
        "source": "server",
        "timestamp_ms": crumb.unix_ns / 1_000_000,
        "body": body,
    })
}

fn span(name: &str, duration_ns: u64, error: Option<&str>) -> Value {
    let micros = duration_ns / 1_000;
    let duration = format!("{}.{:03} ms", micros / 1_000, micros % 1_000);
    let mut span = json!({ "span": name, "duration_us": micros });
    span["message"] = match error {
        None => json!(format!("{name} ended after {duration}")),
        Some(error) => json!(format!("{name} failed after {duration}: {error}")),
    };
    span
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rollbar::testing::{cause, message};
    use crate::record::Severity;

    fn of(subject: Subject) -> Value {
        let record = ErrorRecord { subject, ..message("") };
        body(&record, vec![json!({ "filename": "a.rs" })])
    }

    #[test]
    fn one_error_is_a_trace_and_several_are_a_chain_of_which_the_first_has_the_stack() {
        let frames = json!([{ "filename": "a.rs" }]);
        let expected = json!({ "trace": {
            "frames": frames, "exception": { "class": "app::Error", "message": "no" },
        }});
        assert_eq!(of(Subject::Error(vec![cause("app::Error", "no")])), expected);

        let chain = vec![cause("A", "outer"), cause("", ""), cause("B", "inner")];
        let expected = json!({ "trace_chain": [
            {
                "frames": frames,
                "exception": { "class": "A", "message": "outer", "description": "outer: inner" },
            },
            { "frames": [], "exception": { "class": "Error", "message": "" } },
            { "frames": [], "exception": { "class": "B", "message": "inner" } },
        ]});
        assert_eq!(of(Subject::Error(chain)), expected);
    }

    #[test]
    fn a_panic_is_a_trace_and_a_message_has_none() {
        let panic = of(Subject::Panic(Cause { message: "boom".to_owned(), ..Cause::default() }));
        assert_eq!(panic["trace"]["exception"], json!({ "class": "panic", "message": "boom" }));
        let said = of(Subject::Message("Hello World!".to_owned()));
        assert_eq!(said, json!({ "message": { "body": "Hello World!" } }));
    }

    #[test]
    fn every_kind_of_thing_that_happened_before_has_its_form() {
        let said = || "hi".to_owned();
        let span = |error: Option<&str>| Happening::Span {
            name: "load".into(),
            duration_ns: 1_234_567,
            error: error.map(str::to_owned),
        };
        let call =
            |status| Happening::Call { method: "GET".into(), url: "http://a/".into(), status };
        for (what, kind, body) in [
            (Happening::Log { message: said() }, "log", json!({ "message": "hi" })),
            (Happening::Note { message: said() }, "manual", json!({ "message": "hi" })),
            (
                span(None),
                "manual",
                json!({
                    "span": "load", "duration_us": 1234, "message": "load ended after 1.234 ms",
                }),
            ),
            (
                span(Some("no row")),
                "manual",
                json!({
                    "span": "load",
                    "duration_us": 1234,
                    "message": "load failed after 1.234 ms: no row",
                }),
            ),
            (
                call(Some(503)),
                "network",
                json!({ "method": "GET", "url": "http://a/", "status_code": 503 }),
            ),
            (call(None), "network", json!({ "method": "GET", "url": "http://a/" })),
        ] {
            let severity = Severity::Warning;
            let found = crumb(&Breadcrumb { unix_ns: 1_500_000_999, severity, what });
            let expected = json!({
                "level": "warning",
                "type": kind,
                "source": "server",
                "timestamp_ms": 1_500,
                "body": body,
            });
            assert_eq!(found, expected);
        }
    }
}
