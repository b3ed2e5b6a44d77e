//! The one place where panics of code that is not ours are caught.
//!
//! The application's samplers, processors, values and callbacks run inside its own functions and on
//! threads of ours. A panic in them costs what the code was to record, and is a diagnostic: it
//! reaches neither the function nor its span, ends no thread, and the panic hook does not report it.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, TryLockError};
use std::time::Instant;

use crate::diagnostics::{self, Throttle};

/// The longest part of a panic's message that a diagnostic has, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// Runs code that may panic: the application's, or ours on a thread that must go on. Returns `None`
/// if it panicked; the panic hook has run by then.
#[inline]
pub(crate) fn guard<R>(run: impl FnOnce() -> R) -> Option<R> {
    let before = IS_RUNNING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_RUNNING.set(before);
    match result {
        Ok(result) => Some(result),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

/// True while [`guard`] runs code on this thread: a panic there is caught.
pub(crate) fn is_running() -> bool {
    IS_RUNNING.get()
}

/// Prints and drops what was thrown. It may panic in its destructor, and so may what that throws,
/// which is leaked.
#[cold]
fn discard(payload: Box<dyn Any + Send>) {
    complain(&*payload);
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
}

fn complain(payload: &(dyn Any + Send)) {
    static THROTTLE: Mutex<Option<Throttle>> = Mutex::new(None);
    let mut throttle = match THROTTLE.try_lock() {
        Ok(throttle) => throttle,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // Another thread prints such a line now.
        Err(TryLockError::WouldBlock) => return,
    };
    #[expect(clippy::disallowed_methods, reason = "for the time between two lines")]
    let now = Instant::now();
    let Some(held_back) = throttle.get_or_insert_default().admit(now) else { return };
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = diagnostics::shorten(text.unwrap_or("no message"), MAX_MESSAGE_CHARS);
    diagnostics::say(format_args!(
        "code that telemetry called panicked; what it was to record is left out: {message} \
         ({held_back} more before)"
    ));
}

#[cfg(test)]
mod tests {
    use std::panic::resume_unwind;

    use super::*;

    /// Panics when it is dropped.
    struct Explosive;

    impl Drop for Explosive {
        fn drop(&mut self) {
            resume_unwind(Box::new("dropped"));
        }
    }

    #[test]
    fn panic_becomes_none_whatever_was_thrown() {
        assert_eq!(guard(|| 7), Some(7));
        assert_eq!(guard(|| resume_unwind(Box::new("a text"))), None::<()>);
        assert_eq!(guard(|| resume_unwind(Box::new(Explosive))), None::<()>);
    }
}
