//! The thread that drains the rings and makes finished spans.
//!
//! A pass reads every ring. A span read in one pass is finished in the next: whatever was said
//! about it before it ended, on whichever thread, has been read by then. While there is traffic
//! it passes on a short interval; a ring half full wakes it early; without traffic it sleeps and
//! nothing wakes it. A pass that panics costs what it held, and the thread goes on with the next.
//! It does no I/O and asks the application's threads for nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::clock;
use super::drain::Drain;
use super::fork;
use super::per_process::PerProcess;
use crate::diagnostics;
use crate::guard::guard;

/// The time between two passes while there is traffic.
const INTERVAL: Duration = Duration::from_millis(20);

/// Longest wait for a flush after an [`abort`]: time enough for a pass, so that spans are counted.
const GRACE: Duration = Duration::from_millis(100);

/// Passes without a record before the collector goes to sleep.
const IDLE_PASSES: u32 = 25;

/// State that the collector shares with the threads that call it.
#[derive(Default)]
struct Shared {
    thread: OnceLock<Thread>,
    starting: Mutex<()>,
    flushes: Mutex<Vec<Arc<SyncSender<bool>>>>,
    /// Those who wait for a flush.
    waiters: Mutex<Vec<Weak<SyncSender<bool>>>>,
    is_aborted: AtomicBool,
}

static SHARED: PerProcess<Shared> = PerProcess::new(Shared::default);
static ASLEEP: AtomicBool = AtomicBool::new(false);

/// Starts the thread if it does not run yet; `false` when the system refuses a thread, which the
/// next call asks for again.
pub(crate) fn start() -> bool {
    fork::watch();
    let shared = SHARED.get();
    let _starting = lock(&shared.starting);
    shared.is_aborted.store(false, Ordering::SeqCst);
    if shared.thread.get().is_some() {
        return true;
    }
    clock::start();
    let thread = thread::Builder::new().name("spanwright-collector".into());
    let Ok(started) = thread.spawn(run) else { return false };
    shared.thread.set(started.thread().clone()).is_ok()
}

/// True if the thread runs in this process: in a forked child it does not before [`start`].
pub(super) fn is_running() -> bool {
    SHARED.get().thread.get().is_some()
}

/// Forgets the sleep of the parent's collector, in a forked child.
pub(super) fn abandon() {
    ASLEEP.store(false, Ordering::Relaxed);
}

/// Wakes the collector before its interval is over.
#[cold]
pub(super) fn wake() {
    if let Some(thread) = SHARED.get().thread.get() {
        thread.unpark();
    }
}

/// Wakes the collector from its sleep; one load while it is awake.
#[inline]
pub(super) fn wake_if_asleep() {
    if ASLEEP.load(Ordering::Relaxed) {
        wake_sleeper();
    }
}

#[cold]
fn wake_sleeper() {
    if ASLEEP.swap(false, Ordering::Relaxed) {
        wake();
    }
}

/// Finishes every span that ended before the call and hands it to the processors.
///
/// Blocks up to `timeout`; returns true if it was done in time. On a thread of this crate it returns
/// false at once, because that thread would wait for itself. After an [`abort`] it blocks for [`GRACE`] at most.
pub(crate) fn flush(timeout: Duration) -> bool {
    if !is_running() {
        return true;
    }
    if diagnostics::suppressed() {
        return false;
    }
    let shared = SHARED.get();
    let (done, wait) = sync_channel(2);
    let done = Arc::new(done);
    let mut waiters = lock(&shared.waiters);
    waiters.retain(|waiter| waiter.strong_count() > 0);
    waiters.push(Arc::downgrade(&done));
    drop(waiters);
    let is_aborted = shared.is_aborted.load(Ordering::SeqCst);
    lock(&shared.flushes).push(done);
    wake();
    let grace = timeout.min(GRACE);
    match wait.recv_timeout(if is_aborted { grace } else { timeout }) {
        Ok(false) => wait.recv_timeout(grace) == Ok(true),
        done => done == Ok(true),
    }
}

/// Ends every wait for a flush after [`GRACE`], until telemetry is installed again.
pub(crate) fn abort() {
    let shared = SHARED.get();
    shared.is_aborted.store(true, Ordering::SeqCst);
    for waiter in lock(&shared.waiters).drain(..).filter_map(|waiter| waiter.upgrade()) {
        // The wait may be over.
        let _ = waiter.try_send(false);
    }
}

fn run() {
    diagnostics::suppress_thread();
    let mut drain = Drain::new();
    let mut idle_passes = 0;
    loop {
        let flushes = std::mem::take(&mut *lock(&SHARED.get().flushes));
        let mut records = pass(&mut drain);
        if !flushes.is_empty() {
            // The second pass finishes what the first one read.
            records += pass(&mut drain);
        }
        for done in flushes {
            // Whoever gave up waiting has no use for the answer.
            let _ = done.try_send(true);
        }
        idle_passes = if records > 0 || drain.holds_spans() { 0 } else { idle_passes + 1 };
        if idle_passes < IDLE_PASSES {
            thread::park_timeout(INTERVAL);
        } else {
            sleep(&mut drain);
            idle_passes = 0;
        }
    }
}

/// Runs one pass; returns the number of records read. Steps that can fail account for what they
/// held; a panic outside of them costs the rest of this pass.
fn pass(drain: &mut Drain) -> usize {
    guard("a pass of the collector", || drain.pass()).unwrap_or(0)
}

/// Sleeps until a thread writes a record.
///
/// A writer does not pay for a fence between its record and its look at the flag, so a record
/// written while the flag goes up could be missed by both sides; the last look one interval later
/// finds it, as no processor keeps a write to itself that long.
fn sleep(drain: &mut Drain) {
    ASLEEP.store(true, Ordering::SeqCst);
    // A wake-up from before may end the first wait at once, and then the interval is not over.
    let begin = clock::now();
    while let Some(rest) = INTERVAL.checked_sub(begin.elapsed())
        && ASLEEP.load(Ordering::Relaxed)
        && no_flush_waits()
    {
        thread::park_timeout(rest);
    }
    if ASLEEP.load(Ordering::SeqCst) && pass(drain) == 0 && no_flush_waits() {
        thread::park();
    }
    ASLEEP.store(false, Ordering::SeqCst);
}

fn no_flush_waits() -> bool {
    lock(&SHARED.get().flushes).is_empty()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
