//! Standard output and standard error, each written by a thread of its own.
//!
//! A pipe that is not read and a stopped terminal block whoever writes to them. So threads of the
//! application and of delivery only append to a [queue](queue) that is bounded in bytes, and learn of the
//! outcome by a [`Receipt`]. The thread starts with the first piece, sleeps without a timeout while there
//! is none, and never ends. A forked child, which has neither the thread nor perhaps the lock of the
//! queue, begins anew.

mod queue;
mod stream;

use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use queue::{Piece, Queue};
pub(crate) use queue::{Receipt, Refusal};
use stream::Stream;

/// Standard error, for diagnostics: as much as a pipe usually holds.
pub(crate) static STDERR: Output = Output::new(Stream::Stderr, 64 * 1024);

/// Standard output, for the console: a few requests of its exporters.
#[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the console uses it"))]
pub(crate) static STDOUT: Output = Output::new(Stream::Stdout, 8 * 1024 * 1024);

/// Attempts to see what another thread of this process is adding.
const ATTEMPTS: usize = 1_000;

/// One stream and what waits to be written to it.
pub(crate) struct Output {
    stream: Stream,
    max_bytes: usize,
    first: Owned,
}

/// Queue of one process, and those of the processes forked from it.
struct Owned {
    /// Id of the process; zero while no process has used it.
    process: AtomicU32,
    queue: Queue,
    /// True once a thread adds the next one.
    has_next: AtomicBool,
    next: OnceLock<Box<Self>>,
}

impl Output {
    const fn new(stream: Stream, max_bytes: usize) -> Self {
        Self { stream, max_bytes, first: Owned::new() }
    }

    /// Appends bytes to be written; never waits for the stream. The receipt gets the outcome, unless they
    /// are refused.
    pub(crate) fn write(
        &'static self,
        bytes: Vec<u8>,
        receipt: impl Receipt + 'static,
    ) -> Result<(), Refusal> {
        let queue = self.first.find_or_add(process::id()).ok_or(Refusal::NoThread)?;
        let piece = Piece { bytes, receipt: Box::new(receipt) };
        queue.push(piece, self.max_bytes, || start(self.stream, queue))
    }

    /// Blocks until everything is written, up to `timeout`; returns false if something is not.
    pub(crate) fn flush(&'static self, timeout: Duration) -> bool {
        let queue = self.first.find(process::id());
        queue.is_none_or(|queue| queue.wait_until_empty(timeout))
    }
}

impl Owned {
    const fn new() -> Self {
        Self {
            process: AtomicU32::new(0),
            queue: Queue::new(),
            has_next: AtomicBool::new(false),
            next: OnceLock::new(),
        }
    }

    /// The queue of the process `id`, if it has one.
    fn find(&self, id: u32) -> Option<&Queue> {
        if self.process.load(Ordering::Acquire) == id {
            return Some(&self.queue);
        }
        self.next.get()?.find(id)
    }

    /// The queue of the process `id`, which gets one if it has none; `None` if a thread of its parent was
    /// adding one at the fork.
    fn find_or_add(&self, id: u32) -> Option<&Queue> {
        let owner = self.process.compare_exchange(0, id, Ordering::AcqRel, Ordering::Acquire);
        match owner {
            Ok(_) => Some(&self.queue),
            Err(owner) if owner == id => Some(&self.queue),
            Err(_) => self.next()?.find_or_add(id),
        }
    }

    /// The one after this, which the first caller adds.
    fn next(&self) -> Option<&Self> {
        if !self.has_next.swap(true, Ordering::AcqRel) {
            return Some(self.next.get_or_init(|| Box::new(Self::new())));
        }
        for _ in 0..ATTEMPTS {
            if let Some(next) = self.next.get() {
                return Some(next);
            }
            thread::yield_now();
        }
        None
    }
}

/// Starts the thread that writes what is queued; false if the system refuses it.
fn start(stream: Stream, queue: &'static Queue) -> bool {
    let work = move || {
        loop {
            let piece = queue.take();
            let is_wanted = piece.receipt.is_wanted();
            let written = if is_wanted { stream.write(&piece.bytes) } else { Ok(()) };
            queue.finish(piece, written);
        }
    };
    thread::Builder::new().name(stream.thread_name().to_owned()).spawn(work).is_ok()
}

#[cfg(test)]
mod tests {
    use std::ptr;

    use super::*;

    #[test]
    fn each_process_has_one_queue() {
        let first = Owned::new();
        assert!(first.find(7).is_none());
        for id in [7, 8, 9] {
            let queue = first.find_or_add(id).expect("nothing is in the way");
            assert!(ptr::eq(queue, first.find_or_add(id).expect("it is there")));
            assert!(ptr::eq(queue, first.find(id).expect("it is there")));
        }
        let queues = [7, 8, 9].map(|id| ptr::from_ref(first.find(id).expect("it is there")));
        assert!(queues[0] != queues[1] && queues[1] != queues[2] && queues[0] != queues[2]);
    }

    #[test]
    fn forked_child_does_not_wait_for_a_queue_that_its_parent_was_adding() {
        let first = Owned::new();
        first.process.store(7, Ordering::Relaxed);
        first.has_next.store(true, Ordering::Relaxed);
        assert!(first.find_or_add(8).is_none());
    }
}
