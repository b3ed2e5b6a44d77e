//! Which calls of annotated functions stand above which, for failures that pass through them.
//!
//! A scope is one call whose failures are reported. In: the begin of such a call. Out: a number for
//! it, and the number of the call above, on the same thread or in the same task.
//! Never: allocates, locks, or keeps anything of a call that is over.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use super::current::{self, Local};

/// One call whose failures are reported; zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Scope(u64);

/// Whether anybody takes reports, in the lowest bit, and above it how many failures have been noticed
/// so far, for the order of begins and failures: a call asks for both, one after the other.
static TAKEN_AND_NOTICED: AtomicU64 = AtomicU64::new(0);

const TAKEN: u64 = 1;
const ONE_NOTICED: u64 = 2;

/// Whether anybody takes reports: one load.
#[inline]
pub(crate) fn takes_reports() -> bool {
    super::IS_LIVE && TAKEN_AND_NOTICED.load(Ordering::Relaxed) & TAKEN != 0
}

/// Says whether anybody takes reports.
pub(super) fn set_taken(is_taken: bool) {
    if is_taken {
        TAKEN_AND_NOTICED.fetch_or(TAKEN, Ordering::Relaxed);
    } else {
        TAKEN_AND_NOTICED.fetch_and(!TAKEN, Ordering::Relaxed);
    }
}

/// The number of failures noticed before now, in steps of any size.
#[inline]
pub(super) fn noticed() -> u64 {
    TAKEN_AND_NOTICED.load(Ordering::Relaxed) & !TAKEN
}

/// Counts a failure: its place in the order of begins and failures.
pub(crate) fn notice() -> u64 {
    (TAKEN_AND_NOTICED.fetch_add(ONE_NOTICED, Ordering::Relaxed) & !TAKEN) + ONE_NOTICED
}

impl Scope {
    pub(crate) const NONE: Self = Self(0);

    /// The innermost one on this thread.
    #[inline]
    pub(crate) fn current() -> Self {
        current::with(|local| local.scope.get())
    }

    /// A call by its number.
    #[cfg(test)]
    pub(crate) const fn of_test(number: u64) -> Self {
        Self(number)
    }

    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Begins a call; the result is the call and the one above it.
    #[inline]
    pub(super) fn begin() -> (Self, Self) {
        current::with(|local| (next(local), local.scope.get()))
    }

    /// Begins a call and makes it the innermost one.
    #[inline]
    pub(super) fn enter() -> (Self, Self) {
        current::with(|local| {
            let own = next(local);
            (own, local.scope.replace(own))
        })
    }

    /// Ends what [`Scope::enter`] began: this, the one above, is the innermost one again.
    #[inline]
    pub(super) fn restore(self) {
        current::with(|local| local.scope.set(self));
    }

    /// Makes this the innermost one until the guard is dropped.
    #[inline]
    pub(super) fn attach(self) -> InScope {
        InScope {
            previous: current::with(|local| local.scope.replace(self)),
            not_send: PhantomData,
        }
    }
}

/// Restores what was the innermost scope before; bound to its thread.
#[derive(Debug)]
#[must_use = "the scope is the innermost one only until this guard is dropped"]
pub struct InScope {
    previous: Scope,
    not_send: PhantomData<*const ()>,
}

impl Drop for InScope {
    #[inline]
    fn drop(&mut self) {
        self.previous.restore();
    }
}

#[inline]
fn next(local: &Local) -> Scope {
    let next = local.next_scope.get();
    let own = if next == 0 { first_of_thread() } else { next };
    local.next_scope.set(own + 1);
    Scope(own)
}

/// Every thread counts in a range of its own.
#[cold]
fn first_of_thread() -> u64 {
    const RANGE_BITS: u32 = 40;
    static THREADS: AtomicU64 = AtomicU64::new(0);
    THREADS.fetch_add(1, Ordering::Relaxed) << RANGE_BITS | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_know_the_one_above_and_no_two_are_the_same() {
        let (outer, above) = Scope::enter();
        assert!(above.is_none());
        let (inner, above) = Scope::enter();
        assert_eq!((above, Scope::current()), (outer, inner));
        outer.restore();
        let elsewhere = std::thread::spawn(|| Scope::begin().0).join().expect("it does not panic");
        assert!(![outer, inner].contains(&elsewhere));
        Scope::NONE.restore();
    }

    #[test]
    fn a_guard_restores_what_was_there() {
        let (own, _) = Scope::begin();
        {
            let _attached = own.attach();
            assert_eq!(Scope::current(), own);
        }
        assert!(Scope::current().is_none());
    }
}
