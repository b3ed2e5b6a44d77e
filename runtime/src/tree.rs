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

/// The spans in the order of a text: parents before their children, each span once.
///
/// Of several spans with one id the first has the children. Spans that are their own ancestors, as when
/// the id of a parent in another process is that of a child here, are cut at the one whose parent is
/// remote, or else at the one that began first: it has no parent here.
pub(crate) fn walk(spans: &[SpanRecord]) -> Vec<Node<'_>> {
    let (tops, children) = families(spans);
    let mut nodes = Vec::with_capacity(spans.len());
    let mut open = Vec::new();
    push(&mut open, &tops, 0);
    while let Some((index, depth, is_last)) = open.pop() {
        let below = &children[index];
        nodes.push(Node { span: &spans[index], depth, is_last, has_children: !below.is_empty() });
        push(&mut open, below, depth + 1);
    }
    nodes
}

/// A span id is unique in its trace only.
type Id = (TraceId, SpanId);

/// The spans without a parent here, and the children of every other, by their places.
fn families(spans: &[SpanRecord]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut by_start: Vec<usize> = (0..spans.len()).collect();
    by_start.sort_by_key(|&index| spans[index].start_unix_ns);
    let parents = parents(spans);
    let mut children = vec![Vec::new(); spans.len()];
    let mut tops = Vec::new();
    for index in by_start {
        match parents[index] {
            Some(parent) => children[parent].push(index),
            None => tops.push(index),
        }
    }
    (tops, children)
}

/// The place of each span's parent, without cycles.
fn parents(spans: &[SpanRecord]) -> Vec<Option<usize>> {
    let mut places: FxHashMap<Id, usize> = FxHashMap::default();
    for (index, span) in spans.iter().enumerate() {
        places.entry((span.context.trace_id, span.context.span_id)).or_insert(index);
    }
    let parent =
        |span: &SpanRecord| places.get(&(span.context.trace_id, span.parent_span_id?)).copied();
    let mut parents: Vec<_> = spans.iter().map(parent).collect();
    // The walk up that came by a span last; counted from 1.
    let mut seen = vec![0; spans.len()];
    for first in 0..spans.len() {
        let mut next = Some(first);
        while let Some(index) = next.filter(|&index| seen[index] == 0) {
            seen[index] = first + 1;
            next = parents[index];
        }
        if let Some(index) = next.filter(|&index| seen[index] == first + 1) {
            let cut = weakest(spans, &parents, index);
            parents[cut] = None;
        }
    }
    parents
}

/// The span of a cycle whose parent is the least likely to be here.
fn weakest(spans: &[SpanRecord], parents: &[Option<usize>], start: usize) -> usize {
    let cycle =
        std::iter::successors(parents[start], |&index| parents[index].filter(|_| index != start));
    let likelihood = |&index: &usize| (!spans[index].parent_is_remote, spans[index].start_unix_ns);
    cycle.min_by_key(likelihood).unwrap_or(start)
}

/// Puts siblings on the stack so that the first of them comes off first.
fn push(open: &mut Vec<(usize, usize, bool)>, siblings: &[usize], depth: usize) {
    let last = siblings.len();
    let siblings = siblings.iter().enumerate().rev();
    open.extend(siblings.map(|(place, &index)| (index, depth, place + 1 == last)));
}
