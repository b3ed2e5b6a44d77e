//! One destination as a machine: `(input, now) → actions`.
//!
//! In: encoded items, answers, the passing of time, flush, shutdown. Out: what to send, what has
//! met its fate, when to look again.
//! Never: owns a clock, a socket, a thread or a random number generator.
//!
//! ```text
//!  item ─▶ open ──full, old, flush──▶ parked ──slot free, due──▶ in flight ──▶ settled
//!                                       ▲                            │
//!                                       └─ failed · too large · reduced · isolated
//! ```
//!
//! - A request that fails waits on its own, and the destination as a whole pauses as long: what
//!   has not been tried yet is not thrown at a server that is down. The first success ends the
//!   pause.
//! - A wait that the server asks for is one of the destination: until it is over nothing is sent,
//!   whatever else happens.
//! - While nothing can be sent, the open batch stays open until it is full: an outage ends in few
//!   large requests.
//! - A request that is too large pauses the destination too, and is cut to a size that may pass, which is
//!   kept for later batches (`size`).
//! - A flush cuts our own waits short and starts the backoff anew, since somebody is waiting; a
//!   wait the server asked for is kept.

mod isolate;
mod judge;
mod parcel;
mod size;

use std::collections::VecDeque;
use std::mem;
use std::time::{Duration, Instant};

use self::parcel::Parcel;
use self::size::SizeLimit;
use super::Backoff;
use super::batch::{Measure, Open};
use crate::export::{Batch, Limits, Verdict};
use crate::loss::LossReason;

/// A number, any, evenly distributed.
pub(super) type Random = Box<dyn FnMut() -> u64 + Send>;

/// What the machine goes by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) limits: Limits,
    pub(super) max_batch_age: Duration,
    pub(super) max_in_flight: usize,
    pub(super) backoff: Backoff,
    pub(super) give_up_after: Duration,
}

/// What happened.
#[derive(Debug)]
pub(super) enum Input {
    /// The tail of [`Machine::buffer`] is a complete item.
    Item(Measure),
    /// Time has passed.
    Tick,
    /// A request was answered, or its transport failed; `reduced` is what can be sent in the place
    /// of its items, when they were not taken.
    Answered { id: u64, verdict: Verdict, reduced: Batch },
    /// What can be sent in the place of the items of an [`Action::Reduce`].
    Reduced { id: u64, reduced: Batch },
    /// Work on a request panicked.
    Panicked { id: u64 },
    /// Everything that came before is wanted out.
    Flush,
    /// The same, and at the deadline the rest is lost; a later one may bring that nearer.
    Shutdown { deadline: Instant },
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Send the batch of this id.
    Send { id: u64 },
    /// Make smaller forms of the items of this batch, which are known to be too large to be sent.
    Reduce { id: u64 },
    /// Smaller items took the place of others; lost ones weigh nothing any more.
    Reweigh { from_bytes: usize, to_bytes: usize },
    /// These records have met their fate.
    Settle { records: usize, bytes: usize, fate: Fate },
    /// The oldest flush not yet confirmed is complete.
    Flushed,
}

/// How records end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    /// Sent without an acknowledgement, but for those that the receiver's kernel dropped.
    Sent {
        dropped: usize,
    },
    Partial {
        rejected: usize,
    },
    Lost(LossReason),
}

/// The machine.
pub(super) struct Machine {
    rules: Rules,
    random: Random,
    open: Open,
    opened: Option<Instant>,
    /// In the order they were closed.
    parked: VecDeque<Parcel>,
    in_flight: Vec<Parcel>,
    size: SizeLimit,
    /// The end of the pause that the destination's failures are worth.
    pause: Option<Instant>,
    /// The end of the wait that the server asked for.
    asked: Option<Instant>,
    /// Failures since the last success.
    failures: u32,
    next_id: u64,
    next_sequence: u64,
    /// Each waits for all parcels whose sequence is smaller.
    flushes: VecDeque<u64>,
    stop_at: Option<Instant>,
}

