//! Segments gathered until the request they belong to is over, or too much of it waits.
//!
//! In: finished spans, of which those with a segment count. Out: local traces to a processor: a
//! request with everything below it, or a part of one.
//! Never: keeps more than a bounded number of bytes, or a span for ever; waits for a span that may
//! never end.
//!
//! ```text
//! root ended, all parents there ─▶ out at once
//! root ended, a parent missing  ─▶ out when it is there, at latest after `grace`
//! ended after its root          ─▶ out at once, in a part of its own
//! much of a request waits       ─▶ what has ended goes out as a part; the request goes on
//! ```

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep_until;

use super::settings::FOR_EVER;
use super::worker::now;
use crate::record::{LocalTrace, Processor, SpanRecord};
use state::State;

/// Limits of the segment assembler. Durations are clamped to one year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GatherSettings {
    /// How long a request whose root has ended waits for spans that are still open.
    pub grace: Duration,
    /// How old a request may grow before what has ended of it goes out.
    pub max_age: Duration,
    /// From how many bytes on that is worth a document before `max_wait` is over.
    pub min_part_bytes: usize,
    /// How long a span waits in any case, though its request goes on.
    pub max_wait: Duration,
    /// Maximum number of spans of one request that wait.
    pub max_spans: usize,
    /// Maximum size of the documents of one request that wait, in bytes.
    pub max_trace_bytes: usize,
    /// Maximum number of requests that wait; beyond it the oldest goes out as it is.
    pub max_traces: usize,
    /// Maximum memory of all spans that wait together, in bytes; beyond it the oldest request goes out
    /// as it is.
    pub max_bytes: usize,
    /// After how long a request that still runs sends a sign of life, once; `None` for never. A
    /// crash then leaves a trace.
    pub heartbeat: Option<Duration>,
}

/// What the service's quota for one trace, and our memory, ask for.
impl Default for GatherSettings {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(1),
            max_age: Duration::from_mins(1),
            min_part_bytes: 16 * 1024,
            max_wait: Duration::from_mins(5),
            max_spans: 1_000,
            max_trace_bytes: 256 * 1024,
            max_traces: 10_000,
            max_bytes: 64 * 1024 * 1024,
            heartbeat: None,
        }
    }
}

impl GatherSettings {
    /// The same with times that can be added to every moment.
    fn bounded(self) -> Self {
        Self {
            grace: self.grace.min(FOR_EVER),
            max_age: self.max_age.min(FOR_EVER),
            max_wait: self.max_wait.min(FOR_EVER),
            heartbeat: self.heartbeat.map(|heartbeat| heartbeat.min(FOR_EVER)),
            ..self
        }
    }
}

/// Gathers segments for a processor of local traces.
#[derive(Debug)]
pub struct Gatherer<P> {
    next: P,
    state: Mutex<State>,
    settings: GatherSettings,
    /// Behind a lock of its own, so that a request that begins does not wait for the state.
    begun: Mutex<Begun>,
    /// Told when something begins to wait.
    waits: Notify,
}

/// Requests that have begun since the state was looked at.
#[derive(Debug, Default)]
struct Begun {
    spans: Vec<SpanRecord>,
    bytes: usize,
}

impl<P: Processor<LocalTrace>> Gatherer<P> {
    /// Gathers for `next`; `weigh` says about how many bytes a span takes when it is encoded.
    pub fn new(next: P, settings: GatherSettings, weigh: fn(&SpanRecord) -> usize) -> Self {
        let state = Mutex::new(State::new(settings, weigh));
        Self { next, state, settings, begun: Mutex::default(), waits: Notify::new() }
    }

    /// Takes note of a request that begins, told by a record without an end: if it lives long it
    /// will send a sign of life.
    ///
    /// Takes a short lock. Of more than [`GatherSettings::max_traces`] at a time, or of more than
    /// [`GatherSettings::max_bytes`], the newest have none.
    pub fn begun(&self, running: SpanRecord) {
        let GatherSettings { max_traces, max_bytes, .. } = self.settings;
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = begun.bytes + running.weight_bytes();
        if begun.spans.len() >= max_traces || bytes > max_bytes {
            return;
        }
        begun.spans.push(running);
        begun.bytes = bytes;
        if begun.spans.len() == 1 {
            self.waits.notify_one();
        }
    }

