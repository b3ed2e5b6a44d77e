//! What a double knows: its threads change it, and tests look at it and wait for it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a test waits for anything before it fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A state that somebody may wait for.
#[derive(Debug, Default)]
pub(crate) struct Watched<S> {
    state: Mutex<S>,
    changed: Condvar,
}

impl<S> Watched<S> {
    pub(crate) fn new(state: S) -> Self {
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// The state, to look at it or to prepare it; nobody is woken.
    pub(crate) fn lock(&self) -> MutexGuard<'_, S> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes whoever waits for it.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut S) -> R) -> R {
        let result = change(&mut self.lock());
        self.changed.notify_all();
        result
    }

    /// Blocks until the state is as it should be, or until it has lasted too long; the state and
    /// whether it is as it should be.
    pub(crate) fn wait(&self, is_there: impl Fn(&S) -> bool) -> (MutexGuard<'_, S>, bool) {
        self.wait_within(PATIENCE, is_there)
    }

    /// The same for as long as this.
    pub(crate) fn wait_within(
        &self,
        timeout: Duration,
        is_there: impl Fn(&S) -> bool,
    ) -> (MutexGuard<'_, S>, bool) {
        let missing = |state: &mut S| !is_there(state);
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, missing);
        let (state, result) = waited.unwrap_or_else(PoisonError::into_inner);
        (state, !result.timed_out())
    }
}
