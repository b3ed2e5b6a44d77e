//! Request size that a destination accepts, learned from its answers.
//!
//! Sizes are bytes of encoded items, before framing and compression. A refused size is about halved, down to
//! a size that passed, so the requests needed to learn a limit grow with its logarithm. Sizes that are
//! known to be refused are not sent again until the limit is tried anew, after a wait that doubles each time.

use std::time::{Duration, Instant};

use super::{Action, Machine, Parcel};

/// First wait before a larger request is tried.
const MIN_WAIT: Duration = Duration::from_mins(1);

/// Longest wait before a larger request is tried.
const MAX_WAIT: Duration = Duration::from_mins(16);

/// Number of refusals in a row from which sizes between the ceiling and a refused one are not tried any more.
const MAX_REFUSALS: u32 = 16;

/// Largest size known to pass and smallest size known to be refused.
#[derive(Debug)]
pub(super) struct SizeLimit {
    /// Largest batch that is sent; a single item may be larger.
    ceiling: usize,
    /// Largest size that passed; 0 for none.
    passed: usize,
    /// Smallest size that was refused since the limit was last tried anew.
    refused: usize,
    /// Refusals since a larger size passed than before.
    refusals: u32,
    /// True after a refusal until something passes: one request at a time.
    is_searching: bool,
    /// Time from which a larger request is tried.
    grow_at: Option<Instant>,
    wait: Duration,
}

impl Default for SizeLimit {
    fn default() -> Self {
        Self {
            ceiling: usize::MAX,
            passed: 0,
            refused: usize::MAX,
            refusals: 0,
            is_searching: false,
            grow_at: None,
            wait: MIN_WAIT,
        }
    }
}

impl SizeLimit {
    /// True while only one request may be under way.
    pub(super) fn is_searching(&self) -> bool {
        self.is_searching
    }

    /// Refusals since a larger size passed than before.
    pub(super) fn refusals(&self) -> u32 {
        self.refusals
    }

    fn is_unlimited(&self) -> bool {
        self.ceiling == usize::MAX
    }

    fn is_known_to_fail(&self, size: usize) -> bool {
        size >= self.refused
    }

    /// Records that a request of this size was refused as too large.
    pub(super) fn refuse(&mut self, size: usize, now: Instant) {
        if self.passed >= size {
            // The limit has become smaller.
            self.passed = 0;
        }
        self.refusals = self.refusals.saturating_add(1);
        self.is_searching = true;
        self.refused = self.refused.min(size);
        // A little more than half, so that items of one size make two pieces.
        let half = size / 2 + size / 16;
        self.ceiling = self.ceiling.min(self.passed.max(half)).max(1);
        if self.refusals >= MAX_REFUSALS {
            self.refused = self.refused.min(self.ceiling + 1);
        }
        self.grow_at = Some(now + self.wait);
    }

    /// Records that a request of this size was taken.
    pub(super) fn pass(&mut self, size: usize, now: Instant) {
        self.is_searching = false;
        if size <= self.passed {
            return;
        }
        self.passed = size;
        if self.is_unlimited() {
            return;
        }
        self.refusals = 0;
        if self.is_known_to_fail(size) {
            self.refused = usize::MAX;
        }
        self.ceiling = self.ceiling.max(size);
        let is_growing = self.refused == usize::MAX;
        if is_growing && size > self.ceiling / 2 {
            self.wait = MIN_WAIT;
            self.grow_at = Some(now);
        }
    }

    /// Tries the limit anew where that is due; `max` is the largest request there can be.
    fn grow(&mut self, max: usize, now: Instant) {
        if self.grow_at.is_none_or(|at| now < at) {
            return;
        }
        self.ceiling = self.ceiling.saturating_mul(2);
        if self.ceiling >= max {
            *self = Self { passed: self.passed, wait: self.wait, ..Self::default() };
            return;
        }
        (self.refused, self.refusals, self.is_searching) = (usize::MAX, 0, true);
        self.wait = (self.wait * 2).min(MAX_WAIT);
        self.grow_at = Some(now + self.wait);
    }
}

impl Machine {
    /// Makes a parcel one that may pass: items that are known to be too large go to a parcel of their own, for
    /// which smaller forms are asked, and what is beyond the ceiling goes back to those that wait.
    pub(super) fn fit(&mut self, mut parcel: Parcel, now: Instant, actions: &mut Vec<Action>) {
        self.size.grow(self.rules.limits.bytes, now);
        if self.size.is_unlimited() {
            return self.send(parcel, actions);
        }
        let too_large = parcel.batch.extract(|item| self.size.is_known_to_fail(item.len()));
        if !too_large.is_empty() {
            let parcel = self.parcel(too_large, parcel.sequence, parcel.closed);
            actions.push(Action::Reduce { id: parcel.id });
            self.in_flight.push(parcel);
        }
        let count = parcel.batch.fitting(self.size.ceiling);
        if let Some(rest) = parcel.batch.split_off(count) {
            if let Some(isolation) = &mut parcel.isolation {
                isolation.rest.push(rest);
            } else {
                let rest = self.parcel(rest, parcel.sequence, parcel.closed);
                self.park(rest);
            }
        }
        if parcel.batch.is_empty() { self.go_on(parcel) } else { self.send(parcel, actions) }
    }

    fn send(&mut self, parcel: Parcel, actions: &mut Vec<Action>) {
        actions.push(Action::Send { id: parcel.id });
        self.in_flight.push(parcel);
    }
}
