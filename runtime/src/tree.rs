//! Finished spans as a tree.
//!
//! In: spans in any order. Out: the same spans, each after its parent and children in the order
//! they began, with what a text needs to draw the tree.
//! Never: recurses, so a trace may be as deep as it likes; looks at a span twice.

use rustc_hash::FxHashMap;

use crate::record::{SpanId, SpanRecord, TraceId};

/// A span and where it stands.
#[cfg_attr(
    not(feature = "console"),
    expect(dead_code, reason = "the text of tests draws no branches")
)]
pub(crate) struct Node<'a> {
    pub(crate) span: &'a SpanRecord,
    /// How many of its ancestors are here; 0 for a span whose parent is elsewhere.
    pub(crate) depth: usize,
    /// Whether it is the last child of its parent.
    pub(crate) is_last: bool,
    pub(crate) has_children: bool,
}

/// The spans in the order of a text: parents before their children.
///
/// Spans that are their own ancestors are left out; of several with one id the first has the
/// children.
pub(crate) fn walk(spans: &[SpanRecord]) -> Vec<Node<'_>> {
    let (tops, mut children) = families(spans);
    let mut nodes = Vec::with_capacity(spans.len());
    let mut open = Vec::new();
    push(&mut open, &tops, 0);
    while let Some((span, depth, is_last)) = open.pop() {
        let below = children.remove(&id(span)).unwrap_or_default();
        nodes.push(Node { span, depth, is_last, has_children: !below.is_empty() });
        push(&mut open, &below, depth + 1);
    }
    nodes
}

/// A span id is unique in its trace only.
type Id = (TraceId, SpanId);
type Spans<'a> = Vec<&'a SpanRecord>;

fn id(span: &SpanRecord) -> Id {
    (span.context.trace_id, span.context.span_id)
}

/// The spans whose parents are elsewhere, and the children of every other.
fn families(spans: &[SpanRecord]) -> (Spans<'_>, FxHashMap<Id, Spans<'_>>) {
    let mut by_start: Spans<'_> = spans.iter().collect();
    by_start.sort_by_key(|span| span.start_unix_ns);
    let mut children: FxHashMap<Id, Spans<'_>> =
        spans.iter().map(|span| (id(span), Vec::new())).collect();
    let mut tops = Vec::new();
    for span in by_start {
        let parent = span.parent_span_id.map(|parent| (span.context.trace_id, parent));
        match parent.and_then(|parent| children.get_mut(&parent)) {
            Some(siblings) => siblings.push(span),
            None => tops.push(span),
        }
    }
    (tops, children)
}

/// Puts siblings on the stack so that the first of them comes off first.
fn push<'a>(
    open: &mut Vec<(&'a SpanRecord, usize, bool)>,
    siblings: &[&'a SpanRecord],
    depth: usize,
) {
    let last = siblings.len();
    let siblings = siblings.iter().enumerate().rev();
    open.extend(siblings.map(|(index, span)| (*span, depth, index + 1 == last)));
}
