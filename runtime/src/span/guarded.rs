//! Runs code of the application that is called for telemetry alone.
//!
//! A panic in it costs what it was to record, and is a diagnostic; it reaches neither the function nor
//! its span, and the panic hook reports nothing of it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::clock;
use crate::diagnostics::{self, Throttle};

/// The longest part of a panic's message that a diagnostic has, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Returns what `run` returns, or `None` if it panics.
#[inline]
pub(crate) fn guarded<R>(run: impl FnOnce() -> R) -> Option<R> {
    struct Restore(bool);
    impl Drop for Restore {
        #[inline]
        fn drop(&mut self) {
            IS_RUNNING.set(self.0);
        }
    }
    let restore = Restore(IS_RUNNING.replace(true));
    let result = catch_unwind(AssertUnwindSafe(run));
    drop(restore);
    result.map_err(|payload| complain(&*payload)).ok()
}

/// Returns true while [`guarded`] runs code on this thread.
pub(crate) fn is_guarded() -> bool {
    IS_RUNNING.get()
}

#[cold]
fn complain(payload: &(dyn Any + Send)) {
    static THROTTLE: Mutex<Option<Throttle>> = Mutex::new(None);
    let held_back = {
        let mut throttle = THROTTLE.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.get_or_insert_default().admit(clock::now())
    };
    let Some(held_back) = held_back else { return };
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = diagnostics::shorten(text.unwrap_or("no message"), MAX_MESSAGE_CHARS);
    diagnostics::say(format_args!(
        "code of the application panicked while telemetry called it; its value is left out: \
         {message} ({held_back} more before)"
    ));
}
