//! The thread that drains the rings and makes finished spans.
//!
//! A pass reads every ring. A span read in one pass is finished in the next: whatever was said
//! about it before it ended, on whichever thread, has been read by then. While there is traffic
//! it passes on a short interval; a ring half full wakes it early; without traffic it sleeps and
//! nothing wakes it. In: words. Out: finished spans, to the tracer's processors.
//! Never: does I/O, or asks the application's threads for anything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use super::clock;
use super::drain::Drain;

/// The time between two passes while there is traffic.
const INTERVAL: Duration = Duration::from_millis(20);

/// Passes without a record before the collector goes to sleep.
const IDLE_PASSES: u32 = 25;

static THREAD: OnceLock<Option<Thread>> = OnceLock::new();
static ASLEEP: AtomicBool = AtomicBool::new(false);
static FLUSHES: Mutex<Vec<SyncSender<()>>> = Mutex::new(Vec::new());

/// Starts the thread if it does not run yet; `false` when the system refuses a thread.
pub(crate) fn start() -> bool {
    let started = THREAD.get_or_init(|| {
        clock::start();
        let thread = thread::Builder::new().name("spanwright-collector".into());
        thread.spawn(run).ok().map(|handle| handle.thread().clone())
    });
    started.is_some()
}

/// Wakes the collector before its interval is over.
#[cold]
pub(super) fn wake() {
    if let Some(Some(thread)) = THREAD.get() {
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
/// Blocks up to `timeout`; returns whether it was done in time.
pub(crate) fn flush(timeout: Duration) -> bool {
    if !matches!(THREAD.get(), Some(Some(_))) {
        return true;
    }
    let (done, wait) = sync_channel(1);
    FLUSHES.lock().unwrap_or_else(PoisonError::into_inner).push(done);
    wake();
    wait.recv_timeout(timeout).is_ok()
}

fn run() {
    crate::diagnostics::suppress_thread();
    let mut drain = Drain::new();
    let mut idle_passes = 0;
    loop {
        let flushes = std::mem::take(&mut *FLUSHES.lock().unwrap_or_else(PoisonError::into_inner));
        let mut records = drain.pass();
        if !flushes.is_empty() {
            // The second pass finishes what the first one read.
            records += drain.pass();
        }
        for done in flushes {
            // Whoever gave up waiting has no use for the answer.
            let _ = done.try_send(());
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
    if ASLEEP.load(Ordering::SeqCst) && drain.pass() == 0 && no_flush_waits() {
        thread::park();
    }
    ASLEEP.store(false, Ordering::SeqCst);
}

fn no_flush_waits() -> bool {
    FLUSHES.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}
