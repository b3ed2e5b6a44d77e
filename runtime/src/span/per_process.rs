//! Statics that a forked child makes anew, because a lock that another thread held at the fork stays
//! locked there for ever.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::fork;

/// A static value of which each process has its own; made at its first use and never freed.
pub(crate) struct PerProcess<T: 'static> {
    current: AtomicPtr<Made<T>>,
    make: fn() -> T,
}

struct Made<T> {
    generation: u32,
    value: T,
}

impl<T: Send + Sync> PerProcess<T> {
    pub(crate) const fn new(make: fn() -> T) -> Self {
        Self { current: AtomicPtr::new(ptr::null_mut()), make }
    }

    /// The value of this process: two loads and a comparison after its first use.
    #[inline]
    pub(crate) fn get(&self) -> &'static T {
        let current = self.current.load(Ordering::Acquire);
        match made(current).filter(|made| made.generation == fork::generation()) {
            Some(made) => &made.value,
            None => self.replace(current),
        }
    }

    #[cold]
    fn replace(&self, old: *mut Made<T>) -> &'static T {
        let new = Made { generation: fork::generation(), value: (self.make)() };
        let new: &'static mut Made<T> = Box::leak(Box::new(new));
        let new = ptr::from_mut(new);
        // Of two threads that come first together one has made its value in vain.
        let replaced = self.current.compare_exchange(old, new, Ordering::AcqRel, Ordering::Acquire);
        match made(replaced.map_or_else(|winner| winner, |_| new)) {
            Some(made) => &made.value,
            None => self.get(),
        }
    }
}

#[expect(
    unsafe_code,
    reason = "the safe ways are `OnceLock`, which hangs in a child whose parent was filling it at \
              the fork, and a lock"
)]
#[inline]
fn made<T>(pointer: *mut Made<T>) -> Option<&'static Made<T>> {
    // SAFETY: the pointer is null or comes from `Box::leak` in `replace`; nothing frees it or
    // changes it later but through `T` itself.
    unsafe { pointer.as_ref() }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn threads_of_one_process_share_one_value() {
        static COUNT: PerProcess<Mutex<u32>> = PerProcess::new(Mutex::default);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| *COUNT.get().lock().expect("nobody panics") += 1);
            }
        });
        assert_eq!(*COUNT.get().lock().expect("nobody panics"), 8);
    }
}
