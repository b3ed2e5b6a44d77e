//! What is known about a failure, found out and made fit to be told.
//!
//! In: addresses of calls, errors, finished spans. Out: frames, causes, what happened before, and
//! the record without its secrets.
//! Never: sends anything.

#![cfg_attr(not(test), expect(dead_code, reason = "who notices failures calls it"))]

mod chain;
#[cfg(any(feature = "rollbar", feature = "console", feature = "testing"))]
mod raw_stack;
#[cfg(not(any(feature = "rollbar", feature = "console", feature = "testing")))]
#[path = "no_raw_stack.rs"]
mod raw_stack;
mod scrub;
mod source_code;
mod stack;
mod symbol;
mod trail;

pub use scrub::Scrub;
