//! The counter that spans read: the time-stamp counter of the processor where it can be trusted, else
//! the monotonic clock in nanoseconds.
//!
//! Never: works before it is first needed.

use std::sync::atomic::{AtomicU8, Ordering};

use super::steady;

/// The source of ticks, chosen once for the process.
static SOURCE: AtomicU8 = AtomicU8::new(UNKNOWN);

const UNKNOWN: u8 = 0;
const COUNTER: u8 = 1;
const CLOCK: u8 = 2;

/// Reads the counter; its unit is the machine's own.
#[inline]
pub(crate) fn ticks() -> u64 {
    if SOURCE.load(Ordering::Relaxed) == COUNTER { counter() } else { without_counter() }
}

/// Returns true if ticks are nanoseconds.
pub(super) fn are_nanoseconds() -> bool {
    source() == CLOCK
}

#[cold]
fn without_counter() -> u64 {
    if source() == COUNTER {
        return counter();
    }
    nanoseconds()
}

fn nanoseconds() -> u64 {
    u64::try_from(steady().as_nanos()).unwrap_or(u64::MAX)
}

fn source() -> u8 {
    let known = SOURCE.load(Ordering::Relaxed);
    if known != UNKNOWN {
        return known;
    }
    let source = if has_invariant_counter() && kernel_uses_counter() { COUNTER } else { CLOCK };
    // Two threads that choose at the same time choose the same.
    SOURCE.store(source, Ordering::Relaxed);
    source
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn counter() -> u64 {
    #[expect(
        unsafe_code,
        reason = "reading the monotonic clock takes 20 ns more for each span end"
    )]
    // SAFETY: `rdtsc` reads a register that every x86-64 processor has, and changes nothing else.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn counter() -> u64 {
    0
}

/// Returns true if the counter has one constant rate on all cores and in all states of power.
///
/// Source: the manuals of Intel (volume 3, 19.17.1) and AMD (volume 3, E.4.8): bit 8 of `edx` in leaf
/// `0x8000_0007`.
fn has_invariant_counter() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::__cpuid;
        const EXTENDED: u32 = 0x8000_0000;
        const POWER: u32 = 0x8000_0007;
        __cpuid(EXTENDED).eax >= POWER && __cpuid(POWER).edx & (1 << 8) != 0
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Returns true if the kernel tells time by the counter: it stops when the cores or a virtual machine
/// do not agree. Other kernels than Linux are not asked.
fn kernel_uses_counter() -> bool {
    const CURRENT: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    !cfg!(target_os = "linux")
        || std::fs::read_to_string(CURRENT).is_ok_and(|source| source.trim() == "tsc")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn ticks_never_go_back_from_one_thread_to_the_next() {
        let mut last = ticks();
        for _ in 0..200 {
            let next = thread::spawn(ticks).join().expect("it only reads");
            assert!(last <= next, "{last} {next}");
            last = ticks();
            assert!(next <= last, "{next} {last}");
        }
    }

    #[test]
    fn without_a_counter_ticks_are_nanoseconds() {
        let read = || u64::try_from(steady().as_nanos()).expect("the process is young");
        let (before, ticks, after) = (read(), nanoseconds(), read());
        assert!(before <= ticks && ticks <= after);
    }
}
