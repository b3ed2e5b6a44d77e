//! Ids of error reports.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::ReportId;
use crate::span;

/// Source of the ids of reports.
#[derive(Debug)]
pub(super) struct Ids {
    next: AtomicU64,
    /// `None` for ids that count.
    keys: Option<[RandomState; 2]>,
}

impl Ids {
    /// Ids that cannot be guessed.
    pub(super) fn random() -> Self {
        // Not from zero: the keys of a forked child may be those of its parent.
        Self {
            next: AtomicU64::new(span::entropy()),
            keys: Some([RandomState::new(), RandomState::new()]),
        }
    }

    /// Counts 1, 2, 3 …, for tests that compare whole reports.
    pub(super) fn counting() -> Self {
        Self { next: AtomicU64::new(1), keys: None }
    }

    /// Returns the next id.
    pub(super) fn next(&self) -> ReportId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let random = match &self.keys {
            // A keyed hash of a counter: unique in this process, and not to be guessed.
            Some([high, low]) => {
                u128::from(high.hash_one(number)) << 64 | u128::from(low.hash_one(number))
            }
            None => u128::from(number),
        };
        ReportId::from_random(random)
    }
}
