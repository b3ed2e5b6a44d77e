//! What becomes of a parcel that was answered.
//!
//! In: a parcel back from its way, the verdict, what can take its place. Out: its fate, or the
//! parcel among those that wait.
//! Never: sends; that is for the machine when it may.

use std::mem;
use std::time::{Duration, Instant};

use super::{Action, Fate, Machine, Parcel};
use crate::export::{Batch, Verdict};
use crate::loss::LossReason;

impl Machine {
    pub(super) fn judge(
        &mut self,
        parcel: Parcel,
        verdict: &Verdict,
        reduced: Batch,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let fate = match *verdict {
            Verdict::Delivered => Fate::Delivered,
            Verdict::Sent { dropped } => Fate::Sent { dropped },
            Verdict::Partial { rejected, .. } => Fate::Partial { rejected },
            Verdict::Refused { .. } => Fate::Lost(LossReason::Refused),
            Verdict::Retry { after, .. } => return self.retry(parcel, after, now, actions),
            Verdict::Split => return self.split(parcel, reduced, actions),
            Verdict::Reduce { .. } => {
                return self.replace(parcel, reduced, LossReason::Refused, actions);
            }
        };
        self.end_pause();
        self.settle(parcel.batch, fate, actions);
    }

    /// Forgets the failures so far; a wait that the server asked for goes on.
    pub(super) fn end_pause(&mut self) {
        self.failures = 0;
        self.pause = None;
    }

    fn retry(
        &mut self,
        mut parcel: Parcel,
        after: Option<Duration>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let give_up_at = parcel.closed + self.rules.give_up_after;
        self.failures = self.failures.saturating_add(1);
        parcel.failures = parcel.failures.saturating_add(1);
        if let Some(after) = after {
            // Whoever was told the same comes back spread out, and "at once" is no tight loop.
            let delay = after.saturating_add(self.backoff(1)).min(self.rules.give_up_after);
            self.asked = self.asked.max(Some(now + delay));
        } else {
            let until = now + self.backoff(self.failures.max(parcel.failures));
            // The last attempt is made when the batch would be given up, and not later.
            parcel.wait_until = Some(until.min(give_up_at));
            self.pause = self.pause.max(parcel.wait_until);
        }
        if give_up_at <= now {
            let fate = Fate::Lost(LossReason::RetriesExhausted);
            return self.settle(parcel.batch, fate, actions);
        }
        self.park(parcel);
    }

    fn backoff(&mut self, failures: u32) -> Duration {
        self.rules.backoff.delay(failures, (self.random)())
    }

    fn split(&mut self, parcel: Parcel, reduced: Batch, actions: &mut Vec<Action>) {
        let Parcel { batch, sequence, closed, .. } = parcel;
        match batch.split() {
            Ok((first, second)) => {
                for half in [first, second] {
                    let parcel = self.parcel(half, sequence, closed);
                    self.park(parcel);
                }
            }
            Err(single) => {
                let parcel = Parcel { batch: single, ..parcel };
                self.replace(parcel, reduced, LossReason::TooLarge, actions);
            }
        }
    }

    /// Puts smaller items in the place of those that were not taken; those without one are lost.
    fn replace(
        &mut self,
        mut parcel: Parcel,
        reduced: Batch,
        why: LossReason,
        actions: &mut Vec<Action>,
    ) {
        self.end_pause();
        if reduced.is_empty() {
            return self.settle(parcel.batch, Fate::Lost(why), actions);
        }
        let (from_bytes, to_bytes) = (parcel.batch.bytes().len(), reduced.bytes().len());
        actions.push(Action::Reweigh { from_bytes, to_bytes });
        let lost = parcel.batch.len() - reduced.len();
        if lost > 0 {
            actions.push(Action::Settle { records: lost, bytes: 0, fate: Fate::Lost(why) });
        }
        let original = mem::replace(&mut parcel.batch, reduced);
        self.open.recycle(original);
        parcel.wait_until = None;
        self.park(parcel);
    }
}
