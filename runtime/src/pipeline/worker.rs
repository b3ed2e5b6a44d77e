//! The task that turns one destination's machine.
//!
//! In: messages of the queue, answers of the transport, the clock. Out: what the machine orders.
//! Never: decides anything the machine or the dialect can decide.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc::UnboundedReceiver, watch};
use tokio::task::{Id, JoinError, JoinSet, yield_now};
use tokio::time::sleep_until;

use super::batch::Measure;
use super::queue::{Confirmation, Gauge, Message};
use super::state::{Action, Fate, Input, Machine};
use super::transport::{Transport, TransportError};
use crate::diagnostics;
use crate::export::{Batch, EncodeError, Exporter, Reply, Sent, Verdict};
use crate::guard::guard;
use crate::loss::{Ledger, LossReason};
use crate::turns;

/// Number of records after which other destinations and threads get a turn: some 50 µs.
const RECORDS_PER_TURN: usize = 64;

/// Number of failures in a row from which a destination's silence is worth a line.
const LOUD_AFTER_FAILURES: u32 = 5;

/// From how long a wait that a server asks for is worth a line.
const LOUD_AFTER_WAIT: Duration = Duration::from_secs(10);

/// The longest text of a vendor in a line of ours, in characters.
const MAX_REASON_CHARS: usize = 200;

/// The most of an answer's body that is kept, in bytes.
const MAX_KEPT_BYTES: usize = 4096;

type Answer = Result<Reply, TransportError>;

/// One destination at work.
pub(super) struct Worker<E: Exporter, T> {
    pub(super) exporter: E,
    pub(super) transport: Arc<T>,
    pub(super) machine: Machine,
    pub(super) messages: UnboundedReceiver<Message<E::Record>>,
    /// The end of the shutdown, from its beginning on; it may come nearer.
    pub(super) deadline: watch::Receiver<Option<Instant>>,
    pub(super) gauge: Arc<Gauge>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) state: State,
}

/// What a worker remembers from one input to the next.
#[derive(Default)]
pub(super) struct State {
    requests: JoinSet<Answer>,
    ids: Vec<(Id, u64)>,
    flushes: VecDeque<Confirmation>,
    shutdowns: Vec<Confirmation>,
    /// Records taken from the queue that have no fate yet.
    unsettled: usize,
    /// Kept to save the allocation.
    actions: Vec<Action>,
    throttle: diagnostics::Throttle,
    host: String,
    /// The last answer of which the request was too large, its body cut.
    too_large: Reply,
}

/// The time, for the machine.
#[expect(clippy::disallowed_methods, reason = "the worker is where the motion reads the clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

impl<E: Exporter, T: Transport> Worker<E, T> {
    /// Works until a shutdown is complete.
    pub(super) async fn run(mut self) {
        while !self.machine.is_done() {
            let wake_at = self.machine.wake_at();
            let wake = sleep_until(wake_at.unwrap_or_else(now).into());
            tokio::select! {
                biased;
                Some(landed) = self.state.requests.join_next_with_id() => self.land(landed),
                () = wake, if wake_at.is_some() => self.turn(Input::Tick),
                Ok(()) = self.deadline.changed(), if self.machine.is_stopping() => self.shut_down(),
                message = self.messages.recv(), if !self.machine.is_stopping() => self.take(message).await,
            }
        }
    }

    /// Does what a message asks for; before a shutdown, what was accepted earlier is encoded.
    async fn take(&mut self, message: Option<Message<E::Record>>) {
        match message {
            Some(Message::Records { group, count, bytes }) => {
                self.encode(&group[..count], bytes).await;
            }
            Some(Message::Flush(done)) => {
                self.state.flushes.push_back(done);
                self.turn(Input::Flush);
            }
            Some(Message::Shutdown(done)) => {
                self.state.shutdowns.push(done);
                self.messages.close();
            }
            None => self.shut_down(),
        }
    }

    fn shut_down(&mut self) {
        let deadline = *self.deadline.borrow_and_update();
        // Without one every sender is gone, and with them everything that would wait.
        self.turn(Input::Shutdown { deadline: deadline.unwrap_or_else(now) });
    }

    /// Encodes a group of records that weigh `bytes`, in steps; those after the deadline are lost.
    async fn encode(&mut self, records: &[E::Record], bytes: usize) {
        self.state.unsettled += records.len();
        let mut encoded_bytes = 0;
        let mut actions = std::mem::take(&mut self.state.actions);
        for step in records.chunks(RECORDS_PER_TURN) {
            let now = now();
            if self.deadline.borrow().is_some_and(|deadline| deadline <= now) {
                let fate = Fate::Lost(LossReason::Shutdown);
                actions.push(Action::Settle { records: step.len(), bytes: 0, fate });
                continue;
            }
            for record in step {
                encoded_bytes += self.encode_one(record, now, &mut actions);
            }
            turns::give_way();
            yield_now().await;
        }
        // Before the actions, which may release what is weighed here.
        self.gauge.reweigh(bytes, encoded_bytes);
        self.act(actions, "");
    }

