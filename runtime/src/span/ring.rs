//! From the application's threads to the collector: one bounded ring of words per thread.
//!
//! A ring is made at a thread's first span. When the thread ends, its writing end goes back to a
//! pool, drained or not, and the next thread goes on with it: short-lived threads cost no new
//! ring. In: records as words. Out: the reading ends, to the collector.
//! Never: waits. A record that does not fit is refused, and its writer counts it as lost. What may be
//! larger than a ring, or come in bursts, has one more to share, behind a lock.

use std::cell::RefCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rtrb::{Consumer, Producer, RingBuffer};

use super::current::Local;
use super::per_process::PerProcess;
use super::words::Words;
use super::{collector, fork};
use crate::loss::LossReason;

/// The size of one ring in words of eight bytes: 512 KiB, room for about 6,000 spans, which are
/// 30 ms at 200,000 spans a second: longer than a busy system lets the collector wait. Memory is
/// taken only as far as it is written.
pub(super) const CAPACITY_WORDS: usize = 64 * 1024;

/// The size of the ring that all threads share, 8 MiB: eight of the largest events of the log.
pub(super) const SHARED_WORDS: usize = 1024 * 1024;

/// How many idle rings the pool keeps for threads to come; further ones are freed.
const MAX_IDLE: usize = 64;

/// How many words are written before the writer looks how full the ring is.
const CHECK_EVERY_WORDS: usize = CAPACITY_WORDS / 8;

/// How far before its use a line of the ring is claimed: four lines of eight words.
const AHEAD_WORDS: usize = 32;

/// The words of a line.
const LINE_WORDS: usize = 8;

/// How much of a large record's room is claimed: an event of the log has some forty words.
const MAX_CLAIMED_WORDS: usize = 64;

/// The writing end of a ring.
pub(super) struct Writer {
    producer: Producer<u64>,
    unchecked_words: usize,
}

/// Where a thread finds its ring.
#[derive(Clone, Copy)]
pub(super) struct Slot(Option<NonNull<Writer>>);

/// Gives the ring back when its thread ends.
struct Owner(Option<Box<Writer>>);

#[expect(clippy::vec_box, reason = "a thread's slot points into the box, so it moves as one")]
static IDLE: PerProcess<Mutex<Vec<Box<Writer>>>> = PerProcess::new(Mutex::default);
static NEW: PerProcess<Mutex<Vec<Consumer<u64>>>> = PerProcess::new(Mutex::default);
/// Made when it is used first; it never ends.
static SHARED: PerProcess<Mutex<Option<Writer>>> = PerProcess::new(Mutex::default);
static MADE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWNER: RefCell<Option<Owner>> = const { RefCell::new(None) };
}

impl Slot {
    pub(super) const EMPTY: Self = Self(None);
}