    /// Hands out everything that waits, though it may not be complete.
    pub fn release(&self) {
        let mut state = self.lock();
        let traces = state.release();
        self.hand_over(state, traces);
    }

    /// Hands out everything that waits; what comes later is handed on as it comes, because nobody
    /// [runs](Self::run) any more who would ask for it.
    pub fn close(&self) {
        let mut state = self.lock();
        let traces = state.close();
        self.hand_over(state, traces);
    }

    /// Hands out what has waited long enough, for as long as it is polled; sleeps while nothing
    /// waits.
    pub async fn run(self: Arc<Self>) {
        loop {
            let deadline = self.lock().deadline();
            match deadline {
                None => self.waits.notified().await,
                Some(deadline) => {
                    tokio::select! {
                        () = sleep_until(deadline.into()) => {}
                        () = self.waits.notified() => {}
                    }
                }
            }
            self.hand_out_due();
        }
    }

    fn hand_out_due(&self) {
        let mut state = self.lock();
        let traces = state.due(now());
        self.hand_over(state, traces);
    }

    /// Hands traces on before anybody else can: the sign of life of a request must not come after
    /// its end. Who begins a request takes another lock and does not wait for this.
    fn hand_over(&self, state: MutexGuard<'_, State>, traces: Vec<LocalTrace>) {
        if !traces.is_empty() {
            self.next.process(&traces.into());
        }
        drop(state);
    }

    /// What waits, with what has begun.
    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if !begun.spans.is_empty() {
            begun.bytes = 0;
            state.begin(begun.spans.drain(..), now());
        }
        drop(begun);
        state
    }
}

impl<P: Processor<LocalTrace>> Processor<SpanRecord> for Gatherer<P> {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        let mut state = self.lock();
        let before = state.deadline();
        let traces = state.add(spans, now());
        let after = state.deadline();
        self.hand_over(state, traces);
        if after.is_some() && after != before {
            self.waits.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{OnceLock, Weak};

    use super::*;
    use crate::record::SpanId;

    /// Looks, while traces are handed to it, who else could do something.
    #[derive(Debug, Default)]
    struct Next {
        gatherer: OnceLock<Weak<Gatherer<Self>>>,
        /// Of each trace: its root, whether another could be handed over, whether one could begin.
        seen: Mutex<Vec<(SpanId, bool, bool)>>,
    }

    impl Processor<LocalTrace> for Next {
        fn process(&self, traces: &Arc<[LocalTrace]>) {
            let gatherer = self.gatherer.get().and_then(Weak::upgrade).expect("it is there");
            let (can_overtake, can_begin) =
                (gatherer.state.try_lock().is_ok(), gatherer.begun.try_lock().is_ok());
            let seen = traces.iter().map(|trace| (trace.root_id, can_overtake, can_begin));
            self.seen.lock().unwrap().extend(seen);
        }
    }

    #[test]
    fn nothing_overtakes_a_sign_of_life_and_nobody_who_begins_waits_for_it() {
        let settings =
            GatherSettings { heartbeat: Some(Duration::ZERO), ..GatherSettings::default() };
        let gatherer = Arc::new(Gatherer::new(Next::default(), settings, |_| 100));
        gatherer.next.gatherer.set(Arc::downgrade(&gatherer)).unwrap();
        let root_id = SpanId::from_u64(1);
        let root = state::tests::of_request(1, 1, 0);
        gatherer.begun(root.clone());
        gatherer.hand_out_due();
        gatherer.process(&vec![root].into());
        let seen = gatherer.next.seen.lock().unwrap();
        assert_eq!(*seen, [(root_id, false, true), (root_id, false, true)]);
    }

    #[test]
    fn requests_that_begin_wait_up_to_a_number_of_bytes() {
        let root = state::tests::of_request(1, 1, 0);
        let heartbeat = Some(Duration::from_secs(1));
        let max_bytes = 10 * root.weight_bytes();
        let settings = GatherSettings { max_bytes, heartbeat, ..GatherSettings::default() };
        let gatherer = Gatherer::new(Next::default(), settings, |_| 100);
        for id in 1..=100 {
            gatherer.begun(state::tests::of_request(id, id, 0));
        }
        let begun = gatherer.begun.lock().unwrap();
        assert_eq!((begun.spans.len(), begun.bytes), (10, max_bytes));
    }
}
