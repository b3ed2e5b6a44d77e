//! The one place where panics of code that is not ours are caught.
//!
//! The application's samplers, processors, values and callbacks run inside its own functions and on
//! threads of ours. A panic in them costs what the code was to record, and is a diagnostic that names
//! the code: it reaches neither the function nor its span, ends no thread, and the panic hook does not
//! report it. Never: takes a lock, which a forked child might find locked for ever.

use std::any::Any;
use std::cell::Cell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::SystemTime;

use crate::diagnostics;

/// Maximum length of a panic's message in a diagnostic, in characters.
const MAX_MESSAGE_CHARS: usize = 200;

/// Maximum length of the name of the code that panicked, in characters.
const MAX_NAME_CHARS: usize = 200;

/// Minimum time between two diagnostics, in seconds.
const INTERVAL_SECONDS: u64 = 60;

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// A panic that was caught; the panic hook has run.
#[must_use = "call `explain` or `pass_on`"]
pub(crate) struct Caught(Box<dyn Any + Send>);

/// Payload of a panic that was explained already and goes on.
struct Explained;

/// Runs code that may panic: the application's, or ours on a thread that must go on. Returns `None`
/// if it panicked; the diagnostic calls the code `name`.
#[inline]
pub(crate) fn guard<R>(name: impl Display, run: impl FnOnce() -> R) -> Option<R> {
    match catch(run) {
        Ok(result) => Some(result),
        Err(caught) => {
            caught.explain(&name);
            None
        }
    }
}

/// Runs code that may panic, as [`guard`] does, and leaves the diagnostic to the caller.
#[inline]
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Caught> {
    let before = IS_RUNNING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(run));
    IS_RUNNING.set(before);
    result.map_err(Caught)
}

/// True while [`guard`] or [`catch`] runs code on this thread: a panic there is caught.
pub(crate) fn is_running() -> bool {
    IS_RUNNING.get()
}

impl Caught {
    /// Prints a diagnostic that calls the code `name`, at most one a minute in each process.
    #[cold]
    pub(crate) fn explain(self, name: &dyn Display) {
        if !self.0.is::<Explained>() {
            self.print(name);
        }
        self.discard();
    }

    /// Prints the diagnostic, and lets the next guard know of the panic.
    #[cold]
    pub(crate) fn pass_on(self, name: &dyn Display) -> ! {
        self.explain(name);
        resume_unwind(Box::new(Explained))
    }

    fn print(&self, name: &dyn Display) {
        static ADMISSION: Admission = Admission::new();
        let admitted = ADMISSION.admit(std::process::id(), unix_seconds());
        let Some(suppressed) = admitted else { return };
        // Code of the application may have made the name, too.
        let name = catch(|| name.to_string());
        let name = name.unwrap_or_else(|caught| {
            caught.discard();
            "code of the application".to_owned()
        });
        let name = diagnostics::shorten(&name, MAX_NAME_CHARS);
        let text = self.0.downcast_ref::<&str>().copied();
        let text = text.or_else(|| self.0.downcast_ref::<String>().map(String::as_str));
        let message = diagnostics::shorten(text.unwrap_or("no message"), MAX_MESSAGE_CHARS);
        let more = match suppressed {
            0 => String::new(),
            more => {
                format!(" ({more} more panics of application code since the last such line)")
            }
        };
        diagnostics::say(format_args!(
            "{name} panicked: {message}; what it was to record is left out{more}"
        ));
    }

    /// Drops what was thrown. It may panic in its destructor, and so may what that throws, which is
    /// leaked.
    fn discard(self) {
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(self.0))) {
            std::mem::forget(another);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "for the time between two lines")]
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Limit of the diagnostics of a process.
struct Admission {
    /// Process that the rest is about; a forked child begins anew.
    process: AtomicU32,
    /// Time of the last diagnostic, in seconds since 1970.
    last: AtomicU64,
    /// Number of diagnostics suppressed since then.
    suppressed: AtomicU64,
}

impl Admission {
    const fn new() -> Self {
        let (process, last) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { process, last, suppressed: AtomicU64::new(0) }
    }

    /// Returns the number of diagnostics suppressed since the last one; `None` if that was less
    /// than a minute ago.
    fn admit(&self, process: u32, now: u64) -> Option<u64> {
        let is_new = self.process.swap(process, Ordering::Relaxed) != process;
        if is_new {
            self.suppressed.store(0, Ordering::Relaxed);
        }
        let last = self.last.load(Ordering::Relaxed);
        let is_due = is_new || now.abs_diff(last) >= INTERVAL_SECONDS;
        // One of the threads that come together prints.
        let is_first =
            || self.last.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_due && is_first() {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(guard("code", || 7), Some(7));
        assert_eq!(guard("code", || resume_unwind(Box::new("a text"))), None::<()>);
        assert_eq!(guard("code", || resume_unwind(Box::new(Explosive))), None::<()>);
    }

    #[test]
    fn panic_that_is_passed_on_reaches_the_next_guard() {
        let inner = || match catch(|| assert_eq!(1, 2, "on purpose")) {
            Ok(()) => (),
            Err(caught) => caught.pass_on(&"code"),
        };
        assert_eq!(guard("more code", inner), None);
    }

    #[test]
    fn diagnostics_are_a_minute_apart_in_each_process() {
        let limit = Admission::new();
        assert_eq!(limit.admit(1, 1_000), Some(0));
        assert_eq!((limit.admit(1, 1_059), limit.admit(1, 1_030)), (None, None));
        assert_eq!(limit.admit(1, 1_060), Some(2));
        assert_eq!(
            (limit.admit(2, 1_061), limit.admit(2, 1_062)),
            (Some(0), None),
            "a forked child"
        );
        assert_eq!(limit.admit(2, 1_000), Some(1), "the clock was set back");
    }
}