/// Writes one record of exactly `words` words; says whether it fitted.
///
/// `write` must only copy words: it must not come back to this ring.
#[inline]
pub(super) fn write(local: &Local, words: usize, write: impl FnOnce(&mut Words<'_>)) -> bool {
    write_leaving(0, local, words, write)
}

/// The same, where so many words stay free for others.
#[inline]
pub(super) fn write_leaving(
    spare: usize,
    local: &Local,
    words: usize,
    write: impl FnOnce(&mut Words<'_>),
) -> bool {
    match local.ring.get().0 {
        Some(mut writer) => {
            #[expect(unsafe_code, reason = "a thread-local with a destructor costs a state check")]
            // SAFETY: the pointer leads to the box in this thread's `OWNER`, whose destructor
            // clears the slot first; no other thread reads the slot, and `write` does not come
            // back here, so this is the only reference.
            let writer = unsafe { writer.as_mut() };
            writer.write(words, spare, write)
        }
        None => write_without_ring(local, words, write),
    }
}

/// Writes one record of exactly `words` words to the ring that all threads share, under a lock; says
/// whether it fitted. `write` must only copy words.
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for events of the log"))]
#[cold]
pub(super) fn write_shared(words: usize, write: impl FnOnce(&mut Words<'_>)) -> bool {
    if !collector::is_running() {
        return false;
    }
    let mut shared = lock(&SHARED);
    let fitted = shared.get_or_insert_with(|| make(SHARED_WORDS)).write(words, 0, write);
    drop(shared);
    collector::wake();
    fitted
}

/// Takes the reading ends of the rings made since the last call.
pub(super) fn take_new() -> Vec<Consumer<u64>> {
    std::mem::take(&mut *lock(&NEW))
}

#[cold]
fn write_without_ring(local: &Local, words: usize, write: impl FnOnce(&mut Words<'_>)) -> bool {
    if !collector::is_running() {
        return false;
    }
    let mut held = Owner(Some(acquire()));
    let fitted = held.0.as_mut().is_some_and(|writer| writer.write(words, 0, write));
    // While a thread's last destructors run, its owner may be gone: then the ring goes back after
    // each record.
    let _ = OWNER.try_with(|owner| {
        let kept = &mut *owner.borrow_mut();
        let writer = kept.get_or_insert(Owner(None)).0.insert(held.0.take()?);
        local.ring.set(Slot(Some(NonNull::from(&mut **writer))));
        Some(())
    });
    fitted
}

/// The reason why a record was refused.
#[cold]
pub(super) fn refusal() -> LossReason {
    if collector::is_running() {
        return LossReason::RingFull;
    }
    fork::note_orphan();
    LossReason::Forked
}

/// Leaves the ring of the calling thread to the parent process, in a forked child: the collector of
/// the parent reads it. Frees nothing, since the child shares no memory with it.
pub(super) fn abandon(local: &Local) {
    if local.ring.replace(Slot::EMPTY).0.is_none() {
        return;
    }
    let _ = OWNER.try_with(|owner| {
        if let Ok(mut owner) = owner.try_borrow_mut() {
            std::mem::forget(owner.take());
        }
    });
}

/// How many rings were made since the process began.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "only tests count rings"))]
pub(crate) fn made() -> usize {
    MADE.load(Ordering::Relaxed)
}

#[expect(clippy::unnecessary_box_returns, reason = "a thread's slot points into the box")]
fn acquire() -> Box<Writer> {
    if let Some(writer) = lock(&IDLE).pop() {
        return writer;
    }
    MADE.fetch_add(1, Ordering::Relaxed);
    Box::new(make(CAPACITY_WORDS))
}

fn make(words: usize) -> Writer {
    let (producer, consumer) = RingBuffer::new(words);
    lock(&NEW).push(consumer);
    Writer { producer, unchecked_words: 0 }
}

fn lock<T: Send>(mutex: &PerProcess<Mutex<T>>) -> MutexGuard<'static, T> {
    mutex.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    #[inline]
    fn write(&mut self, words: usize, spare: usize, write: impl FnOnce(&mut Words<'_>)) -> bool {
        let Ok(mut chunk) = self.producer.write_chunk_uninit(words + spare) else {
            return refuse();
        };
        let (first, second) = chunk.as_mut_slices();
        for line in (0..words.min(MAX_CLAIMED_WORDS)).step_by(LINE_WORDS) {
            claim(first.as_ptr().wrapping_add(AHEAD_WORDS + line));
        }
        let mut room = Words::new(first, second);
        write(&mut room);
        let written = room.len();
        debug_assert_eq!(written, words, "a record has the length it asked for");
        if written != words {
            // The collector reads record after record: one of another length than it says would
            // have it take values for addresses.
            return false;
        }
        #[expect(unsafe_code, reason = "filling the chunk with zeros first doubles its writes")]
        // SAFETY: `Words` counts only words it has written, from the front of the chunk.
        unsafe {
            chunk.commit(written);
        }
        self.unchecked_words += written;
        if self.unchecked_words >= CHECK_EVERY_WORDS {
            self.look_how_full();
        }
        collector::wake_if_asleep();
        true
    }

    #[cold]
    fn look_how_full(&mut self) {
        self.unchecked_words = 0;
        if self.producer.slots() < CAPACITY_WORDS / 2 {
            collector::wake();
        }
    }
}

/// Asks for the memory behind `ahead` to become this core's own before it is written: the
/// collector's core has read it, and taking it back costs a third of a span.
#[inline]
fn claim(ahead: *const std::mem::MaybeUninit<u64>) {
    #[cfg(target_arch = "x86_64")]
    #[expect(
        unsafe_code,
        reason = "it takes a plain span from 55 to 48 ns beside a busy collector"
    )]
    // SAFETY: `prefetchw` changes no register, flag or memory, accepts any address, and is a
    // no-op on processors without it.
    unsafe {
        std::arch::asm!("prefetchw [{0}]", in(reg) ahead,
            options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = ahead;
}

#[cold]
fn refuse() -> bool {
    collector::wake();
    false
}

impl Drop for Owner {
    fn drop(&mut self) {
        let Some(writer) = self.0.take() else { return };
        super::current::with(|local| local.ring.set(Slot::EMPTY));
        let mut idle = lock(&IDLE);
        if idle.len() < MAX_IDLE {
            idle.push(writer);
        }
    }
}
