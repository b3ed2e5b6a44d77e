//! The place of the I/O thread among the threads of the machine.
//!
//! Encoding, signing and compressing come in bursts of milliseconds. In: nothing. Out: a request of the
//! application that wakes up meanwhile goes first.
//! Never: holds up anything; where the system cannot tell threads apart, nothing changes.

/// How much less of a busy processor the thread gets: a tenth of what a thread of the application does.
/// An idle one it has for itself.
///
/// Source: <https://man7.org/linux/man-pages/man7/sched.7.html>, on the nice value of threads.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lets other threads go first.
#[cfg(target_os = "linux")]
pub(super) fn lower() {
    let thread = rustix::thread::gettid();
    // Where it is not allowed, it works as well, and less kindly.
    let _ = rustix::process::setpriority_process(Some(thread), NICE);
}

/// Lets other threads go first, where that can be said.
#[cfg(not(target_os = "linux"))]
pub(super) const fn lower() {}