impl Machine {
    pub(super) fn new(rules: Rules, random: Random) -> Self {
        Self {
            rules,
            random,
            open: Open::default(),
            opened: None,
            parked: VecDeque::new(),
            in_flight: Vec::new(),
            size: SizeLimit::default(),
            pause: None,
            asked: None,
            failures: 0,
            next_id: 0,
            next_sequence: 0,
            flushes: VecDeque::new(),
            stop_at: None,
        }
    }

    /// Where the next item is encoded to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        self.open.buffer()
    }

    /// The item that began the open batch, and what was encoded since the last one.
    pub(super) fn first_and_tail(&self) -> (Option<&[u8]>, &[u8]) {
        (self.open.first(), self.open.tail())
    }

    /// How many bytes were encoded since the last item.
    pub(super) fn tail_len(&self) -> usize {
        self.open.tail_len()
    }

    /// Forgets what was encoded since the last item.
    pub(super) fn discard_tail(&mut self) {
        self.open.discard_tail();
    }

    /// The batch of an [`Action::Send`] or an [`Action::Reduce`].
    pub(super) fn batch(&self, id: u64) -> Option<&Batch> {
        self.in_flight.iter().find(|parcel| parcel.id == id).map(|parcel| &parcel.batch)
    }

    /// Whether a shutdown has begun.
    pub(super) fn is_stopping(&self) -> bool {
        self.stop_at.is_some()
    }

    /// Failures in a row since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a shutdown is complete.
    pub(super) fn is_done(&self) -> bool {
        self.stop_at.is_some() && self.is_idle()
    }

    /// When the next [`Input::Tick`] is due; `None` when only another input can change anything.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let stop = self.stop_at.filter(|_| !self.is_idle());
        let send = if self.has_free_slot() { self.next_due() } else { None };
        send.into_iter().chain(stop).min()
    }

    /// Takes one input in; appends what is to be done.
    pub(super) fn on(&mut self, input: Input, now: Instant, actions: &mut Vec<Action>) {
        match input {
            Input::Item(measure) => return self.take_item(measure, now, actions),
            Input::Tick => {}
            Input::Answered { id, verdict, reduced } => {
                if let Some(parcel) = self.land(id) {
                    self.judge(parcel, &verdict, reduced, now, actions);
                }
            }
            Input::Reduced { id, reduced } => {
                if let Some(parcel) = self.land(id) {
                    self.replace(parcel, reduced, LossReason::TooLarge, actions);
                }
            }
            Input::Panicked { id } => {
                if let Some(parcel) = self.land(id) {
                    self.finish(parcel, Fate::Lost(LossReason::WorkerPanicked), actions);
                }
            }
            Input::Flush => {
                self.hurry(now);
                self.flushes.push_back(self.next_sequence);
            }
            Input::Shutdown { deadline } => {
                self.hurry(now);
                let known = self.stop_at.unwrap_or(deadline);
                self.stop_at = Some(known.min(deadline));
            }
        }
        if self.stop_at.is_some_and(|deadline| deadline <= now) {
            self.abandon(now, actions);
        }
        self.dispatch(now, actions);
        if self.is_stopping_in_vain() {
            self.abandon(now, actions);
        }
        self.confirm_flushes(actions);
    }

    fn take_item(&mut self, measure: Measure, now: Instant, actions: &mut Vec<Action>) {
        let Limits { items, bytes, overhead_bytes } = self.rules.limits;
        let Measure { count, size, joins } = measure;
        if size + count * overhead_bytes > bytes {
            let bytes = self.open.tail_len();
            self.open.discard_tail();
            let fate = Fate::Lost(LossReason::TooLarge);
            return actions.push(Action::Settle { records: 1, bytes, fate });
        }
        let parked = self.parked.len();
        let full_size = |count, size| size + count * overhead_bytes;
        let (all, all_size) = (self.open.count() + count, self.open.size() + size);
        if !joins || all > items || full_size(all, all_size) > bytes {
            self.close_open(now);
        }
        self.open.close_item(measure);
        self.opened.get_or_insert(now);
        let (all, all_size) = (self.open.count(), self.open.size());
        if all >= items || full_size(all, all_size) >= bytes {
            self.close_open(now);
        }
        if self.parked.len() > parked {
            self.dispatch(now, actions);
        }
    }

    fn close_open(&mut self, now: Instant) {
        self.opened = None;
        if self.open.is_empty() {
            return;
        }
        let batch = self.open.close();
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let parcel = self.parcel(batch, sequence, now);
        self.parked.push_back(parcel);
    }

    fn parcel(&mut self, batch: Batch, sequence: u64, closed: Instant) -> Parcel {
        self.next_id += 1;
        let id = self.next_id;
        Parcel { id, sequence, batch, closed, failures: 0, wait_until: None, isolation: None }
    }

    /// Puts a parcel back at its place, before other parts of the same batch.
    fn park(&mut self, parcel: Parcel) {
        let place = self.parked.partition_point(|other| other.sequence < parcel.sequence);
        self.parked.insert(place, parcel);
    }

    fn land(&mut self, id: u64) -> Option<Parcel> {
        let place = self.in_flight.iter().position(|parcel| parcel.id == id)?;
        Some(self.in_flight.swap_remove(place))
    }

    /// Closes the open batch and ends every wait of our own making.
    fn hurry(&mut self, now: Instant) {
        self.close_open(now);
        self.end_pause();
        for parcel in &mut self.parked {
            parcel.failures = 0;
            parcel.wait_until = None;
        }
    }

    fn dispatch(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.paused_until().is_some_and(|until| now < until) {
            return;
        }
        (self.pause, self.asked) = (None, None);
        while self.has_free_slot() {
            let due = self.parked.iter().position(|parcel| parcel.due() <= now);
            let Some(parcel) = due.and_then(|place| self.parked.remove(place)) else {
                let is_old = |opened| opened + self.rules.max_batch_age <= now;
                if self.opened.is_some_and(is_old) {
                    self.close_open(now);
                    continue;
                }
                return;
            };
            self.fit(parcel, now, actions);
        }
    }

    fn abandon(&mut self, now: Instant, actions: &mut Vec<Action>) {
        self.close_open(now);
        let parked = mem::take(&mut self.parked);
        for parcel in parked.into_iter().chain(mem::take(&mut self.in_flight)) {
            self.settle_all(parcel.into_batches(), Fate::Lost(LossReason::Shutdown), actions);
        }
    }

    fn settle(&mut self, batch: Batch, fate: Fate, actions: &mut Vec<Action>) {
        let (records, bytes) = (batch.len(), batch.bytes().len());
        let fate = match fate {
            Fate::Partial { rejected } => Fate::Partial { rejected: rejected.min(records) },
            Fate::Sent { dropped } => Fate::Sent { dropped: dropped.min(records) },
            fate => fate,
        };
        self.open.recycle(batch);
        actions.push(Action::Settle { records, bytes, fate });
    }

    fn confirm_flushes(&mut self, actions: &mut Vec<Action>) {
        if self.flushes.is_empty() {
            return;
        }
        let on_the_way = self.parked.iter().chain(&self.in_flight);
        let oldest = on_the_way.map(|parcel| parcel.sequence).min().unwrap_or(self.next_sequence);
        while self.flushes.front().is_some_and(|&until| until <= oldest) {
            self.flushes.pop_front();
            actions.push(Action::Flushed);
        }
    }

    /// When the next request can go out, if a slot is free.
    fn next_due(&self) -> Option<Instant> {
        let age = self.opened.map(|opened| opened + self.rules.max_batch_age);
        let next = self.parked.iter().map(Parcel::due).chain(age).min()?;
        Some(self.paused_until().map_or(next, |until| next.max(until)))
    }

    /// Whether all that is left has to wait beyond the end.
    fn is_stopping_in_vain(&self) -> bool {
        let (Some(stop), Some(next)) = (self.stop_at, self.next_due()) else { return false };
        self.in_flight.is_empty() && stop < next
    }

    /// Before this moment nothing is sent.
    fn paused_until(&self) -> Option<Instant> {
        self.pause.max(self.asked)
    }

    fn has_free_slot(&self) -> bool {
        let max = if self.size.is_searching() { 1 } else { self.rules.max_in_flight };
        self.in_flight.len() < max
    }

    fn is_idle(&self) -> bool {
        self.open.is_empty() && self.parked.is_empty() && self.in_flight.is_empty()
    }
}

#[cfg(test)]
mod tests;
