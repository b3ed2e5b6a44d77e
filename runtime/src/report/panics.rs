//! The hook that hears of every panic, before any unwinding.
//!
//! In: panics of any thread. Out: the same panics to whoever takes failures, then to the hook that was
//! there before; where the process ends then, a last chance to send what is held.
//! Never: keeps the earlier hook from running; reports what happens on threads of ours.

use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, Once, PoisonError};

use crate::record::StackFrame;
use crate::{diagnostics, span};

/// Puts the hook before the one that is there; once for the process, whatever is installed later.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            hear(info);
            before(info);
            if ends_the_process(info) {
                send_the_last();
            }
        }));
    });
}

/// Sends what is held, and comes back in a few seconds at the latest.
pub(crate) type SendAll = Arc<dyn Fn() + Send + Sync>;

static SEND_ALL: Mutex<Option<SendAll>> = Mutex::new(None);

/// Says how what is held is sent when the process ends with a panic; `None` for not any more.
pub(crate) fn before_the_end(send_all: Option<SendAll>) {
    *SEND_ALL.lock().unwrap_or_else(PoisonError::into_inner) = send_all;
}

/// Whether nothing unwinds: the program is built so, or the language forbids it here.
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
    let send_all = SEND_ALL.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(send_all) = send_all {
        send_all();
    }
}

fn hear(info: &PanicHookInfo<'_>) {
    if !span::takes_reports() || diagnostics::suppressed() || span::is_guarded() {
        return;
    }
    if let Some(taker) = span::taker() {
        taker.notice_panic(info);
    }
}

/// What a panic says, and where it comes from.
pub(super) fn told(info: &PanicHookInfo<'_>) -> (String, Option<StackFrame>) {
    let message = info.payload_as_str().unwrap_or("a value that is not text");
    (message.to_owned(), info.location().map(super::place))
}
