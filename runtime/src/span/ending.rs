//! Notice of the end of the process: `exit`, and an abort inside the application's panic hook.
//!
//! Both end the process without a destructor. What is registered here runs first, on the thread that
//! ends it, while the other threads still run.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::clock;
use super::per_process::PerProcess;
use crate::diagnostics;
use crate::guard::guard;

/// Longest wait of a process that ends by an exit or a panic: for what is pending, then for the lines that
/// are not on standard error yet.
pub(crate) const END_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs before the process ends, for at most [`END_TIMEOUT`].
pub(crate) type BeforeEnd = fn();

/// The function to run. A forked child registers its own.
static BEFORE_END: PerProcess<OnceLock<BeforeEnd>> = PerProcess::new(OnceLock::new);

thread_local! {
    /// True while the application's panic hook runs on this thread.
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// Runs `before_end` when the process exits, or aborts inside of [`call_hook`]; the first one counts.
pub(crate) fn watch_end(before_end: BeforeEnd) {
    let _ = BEFORE_END.get().set(before_end);
    watch_lines();
}

/// Has diagnostic lines written when the process exits.
pub(crate) fn watch_lines() {
    static IS_WATCHED: AtomicBool = AtomicBool::new(false);
    if !IS_WATCHED.swap(true, Ordering::AcqRel) {
        watch_exit();
    }
}

/// Sends what is pending, and has diagnostic lines written; blocks up to [`END_TIMEOUT`].
pub(crate) fn before_end() {
    let begin = clock::now();
    if let Some(before_end) = BEFORE_END.get().get() {
        guard("sending at the end of the process", before_end);
    }
    diagnostics::flush(END_TIMEOUT.saturating_sub(begin.elapsed()));
}

/// Calls the panic hook of the application, which may abort.
pub(crate) fn call_hook(hook: impl FnOnce()) {
    let was_in_hook = IN_HOOK.replace(true);
    hook();
    IN_HOOK.set(was_in_hook);
}

extern "C" fn on_exit() {
    before_end();
}

#[cfg(unix)]
pub(crate) use unix::watch_abort;
#[cfg(unix)]
use unix::watch_exit;

/// Notices aborts inside of [`call_hook`], where the system can.
#[cfg(not(unix))]
pub(crate) fn watch_abort() {}

#[cfg(not(unix))]
fn watch_exit() {}

#[cfg(unix)]
mod unix {
    use std::mem;
    use std::ptr;

    use super::{IN_HOOK, on_exit};

    /// Ends a process that hangs on its way to an abort: the heap may be broken.
    const MAX_SECONDS: libc::c_uint = 5;

    #[expect(unsafe_code, reason = "no safe library registers a function with `atexit`")]
    pub(super) fn watch_exit() {
        // SAFETY: `on_exit` lives as long as the program and does not unwind.
        // It fails only without memory; then an exit is not noticed.
        let _ = unsafe { libc::atexit(on_exit) };
    }

    /// Notices aborts inside of [`call_hook`](super::call_hook), unless the application has a handler
    /// of `SIGABRT`, which stays.
    #[expect(unsafe_code, reason = "a panic hook that aborts shows in no other way")]
    pub(crate) fn watch_abort() {
        // SAFETY: all zeros are a valid action, the default one; the pointers are to locals, or null
        // where nothing is asked for. `on_abort` lives as long as the program.
        unsafe {
            let mut theirs: libc::sigaction = mem::zeroed();
            let is_read = libc::sigaction(libc::SIGABRT, ptr::null(), &raw mut theirs) == 0;
            if !is_read || theirs.sa_sigaction != libc::SIG_DFL {
                return;
            }
            let mut ours: libc::sigaction = mem::zeroed();
            ours.sa_sigaction = on_abort as extern "C" fn(libc::c_int) as libc::sighandler_t;
            // Once: what follows is the default.
            ours.sa_flags = libc::SA_RESETHAND;
            libc::sigaction(libc::SIGABRT, &raw const ours, ptr::null_mut());
        }
    }

    /// Runs what is to run first, if the signal is of an abort inside the application's panic hook;
    /// any other abort goes on at once.
    #[expect(unsafe_code, reason = "see `watch_abort`")]
    extern "C" fn on_abort(signal: libc::c_int) {
        if IN_HOOK.get() {
            // SAFETY: both calls are safe in a signal handler. The process ends in any case.
            unsafe {
                libc::signal(libc::SIGALRM, libc::SIG_DFL);
                libc::alarm(MAX_SECONDS);
            }
            on_exit();
        }
        // SAFETY: the signal is blocked until this returns, and has its default action by then.
        unsafe {
            libc::raise(signal);
        }
    }
}
