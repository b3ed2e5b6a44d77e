//! One failure to lines.
//!
//! ```text
//! 2026-11-20T10:00:00.123Z  error  cruddur::Error: no activities  trace 0af7651916cd43dd8448eb211c80319c
//!    caused by: sqlx::Error: pool timed out
//!    GET /api/users/{handle}  http://localhost:4567/api/users/andrew
//!    in GET /api/users/{handle} › user_activities › select
//!    person 7 andrew
//!    attempt=3
//!    at cruddur::user_activities::select  src/user_activities.rs:42
//!       let rows = pool.fetch_all(query).await?;
//!    ⋯ 12 other calls
//!    at cruddur::main  src/main.rs:9
//! ```
//!
//! The innermost call comes first, as in a panic's own backtrace: it stands next to the message
//! that it explains, and what a bound cuts off is the far end.

use std::borrow::Cow;
use std::io::Write as _;

use super::paint::{
    Paint, attributes, attributes_bytes, cut_on_one_line, on_one_line, value, value_bytes,
};
use super::{LIMITS, Settings, request, verdict};
use crate::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use crate::record::{Cause, ErrorRecord, Person, RequestRecord, Severity, StackFrame, Subject};
use crate::utc;

/// The longest message, address, function or line of code that is shown, in characters.
const MAX_TEXT_CHARS: usize = 500;

/// What is shown of each list; what is left out is counted.
const MAX_CAUSES: usize = 16;
const MAX_FUNCTIONS: usize = 16;
const MAX_CUSTOM: usize = 24;
const MAX_FRAMES: usize = 32;

/// The longest text of one failure; lines that do not fit are counted.
const MAX_REPORT_BYTES: usize = 32 * 1024;

/// What the lines cost that every report has, beside their texts.
const FIXED_BYTES: usize = 1024;

/// What stands between two functions of a path.
const ARROW: &str = " › ";

/// Renders failures.
#[derive(Debug)]
pub struct Errors {
    settings: Settings,
}

impl Errors {
    /// Takes the settings in.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Exporter for Errors {
    type Record = ErrorRecord;

    const NAME: &'static str = "console errors";

