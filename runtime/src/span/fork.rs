//! `fork`: gives a child process its own ids, counters and telemetry, and takes the parent's away.
//!
//! Only the thread that forks lives on in the child. The collector, the I/O thread and the report
//! worker do not, and locks that other threads held at that moment stay locked for ever. So nothing
//! of the parent is used again: the handler below drops what the forking thread keeps and empties
//! the table of tracers; shared state is made anew when it is used ([`PerProcess`]). Ordinary spans
//! pay nothing for it. Spans that are open at the fork belong to the parent, which delivers them.
//!
//! The handler runs in every child of `fork`, also one that only goes on to `exec`: it stores a few
//! words, allocates nothing, takes no lock and prints nothing.
//!
//! [`PerProcess`]: super::per_process::PerProcess

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::{clock, collector, current, ring, tracer};
use crate::diagnostics;

/// Number of forks so far, in this process and those it descends from.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The value of `FORKS` when this process began.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The moment of the fork that made this process, in ticks; zero in a process without one.
static FORKED_AT: AtomicU64 = AtomicU64::new(0);

/// True in a child whose parent had telemetry, until that is noticed or telemetry is installed.
static IS_ORPHAN: AtomicBool = AtomicBool::new(false);

/// Number that tells a forked process from its ancestors.
#[inline]
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// The moment of the fork that made this process, in ticks: what began earlier is the parent's.
pub(super) fn forked_at() -> u64 {
    FORKED_AT.load(Ordering::Relaxed)
}

/// Registers the handlers; once for the process and its children.
#[cold]
pub(super) fn watch() {
    static IS_WATCHED: AtomicBool = AtomicBool::new(false);
    // Chooses the clock, which the handler in the child must not do, and fills what a child would wait
    // for if its parent was filling it at the fork.
    clock::ticks();
    clock::steady();
    // Not a `Once`: in a child, one that another thread was running at the fork never ends.
    if !IS_WATCHED.swap(true, Ordering::AcqRel) {
        register();
    }
}

#[cfg(unix)]
#[expect(
    unsafe_code,
    reason = "the only notice of a fork that costs a span nothing: asking for the process id takes \
              longer than a span"
)]
fn register() {
    // SAFETY: both functions live as long as the program, never panic, and touch nothing but
    // atomics and what the calling thread keeps.
    // It fails only without memory; then a child has the ids of its parent.
    let _ = unsafe { libc::pthread_atfork(Some(before_fork), None, Some(in_child)) };
}

#[cfg(not(unix))]
fn register() {}

/// Two forks of one process have two numbers, also when they get one process id.
#[cfg_attr(not(unix), expect(dead_code, reason = "other systems do not fork"))]
extern "C" fn before_fork() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

#[cfg_attr(not(unix), expect(dead_code, reason = "other systems do not fork"))]
extern "C" fn in_child() {
    GENERATION.store(FORKS.load(Ordering::Relaxed), Ordering::Relaxed);
    FORKED_AT.store(clock::ticks(), Ordering::Relaxed);
    current::with(|local| {
        local.ids.set(local.ids.get().in_child());
        ring::abandon(local);
    });
    collector::abandon();
    if tracer::abandon() {
        IS_ORPHAN.store(true, Ordering::Relaxed);
    }
    for ledger in [&super::LEDGER, &super::LOGS, &super::AMENDMENTS] {
        ledger.reset();
    }
    diagnostics::reset_counts();
}

/// Notes that a child uses telemetry that only its parent has: turns everything off, and says so
/// once. Does nothing elsewhere.
#[cold]
pub(crate) fn note_orphan() {
    if IS_ORPHAN.swap(false, Ordering::Relaxed) {
        tracer::settle_level();
        diagnostics::say(format_args!(
            "telemetry is off in forked process {}: it belongs to the parent process; call \
             `Config::install` after the fork",
            std::process::id()
        ));
    }
}

/// Notes that telemetry is installed in this process.
pub(super) fn note_installed() {
    IS_ORPHAN.store(false, Ordering::Relaxed);
}

/// A random number that no other thread or process has, forked ones included.
///
/// The keys of the standard library are random, but a fork copies them.
#[cold]
pub(crate) fn entropy() -> u64 {
    watch();
    let of_process = (std::process::id(), FORKS.load(Ordering::Relaxed), clock::since_epoch());
    RandomState::new().hash_one(of_process)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn random_numbers_do_not_repeat() {
        let numbers: HashSet<u64> = (0..1_000).map(|_| entropy()).collect();
        assert_eq!(numbers.len(), 1_000);
    }
}
