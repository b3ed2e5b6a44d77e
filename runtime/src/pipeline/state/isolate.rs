//! Search for the items for which a destination refuses a batch.
//!
//! One item alone is tried first: where the request as a whole is refused, two such probes end the search.
//! Otherwise the batch is halved, one piece at a time, a bounded number of times; a piece that is refused
//! after that is lost as a whole.

use std::mem;
use std::time::Instant;

use super::{Action, Fate, Machine, Parcel};
use crate::export::Batch;
use crate::loss::LossReason;

/// Number of single items that are refused before all of a batch counts as refused.
const PROBES: u32 = 2;

/// Number of times that the pieces of one batch are halved. One bad item among 4096 takes 12, six take 62.
const MAX_HALVINGS: u32 = 64;

/// Pieces of a refused batch that are not sent yet, and the state of the search.
#[derive(Debug, Default)]
pub(super) struct Isolation {
    /// The next piece is the last one.
    pub(super) rest: Vec<Batch>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Nothing has passed yet.
    Probe { refused: u32 },
    /// Something has passed.
    Halve { left: u32 },
}

impl Default for Stage {
    fn default() -> Self {
        Self::Probe { refused: 0 }
    }
}

impl Machine {
    /// Sends a part of a batch that was refused because of one of its items; refused items are lost.
    pub(super) fn isolate(
        &mut self,
        mut parcel: Parcel,
        why: LossReason,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.end_pause();
        let mut isolation = parcel.isolation.take().unwrap_or_default();
        let batch = mem::take(&mut parcel.batch);
        let is_single = batch.len() < 2;
        let next = match &mut isolation.stage {
            Stage::Probe { refused } if is_single => {
                *refused += 1;
                let is_over = *refused >= PROBES;
                self.settle(batch, Fate::Lost(why), actions);
                if is_over {
                    return self.settle_all(isolation.rest, Fate::Lost(why), actions);
                }
                isolation.rest.pop().map(|rest| last(rest, &mut isolation.rest))
            }
            Stage::Probe { .. } => Some(first(batch, 1, &mut isolation.rest)),
            Stage::Halve { left } if !is_single && *left > 0 => {
                *left -= 1;
                let half = batch.len() / 2;
                Some(first(batch, half, &mut isolation.rest))
            }
            Stage::Halve { .. } => {
                self.settle(batch, Fate::Lost(why), actions);
                isolation.rest.pop()
            }
        };
        let Some(next) = next else { return };
        (parcel.batch, parcel.isolation) = (next, Some(isolation));
        parcel.wait_until = Some(now + self.backoff(1));
        self.park(parcel);
    }

    /// Goes on with the next piece of a batch, where a piece of it was taken.
    pub(super) fn go_on_after_pass(&mut self, mut parcel: Parcel) {
        if let Some(isolation) = &mut parcel.isolation
            && let Stage::Probe { refused } = isolation.stage
        {
            isolation.stage = Stage::Halve { left: MAX_HALVINGS };
            if refused == 0
                && let Some(rest) = isolation.rest.pop()
            {
                // All of it was refused just now, so the bad item is in it.
                let half = rest.len() / 2;
                let next = first(rest, half.max(1), &mut isolation.rest);
                isolation.rest.push(next);
            }
        }
        self.go_on(parcel);
    }

    /// Goes on with the next piece of a batch, if there is one.
    pub(super) fn go_on(&mut self, mut parcel: Parcel) {
        let next = parcel.isolation.as_mut().and_then(|isolation| isolation.rest.pop());
        let Some(next) = next else { return };
        (parcel.batch, parcel.failures, parcel.wait_until) = (next, 0, None);
        self.park(parcel);
    }

    /// Ends a batch with all of its pieces.
    pub(super) fn settle_all(
        &mut self,
        pieces: impl IntoIterator<Item = Batch>,
        fate: Fate,
        actions: &mut Vec<Action>,
    ) {
        for piece in pieces {
            self.settle(piece, fate, actions);
        }
    }
}

/// The first items of a batch; the others go to the rest.
fn first(mut batch: Batch, count: usize, rest: &mut Vec<Batch>) -> Batch {
    rest.extend(batch.split_off(count));
    batch
}

/// The last item of a batch; the others go to the rest.
fn last(mut batch: Batch, rest: &mut Vec<Batch>) -> Batch {
    let Some(last) = batch.split_off(batch.len().saturating_sub(1).max(1)) else { return batch };
    rest.push(batch);
    last
}
