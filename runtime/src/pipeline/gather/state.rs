//! What waits, and until when.
//!
//! In: spans, and the time. Out: local traces. Never: reads a clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use rustc_hash::{FxHashMap, FxHashSet};

use super::GatherSettings;
use crate::record::{LocalTrace, SpanId, SpanRecord, weight};

/// How many requests that went out are remembered, to know a late child.
const MAX_REMEMBERED: usize = 16_384;

#[derive(Debug)]
pub(super) struct State {
    settings: GatherSettings,
    weigh: fn(&SpanRecord) -> usize,
    waiting: FxHashMap<SpanId, Group>,
    /// When each group must be looked at, and its root.
    deadlines: BTreeSet<(Instant, SpanId)>,
    /// The groups by their numbers, oldest first.
    by_number: BTreeMap<u64, SpanId>,
    begun: u64,
    /// Memory that the spans of all groups occupy.
    memory_bytes: usize,
    gone: Gone,
    /// Requests that run, until they end or have sent a sign of life, and when they are to.
    running: FxHashMap<SpanId, (Instant, SpanRecord)>,
    /// Memory that these occupy.
    running_bytes: usize,
    /// The same by that time.
    heartbeats: BTreeSet<(Instant, SpanId)>,
    /// Nothing waits any more: nobody will ask for it.
    is_closed: bool,
}

/// What has ended of one request.
#[derive(Debug)]
struct Group {
    number: u64,
    begun: Instant,
    deadline: Instant,
    spans: Vec<SpanRecord>,
    /// Size of their documents.
    bytes: usize,
    /// Memory that they occupy.
    memory_bytes: usize,
    has_root: bool,
}

/// The requests that went out last.
#[derive(Debug, Default)]
struct Gone {
    known: FxHashSet<SpanId>,
    order: VecDeque<SpanId>,
}

impl State {
    pub(super) fn new(settings: GatherSettings, weigh: fn(&SpanRecord) -> usize) -> Self {
        Self {
            settings: settings.bounded(),
            weigh,
            waiting: FxHashMap::default(),
            deadlines: BTreeSet::new(),
            by_number: BTreeMap::new(),
            begun: 0,
            memory_bytes: 0,
            gone: Gone::default(),
            running: FxHashMap::default(),
            running_bytes: 0,
            heartbeats: BTreeSet::new(),
            is_closed: false,
        }
    }

    /// Takes spans in; returns what is complete by them, late, or must make room.
    ///
    /// Roots are looked at when all spans are in: two threads may have ended them in any order.
    /// What has grown too large without one is not waited for.
    pub(super) fn add(&mut self, spans: &[SpanRecord], now: Instant) -> Vec<LocalTrace> {
        let (mut out, mut touched) = (Vec::new(), Vec::new());
        let mut late: BTreeMap<SpanId, Vec<SpanRecord>> = BTreeMap::new();
        for span in spans.iter().filter(|span| span.segment.is_some()) {
            let root_id = span.local_root_id;
            if self.gone.known.contains(&root_id) {
                late.entry(root_id).or_default().push(span.clone());
                continue;
            }
            if !self.put(span, now) {
                continue;
            }
            if self.is_too_large(root_id) {
                touched.retain(|touched| *touched != root_id);
                out.extend(self.take(root_id));
            } else if touched.last() != Some(&root_id) {
                touched.push(root_id);
            }
        }
        out.extend(late.into_iter().map(|(root_id, spans)| LocalTrace { root_id, spans }));
        for root_id in touched {
            out.extend(self.settle(root_id, now));
        }
        while self.waiting.len() > self.settings.max_traces
            || self.memory_bytes > self.settings.max_bytes
        {
            let Some((_, &root_id)) = self.by_number.first_key_value() else { break };
            out.extend(self.take(root_id));
        }
        if self.is_closed {
            out.extend(self.release());
        }
        out
    }

    /// Takes note of requests that begin.
    pub(super) fn begin(&mut self, running: impl Iterator<Item = SpanRecord>, now: Instant) {
        let Some(heartbeat) = self.settings.heartbeat else { return };
        for span in running {
            let bytes = self.running_bytes + span.weight_bytes();
            if self.running.len() < self.settings.max_traces && bytes <= self.settings.max_bytes {
                let (at, root_id) = (now + heartbeat, span.local_root_id);
                self.forget_running(root_id);
                self.heartbeats.insert((at, root_id));
                self.running_bytes += span.weight_bytes();
                self.running.insert(root_id, (at, span));
            }
        }
    }

    fn forget_running(&mut self, root_id: SpanId) {
        if let Some((at, span)) = self.running.remove(&root_id) {
            self.running_bytes -= span.weight_bytes();
            self.heartbeats.remove(&(at, root_id));
        }
    }

