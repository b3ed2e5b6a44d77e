//! Makes finished reports of failures that nobody adds to any more, on a thread of its own.
//!
//! In: what the [`Reporter`] holds, when it is due. Out: finished records, to every destination.
//! Never: wakes up while nothing waits; ends because the application's `edit` or processor panics.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::finish::Finisher;
use super::reporter::{Due, Reporter, Wake};
use crate::diagnostics;
use crate::guard::guard;
use crate::loss::LossReason;
use crate::record::{ErrorRecord, Processor};

/// Longest wait for a flush after an abort: time enough to hand on, so that reports are counted.
const GRACE: Duration = Duration::from_millis(100);

/// Tells what the reporter holds.
pub(crate) struct Teller {
    reporter: Arc<Reporter>,
    finisher: Mutex<Finisher>,
    processors: Vec<Arc<dyn Processor<ErrorRecord>>>,
    signal: Arc<Signal>,
}

/// How the thread is told that there is something to do.
#[derive(Debug, Default)]
pub(super) struct Signal {
    asked: Mutex<Asked>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Asked {
    is_woken: bool,
    stops: bool,
    /// How many flushes were asked for, and how many are done.
    flushes: u64,
    flushed: u64,
    /// Nobody waits for a flush any more.
    is_aborted: bool,
}

impl Wake for Arc<Signal> {
    fn wake(&self) {
        let mut asked = self.lock();
        if !asked.is_woken {
            asked.is_woken = true;
            self.changed.notify_all();
        }
    }
}

impl Asked {
    /// Whether there is nothing to do; a stop alone is not, as a flush comes with it.
    fn is_idle(&self) -> bool {
        !self.is_woken && self.flushes == self.flushed
    }
}

impl Signal {
    fn lock(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is asked or the time is over.
    fn wait(&self, timeout: Option<Duration>) -> MutexGuard<'_, Asked> {
        let is_idle = |asked: &mut Asked| asked.is_idle();
        let asked = self.lock();
        let Some(timeout) = timeout else {
            let waited = self.changed.wait_while(asked, is_idle);
            return waited.unwrap_or_else(PoisonError::into_inner);
        };
        let waited = self.changed.wait_timeout_while(asked, timeout, is_idle);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Teller {
    pub(super) fn new(
        reporter: Arc<Reporter>,
        finisher: Finisher,
        processors: Vec<Arc<dyn Processor<ErrorRecord>>>,
        signal: Arc<Signal>,
    ) -> Self {
        Self { reporter, finisher: Mutex::new(finisher), processors, signal }
    }

    /// Starts the thread; false when the system gives none.
    pub(crate) fn start(self: &Arc<Self>) -> bool {
        let teller = Arc::clone(self);
        let thread = thread::Builder::new().name("spanwright-reports".to_owned());
        thread.spawn(move || teller.run()).is_ok()
    }

    /// Hands on everything that was noticed before the call; false if that took too long.
    ///
    /// Blocks up to the timeout; on a thread of this crate it returns false at once, because that
    /// thread would wait for itself.
    pub(crate) fn flush(&self, timeout: Duration) -> bool {
        if diagnostics::suppressed() {
            return false;
        }
        let mut asked = self.signal.lock();
        asked.flushes += 1;
        let mine = asked.flushes;
        self.signal.changed.notify_all();
        let is_open = |asked: &mut Asked| asked.flushed < mine && !asked.is_aborted;
        let waited = self.signal.changed.wait_timeout_while(asked, timeout, is_open);
        let asked = waited.unwrap_or_else(PoisonError::into_inner).0;
        if !asked.is_aborted {
            return asked.flushed >= mine;
        }
        let is_open = |asked: &mut Asked| asked.flushed < mine;
        let waited = self.signal.changed.wait_timeout_while(asked, timeout.min(GRACE), is_open);
        waited.unwrap_or_else(PoisonError::into_inner).0.flushed >= mine
    }

    /// Says that the next flush is the last: it tells the summaries too, and the thread ends.
    pub(crate) fn stop(&self) {
        self.signal.lock().stops = true;
    }

    /// Ends every wait for a flush, now and later, after [`GRACE`]. Never blocks for long.
    pub(crate) fn abort(&self) {
        self.signal.lock().is_aborted = true;
        self.signal.changed.notify_all();
    }

    /// Gives up what has been noticed since; gives back how much that is.
    pub(crate) fn abandon(&self) -> usize {
        let left = self.reporter.take(true, true).drafts.len();
        self.reporter.ledger.accept(left);
        self.reporter.ledger.lose(left, LossReason::Shutdown);
        left
    }

    /// The counters of the way to the destinations.
    pub(crate) fn tally(&self) -> crate::loss::Tally {
        self.reporter.ledger.tally()
    }

    fn finisher(&self) -> MutexGuard<'_, Finisher> {
        self.finisher.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        diagnostics::suppress_thread();
        // Symbols that cannot be read cost the stacks, not the reports.
        guard("reading of symbols", || self.finisher().warm_up());
        let mut timeout = self.finisher().keep_symbols(self.reporter.now());
        loop {
            let (flushes, is_flush, ends) = {
                let mut asked = self.signal.wait(timeout);
                asked.is_woken = false;
                let is_flush = asked.flushes > asked.flushed;
                (asked.flushes, is_flush, is_flush && asked.stops)
            };
            // What can panic accounts for itself; a panic elsewhere costs this round.
            let next_at = guard("error reporting", || self.tell(is_flush, ends)).flatten();
            let now = self.reporter.now();
            let symbols_stay = self.finisher().keep_symbols(now);
            let next_in = next_at.map(|at| at.saturating_sub(now));
            timeout = next_in.into_iter().chain(symbols_stay).min();
            if is_flush {
                self.signal.lock().flushed = flushes;
                self.signal.changed.notify_all();
            }
            if ends {
                return;
            }
        }
    }

    /// Tells what is due, or all there is; gives back when there may be more.
    pub(crate) fn tell(&self, all: bool, ends: bool) -> Option<Duration> {
        let Due { drafts, summaries, next_at } = self.reporter.take(all, ends);
        self.reporter.ledger.accept(drafts.len() + summaries.len());
        let mut finisher = self.finisher();
        let mut records = Vec::new();
        for draft in drafts {
            records.extend(self.finished(|| finisher.record(draft)));
        }
        for summary in summaries {
            let (id, unix_ns) = (self.reporter.next_id(), self.reporter.unix_ns());
            let after = self.reporter.now().saturating_sub(summary.since);
            records.extend(self.finished(|| finisher.summary(id, summary, unix_ns, after)));
        }
        drop(finisher);
        if !records.is_empty() {
            self.hand_on(&records.into());
        }
        next_at
    }

    /// Hands reports to every processor. They are lost if all of them panic; what one alone loses is
    /// in the tally of that destination.
    fn hand_on(&self, records: &Arc<[ErrorRecord]>) {
        let is_taken = |processor: &&Arc<dyn Processor<ErrorRecord>>| {
            guard("error processor", || processor.process(records)).is_some()
        };
        let taken = self.processors.iter().filter(is_taken).count();
        let ledger = &self.reporter.ledger;
        if taken > 0 {
            ledger.deliver(records.len());
        } else {
            ledger.lose(records.len(), LossReason::WorkerPanicked);
        }
    }

    /// Accounts for one report that was accepted and is not handed on.
    fn finished(&self, finish: impl FnOnce() -> Option<ErrorRecord>) -> Option<ErrorRecord> {
        let ledger = &self.reporter.ledger;
        match guard("making of an error report", finish) {
            Some(Some(record)) => return Some(record),
            Some(None) => ledger.lose(1, LossReason::Filtered),
            None => ledger.lose(1, LossReason::WorkerPanicked),
        }
        None
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").field("reporter", &self.reporter).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
