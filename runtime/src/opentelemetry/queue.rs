//! What waits for an exporter of the SDK, bounded in bytes and spans.
//!
//! In: groups of shared records from the collector thread. Out: batches to the exporter's thread,
//! and the fate of every span in the ledger.
//! Never: blocks longer than another thread needs to move a few pointers.

use std::collections::VecDeque;
use std::ops::Range;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Limits;
use crate::diagnostics;
use crate::loss::{Ledger, LossReason};
use crate::record::{Processor, SpanRecord};

/// The queue of one exporter and all that is known of its spans.
#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    ledger: Ledger,
    state: Mutex<State>,
    changed: Condvar,
    /// Id of the process that made it.
    process: u32,
}

/// What the exporter's thread does next.
#[derive(Debug)]
pub(super) enum Work {
    /// Export these, and settle them.
    Batch(Vec<Group>),
    /// Make sure of what was exported, and say [`Queue::flushed`] with this number.
    Flush(u64),
    /// Nothing will come any more.
    Stop,
}

/// Some of the spans of a shared group.
#[derive(Debug)]
pub(super) struct Group {
    records: Arc<[SpanRecord]>,
    range: Range<usize>,
}

#[derive(Debug, Default)]
struct State {
    groups: VecDeque<Group>,
    /// Spans in `groups`.
    queued: usize,
    /// Bytes of everything that has no fate yet.
    bytes: usize,
    /// Spans of the batch that is with the exporter.
    in_flight: usize,
    in_flight_bytes: usize,
    /// Spans that were ever queued, which tells one flush from another.
    accepted: u64,
    /// Up to which accepted span somebody waits for a flush.
    flush_wanted: u64,
    /// Up to which accepted span everything is exported and made sure of.
    flushed: u64,
    is_closed: bool,
    /// Nobody waits for the exporter any more.
    is_over: bool,
}

