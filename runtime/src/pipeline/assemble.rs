//! Spans gathered until their local root has ended.
//!
//! In: finished spans, children before parents. Out: whole local traces to a processor; what ends
//! after its root goes out by itself.
//! Never: holds more than a bounded number of spans; keeps a span for ever.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::{LocalTrace, Processor, SpanId, SpanRecord};

/// How many spans may wait for their roots; beyond it the oldest group goes out unfinished.
const MAX_WAITING_SPANS: usize = 16_384;

/// How many ended roots are remembered, to know a late child.
const MAX_ENDED_ROOTS: usize = 4_096;

/// Gathers spans for a processor of whole traces.
#[derive(Debug)]
pub struct Assembler<P> {
    next: P,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: FxHashMap<SpanId, Group>,
    waiting_spans: usize,
    /// The roots of the waiting groups by their ages, oldest first.
    by_age: BTreeMap<u64, SpanId>,
    groups_begun: u64,
    ended: Ended,
}

/// Spans that wait for their root.
#[derive(Debug)]
struct Group {
    age: u64,
    spans: Vec<SpanRecord>,
}

/// The roots that ended last.
#[derive(Debug, Default)]
struct Ended {
    known: FxHashSet<SpanId>,
    order: VecDeque<SpanId>,
}

impl<P: Processor<LocalTrace>> Assembler<P> {
    /// Gathers for `next`.
    pub fn new(next: P) -> Self {
        Self { next, state: Mutex::default() }
    }

    /// Hands out everything that waits, though its roots have not ended.
    pub fn release(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut traces = Vec::new();
        while let Some(trace) = state.oldest() {
            traces.push(trace);
        }
        drop(state);
        self.hand_over(traces);
    }

    fn hand_over(&self, traces: Vec<LocalTrace>) {
        if !traces.is_empty() {
            self.next.process(&traces.into());
        }
    }
}

impl<P: Processor<LocalTrace>> Processor<SpanRecord> for Assembler<P> {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let traces = spans.iter().filter_map(|span| state.add(span)).collect();
        drop(state);
        self.hand_over(traces);
    }
}

impl State {
    /// Takes a span in; returns the trace it completes, or one that must make room.
    fn add(&mut self, span: &SpanRecord) -> Option<LocalTrace> {
        let root_id = span.local_root_id;
        if self.ended.known.contains(&root_id) {
            return Some(LocalTrace { root_id, spans: vec![span.clone()] });
        }
        self.group(root_id).spans.push(span.clone());
        self.waiting_spans += 1;
        if span.context.span_id == root_id {
            return self.take(root_id);
        }
        if self.waiting_spans > MAX_WAITING_SPANS { self.oldest() } else { None }
    }

    fn group(&mut self, root_id: SpanId) -> &mut Group {
        let (begun, by_age) = (&mut self.groups_begun, &mut self.by_age);
        self.waiting.entry(root_id).or_insert_with(|| {
            *begun += 1;
            by_age.insert(*begun, root_id);
            Group { age: *begun, spans: Vec::new() }
        })
    }

    fn oldest(&mut self) -> Option<LocalTrace> {
        let (_, &root_id) = self.by_age.first_key_value()?;
        self.take(root_id)
    }

    fn take(&mut self, root_id: SpanId) -> Option<LocalTrace> {
        let group = self.waiting.remove(&root_id)?;
        self.by_age.remove(&group.age);
        self.waiting_spans -= group.spans.len();
        self.ended.add(root_id);
        Some(LocalTrace { root_id, spans: group.spans })
    }
}

impl Ended {
    fn add(&mut self, root_id: SpanId) {
        if self.order.len() == MAX_ENDED_ROOTS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(root_id);
        self.order.push_back(root_id);
    }
}

#[cfg(test)]
mod tests;
