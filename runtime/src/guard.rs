//! The one place where panics of code that is not ours are caught.
//!
//! The application's samplers, processors, values and callbacks run inside its own functions and on
//! threads of ours. A panic in them must neither reach the function nor end the thread.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs code that may panic: the application's, or ours on a thread that must go on. Returns `None`
/// if it panicked; the panic hook has run by then.
#[inline]
pub(crate) fn guard<R>(run: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => Some(result),
        Err(payload) => {
            discard(payload);
            None
        }
    }
}

/// Drops what was thrown. It may panic in its destructor, and so may what that throws, which is
/// leaked.
#[cold]
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
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