    /// Encodes a record; returns the bytes that it takes.
    fn encode_one(&mut self, record: &E::Record, now: Instant, actions: &mut Vec<Action>) -> usize {
        let encode = || encode(&mut self.exporter, record, &mut self.machine);
        let failure = match guard(format_args!("exporter {}", E::NAME), encode) {
            Some(Ok(measure)) => {
                let bytes = self.machine.tail_len();
                self.machine.on(Input::Item(measure), now, actions);
                return bytes;
            }
            Some(Err(error)) => {
                self.complain(LossReason::NotEncodable, &error.to_string());
                LossReason::NotEncodable
            }
            None => LossReason::WorkerPanicked,
        };
        self.machine.discard_tail();
        actions.push(Action::Settle { records: 1, bytes: 0, fate: Fate::Lost(failure) });
        0
    }

    fn turn(&mut self, input: Input) {
        let reason = match &input {
            Input::Answered { verdict, .. } => reason(verdict),
            _ => String::new(),
        };
        let mut actions = std::mem::take(&mut self.state.actions);
        self.machine.on(input, now(), &mut actions);
        self.act(actions, &reason);
    }

    fn act(&mut self, mut actions: Vec<Action>, reason: &str) {
        let mut follow_ups = VecDeque::new();
        loop {
            for action in actions.drain(..) {
                follow_ups.extend(self.act_on(action, reason));
            }
            let Some(input) = follow_ups.pop_front() else { break };
            self.machine.on(input, now(), &mut actions);
        }
        self.state.actions = actions;
    }

    /// Does one thing; returns what the machine has to hear of it at once.
    fn act_on(&mut self, action: Action, reason: &str) -> Option<Input> {
        match action {
            Action::Send { id } => {
                return self.send(id).is_err().then_some(Input::Panicked { id });
            }
            Action::Reduce { id } => {
                let batch = self.machine.batch(id)?;
                let (exporter, reply) = (&self.exporter, &self.state.too_large);
                let name = format_args!("exporter {}", E::NAME);
                let reduced = guard(name, || batch.reduce(|item| exporter.reduce(item, reply)));
                return Some(match reduced {
                    Some(reduced) => Input::Reduced { id, reduced },
                    None => Input::Panicked { id },
                });
            }
            Action::Reweigh { from_bytes, to_bytes } => {
                self.gauge.reweigh(from_bytes, to_bytes);
                self.remark("not taken as it is, a smaller form follows", reason);
            }
            Action::Settle { records, bytes, fate } => self.settle(records, bytes, fate, reason),
            Action::Flushed => {
                drop(self.state.flushes.pop_front());
            }
        }
        None
    }

    fn send(&mut self, id: u64) -> Result<(), Panicked> {
        let Some(batch) = self.machine.batch(id) else { return Ok(()) };
        let name = format_args!("exporter {}", E::NAME);
        let request = guard(name, || self.exporter.request(batch)).ok_or(Panicked)?;
        if self.state.host.is_empty() {
            diagnostics::host(request.url.reveal()).clone_into(&mut self.state.host);
        }
        let transport = Arc::clone(&self.transport);
        let task = self.state.requests.spawn(async move { transport.send(request).await });
        self.state.ids.push((task.id(), id));
        Ok(())
    }

    fn land(&mut self, landed: Result<(Id, Answer), JoinError>) {
        let (task, answer) = match landed {
            Ok((task, answer)) => (task, Some(answer)),
            Err(error) => (error.id(), None),
        };
        let Some(place) = self.state.ids.iter().position(|(known, _)| *known == task) else {
            return;
        };
        let (_, id) = self.state.ids.swap_remove(place);
        let judged = match answer {
            Some(Ok(reply)) => {
                // What was abandoned meanwhile has met its fate, whatever is answered.
                let Some(batch) = self.machine.batch(id) else { return };
                let name = format_args!("exporter {}", E::NAME);
                let judged = guard(name, || judge(&self.exporter, batch, &reply));
                if matches!(judged, Some((Verdict::Split, _))) {
                    self.state.too_large = cut(reply);
                }
                judged
            }
            Some(Err(error)) if error.is_retryable() => {
                let verdict = Verdict::Retry { after: error.wait(), reason: error.to_string() };
                Some((verdict, Batch::default()))
            }
            Some(Err(error)) => {
                Some((Verdict::Refused { reason: error.to_string() }, Batch::default()))
            }
            None => None,
        };
        let Some((verdict, reduced)) = judged else { return self.turn(Input::Panicked { id }) };
        self.comment(&verdict);
        self.turn(Input::Answered { id, verdict, reduced });
    }

