//! What waits in front of a worker, bounded in bytes.
//!
//! In: groups of shared records from the collector thread. Out: the same groups, in order, with
//! commands in between.
//! Never: blocks; what does not fit is lost, counted, and the newest.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use crate::guard::guard;
use crate::loss::{Ledger, LossReason};
use crate::record::Processor;

/// How much a destination holds at the moment, and how much it may.
///
/// It counts everything accepted that has no fate yet: queued, encoded, in flight, waiting for a
/// retry.
#[derive(Debug)]
pub(super) struct Gauge {
    pub(super) max_bytes: usize,
    pub(super) max_records: usize,
    bytes: AtomicUsize,
    records: AtomicUsize,
}

/// What a worker is told.
pub(super) enum Message<R> {
    /// The first `count` records of a group, which weigh `bytes`.
    Records { group: Arc<[R]>, count: usize, bytes: usize },
    /// Confirm when everything that came before has its fate.
    Flush(Confirmation),
    /// The same, then stop, at latest at the deadline that all workers share.
    Shutdown(Confirmation),
}

/// Tells who waits that an order is carried out, or that there is no one left to do so, when it is dropped.
pub(super) struct Confirmation {
    pub(super) destination: usize,
    pub(super) waiter: std::sync::mpsc::Sender<Event>,
}

/// What ends a wait, or changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The destination of this index has carried its order out.
    Confirmed(usize),
    /// Nobody wants to wait any more.
    Aborted,
}

impl Drop for Confirmation {
    fn drop(&mut self) {
        // The wait may be over.
        let _ = self.waiter.send(Event::Confirmed(self.destination));
    }
}

/// The near end of a destination's queue; may be cloned and called from any thread.
pub struct Handle<R> {
    pub(super) sender: mpsc::UnboundedSender<Message<R>>,
    pub(super) gauge: Arc<Gauge>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) weigh: fn(&R) -> usize,
}

impl Gauge {
    pub(super) fn new(max_bytes: usize, max_records: usize) -> Self {
        Self { max_bytes, max_records, bytes: AtomicUsize::new(0), records: AtomicUsize::new(0) }
    }

    /// Bytes held at the moment.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Takes the longest start of a group that fits; returns its length and weight.
    ///
    /// Two threads that hand in groups at the same moment may exceed the bound by one group; there
    /// is one collector thread.
    fn admit(&self, weights: impl Iterator<Item = usize>) -> (usize, usize) {
        let free_bytes = self.max_bytes.saturating_sub(self.bytes());
        let free_records = self.max_records.saturating_sub(self.records.load(Ordering::Relaxed));
        let (mut count, mut bytes) = (0, 0);
        for weight in weights.take(free_records) {
            if bytes + weight > free_bytes {
                break;
            }
            bytes += weight;
            count += 1;
        }
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.records.fetch_add(count, Ordering::Relaxed);
        (count, bytes)
    }

    /// Replaces the weight of a record by the size of its encoded form.
    pub(super) fn reweigh(&self, from: usize, to: usize) {
        self.bytes.fetch_add(to, Ordering::Relaxed);
        self.bytes.fetch_sub(from, Ordering::Relaxed);
    }

    /// Forgets records that have met their fate.
    pub(super) fn release(&self, records: usize, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.records.fetch_sub(records, Ordering::Relaxed);
    }
}

impl<R: Send + Sync + 'static> Processor<R> for Handle<R> {
    fn process(&self, group: &Arc<[R]>) {
        self.ledger.accept(group.len());
        let admitted =
            guard("weighing of records", || self.gauge.admit(group.iter().map(self.weigh)));
        let Some((count, bytes)) = admitted else {
            return self.ledger.lose(group.len(), LossReason::WorkerPanicked);
        };
        if count < group.len() {
            self.ledger.lose(group.len() - count, LossReason::QueueFull);
        }
        if count == 0 {
            return;
        }
        let message = Message::Records { group: Arc::clone(group), count, bytes };
        if self.sender.send(message).is_err() {
            self.gauge.release(count, bytes);
            self.ledger.lose(count, LossReason::Shutdown);
        }
    }
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            gauge: Arc::clone(&self.gauge),
            ledger: Arc::clone(&self.ledger),
            weigh: self.weigh,
        }
    }
}

impl<R> Handle<R> {
    /// The counters of the destination.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// Bytes held at the moment: queued, encoded, in flight and waiting for a retry.
    pub fn held_bytes(&self) -> usize {
        self.gauge.bytes()
    }
}

impl<R> fmt::Debug for Handle<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("gauge", &self.gauge).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handle(
        max_bytes: usize,
        max_records: usize,
    ) -> (Handle<usize>, mpsc::UnboundedReceiver<Message<usize>>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let handle = Handle {
            sender,
            gauge: Arc::new(Gauge::new(max_bytes, max_records)),
            ledger: Arc::default(),
            weigh: |&weight| weight,
        };
        (handle, receiver)
    }

    fn lost(handle: &Handle<usize>) -> u64 {
        handle.ledger.tally().lost_to(LossReason::QueueFull)
    }

    #[test]
    fn a_full_queue_loses_the_newest_counts_them_and_does_not_block() {
        let (handle, mut receiver) = handle(100, usize::MAX);
        handle.process(&Arc::from([40, 40, 40, 10]));
        let Ok(Message::Records { count, bytes, .. }) = receiver.try_recv() else {
            panic!("what fits is handed on");
        };
        assert_eq!((count, bytes, lost(&handle), handle.held_bytes()), (2, 80, 2, 80));

        handle.process(&Arc::from([40]));
        assert!(receiver.try_recv().is_err());
        assert_eq!((lost(&handle), handle.ledger.tally().accepted), (3, 5));

        handle.gauge.release(2, 80);
        handle.process(&Arc::from([100]));
        assert!(receiver.try_recv().is_ok());
    }

    #[test]
    fn the_queue_may_be_bounded_in_records_too() {
        let (handle, _receiver) = handle(usize::MAX, 3);
        handle.process(&Arc::from([1, 1]));
        handle.process(&Arc::from([1, 1]));
        assert_eq!((lost(&handle), handle.held_bytes()), (1, 3));
    }

    #[test]
    fn what_comes_after_the_end_is_lost_to_the_shutdown() {
        let (handle, receiver) = handle(100, usize::MAX);
        drop(receiver);
        handle.process(&Arc::from([1, 1]));
        let tally = handle.ledger.tally();
        assert_eq!((tally.lost_to(LossReason::Shutdown), tally.pending()), (2, 0));
        assert_eq!(handle.held_bytes(), 0);
    }
}
