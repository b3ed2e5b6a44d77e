//! The hook that hears of every panic, before any unwinding.
//!
//! In: panics of any thread. Out: the same panics to whoever takes failures, then to the hook that was
//! there before.
//! Never: keeps the earlier hook from running; reports what happens on threads of ours.

use std::panic::PanicHookInfo;
use std::sync::Once;

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
        }));
    });
}

fn hear(info: &PanicHookInfo<'_>) {
    if !span::takes_reports() || diagnostics::suppressed() {
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