    fn weigh(record: &ErrorRecord) -> usize {
        let names = record.path.iter().rev().take(MAX_FUNCTIONS);
        let path_bytes: usize = names.map(|source| source.name.len() + ARROW.len()).sum();
        let person_bytes: usize = known(&record.person).map(|text| value_bytes(text)).sum();
        let attributes_bytes = attributes_bytes(&record.custom) + person_bytes;
        record.weight_bytes() + attributes_bytes + path_bytes + FIXED_BYTES
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn encode(&mut self, record: &ErrorRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        report(record, Paint { is_coloured: self.settings.is_coloured }, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        request::request(batch)
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(reply)
    }
}

/// Renders one failure.
fn report(record: &ErrorRecord, paint: Paint, out: &mut Vec<u8>) {
    let mut page = Page { paint, lines: Vec::new() };
    page.subject(record);
    if let Some(request) = &record.request {
        page.request(request);
    }
    page.path(record);
    page.person(&record.person);
    page.custom(record);
    page.stack(&record.stack);

    // Writing to a vector does not fail.
    let limit = out.len() + MAX_REPORT_BYTES - FIXED_BYTES;
    for (index, line) in page.lines.iter().enumerate() {
        if out.len() + line.len() > limit {
            let _ = writeln!(out, "   … {} more lines", page.lines.len() - index);
            return;
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

struct Page {
    paint: Paint,
    lines: Vec<String>,
}

impl Page {
    /// What happened, and what caused it.
    fn subject(&mut self, record: &ErrorRecord) {
        let told: Vec<String> = match &record.subject {
            Subject::Message(message) => vec![cut_on_one_line(message, MAX_TEXT_CHARS)],
            Subject::Error(causes) => causes.iter().take(MAX_CAUSES).map(cause).collect(),
            Subject::Panic(panic) => vec![self::panic(panic)],
        };
        let left_out = record.subject.causes().len().saturating_sub(told.len());
        let mut told = told.into_iter();
        let first = told.next().unwrap_or_default();
        match &record.title {
            Some(title) => {
                self.headline(record, &cut_on_one_line(title, MAX_TEXT_CHARS));
                self.line(&first);
            }
            None => self.headline(record, &first),
        }
        for cause in told {
            self.line(&format!("{} {cause}", self.paint.dim("caused by:")));
        }
        if left_out > 0 {
            self.line(&self.paint.dim(&format!("… {left_out} more causes")));
        }
    }

    fn headline(&mut self, record: &ErrorRecord, text: &str) {
        let paint = self.paint;
        let severity = match record.severity {
            Severity::Error | Severity::Critical => paint.red(record.severity.as_str()),
            Severity::Warning => paint.yellow(record.severity.as_str()),
            Severity::Info | Severity::Debug => paint.dim(record.severity.as_str()),
        };
        let trace = record.span.map(|span| format!("  trace {}", span.trace_id));
        self.lines.push(format!(
            "{}  {severity}  {}{}",
            paint.dim(&utc::Time::of(record.unix_ns).to_string()),
            paint.bold(text),
            paint.dim(&trace.unwrap_or_default()),
        ));
    }

    fn request(&mut self, request: &RequestRecord) {
        let mut line = on_one_line(&request.method);
        if let Some(route) = &request.route {
            line.push(' ');
            line.push_str(&cut_on_one_line(route, MAX_TEXT_CHARS));
        }
        let url = cut_on_one_line(&request.url, MAX_TEXT_CHARS);
        self.line(&format!("{line}  {}", self.paint.dim(&url)));
    }

    /// The annotated functions that it left, the innermost last.
    fn path(&mut self, record: &ErrorRecord) {
        let left_out = record.path.len().saturating_sub(MAX_FUNCTIONS);
        let names = record.path[left_out..].iter().map(|source| on_one_line(source.name));
        let mut names: Vec<_> = names.collect();
        if left_out > 0 {
            names.insert(0, format!("… {left_out} more"));
        }
        if !names.is_empty() {
            self.line(&format!("{} {}", self.paint.dim("in"), names.join(ARROW)));
        }
    }

    fn person(&mut self, person: &Person) {
        let known: Vec<_> = known(person).map(|text| value(text)).collect();
        if !known.is_empty() {
            self.line(&format!("{} {}", self.paint.dim("person"), known.join(" ")));
        }
    }

    fn custom(&mut self, record: &ErrorRecord) {
        let shown = &record.custom[..record.custom.len().min(MAX_CUSTOM)];
        let mut line = attributes(shown, self.paint);
        let left_out = record.custom.len() - shown.len();
        if left_out > 0 {
            line.push_str(&self.paint.dim(&format!(" … {left_out} more")));
        }
        if !line.is_empty() {
            self.line(&line);
        }
    }

    /// The calls of the application; between them, how many others there are.
    fn stack(&mut self, stack: &[StackFrame]) {
        let (mut shown, mut others) = (0, 0);
        for frame in stack.iter().rev() {
            if !frame.is_in_app || shown == MAX_FRAMES {
                others += 1;
                continue;
            }
            self.others(std::mem::take(&mut others));
            self.frame(frame);
            shown += 1;
        }
        self.others(others);
    }

    fn frame(&mut self, frame: &StackFrame) {
        let paint = self.paint;
        let function = frame.function.as_deref().unwrap_or("<unknown>");
        let mut line = format!("{} {}", paint.dim("at"), cut_on_one_line(function, MAX_TEXT_CHARS));
        if let Some(file) = &frame.file {
            let number = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
            let file = cut_on_one_line(file, MAX_TEXT_CHARS);
            line.push_str(&paint.dim(&format!("  {file}{number}")));
        }
        self.line(&line);
        if let Some(code) = &frame.code {
            self.line(&format!("   {}", cut_on_one_line(code.line.trim(), MAX_TEXT_CHARS)));
        }
    }

    fn others(&mut self, count: usize) {
        match count {
            0 => {}
            1 => self.line(&self.paint.dim("⋯ 1 other call")),
            _ => self.line(&self.paint.dim(&format!("⋯ {count} other calls"))),
        }
    }

    /// A line below the headline.
    fn line(&mut self, text: &str) {
        self.lines.push(format!("   {text}"));
    }
}

/// Returns what is known of a person.
fn known(person: &Person) -> impl Iterator<Item = &String> {
    [&person.id, &person.username, &person.email].into_iter().flatten()
}

/// What a panic says; its type, that of a payload, tells only what a text cannot.
fn panic(panic: &Cause) -> String {
    let told = match (&panic.type_name, panic.message.as_str()) {
        (Some(name), "") => name,
        (_, message) => message,
    };
    format!("panic: {}", cut_on_one_line(told, MAX_TEXT_CHARS))
}

/// `Type: message`, as far as either is known.
fn cause(cause: &Cause) -> String {
    let text: Cow<'_, str> = match (&cause.type_name, cause.message.as_str()) {
        (None, message) => message.into(),
        (Some(name), "") => name.as_ref().into(),
        (Some(name), message) => format!("{name}: {message}").into(),
    };
    cut_on_one_line(&text, MAX_TEXT_CHARS)
}

#[cfg(test)]
mod tests;
