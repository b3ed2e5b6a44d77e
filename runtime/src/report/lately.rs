//! Groups of records, the newest ones, up to a bound.
//!
//! In: groups as they are handed to every destination. Out: those that are kept, by reference.
//! Never: copies a record.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The newest groups whose weights come to no more than `max_weight`; of a single group that weighs
/// more, all is kept.
pub(super) struct Lately<R> {
    kept: Mutex<Kept<R>>,
    weigh: fn(&R) -> usize,
    max_weight: usize,
}

struct Kept<R> {
    groups: VecDeque<(Arc<[R]>, usize)>,
    weight: usize,
}

impl<R> Lately<R> {
    /// Keeps nothing yet.
    pub(super) const fn new(weigh: fn(&R) -> usize, max_weight: usize) -> Self {
        Self { kept: Mutex::new(Kept { groups: VecDeque::new(), weight: 0 }), weigh, max_weight }
    }

    /// Keeps a group, and forgets the oldest that there is no room for. Takes a lock for a moment.
    pub(super) fn keep(&self, group: &Arc<[R]>) {
        let added = group.iter().map(self.weigh).sum::<usize>();
        let mut forgotten = Vec::new();
        let mut kept = self.lock();
        kept.weight += added;
        kept.groups.push_back((Arc::clone(group), added));
        while kept.weight > self.max_weight && kept.groups.len() > 1 {
            let Some((group, weight)) = kept.groups.pop_front() else { break };
            kept.weight -= weight;
            forgotten.push(group);
        }
        drop(kept);
        // Nobody waits while the records are freed that only we have kept.
        drop(forgotten);
    }

    /// What is kept, the oldest first. Takes a lock for a moment.
    pub(super) fn groups(&self) -> Vec<Arc<[R]>> {
        self.lock().groups.iter().map(|(group, _)| Arc::clone(group)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept<R>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> fmt::Debug for Lately<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} groups", self.lock().groups.len())
    }
}
