//! Calls of a thread as addresses, and the symbols behind an address.
//!
//! Addresses are captured where an error is noticed; symbols are read later, by the report worker. Nothing
//! here panics, and a forked child does not wait for the lock of a thread that only its parent has.

use std::process;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::symbol::Symbol;
use crate::guard::guard;
use crate::span::walk::walk;

/// How many calls are kept, the newest ones.
const MAX_CALLS: usize = 128;

/// The calls of a thread, newest first; each is the address where it goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct RawStack(Box<[usize]>);

impl RawStack {
    /// Walks the stack of this thread. Takes a few microseconds.
    #[inline(never)]
    pub(crate) fn capture() -> Self {
        let mut calls = [0; MAX_CALLS];
        let mut count = 0;
        walk(|call| {
            if let Some(slot) = calls.get_mut(count) {
                *slot = call;
                count += 1;
            }
            count < MAX_CALLS
        });
        Self(calls[..count].into())
    }

    /// The addresses, newest first.
    pub(crate) fn calls(&self) -> &[usize] {
        &self.0
    }
}

/// Functions at an address, innermost first, those that are inlined included. None in a process that was
/// forked while a thread of its parent read symbols: the lock of `backtrace` stays locked there for ever.
pub(super) fn symbols(call: usize) -> Vec<Symbol> {
    let mut found = Vec::new();
    let Some(_reading) = Reading::begin(&READING) else { return found };
    unless_broken(&BROKEN, || {
        backtrace::resolve(std::ptr::without_provenance_mut(call), |symbol| {
            found.push(Symbol {
                name: symbol.name().map(|name| format!("{name:#}")),
                file: symbol.filename().map(|file| file.to_string_lossy().into_owned()),
                line: symbol.lineno().filter(|line| *line > 0),
                column: symbol.colno().filter(|column| *column > 0),
            });
        });
    });
    found
}

/// Id of the process that reads symbols; zero while none does.
static READING: AtomicU32 = AtomicU32::new(0);

/// Reading of symbols by this process, until it is dropped.
struct Reading(&'static AtomicU32);

impl Reading {
    /// Returns `None` if a thread of the parent process was reading at the fork.
    fn begin(reading: &'static AtomicU32) -> Option<Self> {
        let own = process::id();
        let before = reading.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed);
        (before.is_ok() || before == Err(own)).then_some(Self(reading))
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Frees the tables that [`symbols`] has read; the next call reads them again.
pub(super) fn forget_symbols() {
    // Takes the same lock.
    let Some(_reading) = Reading::begin(&READING) else { return };
    unless_broken(&BROKEN, backtrace::clear_symbol_cache);
}

/// Whether anybody has panicked under the lock of `backtrace`, which panics for ever after.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// Uses `backtrace`, until it panics for the first time. Where it panics in the hook of panics, the
/// process ends, so there is no second try.
fn unless_broken(broken: &AtomicBool, usage: impl FnOnce()) {
    if !broken.load(Ordering::Relaxed) && guard("stack capture", usage).is_none() {
        broken.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn below(depth: usize) -> RawStack {
        if depth == 0 {
            return RawStack::capture();
        }
        // What comes back is looked at, so that the call is not the last thing that happens here.
        let stack = below(depth - 1);
        assert!(!stack.calls().is_empty());
        stack
    }

    #[test]
    fn a_stack_has_a_call_for_every_function_that_has_not_returned() {
        let more = below(20).calls().len() - below(10).calls().len();
        assert_eq!(more, 10);
    }

    #[test]
    fn of_a_deep_stack_the_newest_calls_are_kept() {
        let deep = below(400);
        assert_eq!(deep.calls().len(), MAX_CALLS);
        let newest = symbols(deep.calls()[0]);
        let names: Vec<_> = newest.into_iter().filter_map(|symbol| symbol.name).collect();
        assert!(names.iter().any(|name| name.contains("capture") || name.contains("trace")));
    }

    #[test]
    fn what_has_panicked_once_is_not_tried_again() {
        let broken = AtomicBool::new(false);
        let mut tries = 0;
        for _ in 0..3 {
            unless_broken(&broken, || {
                tries += 1;
                std::panic::resume_unwind(Box::new("damaged debug information"));
            });
        }
        assert_eq!(tries, 1);
    }

    #[test]
    fn what_is_no_address_has_no_symbols() {
        for call in [0, 1, usize::MAX] {
            assert_eq!(symbols(call), []);
        }
    }

    #[test]
    fn forked_child_reads_no_symbols_if_its_parent_was_reading() {
        static OF_PARENT: AtomicU32 = AtomicU32::new(u32::MAX);
        static FREE: AtomicU32 = AtomicU32::new(0);
        assert!(Reading::begin(&OF_PARENT).is_none());
        for _ in 0..2 {
            assert!(Reading::begin(&FREE).is_some());
        }
    }

    #[test]
    fn threads_walk_side_by_side() {
        let walk = || (0..100).all(|_| below(20).calls().len() > 20);
        let walks: Vec<_> = (0..4).map(|_| std::thread::spawn(walk)).collect();
        for walk in walks {
            assert!(walk.join().expect("a walk does not panic"));
        }
    }
}
