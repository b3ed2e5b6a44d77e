//! The task that turns one destination's machine.
//!
//! In: messages of the queue, answers of the transport, the clock. Out: what the machine orders.
//! Never: decides anything the machine or the dialect can decide.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{Id, JoinError, JoinSet, yield_now};
use tokio::time::sleep_until;

use super::batch::Measure;
use super::queue::{Gauge, Message};
use super::state::{Action, Fate, Input, Machine};
use super::transport::{Transport, TransportError};
use crate::diagnostics;
use crate::export::{Batch, EncodeError, Exporter, Reply, Sent, Verdict};
use crate::guard::guard;
use crate::loss::{Ledger, LossReason};
use crate::turns;

/// After how many records the other destinations get a turn on the thread, and other threads one on the
/// processor: some 50 µs.
const RECORDS_PER_TURN: usize = 64;

/// From how many failures in a row on a destination's silence is worth a line.
const LOUD_AFTER_FAILURES: u32 = 5;

/// From how long a wait that a server asks for is worth a line.
const LOUD_AFTER_WAIT: Duration = Duration::from_secs(10);

/// The longest text of a vendor in a line of ours, in characters.
const MAX_REASON_CHARS: usize = 200;

type Answer = Result<Reply, TransportError>;

/// One destination at work.
pub(super) struct Worker<E: Exporter, T> {
    pub(super) exporter: E,
    pub(super) transport: Arc<T>,
    pub(super) machine: Machine,
    pub(super) messages: UnboundedReceiver<Message<E::Record>>,
    pub(super) gauge: Arc<Gauge>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) state: State,
}

/// What a worker remembers from one input to the next.
#[derive(Default)]
pub(super) struct State {
    requests: JoinSet<Answer>,
    ids: Vec<(Id, u64)>,
    flushes: VecDeque<Sender<()>>,
    shutdowns: Vec<Sender<()>>,
    /// Records taken from the queue that have no fate yet.
    unsettled: usize,
    /// Kept to save the allocation.
    actions: Vec<Action>,
    throttle: diagnostics::Throttle,
    host: String,
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
                message = self.messages.recv(), if !self.machine.is_stopping() => self.take(message).await,
            }
        }
    }

    async fn take(&mut self, message: Option<Message<E::Record>>) {
        let mut next = message;
        let mut stop_at = None;
        loop {
            match next {
                Some(Message::Records { group, count, bytes }) => {
                    self.encode(&group[..count], bytes).await;
                }
                Some(Message::Flush(done)) => {
                    self.state.flushes.push_back(done);
                    self.turn(Input::Flush);
                }
                Some(Message::Shutdown { deadline, done }) => {
                    self.state.shutdowns.push(done);
                    stop_at.get_or_insert(deadline);
                    self.messages.close();
                }
                // Every sender is gone, and with them whoever would wait.
                None => stop_at = stop_at.or_else(|| Some(now())),
            }
            let Some(deadline) = stop_at else { return };
            // What was accepted before the end is part of it.
            next = self.messages.recv().await;
            if next.is_none() {
                return self.turn(Input::Shutdown { deadline });
            }
        }
    }

    /// Encodes a group of records that weigh `bytes`.
    async fn encode(&mut self, records: &[E::Record], bytes: usize) {
        self.state.unsettled += records.len();
        let mut encoded_bytes = 0;
        let mut actions = std::mem::take(&mut self.state.actions);
        for records in records.chunks(RECORDS_PER_TURN) {
            let now = now();
            for record in records {
                let encode = || encode(&mut self.exporter, record, &mut self.machine);
                let failure = match guard(format_args!("exporter {}", E::NAME), encode) {
                    Some(Ok(measure)) => {
                        encoded_bytes += self.machine.tail_len();
                        self.machine.on(Input::Item(measure), now, &mut actions);
                        continue;
                    }
                    Some(Err(error)) => {
                        self.complain(LossReason::NotEncodable, &error.to_string());
                        LossReason::NotEncodable
                    }
                    None => LossReason::WorkerPanicked,
                };
                self.machine.discard_tail();
                let fate = Fate::Lost(failure);
                actions.push(Action::Settle { records: 1, bytes: 0, fate });
            }
            turns::give_way();
            yield_now().await;
        }
        // Before the actions, which may release what is weighed here.
        self.gauge.reweigh(bytes, encoded_bytes);
        self.act(actions, "");
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
        let mut panicked = Vec::new();
        for action in actions.drain(..) {
            match action {
                Action::Send { id } => {
                    if self.send(id).is_err() {
                        panicked.push(id);
                    }
                }
                Action::Reweigh { from_bytes, to_bytes } => {
                    self.gauge.reweigh(from_bytes, to_bytes);
                    self.remark("not taken as it is, a smaller form follows", reason);
                }
                Action::Settle { records, bytes, fate } => {
                    self.settle(records, bytes, fate, reason);
                }
                Action::Flushed => {
                    if let Some(done) = self.state.flushes.pop_front() {
                        // Whoever waited may have run out of patience.
                        let _ = done.send(());
                    }
                }
            }
        }
        self.state.actions = actions;
        for id in panicked {
            self.turn(Input::Panicked { id });
        }
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
                guard(name, || judge(&self.exporter, batch, &reply))
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

fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Retry { reason, .. }
        | Verdict::Refused { reason }
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
        for done in self.state.shutdowns.drain(..) {
            // Whoever waited may have run out of patience.
            let _ = done.send(());
        }
    }
}
