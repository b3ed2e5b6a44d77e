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
    pub(super) wait: Option<Wait>,
}

/// A moment before which nothing is sent.
#[derive(Clone, Copy)]
pub(super) struct Wait {
    pub(super) until: Instant,
    /// Whether the server asked for it.
    pub(super) asked: bool,
}

impl Parcel {
    /// From when on it may be sent.
    pub(super) fn due(&self) -> Instant {
        self.wait.map_or(self.closed, |wait| wait.until)
    }
}

impl Wait {
    /// The wait, unless it is one of our own making.
    pub(super) fn if_asked(wait: Option<Self>) -> Option<Self> {
        wait.filter(|wait| wait.asked)
    }
}