impl Group {
    pub(super) fn records(&self) -> &[SpanRecord] {
        &self.records[self.range.clone()]
    }
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            ledger: Ledger::new(),
            state: Mutex::default(),
            changed: Condvar::new(),
            process: process::id(),
        }
    }

    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Waits for something to do.
    pub(super) fn next(&self) -> Work {
        let max = self.limits.max_batch_spans;
        let mut state = self.lock();
        loop {
            if let Some(work) = state.due(max) {
                return work;
            }
            if state.queued == 0 {
                let is_idle = |state: &mut State| state.queued == 0 && !state.is_urgent();
                let waited = self.changed.wait_while(state, is_idle);
                state = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let is_young = |state: &mut State| state.queued < max && !state.is_urgent();
            let waited =
                self.changed.wait_timeout_while(state, self.limits.max_batch_age, is_young);
            let (waited, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = waited;
            if timeout.timed_out() {
                return Work::Batch(state.take(max));
            }
        }
    }

    /// Says what became of the batch that was taken last.
    pub(super) fn settle(&self, fate: Result<(), LossReason>) {
        let mut state = self.lock();
        let spans = std::mem::take(&mut state.in_flight);
        state.bytes -= std::mem::take(&mut state.in_flight_bytes);
        match fate {
            Ok(()) => self.ledger.deliver(spans),
            Err(reason) => self.ledger.lose(spans, reason),
        }
    }

    /// Says that everything up to the accepted span of this number is exported for good.
    pub(super) fn flushed(&self, accepted: u64) {
        let mut state = self.lock();
        state.flushed = state.flushed.max(accepted);
        self.changed.notify_all();
    }

    /// Asks for the export of every span that was handed in before; returns what to wait for.
    pub(super) fn start_flush(&self) -> u64 {
        let mut state = self.lock();
        state.flush_wanted = state.accepted;
        self.changed.notify_all();
        state.flush_wanted
    }

    /// Waits until every span up to this one has its fate; says whether it did in time.
    pub(super) fn wait_for_flush(&self, target: u64, timeout: Duration) -> bool {
        let state = self.lock();
        let is_pending = |state: &mut State| state.flushed < target && !state.is_over;
        let waited = self.changed.wait_timeout_while(state, timeout, is_pending);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// True if a wait can end: not on a thread of this crate, which would wait for itself, and not in
    /// a forked child, where the exporter's thread does not run and its lock may be held for ever.
    pub(super) fn may_wait(&self) -> bool {
        !diagnostics::suppressed() && self.is_of_this_process()
    }

    /// False in a forked child.
    pub(super) fn is_of_this_process(&self) -> bool {
        self.process == process::id()
    }

    /// Takes no more spans.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Waits for the exporter's thread to [end](Self::end); says whether it did in time.
    pub(super) fn wait_for_end(&self, timeout: Duration) -> bool {
        if !self.may_wait() {
            return false;
        }
        let state = self.lock();
        let waited = self.changed.wait_timeout_while(state, timeout, |state| !state.is_over);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Takes no more spans and counts those without a fate as lost.
    pub(super) fn end(&self, reason: LossReason) {
        let mut state = self.lock();
        self.ledger.lose(state.queued + state.in_flight, reason);
        *state = State {
            accepted: state.accepted,
            flushed: state.accepted,
            is_closed: true,
            is_over: true,
            ..State::default()
        };
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Processor<SpanRecord> for Queue {
    fn process(&self, records: &Arc<[SpanRecord]>) {
        self.ledger.accept(records.len());
        let mut state = self.lock();
        if state.is_closed {
            return self.ledger.lose(records.len(), LossReason::Shutdown);
        }
        let count = state.admit(records, &self.limits);
        self.ledger.lose(records.len() - count, LossReason::QueueFull);
        self.changed.notify_all();
    }
}

impl State {
    /// Whether what is queued may not wait for a full batch.
    fn is_urgent(&self) -> bool {
        self.is_closed || self.is_over || self.flushed < self.flush_wanted
    }

    /// What is to be done at once, with batches of at most `max` spans.
    fn due(&mut self, max: usize) -> Option<Work> {
        if self.is_over {
            return Some(Work::Stop);
        }
        let exported = self.accepted - self.queued as u64;
        if self.flushed < self.flush_wanted && exported >= self.flush_wanted {
            return Some(Work::Flush(exported));
        }
        if self.queued >= max || (self.queued > 0 && self.is_urgent()) {
            return Some(Work::Batch(self.take(max)));
        }
        (self.queued == 0 && self.is_closed).then_some(Work::Stop)
    }

    /// Queues the longest start of a group that fits; returns its length.
    fn admit(&mut self, records: &Arc<[SpanRecord]>, limits: &Limits) -> usize {
        let room = limits.max_spans.saturating_sub(self.queued + self.in_flight);
        let mut count = 0;
        for record in records.iter().take(room) {
            let bytes = record.weight_bytes();
            if self.bytes + bytes > limits.max_bytes {
                break;
            }
            self.bytes += bytes;
            count += 1;
        }
        if count > 0 {
            self.groups.push_back(Group { records: Arc::clone(records), range: 0..count });
            self.queued += count;
            self.accepted += count as u64;
        }
        count
    }

    /// Takes at most `max` spans, oldest first, to the exporter.
    fn take(&mut self, max: usize) -> Vec<Group> {
        let mut taken = Vec::new();
        while self.in_flight < max {
            let Some(mut group) = self.groups.pop_front() else { break };
            let end = group.range.end.min(group.range.start + max - self.in_flight);
            if end < group.range.end {
                let rest = end..group.range.end;
                self.groups.push_front(Group { records: Arc::clone(&group.records), range: rest });
                group.range.end = end;
            }
            self.in_flight += group.range.len();
            self.in_flight_bytes +=
                group.records().iter().map(SpanRecord::weight_bytes).sum::<usize>();
            taken.push(group);
        }
        self.queued -= self.in_flight;
        taken
    }
}
