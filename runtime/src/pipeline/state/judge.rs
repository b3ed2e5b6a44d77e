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
        match *verdict {
            Verdict::Delivered => self.pass(parcel, Fate::Delivered, now, actions),
            Verdict::Sent { dropped } => self.pass(parcel, Fate::Sent { dropped }, now, actions),
            Verdict::Partial { rejected, .. } => {
                self.pass(parcel, Fate::Partial { rejected }, now, actions);
            }
            Verdict::Refused { .. } => {
                self.end_pause();
                self.finish(parcel, Fate::Lost(LossReason::Refused), actions);
            }
            Verdict::Retry { after, .. } => self.retry(parcel, after, now, actions),
            Verdict::Split => self.split(parcel, reduced, now, actions),
            Verdict::Isolate { is_too_large, .. } => {
                let why = if is_too_large { LossReason::TooLarge } else { LossReason::Refused };
                self.isolate(parcel, why, now, actions);
            }
            Verdict::Reduce { .. } => {
                self.end_pause();
                self.replace(parcel, reduced, LossReason::Refused, actions);
            }
        }
    }

    fn pass(&mut self, mut parcel: Parcel, fate: Fate, now: Instant, actions: &mut Vec<Action>) {
        self.end_pause();
        let batch = mem::take(&mut parcel.batch);
        self.size.pass(batch.bytes().len(), now);
        self.settle(batch, fate, actions);
        self.go_on_after_pass(parcel);
    }

    /// Settles a parcel, and goes on with what is behind it.
    pub(super) fn finish(&mut self, mut parcel: Parcel, fate: Fate, actions: &mut Vec<Action>) {
        self.settle(mem::take(&mut parcel.batch), fate, actions);
        self.go_on(parcel);
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
            return self.settle_all(parcel.into_batches(), fate, actions);
        }
        self.park(parcel);
    }

    pub(super) fn backoff(&mut self, failures: u32) -> Duration {
        self.rules.backoff.delay(failures, (self.random)())
    }

    /// Takes back what is too large; it is cut to the size that is learned from that when it is sent again.
    fn split(
        &mut self,
        mut parcel: Parcel,
        reduced: Batch,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.size.refuse(parcel.batch.bytes().len(), now);
        let until = now + self.backoff(self.size.refusals());
        self.pause = self.pause.max(Some(until));
        if parcel.batch.len() == 1 {
            return self.replace(parcel, reduced, LossReason::TooLarge, actions);
        }
        parcel.wait_until = None;
        self.park(parcel);
    }

    /// Puts smaller items in the place of those that were not taken; those without one are lost.
    pub(super) fn replace(
        &mut self,
        mut parcel: Parcel,
        reduced: Batch,
        why: LossReason,
        actions: &mut Vec<Action>,
    ) {
        if reduced.is_empty() {
            return self.finish(parcel, Fate::Lost(why), actions);
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
