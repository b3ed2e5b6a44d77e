//! Counters of records by their outcome.
//!
//! After a shutdown the sums add up: `accepted = delivered + sent + rejected + lost`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// Why a record did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LossReason {
    /// A thread's ring was full when a span ended.
    RingFull,
    /// The destination's queue was full.
    QueueFull,
    /// The encoded record is larger than the destination accepts.
    TooLarge,
    /// The record could not be encoded.
    NotEncodable,
    /// Every retry failed until the deadline of the batch.
    RetriesExhausted,
    /// The destination's answer says that it will never take the record.
    Refused,
    /// The process stopped before the record could be sent.
    Shutdown,
    /// The worker of the destination panicked while it held the record, or the redaction of the record
    /// panicked.
    WorkerPanicked,
    /// The failure was one too many of its kind, and is told together with others.
    Summarized,
    /// The application dropped the report of the failure.
    Filtered,
    /// The span was open when this process was forked, so the parent process delivers it; or the
    /// process has no telemetry of its own, because nothing was installed after the fork.
    Forked,
    /// The receiver's socket buffer was full, so its kernel dropped the datagram.
    ///
    /// Known only where the receiver is on this host, from counters of all its senders together:
    /// drops of others at the same moment count here too, up to what this process sent.
    DroppedByReceiver,
}

impl LossReason {
    /// Every reason, in the order of their counters.
    pub const ALL: [Self; 12] = [
        Self::RingFull,
        Self::QueueFull,
        Self::TooLarge,
        Self::NotEncodable,
        Self::RetriesExhausted,
        Self::Refused,
        Self::Shutdown,
        Self::WorkerPanicked,
        Self::Summarized,
        Self::Filtered,
        Self::Forked,
        Self::DroppedByReceiver,
    ];

    /// The reason in words for messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RingFull => "ring full",
            Self::QueueFull => "queue full",
            Self::TooLarge => "too large",
            Self::NotEncodable => "not encodable",
            Self::RetriesExhausted => "retries exhausted",
            Self::Refused => "refused",
            Self::Shutdown => "shutdown",
            Self::WorkerPanicked => "worker panicked",
            Self::Summarized => "summarized",
            Self::Filtered => "filtered",
            Self::Forked => "forked",
            Self::DroppedByReceiver => "dropped by receiver",
        }
    }
}

impl fmt::Display for LossReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The counters of one destination; shared, never locked.
#[derive(Debug, Default)]
pub struct Ledger {
    accepted: AtomicU64,
    delivered: AtomicU64,
    sent: AtomicU64,
    rejected: AtomicU64,
    lost: [AtomicU64; LossReason::ALL.len()],
}

/// What a [`Ledger`] held at one moment, in records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Taken from the application.
    pub accepted: u64,
    /// Confirmed by the destination.
    pub delivered: u64,
    /// Sent by a transport that nothing acknowledges (datagrams), and not known to be lost.
    pub sent: u64,
    /// Received by the destination and refused one by one (a partial success).
    pub rejected: u64,
    lost: [u64; LossReason::ALL.len()],
}

impl Ledger {
    /// Begins with every counter at zero.
    pub const fn new() -> Self {
        Self {
            accepted: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            lost: [const { AtomicU64::new(0) }; LossReason::ALL.len()],
        }
    }

    /// Counts records taken from the application.
    pub fn accept(&self, records: usize) {
        self.accepted.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Counts records confirmed by the destination.
    pub fn deliver(&self, records: usize) {
        self.delivered.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Counts records that were sent and that nothing acknowledges.
    pub fn send(&self, records: usize) {
        self.sent.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Counts records the destination refused one by one.
    pub fn reject(&self, records: usize) {
        self.rejected.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Counts records that will not arrive.
    pub fn lose(&self, records: usize, reason: LossReason) {
        self.lost[reason as usize].fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Sets every counter to zero, in a process that has just been forked.
    pub(crate) fn reset(&self) {
        let counters = [&self.accepted, &self.delivered, &self.sent, &self.rejected];
        for counter in counters.into_iter().chain(&self.lost) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// Reads all counters.
    pub fn tally(&self) -> Tally {
        Tally {
            accepted: self.accepted.load(Ordering::Relaxed),
            delivered: self.delivered.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
            lost: std::array::from_fn(|index| self.lost[index].load(Ordering::Relaxed)),
        }
    }
}

impl Tally {
    /// Records that did not arrive for this reason.
    pub const fn lost_to(&self, reason: LossReason) -> u64 {
        self.lost[reason as usize]
    }

    /// Records that did not arrive, for any reason.
    pub fn lost(&self) -> u64 {
        self.lost.iter().sum()
    }

    /// Records without an outcome yet.
    pub fn pending(&self) -> u64 {
        let settled = self.delivered + self.sent + self.rejected + self.lost();
        self.accepted.saturating_sub(settled)
    }

    /// The same at the end of all waiting: what is pending counts as lost for this reason.
    #[must_use]
    pub fn closed(mut self, reason: LossReason) -> Self {
        self.lost[reason as usize] += self.pending();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_outcome_is_pending() {
        let ledger = Ledger::default();
        ledger.accept(15);
        ledger.deliver(4);
        ledger.send(5);
        ledger.reject(1);
        ledger.lose(2, LossReason::QueueFull);
        let tally = ledger.tally();
        assert_eq!(
            (tally.lost(), tally.lost_to(LossReason::QueueFull), tally.pending()),
            (2, 2, 3)
        );
    }

    #[test]
    fn at_the_end_of_all_waiting_nothing_is_pending() {
        let ledger = Ledger::default();
        ledger.accept(10);
        ledger.deliver(4);
        ledger.lose(1, LossReason::Shutdown);
        let tally = ledger.tally().closed(LossReason::Shutdown);
        assert_eq!((tally.lost_to(LossReason::Shutdown), tally.pending()), (6, 0));
        assert_eq!(tally.closed(LossReason::QueueFull), tally);
    }

    #[test]
    fn every_reason_has_its_own_counter() {
        let ledger = Ledger::default();
        for reason in LossReason::ALL {
            ledger.lose(1, reason);
        }
        assert!(LossReason::ALL.iter().all(|&reason| ledger.tally().lost_to(reason) == 1));
    }
}
