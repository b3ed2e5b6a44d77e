//! A closed batch on its way, and what it waits for.

use std::time::Instant;

use crate::export::Batch;

/// A closed batch on its way.
pub(super) struct Parcel {
    pub(super) id: u64,
    /// The halves of a split batch keep its number.
    pub(super) sequence: u64,
    pub(super) batch: Batch,
    pub(super) closed: Instant,
    pub(super) failures: u32,
    /// After a failure.
    pub(super) wait_until: Option<Instant>,
}

impl Parcel {
    /// From when on it may be sent.
    pub(super) fn due(&self) -> Instant {
        self.wait_until.unwrap_or(self.closed)
    }
}
