//! What X-Ray would see of captured spans, as text.
//!
//! In: finished spans. Out: segments and subsegments as an indented tree, one line each.
//! Never: shows a span that only other destinations take.

use std::fmt::Write as _;

use spanwright::record::{Outcome, Segment, SpanId, SpanRecord};

/// Renders segments and what lies in them, in the order they began: name, namespace, annotations,
/// metadata in brackets, outcome (unless ok), kind of failure.
pub(crate) fn tree(spans: &[SpanRecord]) -> String {
    let mut known: Vec<_> =
        spans.iter().filter_map(|span| Some((span, span.segment.as_deref()?))).collect();
    known.sort_by_key(|(span, _)| (span.start_unix_ns, span.context.span_id));
    let mut text = String::new();
    below(None, 0, &known, &mut text);
    text
}

fn below(
    parent: Option<SpanId>,
    depth: usize,
    known: &[(&SpanRecord, &Segment)],
    text: &mut String,
) {
    for (span, segment) in known.iter().filter(|(_, it)| it.parent_id == parent) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:indent$}{}", "", line(span, segment), indent = depth * 2);
        below(Some(span.context.span_id), depth + 1, known, text);
    }
}

fn line(span: &SpanRecord, segment: &Segment) -> String {
    let mut line = segment.name.unwrap_or(&span.name).to_owned();
    if let Some(namespace) = segment.namespace {
        let _ = write!(line, " ({namespace:?})");
    }
    for annotation in &segment.annotations {
        let _ = write!(line, " {}={}", annotation.key, annotation.value);
    }
    for value in &segment.metadata {
        let _ = write!(line, " [{}: {}={}]", value.namespace, value.key, value.json);
    }
    if span.outcome != Outcome::Ok {
        let _ = write!(line, " -> {}", span.outcome.as_str());
    }
    if let Some(class) = segment.error_class {
        let _ = write!(line, " !{class:?}");
    }
    line
}
