//! Trace assembler: keeps finished spans until their local root has ended.
//!
//! Bounded in bytes. A span that ends after its root goes out by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::record::{LocalTrace, Processor, SpanId, SpanRecord, weight};

/// Memory of the spans that wait for their roots, in bytes; beyond it the oldest group goes out
/// unfinished.
const MAX_WAITING_BYTES: usize = 8 * 1024 * 1024;

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
    waiting_bytes: usize,
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
    bytes: usize,
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
        let mut traces = Vec::new();
        for span in spans.iter() {
            state.add(span, &mut traces);
        }
        drop(state);
        self.hand_over(traces);
    }
}

impl State {
    /// Adds a span; appends the trace that it completes, and those that must make room for it.
    fn add(&mut self, span: &SpanRecord, traces: &mut Vec<LocalTrace>) {
        let root_id = span.local_root_id;
        if self.ended.known.contains(&root_id) {
            return traces.push(LocalTrace { root_id, spans: vec![span.clone()] });
        }
        let group = self.group(root_id);
        let bytes = weight::push_span(&mut group.spans, span.clone());
        group.bytes += bytes;
        self.waiting_bytes += bytes;
        if span.context.span_id == root_id {
            return traces.extend(self.take(root_id));
        }
        while self.waiting_bytes > MAX_WAITING_BYTES {
            let Some(oldest) = self.oldest() else { break };
            traces.push(oldest);
        }
    }

    fn group(&mut self, root_id: SpanId) -> &mut Group {
        let (begun, by_age) = (&mut self.groups_begun, &mut self.by_age);
        self.waiting.entry(root_id).or_insert_with(|| {
            *begun += 1;
            by_age.insert(*begun, root_id);
            Group { age: *begun, spans: Vec::new(), bytes: 0 }
        })
    }

    fn oldest(&mut self) -> Option<LocalTrace> {
        let (_, &root_id) = self.by_age.first_key_value()?;
        self.take(root_id)
    }

    fn take(&mut self, root_id: SpanId) -> Option<LocalTrace> {
        let group = self.waiting.remove(&root_id)?;
        self.by_age.remove(&group.age);
        self.waiting_bytes -= group.bytes;
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
