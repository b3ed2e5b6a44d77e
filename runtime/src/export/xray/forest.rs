//! The spans of one trace as trees.
//!
//! In: spans in any order. Out: the same, each after its parent, children in the order they began.
//! Never: recurses, so a trace may be as deep as it likes; leaves a span out.

use rustc_hash::FxHashMap;

use crate::record::{Segment, SpanId, SpanRecord, TraceId};

/// A span that goes to X-Ray, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'a> {
    pub(super) span: &'a SpanRecord,
    pub(super) segment: &'a Segment,
    /// The place of the parent, which is before this one; `None` when it is elsewhere, and of
    /// segments.
    pub(super) parent: Option<usize>,
    /// How many places, from this one on, are the span and all below it.
    pub(super) places: usize,
}

/// The spans with a segment, parents before their children.
///
/// Of spans that are their own ancestors, the one that ended first counts as without a parent; of
/// several with one id the first has the children.
pub(super) fn plant(spans: &[SpanRecord]) -> Vec<Node<'_>> {
    let all: Vec<_> =
        spans.iter().filter_map(|span| Some((span, span.segment.as_deref()?))).collect();
    let mut planter = Planter::new(&all);
    for top in planter.tops() {
        planter.grow(top);
    }
    // Whoever has no place yet is below itself.
    for index in 0..all.len() {
        planter.grow(index);
    }
    planter.finish()
}

type Pair<'a> = (&'a SpanRecord, &'a Segment);

struct Planter<'a, 'b> {
    all: &'b [Pair<'a>],
    parents: Vec<Option<usize>>,
    /// Linked lists of siblings, first to last as they began.
    first_child: Vec<Option<usize>>,
    next_sibling: Vec<Option<usize>>,
    /// All by their begin.
    by_start: Vec<usize>,
    /// The place each has been given.
    places: Vec<Option<usize>>,
    nodes: Vec<Node<'a>>,
}

impl<'a, 'b> Planter<'a, 'b> {
    fn new(all: &'b [Pair<'a>]) -> Self {
        let mut by_id = FxHashMap::<(TraceId, SpanId), usize>::default();
        by_id.reserve(all.len());
        for (index, (span, _)) in all.iter().enumerate() {
            by_id.entry((span.context.trace_id, span.context.span_id)).or_insert(index);
        }
        let parent = |(span, segment): &Pair<'_>| match segment.parent_id {
            Some(parent) if !segment.is_root => {
                by_id.get(&(span.context.trace_id, parent)).copied()
            }
            _ => None,
        };
        let parents: Vec<_> = all.iter().map(parent).collect();
        let mut by_start: Vec<_> = (0..all.len()).collect();
        by_start.sort_by_key(|index| all[*index].0.start_unix_ns);
        let mut first_child = vec![None; all.len()];
        let mut next_sibling = vec![None; all.len()];
        for &index in by_start.iter().rev() {
            if let Some(parent) = parents[index] {
                next_sibling[index] = first_child[parent].replace(index);
            }
        }
        let (places, nodes) = (vec![None; all.len()], Vec::with_capacity(all.len()));
        Self { all, parents, first_child, next_sibling, by_start, places, nodes }
    }

    fn tops(&self) -> Vec<usize> {
        self.by_start.iter().copied().filter(|index| self.parents[*index].is_none()).collect()
    }

    /// Gives places to a span and all below it, unless it has one.
    fn grow(&mut self, top: usize) {
        if self.places[top].is_some() {
            return;
        }
        self.place(top, None);
        let mut at = top;
        loop {
            // Down, else on, else up until there is an on.
            let mut parent = Some(at);
            let mut next = self.free(self.first_child[at]);
            while next.is_none() && at != top {
                parent = self.parents[at];
                next = self.free(self.next_sibling[at]);
                at = parent.unwrap_or(top);
            }
            let Some(index) = next else { return };
            self.place(index, parent);
            at = index;
        }
    }

    /// The first of these siblings without a place.
    fn free(&self, mut sibling: Option<usize>) -> Option<usize> {
        while let Some(index) = sibling.filter(|index| self.places[*index].is_some()) {
            sibling = self.next_sibling[index];
        }
        sibling
    }

    fn place(&mut self, index: usize, parent: Option<usize>) {
        self.places[index] = Some(self.nodes.len());
        let (span, segment) = self.all[index];
        let parent = parent.and_then(|parent| self.places[parent]);
        self.nodes.push(Node { span, segment, parent, places: 1 });
    }

    fn finish(mut self) -> Vec<Node<'a>> {
        for at in (0..self.nodes.len()).rev() {
            if let Some(parent) = self.nodes[at].parent {
                self.nodes[parent].places += self.nodes[at].places;
            }
        }
        self.nodes
    }
}