    fn settle(&mut self, records: usize, bytes: usize, fate: Fate, reason: &str) {
        self.state.unsettled -= records;
        self.gauge.release(records, bytes);
        match fate {
            Fate::Delivered => self.ledger.deliver(records),
            Fate::Sent { dropped } => {
                self.ledger.send(records - dropped);
                if dropped > 0 {
                    self.ledger.lose(dropped, LossReason::DroppedByReceiver);
                    self.complain(LossReason::DroppedByReceiver, "its socket's buffer was full");
                }
            }
            Fate::Partial { rejected } => {
                self.ledger.reject(rejected);
                self.ledger.deliver(records - rejected);
            }
            Fate::Lost(why) => {
                self.ledger.lose(records, why);
                // Whoever ends the process is told by the result of the shutdown.
                if why != LossReason::Shutdown {
                    self.complain(why, reason);
                }
            }
        }
    }

    /// Says what is worth knowing of an answer that is no loss yet.
    fn comment(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Partial { rejected, message } => {
                let message = diagnostics::shorten(message, MAX_REASON_CHARS);
                match rejected {
                    0 => self.say(&message),
                    _ => self.say(&format!("rejected {rejected} records: {message}")),
                }
            }
            Verdict::Retry { after: Some(after), reason } if *after >= LOUD_AFTER_WAIT => {
                self.remark(&format!("takes nothing for {after:?}"), reason);
            }
            Verdict::Retry { reason, .. } if self.machine.failures() >= LOUD_AFTER_FAILURES => {
                self.remark("takes nothing at the moment, retrying", reason);
            }
            _ => {}
        }
    }

    fn complain(&mut self, why: LossReason, reason: &str) {
        self.remark(&format!("records lost, {why}"), reason);
    }

    fn remark(&mut self, what: &str, reason: &str) {
        let reason = diagnostics::shorten(reason, MAX_REASON_CHARS);
        let colon = if reason.is_empty() { "" } else { ": " };
        self.say(&format!("{what}{colon}{reason}"));
    }

    fn say(&mut self, what: &str) {
        let Some(held_back) = self.state.throttle.admit(now()) else { return };
        let (name, lost) = (E::NAME, self.ledger.tally().lost());
        let at = match self.state.host.as_str() {
            "" => String::new(),
            host => format!(" at {host}"),
        };
        let more = match held_back {
            0 => String::new(),
            more => format!(", {more} messages held back"),
        };
        diagnostics::say(format_args!("{name}{at}: {what} ({lost} lost so far{more})"));
    }
}

/// Makes a record the tail of the machine's buffer; what the dialect says of it.
fn encode<E: Exporter>(
    exporter: &mut E,
    record: &E::Record,
    machine: &mut Machine,
) -> Result<Measure, EncodeError> {
    exporter.encode(record, machine.buffer())?;
    let (first, item) = machine.first_and_tail();
    Ok(Measure {
        count: E::count(item).max(1),
        size: E::size(item),
        joins: first.is_none_or(|first| exporter.joins(first, item)),
    })
}

/// A dialect panicked.
struct Panicked;

/// Returns the verdict on a batch, and the items that can take the place of those not taken.
fn judge<E: Exporter>(exporter: &E, batch: &Batch, reply: &Reply) -> (Verdict, Batch) {
    if let Some(Sent { dropped }) = reply.sent {
        // Each datagram is of one record, so no more records than datagrams are lost.
        return (Verdict::Sent { dropped }, Batch::default());
    }
    let verdict = exporter.verdict(batch, reply);
    let is_due = match verdict {
        Verdict::Reduce { .. } => true,
        Verdict::Split => batch.len() == 1,
        _ => false,
    };
    let reduced = is_due.then(|| batch.reduce(|item| exporter.reduce(item, reply)));
    (verdict, reduced.unwrap_or_default())
}

/// An answer with the start of its body, in memory of its own.
fn cut(reply: Reply) -> Reply {
    let start = &reply.body[..reply.body.len().min(MAX_KEPT_BYTES)];
    Reply { body: Bytes::copy_from_slice(start), ..reply }
}

fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Retry { reason, .. }
        | Verdict::Refused { reason }
        | Verdict::Isolate { reason, .. }
        | Verdict::Reduce { reason } => reason.clone(),
        Verdict::Delivered | Verdict::Sent { .. } | Verdict::Partial { .. } | Verdict::Split => {
            String::new()
        }
    }
}

impl<E: Exporter, T> Drop for Worker<E, T> {
    /// Accounts for what has no fate, whatever ended the worker.
    fn drop(&mut self) {
        let why = if std::thread::panicking() {
            LossReason::WorkerPanicked
        } else {
            LossReason::Shutdown
        };
        self.messages.close();
        while let Ok(message) = self.messages.try_recv() {
            if let Message::Records { count, .. } = message {
                self.state.unsettled += count;
            }
        }
        self.ledger.lose(self.state.unsettled, why);
        // Everything has its outcome now.
        self.state.flushes.clear();
        self.state.shutdowns.clear();
    }
}
