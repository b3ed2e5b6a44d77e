//! The one I/O thread and the destinations on it.
//!
//! In: exporters with their transports. Out: a [`Handle`] for each; flush and shutdown for all.
//! Never: touches the runtime of whoever calls; waiting is waiting on a channel of `std`.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::process;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;
use tokio::sync::{mpsc::UnboundedSender, oneshot, watch};
use tokio::task::AbortHandle;

use super::Settings;
use super::poll::{Driver, Poller};
use super::priority;
use super::queue::{Confirmation, Event, Gauge, Handle, Message};
use super::settings::FOR_EVER;
use super::state::{Machine, Random};
use super::transport::Transport;
use super::worker::{self, Worker};
use crate::diagnostics;
use crate::export::Exporter;
use crate::loss::{Ledger, LossReason, Tally};

/// What a shutdown waits beyond its deadline for the I/O thread to count what is left.
const GRACE: Duration = Duration::from_millis(100);

/// The I/O thread `spanwright-io`, which all destinations share.
///
/// Dropping it stops the thread at once and counts what is left as lost; [`Motor::shutdown`]
/// delivers first.
pub struct Motor {
    runtime: runtime::Handle,
    destinations: Mutex<Vec<Destination>>,
    tasks: Mutex<Vec<AbortHandle>>,
    /// The end of the shutdown, from its beginning on.
    deadline: watch::Sender<Option<Instant>>,
    /// Those who wait for a flush or a shutdown.
    waiters: Mutex<Vec<Weak<Sender<Event>>>>,
    /// Ends the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
    /// Id of the process whose thread it is.
    process: u32,
}

/// Why there is no I/O thread.
#[derive(Debug, thiserror::Error)]
#[error("cannot start the thread that sends telemetry: {0}")]
pub struct StartError(#[from] io::Error);

/// What a flush or a shutdown has come to at one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Flushed {
    /// The name of the destination.
    pub destination: &'static str,
    /// Whether everything accepted before the call has met its fate.
    pub in_time: bool,
    /// The counters since the start.
    pub tally: Tally,
}

struct Destination {
    name: &'static str,
    ledger: Arc<Ledger>,
    control: Box<dyn Control>,
}

/// The sender of a destination's queue without the type of its records.
trait Control: Send {
    /// False when the worker has ended.
    fn flush(&self, done: Confirmation) -> bool;
    /// False when the worker has ended.
    fn shutdown(&self, done: Confirmation) -> bool;
}

impl<R: Send + Sync> Control for UnboundedSender<Message<R>> {
    fn flush(&self, done: Confirmation) -> bool {
        self.send(Message::Flush(done)).is_ok()
    }

    fn shutdown(&self, done: Confirmation) -> bool {
        self.send(Message::Shutdown(done)).is_ok()
    }
}

/// A flush or a shutdown that is under way at every destination.
#[must_use]
pub(crate) struct Pending {
    ordered: Vec<Ordered>,
    events: Receiver<Event>,
    /// Keeps the wait among those that an abort ends.
    _waiter: Arc<Sender<Event>>,
    /// What is pending at the end of a shutdown is lost.
    is_shutdown: bool,
}

struct Ordered {
    destination: &'static str,
    ledger: Arc<Ledger>,
    has_worker: bool,
    is_confirmed: bool,
}

impl Pending {
    /// Waits until every destination has confirmed, at most so long.
    pub(crate) fn wait(mut self, timeout: Duration) -> Vec<Flushed> {
        let grace = if self.is_shutdown { GRACE } else { Duration::ZERO };
        self.collect(deadline(timeout) + grace);
        let is_shutdown = self.is_shutdown;
        let flushed = |ordered: Ordered| {
            let Ordered { destination, ledger, has_worker, is_confirmed } = ordered;
            let tally = ledger.tally();
            let in_time = is_confirmed && (has_worker || tally.pending() == 0);
            let tally = if is_shutdown { tally.closed(LossReason::Shutdown) } else { tally };
            Flushed { destination, in_time, tally }
        };
        self.ordered.into_iter().map(flushed).collect()
    }