    /// Puts a span to its group; `true` when that has to be looked at.
    fn put(&mut self, span: &SpanRecord, now: Instant) -> bool {
        let Self { settings, waiting, deadlines, by_number, begun, .. } = self;
        let root_id = span.local_root_id;
        let group = waiting.entry(root_id).or_insert_with(|| {
            *begun += 1;
            by_number.insert(*begun, root_id);
            let deadline = now + settings.max_age;
            deadlines.insert((deadline, root_id));
            Group {
                number: *begun,
                begun: now,
                deadline,
                spans: Vec::new(),
                bytes: 0,
                memory_bytes: 0,
                has_root: false,
            }
        });
        group.bytes += (self.weigh)(span);
        let added_bytes = weight::push_span(&mut group.spans, span.clone());
        group.memory_bytes += added_bytes;
        self.memory_bytes += added_bytes;
        let is_root = span.context.span_id == root_id;
        group.has_root |= is_root;
        let is_to_be_looked_at =
            group.has_root || group.is_too_large(settings) || group.is_old(settings, now);
        if is_root {
            self.forget_running(root_id);
        }
        is_to_be_looked_at
    }

    /// Returns true if there is more of a request than may wait, whether for its root or, in the grace
    /// after it, for spans that are still open.
    fn is_too_large(&self, root_id: SpanId) -> bool {
        let group = self.waiting.get(&root_id);
        group.is_some_and(|group| group.is_too_large(&self.settings))
    }

    /// Decides what becomes of a group whose root has ended, or that has grown.
    fn settle(&mut self, root_id: SpanId, now: Instant) -> Option<LocalTrace> {
        let group = self.waiting.get(&root_id)?;
        if !group.has_root || is_complete(&group.spans) {
            return self.take(root_id);
        }
        let deadline = now + self.settings.grace;
        if deadline < group.deadline {
            self.set_deadline(root_id, deadline);
        }
        None
    }

    /// When somebody has to ask for what is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let first = [self.deadlines.first(), self.heartbeats.first()];
        first.into_iter().flatten().map(|(deadline, _)| *deadline).min()
    }

    /// What has waited long enough.
    pub(super) fn due(&mut self, now: Instant) -> Vec<LocalTrace> {
        let mut out = self.signs_of_life(now);
        while let Some(&(deadline, root_id)) = self.deadlines.first()
            && deadline <= now
        {
            let Some(group) = self.waiting.get(&root_id) else { break };
            let last = group.begun + self.settings.max_wait;
            if group.has_root || group.is_old(&self.settings, now) || last <= now {
                out.extend(self.take(root_id));
            } else {
                self.set_deadline(root_id, last);
            }
        }
        out
    }

    /// One for each request that runs since long.
    fn signs_of_life(&mut self, now: Instant) -> Vec<LocalTrace> {
        let mut out = Vec::new();
        while let Some(&(at, root_id)) = self.heartbeats.first()
            && at <= now
        {
            self.heartbeats.pop_first();
            if let Some((_, span)) = self.running.remove(&root_id) {
                self.running_bytes -= span.weight_bytes();
                out.push(LocalTrace { root_id, spans: vec![span] });
            }
        }
        out
    }

    /// Everything that waits, oldest first.
    pub(super) fn release(&mut self) -> Vec<LocalTrace> {
        let mut out = Vec::new();
        while let Some((_, &root_id)) = self.by_number.first_key_value() {
            out.extend(self.take(root_id));
        }
        out
    }

    /// Everything that waits; what comes later does not wait.
    pub(super) fn close(&mut self) -> Vec<LocalTrace> {
        self.is_closed = true;
        self.release()
    }

    /// Takes out what has ended of a request, which may go on.
    fn take(&mut self, root_id: SpanId) -> Option<LocalTrace> {
        let group = self.waiting.remove(&root_id)?;
        self.by_number.remove(&group.number);
        self.deadlines.remove(&(group.deadline, root_id));
        self.memory_bytes -= group.memory_bytes;
        if group.has_root {
            self.gone.add(root_id);
        }
        Some(LocalTrace { root_id, spans: group.spans })
    }

    fn set_deadline(&mut self, root_id: SpanId, deadline: Instant) {
        if let Some(group) = self.waiting.get_mut(&root_id) {
            self.deadlines.remove(&(group.deadline, root_id));
            group.deadline = deadline;
            self.deadlines.insert((deadline, root_id));
        }
    }
}

impl Group {
    fn is_too_large(&self, settings: &GatherSettings) -> bool {
        self.spans.len() > settings.max_spans || self.bytes > settings.max_trace_bytes
    }

    /// Whether it has waited long enough for what there is of it.
    fn is_old(&self, settings: &GatherSettings, now: Instant) -> bool {
        self.bytes >= settings.min_part_bytes && self.begun + settings.max_age <= now
    }
}

/// Whether no span stands below one that is still open.
fn is_complete(spans: &[SpanRecord]) -> bool {
    let ids: FxHashSet<SpanId> = spans.iter().map(|span| span.context.span_id).collect();
    spans.iter().all(|span| {
        let parent_id = span.segment.as_ref().and_then(|segment| segment.parent_id);
        span.context.span_id == span.local_root_id || parent_id.is_none_or(|id| ids.contains(&id))
    })
}

impl Gone {
    fn add(&mut self, root_id: SpanId) {
        if self.order.len() == MAX_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.known.insert(root_id);
        self.order.push_back(root_id);
    }
}

#[cfg(test)]
pub(super) mod tests;
