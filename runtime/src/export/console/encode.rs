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

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use super::paint::{MAX_VALUE_BYTES, Paint, attributes, attributes_bytes, on_one_line};
use crate::record::{LocalTrace, Outcome, SpanKind, SpanRecord, Status};
use crate::tree::{Node, walk};

/// The levels that are indented; a deeper span says its depth instead.
const MAX_LEVELS: usize = 32;

/// What stands before a line at most: a piece per level, and the depth or one more piece.
const MAX_MARGIN_BYTES: usize = MAX_LEVELS * "│  ".len() + 32;

/// What a line costs at most beside its margin, its texts and its attributes.
const LINE_BYTES: usize = 160;

/// The longest text of one trace; what does not fit is counted. Half of what one write takes.
const MAX_TRACE_BYTES: usize = 512 * 1024;

/// Returns the bytes that the spans of a trace occupy, or its text if that takes more.
pub(super) fn weigh(trace: &LocalTrace) -> usize {
    let lines: usize = trace.spans.iter().map(span_bytes).sum();
    trace.weight_bytes().max(lines.min(MAX_TRACE_BYTES) + LINE_BYTES)
}

fn span_bytes(span: &SpanRecord) -> usize {
    let line_bytes = LINE_BYTES + MAX_MARGIN_BYTES;
    let message_bytes = match &span.status {
        Status::Error { message } => message.len().min(MAX_VALUE_BYTES),
        Status::Unset | Status::Ok => 0,
    };
    let title_bytes = line_bytes + span.name.len().min(MAX_VALUE_BYTES) + message_bytes;
    let events = span.events.iter().map(|event| {
        line_bytes + event.name.len().min(MAX_VALUE_BYTES) + attributes_bytes(&event.attributes)
    });
    title_bytes + line_bytes + attributes_bytes(&span.attributes) + events.sum::<usize>()
}

/// Renders the spans of one local root.
pub(super) fn trace(trace: &LocalTrace, is_coloured: bool, out: &mut Vec<u8>) {
    let nodes = walk(&trace.spans);
    let limit = out.len() + MAX_TRACE_BYTES;
    let mut page = Page { trunk: Vec::new(), paint: Paint { is_coloured }, out };
    for (index, node) in nodes.iter().enumerate() {
        let end = page.out.len();
        page.span(node);
        if page.out.len() > limit {
            page.out.truncate(end);
            page.line(&format!("… {} more spans", nodes.len() - index));
            return;
        }
    }
}

struct Page<'a> {
    /// What stands below each level above the span at hand, as far as levels are indented.
    trunk: Vec<&'static str>,
    paint: Paint,
    out: &'a mut Vec<u8>,
}

impl Page<'_> {
    /// Writes a span; its parent, if it is here, was written before.
    fn span(&mut self, node: &Node<'_>) {
        let Node { span, depth, is_last, has_children } = *node;
        self.trunk.truncate(depth.saturating_sub(1));
        let mut branch = self.trunk.concat();
        if depth > MAX_LEVELS {
            // Spans of different depths share a column from here on.
            let _ = write!(branch, "⋯{depth} ");
        } else if depth > 0 {
            branch.push_str(if is_last { "└─ " } else { "├─ " });
            self.trunk.push(if is_last { "   " } else { "│  " });
        }
        self.title(span, &branch, depth == 0);
        let is_forked = has_children && depth < MAX_LEVELS;
        let margin = self.trunk.concat() + if is_forked { "│  " } else { "   " };
        self.details(span, &margin);
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

    fn details(&mut self, span: &SpanRecord, margin: &str) {
        let margin = self.paint.dim(margin);
        if !span.attributes.is_empty() {
            let attributes = attributes(&span.attributes, self.paint);
            self.line(&format!("{margin}{attributes}"));
        }
        for event in &span.events {
            let at = Duration::from_nanos(event.unix_ns.saturating_sub(span.start_unix_ns));
            let name = self.paint.bold(&on_one_line(&event.name));
            let at = self.paint.dim(&format!("+{}", milliseconds(at)));
            let attributes = attributes(&event.attributes, self.paint);
            self.line(&format!("{margin}• {name}  {at}  {attributes}"));
        }
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

#[cfg(test)]
mod tests;
