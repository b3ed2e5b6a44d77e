//! The calls of a thread as addresses, and what an address stands for.
//!
//! In: the stack of the calling thread. Out: addresses, newest first; later, on a thread of our
//! own, the symbols behind one.
//! Never: reads symbols where a failure is noticed; panics.
//!
//! A resolution takes the lock of `backtrace`, which is one for the process, for each address.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::symbol::Symbol;
use crate::span;

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
        unless_broken(&BROKEN, || {
            span::walk(|call| {
                calls[count] = call;
                count += 1;
                count < MAX_CALLS
            });
        });
        Self(calls[..count].into())
    }

    /// The addresses, newest first.
    pub(crate) fn calls(&self) -> &[usize] {
        &self.0
    }
}

/// The functions at an address, innermost first: where one is inlined into another, each is told.
pub(super) fn symbols(call: usize) -> Vec<Symbol> {
    let mut found = Vec::new();
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

/// Whether anybody has panicked under the lock of `backtrace`, which panics for ever after.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// Uses `backtrace`, until it panics for the first time. Where it panics in the hook of panics, the
/// process ends, so there is no second try.
fn unless_broken(broken: &AtomicBool, usage: impl FnOnce()) {
    if !broken.load(Ordering::Relaxed) && catch_unwind(AssertUnwindSafe(usage)).is_err() {
        broken.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
    fn a_walk_waits_for_nobody_who_looks_up_symbols() {
        let (found, finds) = std::sync::mpsc::channel();
        let (walked, walks) = std::sync::mpsc::channel();
        let call = below(1).calls()[0];
        let lookup = std::thread::spawn(move || {
            let mut is_in_time = None;
            backtrace::resolve(std::ptr::without_provenance_mut(call), |_| {
                let _ = found.send(());
                is_in_time.get_or_insert_with(|| walks.recv_timeout(Duration::from_secs(10)));
            });
            is_in_time
        });
        finds.recv().expect("the function has a symbol");
        assert!(!RawStack::capture().calls().is_empty());
        let _ = walked.send(());
        assert_eq!(lookup.join().expect("it does not panic"), Some(Ok(())));
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
