//! One trace to lines.
//!
//! ```text
//! GET /api/activities/home  12.4 ms  server  trace 0af7651916cd43dd8448eb211c80319c
//! │  http.route=/api/activities/home http.response.status_code=200
//! ├─ home_activities  8.1 ms
//! │  │  user.id=… app.result_length=3
//! │  └─ select activities  1.1 ms  client
//! └─ notify  0.2 ms  ✗ connection refused
//! ```

use std::io::Write;
use std::time::Duration;

use crate::record::{Attribute, LocalTrace, Outcome, SpanId, SpanKind, SpanRecord, Status, Value};

/// The longest text that is shown of one value, in characters.
const MAX_VALUE_CHARS: usize = 120;

/// What a line costs beside its attributes, about.
const LINE_BYTES: usize = 160;

/// About how many bytes the text of a trace takes.
pub(super) fn weigh(trace: &LocalTrace) -> usize {
    let value_bytes = |attribute: &Attribute| match &attribute.value {
        Value::Str(text) => attribute.key.len() + text.len().min(MAX_VALUE_CHARS * 4),
        _ => attribute.key.len() + LINE_BYTES,
    };
    let span_bytes = |span: &SpanRecord| -> usize {
        LINE_BYTES * (2 + span.events.len())
            + span.attributes.iter().map(value_bytes).sum::<usize>()
    };
    trace.spans.iter().map(span_bytes).sum()
}

/// Renders the spans of one local root.
pub(super) fn trace(trace: &LocalTrace, is_coloured: bool, out: &mut Vec<u8>) {
    let mut page = Page { trace, paint: Paint { is_coloured }, out };
    for top in page.tops() {
        page.span(top, "", "", true);
    }
}

struct Page<'a> {
    trace: &'a LocalTrace,
    paint: Paint,
    out: &'a mut Vec<u8>,
}

impl<'a> Page<'a> {
    /// The spans whose parents are elsewhere: the local root, or what came after it.
    fn tops(&self) -> Vec<&'a SpanRecord> {
        let is_here = |id: SpanId| self.trace.spans.iter().any(|span| span.context.span_id == id);
        in_order(self.trace.spans.iter().filter(|span| !span.parent_span_id.is_some_and(is_here)))
    }

    fn children(&self, parent: &SpanRecord) -> Vec<&'a SpanRecord> {
        let id = Some(parent.context.span_id);
        in_order(self.trace.spans.iter().filter(|span| span.parent_span_id == id))
    }

    /// Writes a span and everything below it; `branch` stands before its line, `trunk` before the
    /// lines under it.
    fn span(&mut self, span: &SpanRecord, branch: &str, trunk: &str, is_top: bool) {
        self.title(span, branch, is_top);
        let children = self.children(span);
        self.details(span, trunk, !children.is_empty());
        for (index, child) in children.iter().enumerate() {
            let is_last = index + 1 == children.len();
            let (fork, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.span(child, &format!("{trunk}{fork}"), &format!("{trunk}{below}"), false);
        }
    }

    fn title(&mut self, span: &SpanRecord, branch: &str, is_top: bool) {
        let duration = Duration::from_nanos(span.end_unix_ns.saturating_sub(span.start_unix_ns));
        let mut line = format!(
            "{}{}  {}",
            self.paint.dim(branch),
            self.paint.bold(&on_one_line(&span.name)),
            self.paint.dim(&milliseconds(duration)),
        );
        if span.kind != SpanKind::Internal {
            mark(&mut line, &self.paint.dim(kind(span.kind)));
        }
        if is_top {
            mark(&mut line, &self.paint.dim(&format!("trace {}", span.context.trace_id)));
        }
        if !matches!(span.outcome, Outcome::Ok | Outcome::Error) {
            mark(&mut line, &self.paint.yellow(span.outcome.as_str()));
        }
        if let Status::Error { message } = &span.status {
            mark(&mut line, &self.paint.red(&format!("✗ {}", on_one_line(message))));
        }
        self.line(&line);
    }

    fn details(&mut self, span: &SpanRecord, trunk: &str, has_children: bool) {
        let margin = if has_children { format!("{trunk}│  ") } else { format!("{trunk}   ") };
        let margin = self.paint.dim(&margin);
        if !span.attributes.is_empty() {
            let attributes = self.attributes(&span.attributes);
            self.line(&format!("{margin}{attributes}"));
        }
        for event in &span.events {
            let at = Duration::from_nanos(event.unix_ns.saturating_sub(span.start_unix_ns));
            let name = self.paint.bold(&on_one_line(&event.name));
            let at = self.paint.dim(&format!("+{}", milliseconds(at)));
            let attributes = self.attributes(&event.attributes);
            self.line(&format!("{margin}• {name}  {at}  {attributes}"));
        }
    }

    fn attributes(&self, attributes: &[Attribute]) -> String {
        let parts = attributes.iter().map(|attribute| {
            let value = on_one_line(&attribute.value.to_string());
            format!("{}{}", self.paint.dim(&format!("{}=", attribute.key)), value)
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    fn line(&mut self, text: &str) {
        // Writing to a vector does not fail.
        let _ = writeln!(self.out, "{}", text.trim_end());
    }
}

fn mark(line: &mut String, text: &str) {
    line.push_str("  ");
    line.push_str(text);
}

fn in_order<'a>(spans: impl Iterator<Item = &'a SpanRecord>) -> Vec<&'a SpanRecord> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(|span| span.start_unix_ns);
    spans
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1_000.0)
}

const fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Internal => "internal",
        SpanKind::Server => "server",
        SpanKind::Client => "client",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
    }
}

/// A text that cannot break the line, colour what follows, or fill the screen.
fn on_one_line(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MAX_VALUE_CHARS)
        .map(|char| if char.is_control() { ' ' } else { char })
        .collect();
    if text.chars().nth(MAX_VALUE_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// Colours, or none.
struct Paint {
    is_coloured: bool,
}

impl Paint {
    fn bold(&self, text: &str) -> String {
        self.sgr("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.sgr("2", text)
    }

    fn red(&self, text: &str) -> String {
        self.sgr("31", text)
    }

    fn yellow(&self, text: &str) -> String {
        self.sgr("33", text)
    }

    /// Source: ECMA-48 §8.3.117, Select Graphic Rendition.
    fn sgr(&self, code: &str, text: &str) -> String {
        if !self.is_coloured || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests;
