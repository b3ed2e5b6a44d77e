//! A closed batch on its way, and what it waits for.

use std::time::Instant;

use super::isolate::Isolation;
use crate::export::Batch;

/// A closed batch on its way, or a part of one.
pub(super) struct Parcel {
    pub(super) id: u64,
    /// The parts of a split batch keep its number.
    pub(super) sequence: u64,
    pub(super) batch: Batch,
    pub(super) closed: Instant,
    pub(super) failures: u32,
    /// After a failure.
    pub(super) wait_until: Option<Instant>,
    /// Where one of its items was refused.
    pub(super) isolation: Option<Box<Isolation>>,
}

impl Parcel {
    /// Returns the time from which it may be sent.
    pub(super) fn due(&self) -> Instant {
        self.wait_until.unwrap_or(self.closed)
    }

    /// Returns its items and those of the pieces behind it.
    pub(super) fn into_batches(self) -> impl Iterator<Item = Batch> {
        let rest = self.isolation.map(|isolation| isolation.rest).unwrap_or_default();
        std::iter::once(self.batch).chain(rest)
    }
}