    fn collect(&mut self, mut deadline: Instant) {
        let mut left = self.ordered.len();
        while left > 0 {
            // Our own thread would wait for itself.
            let patience = if diagnostics::suppressed() {
                Duration::ZERO
            } else {
                deadline.saturating_duration_since(worker::now())
            };
            match self.events.recv_timeout(patience) {
                Ok(Event::Confirmed(destination)) => {
                    self.ordered[destination].is_confirmed = true;
                    left -= 1;
                }
                Ok(Event::Aborted) => deadline = deadline.min(worker::now() + GRACE),
                Err(_) => return,
            }
        }
    }
}

impl Motor {
    /// Starts the thread. May be called from any thread, inside a runtime or not.
    ///
    /// # Errors
    /// The system gives no thread or no event queue.
    pub fn start() -> Result<Self, StartError> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_name("spanwright-io-blocking")
            .on_thread_start(diagnostics::suppress_thread)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        thread::Builder::new().name("spanwright-io".to_owned()).spawn(move || {
            diagnostics::suppress_thread();
            priority::lower();
            // Nothing is ever sent: the other end is dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Self {
            runtime: handle,
            destinations: Mutex::default(),
            tasks: Mutex::default(),
            deadline: watch::Sender::new(None),
            waiters: Mutex::default(),
            stop: Some(stop),
            process: process::id(),
        })
    }

    /// Adds a destination; records handed to the returned handle go there. Never blocks.
    pub fn add<E: Exporter, T: Transport>(
        &self,
        exporter: E,
        transport: T,
        settings: &Settings,
    ) -> Handle<E::Record> {
        let (sender, messages) = tokio::sync::mpsc::unbounded_channel();
        let max_records = settings.max_records.unwrap_or(usize::MAX);
        let gauge = Arc::new(Gauge::new(settings.max_bytes, max_records));
        let ledger = Arc::new(Ledger::default());
        let handle = Handle {
            sender: sender.clone(),
            gauge: Arc::clone(&gauge),
            ledger: Arc::clone(&ledger),
            weigh: E::weigh,
        };
        let machine = Machine::new(settings.rules(exporter.limits()), random());
        self.runtime.spawn(
            Worker {
                exporter,
                transport: Arc::new(transport),
                machine,
                messages,
                deadline: self.deadline.subscribe(),
                gauge,
                ledger: Arc::clone(&ledger),
                state: worker::State::default(),
            }
            .run(),
        );
        let destination = Destination { name: E::NAME, ledger, control: Box::new(sender) };
        lock(&self.destinations).push(destination);
        handle
    }

    /// Lets a poller ask through `transport` until the shutdown. Never blocks.
    pub fn poll<P: Poller, T: Transport>(&self, poller: P, transport: T) {
        self.spawn(Driver::new(poller, transport).run());
    }

    /// Runs a task beside the destinations until the shutdown. It must not block, since all share one
    /// thread. Never blocks.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.tasks).push(self.runtime.spawn(task).abort_handle());
    }

    /// Sends what is held and waits until everything accepted so far has met its fate.
    ///
    /// Blocks up to `timeout`; may be called from any thread, inside a runtime or not.
    /// In a forked child, which has no I/O thread, it returns nothing at once.
    pub fn flush(&self, timeout: Duration) -> Vec<Flushed> {
        self.start_flush().wait(timeout)
    }

    /// Begins a flush. Never blocks.
    pub(crate) fn start_flush(&self) -> Pending {
        self.order(false, |destination, done| destination.control.flush(done))
    }

    /// Flushes, then ends all destinations and tasks; what is left after `timeout` is lost and counted. The
    /// timeout counts from the call on, whatever has still to be encoded.
    ///
    /// Blocks up to `timeout` and a tenth of a second for the last count, or until an [`abort`](Self::abort);
    /// may be called from any thread, inside a runtime or not. Records that come later are lost and counted.
    /// What the I/O thread has not counted by then counts as lost here, whatever becomes of it.
    /// In a forked child it returns nothing at once.
    pub fn shutdown(&self, timeout: Duration) -> Vec<Flushed> {
        self.start_shutdown(timeout).wait(timeout)
    }

    /// Begins a shutdown. Never blocks.
    pub(crate) fn start_shutdown(&self, timeout: Duration) -> Pending {
        if !self.is_forked() {
            for task in lock(&self.tasks).drain(..) {
                task.abort();
            }
            self.end_at(deadline(timeout));
        }
        self.order(true, |destination, done| destination.control.shutdown(done))
    }

    /// Ends waiting: a shutdown under way, and every flush and shutdown from now on, takes at most a tenth of a
    /// second, and what is not delivered by now is lost and counted. Never blocks; does nothing in a forked
    /// child.
    pub fn abort(&self) {
        if self.is_forked() {
            return;
        }
        self.end_at(worker::now());
        for waiter in lock(&self.waiters).drain(..).filter_map(|waiter| waiter.upgrade()) {
            // The wait may be over.
            let _ = waiter.send(Event::Aborted);
        }
    }

    /// Brings the end of the shutdown to this moment, if it is not nearer already.
    fn end_at(&self, deadline: Instant) {
        self.deadline.send_if_modified(|known| {
            let is_nearer = known.is_none_or(|known| deadline < known);
            if is_nearer {
                *known = Some(deadline);
            }
            is_nearer
        });
    }

    /// The counters of every destination.
    pub fn tallies(&self) -> Vec<(&'static str, Tally)> {
        lock(&self.destinations).iter().map(|it| (it.name, it.ledger.tally())).collect()
    }

    /// True in a forked child, where locks of the parent's threads may be held for ever.
    fn is_forked(&self) -> bool {
        self.process != process::id()
    }

    /// Gives every destination an order before any is waited for.
    fn order(
        &self,
        is_shutdown: bool,
        give: impl Fn(&Destination, Confirmation) -> bool,
    ) -> Pending {
        let (waiter, events) = channel();
        let ordered = if self.is_forked() {
            Vec::new()
        } else {
            let order = |(index, destination): (usize, &Destination)| {
                let done = Confirmation { destination: index, waiter: waiter.clone() };
                let has_worker = give(destination, done);
                let ledger = Arc::clone(&destination.ledger);
                Ordered { destination: destination.name, ledger, has_worker, is_confirmed: false }
            };
            lock(&self.destinations).iter().enumerate().map(order).collect()
        };
        let waiter = Arc::new(waiter);
        if !self.is_forked() {
            let mut waiters = lock(&self.waiters);
            waiters.retain(|waiter| waiter.strong_count() > 0);
            waiters.push(Arc::downgrade(&waiter));
            drop(waiters);
            if self.deadline.borrow().is_some_and(|deadline| deadline <= worker::now()) {
                // An abort came before.
                let _ = waiter.send(Event::Aborted);
            }
        }
        Pending { ordered, events, _waiter: waiter, is_shutdown }
    }
}

impl Drop for Motor {
    fn drop(&mut self) {
        if self.is_forked() {
            // Dropping a sender wakes its receiver, which takes a lock of the runtime.
            std::mem::forget(self.stop.take());
            std::mem::forget(std::mem::take(&mut self.destinations));
        }
    }
}

impl fmt::Debug for Motor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Motor").field("tallies", &self.tallies()).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn deadline(timeout: Duration) -> Instant {
    worker::now() + timeout.min(FOR_EVER)
}

/// `SplitMix64` from a random start.
///
/// Source: <https://prng.di.unimi.it/splitmix64.c>.
fn random() -> Random {
    // A forked child has the keys of its parent.
    let mut state = RandomState::new().hash_one(process::id());
    Box::new(move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    })
}
