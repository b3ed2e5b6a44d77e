//! The calls on the stack of this thread.
//!
//! In: the thread as it stands. Out: addresses, newest first.
//! Never: waits for another thread, where the system can do without; allocates.

/// Walks the stack of this thread: tells the address where each call goes on, the newest first, until
/// `tell` has enough and says `false`.
#[inline(never)]
pub(crate) fn walk(mut tell: impl FnMut(usize) -> bool) {
    let each = |frame: &backtrace::Frame| tell(frame.ip().addr());
    // The library that walks there is not made for more than one thread.
    #[cfg(windows)]
    backtrace::trace(each);
    #[cfg(not(windows))]
    #[expect(
        unsafe_code,
        reason = "the lock of the safe way is held while symbols are read, for most of a second at first"
    )]
    // SAFETY: it is `_Unwind_Backtrace` of the system's unwinder, which every thread may call at any
    // time, as panics do; the lock is there for the library that Windows has.
    unsafe {
        backtrace::trace_unsynchronized(each);
    }
}
