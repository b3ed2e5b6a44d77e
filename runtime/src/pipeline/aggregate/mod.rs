//! Calls counted and measured until their minute is over.
//!
//! In: finished spans. Out: how the calls of each function went, to a processor.
//! Never: holds more than a bounded number of durations; averages: what goes out is what was measured.
//!
//! ```text
//! a hundred calls of a function wait ─▶ out at once
//! one ends in another minute         ─▶ those before it are out
//! the minute is over                 ─▶ all that ended in it is out, a moment later
//! ```

mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::sleep_until;

use super::worker::now;
use crate::record::{CallStatistics, Processor, SpanRecord};
use state::State;

/// Counts and measures for a processor of numbers.
#[derive(Debug)]
pub struct Aggregator<P> {
    next: P,
    state: Mutex<State>,
    /// Told when something begins to wait.
    waits: Notify,
}

impl<P: Processor<CallStatistics>> Aggregator<P> {
    /// Counts for `next`. At most a hundred functions have a series of their own, those called in the
    /// last hour first; the calls of all others are counted together.
    pub fn new(next: P) -> Self {
        Self { next, state: Mutex::default(), waits: Notify::new() }
    }

    /// Hands out everything that waits, though its minute may not be over.
    pub fn release(&self) {
        let calls = self.lock().release();
        self.hand_over(calls);
    }

    /// Hands out everything that waits; what comes later is handed on as it comes, because nobody
    /// [runs](Self::run) any more who would ask for it.
    pub fn close(&self) {
        let calls = self.lock().close();
        self.hand_over(calls);
    }

    /// Hands out what belongs to minutes that are over, for as long as it is polled; sleeps while
    /// nothing waits.
    pub async fn run(self: Arc<Self>) {
        loop {
            let deadline = self.lock().deadline();
            let Some(deadline) = deadline else {
                self.waits.notified().await;
                continue;
            };
            sleep_until(deadline.into()).await;
            let calls = self.lock().due(deadline);
            self.hand_over(calls);
        }
    }

    fn hand_over(&self, calls: Vec<CallStatistics>) {
        if !calls.is_empty() {
            self.next.process(&calls.into());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Processor<CallStatistics>> Processor<SpanRecord> for Aggregator<P> {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        let mut state = self.lock();
        let did_wait = state.deadline().is_some();
        let calls = state.add(spans, now());
        let begins = !did_wait && state.deadline().is_some();
        drop(state);
        self.hand_over(calls);
        if begins {
            self.waits.notify_one();
        }
    }
}
