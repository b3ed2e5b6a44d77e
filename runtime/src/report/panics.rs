//! The panic hook, and what is sent before the process ends.
//!
//! A panic is captured first, then the hook runs that was there before. Most panics are caught, so
//! none waits for what it reports. Where the process ends instead, what is pending is sent first, for
//! at most a few seconds:
//!
//! | end of the process | noticed by |
//! |---|---|
//! | a panic that does not unwind (`panic = "abort"`, in a destructor, in `extern "C"`) | this hook |
//! | `exit`, in the earlier hook or anywhere else | `atexit` |
//! | an abort in the earlier hook | `SIGABRT`, unless it has a handler already |
//!
//! Diagnostic lines are written at the same ends. `_exit`, an abort elsewhere and a fatal signal send
//! nothing. Panics on threads of this crate are not reported.

use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::chain::MAX_MESSAGE_BYTES;
use crate::diagnostics;
use crate::guard;
use crate::record::StackFrame;
use crate::span::{self, PerProcess};

/// Puts the hook before the one that is there; once for the process, whatever is installed later.
pub(crate) fn listen() {
    // Not a `Once`: a child that was forked while another thread ran it would wait for ever.
    static IS_SET: AtomicBool = AtomicBool::new(false);
    static IS_BEING_SET: PerProcess<AtomicBool> = PerProcess::new(|| AtomicBool::new(false));
    if IS_SET.load(Ordering::Acquire) || IS_BEING_SET.get().swap(true, Ordering::AcqRel) {
        return;
    }
    span::watch_abort();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        hear(info);
        span::call_hook(|| before(info));
        if ends_the_process(info) {
            span::before_end();
        }
    }));
    IS_SET.store(true, Ordering::Release);
}

/// Sends what is held, and comes back in a few seconds at the latest.
pub(crate) type SendAll = Arc<dyn Fn() + Send + Sync>;

static SEND_ALL: PerProcess<Mutex<Option<SendAll>>> = PerProcess::new(Mutex::default);

/// Sets how what is pending is sent when the process ends by an exit or a panic; `None` for nothing.
pub(crate) fn before_the_end(send_all: Option<SendAll>) {
    if send_all.is_some() {
        span::watch_end(send_the_last);
    }
    *SEND_ALL.get().lock().unwrap_or_else(PoisonError::into_inner) = send_all;
}

/// True if this panic aborts the process.
fn ends_the_process(info: &PanicHookInfo<'_>) -> bool {
    // Source: <https://github.com/rust-lang/rust/blob/1.95.0/library/core/src/panicking.rs>.
    let forbidden =
        ["panic in a function that cannot unwind", "panic in a destructor during cleanup"];
    cfg!(panic = "abort") || info.payload_as_str().is_some_and(|text| forbidden.contains(&text))
}

fn send_the_last() {
    if diagnostics::suppressed() {
        return;
    }
    let send_all = SEND_ALL.get().lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(send_all) = send_all {
        send_all();
    }
}

fn hear(info: &PanicHookInfo<'_>) {
    if !span::takes_reports() || diagnostics::suppressed() {
        return;
    }
    // It is caught, and no failure of the application's work.
    if guard::is_running() && !ends_the_process(info) {
        return;
    }
    if let Some(taker) = span::taker() {
        taker.notice_panic(info);
    }
}

/// What a panic says, and where it comes from.
pub(super) fn told(info: &PanicHookInfo<'_>) -> (String, Option<StackFrame>) {
    let message = info.payload_as_str().unwrap_or("a value that is not text");
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
    (message[..end].to_owned(), info.location().map(super::place))
}
