//! Tells panics that leave a piece of code from those that were under way before it began.

use std::thread;

/// The state of the thread when a piece of code began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unwinding {
    /// A destructor may run code while its thread unwinds.
    was_under_way: bool,
}

impl Unwinding {
    /// Remembers the state of this thread.
    #[inline]
    pub(crate) fn begin() -> Self {
        Self { was_under_way: thread::panicking() }
    }

    /// Returns true if the thread unwinds because of a panic that began later.
    #[inline]
    pub(crate) fn is_under_way(self) -> bool {
        thread::panicking() && !self.was_under_way
    }
}
