//! The newest records, up to a number of bytes.
//!
//! Groups are kept by reference. Only of a group that is larger than the bound, the newest records are
//! copied.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Groups whose records weigh no more than `max_bytes` together.
pub(super) struct Lately<R> {
    kept: Mutex<Kept<R>>,
    weigh: fn(&R) -> usize,
    max_bytes: usize,
}

struct Kept<R> {
    groups: VecDeque<(Arc<[R]>, usize)>,
    bytes: usize,
}

impl<R: Clone> Lately<R> {
    /// Keeps nothing yet; `weigh` returns the memory that a record occupies, in bytes.
    pub(super) const fn new(weigh: fn(&R) -> usize, max_bytes: usize) -> Self {
        Self { kept: Mutex::new(Kept { groups: VecDeque::new(), bytes: 0 }), weigh, max_bytes }
    }

    /// Keeps a group, and drops the oldest ones beyond the bound. Takes a short lock.
    pub(super) fn keep(&self, group: &Arc<[R]>) {
        let (group, added) = self.newest(group);
        if group.is_empty() {
            return;
        }
        let mut dropped = Vec::new();
        let mut kept = self.lock();
        kept.bytes += added;
        kept.groups.push_back((group, added));
        while kept.bytes > self.max_bytes {
            let Some((group, bytes)) = kept.groups.pop_front() else { break };
            kept.bytes -= bytes;
            dropped.push(group);
        }
        drop(kept);
        // The records that nothing else keeps are freed without the lock.
        drop(dropped);
    }

    /// Returns the newest records of a group that fit, which is most often the group itself, and
    /// their weight.
    fn newest(&self, group: &Arc<[R]>) -> (Arc<[R]>, usize) {
        let mut bytes = 0;
        for (at, record) in group.iter().enumerate().rev() {
            let added = (self.weigh)(record);
            if bytes + added > self.max_bytes {
                return (group[at + 1..].into(), bytes);
            }
            bytes += added;
        }
        (Arc::clone(group), bytes)
    }

    /// Returns the groups that are kept, the oldest first. Takes a short lock.
    pub(super) fn groups(&self) -> Vec<Arc<[R]>> {
        self.lock().groups.iter().map(|(group, _)| Arc::clone(group)).collect()
    }
}

impl<R> Lately<R> {
    fn lock(&self) -> MutexGuard<'_, Kept<R>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> fmt::Debug for Lately<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.lock();
        write!(f, "{} groups of {} bytes", kept.groups.len(), kept.bytes)
    }
}
