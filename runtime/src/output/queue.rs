//! Queue between the threads that print and the thread that writes.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes to write, and the recipient of their outcome.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    pub(super) receipt: Box<dyn Receipt>,
}

/// Recipient of the outcome of one write.
pub(crate) trait Receipt: Send {
    /// Returns true if the bytes are still to be written.
    fn is_wanted(&self) -> bool {
        true
    }

    /// Takes the outcome, on the writer thread. Must not block.
    fn settle(self: Box<Self>, written: io::Result<()>);
}

/// Reason why bytes were not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The queue is full, because the stream is not read.
    Full,
    /// The system gave no thread.
    NoThread,
}

/// Pieces that wait to be written, bounded in bytes.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    pieces: VecDeque<Piece>,
    /// Bytes of the pieces, the one that is being written included.
    bytes: usize,
    is_writing: bool,
    has_thread: bool,
}

impl Queue {
    pub(super) const fn new() -> Self {
        let state =
            State { pieces: VecDeque::new(), bytes: 0, is_writing: false, has_thread: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Appends a piece if at most `max_bytes` wait afterwards; `start` starts the writer thread if none
    /// runs. Blocks for a moment only.
    pub(super) fn push(
        &self,
        piece: Piece,
        max_bytes: usize,
        start: impl FnOnce() -> bool,
    ) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.bytes + piece.bytes.len() > max_bytes {
            return Err(Refusal::Full);
        }
        state.has_thread = state.has_thread || start();
        if !state.has_thread {
            return Err(Refusal::NoThread);
        }
        state.bytes += piece.bytes.len();
        state.pieces.push_back(piece);
        drop(state);
        self.changed.notify_all();
        Ok(())
    }

    /// Removes the oldest piece, which counts as waiting until [`finish`](Self::finish); blocks until
    /// there is one.
    pub(super) fn take(&self) -> Piece {
        let mut state = self.lock();
        loop {
            if let Some(piece) = state.pieces.pop_front() {
                state.is_writing = true;
                return piece;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Settles the piece that was taken last.
    pub(super) fn finish(&self, piece: Piece, written: io::Result<()>) {
        // First, so that whoever waited for the queue finds the outcome.
        let len = piece.bytes.len();
        piece.receipt.settle(written);
        let mut state = self.lock();
        state.bytes -= len;
        state.is_writing = false;
        drop(state);
        self.changed.notify_all();
    }

    /// Blocks until nothing waits, up to `timeout`; returns false if something still does.
    pub(super) fn wait_until_empty(&self, timeout: Duration) -> bool {
        let is_busy = |state: &mut State| state.is_writing || !state.pieces.is_empty();
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, is_busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "the stream is not read, and its queue is full",
            Self::NoThread => "cannot start the thread that writes",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps the outcome.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<bool>>>);

    impl Receipt for Kept {
        fn settle(self: Box<Self>, written: io::Result<()>) {
            self.0.lock().expect("nothing panics while holding it").push(written.is_ok());
        }
    }

    fn piece(len: usize, kept: &Kept) -> Piece {
        Piece { bytes: vec![b'x'; len], receipt: Box::new(kept.clone()) }
    }

    #[test]
    fn queue_is_bounded_in_bytes_until_they_are_written() {
        let (queue, kept) = (Queue::new(), Kept::default());
        let push = |len| queue.push(piece(len, &kept), 10, || true);
        assert_eq!((push(6), push(5), push(4)), (Ok(()), Err(Refusal::Full), Ok(())));
        let first = queue.take();
        assert_eq!(push(1), Err(Refusal::Full), "what is being written still counts");
        assert!(!queue.wait_until_empty(Duration::ZERO));
        queue.finish(first, Ok(()));
        assert_eq!(push(6), Ok(()));
        for written in [Err(io::Error::other("closed")), Ok(())] {
            queue.finish(queue.take(), written);
        }
        assert!(queue.wait_until_empty(Duration::ZERO));
        assert_eq!(*kept.0.lock().unwrap(), [true, false, true]);
    }

    #[test]
    fn thread_that_the_system_refuses_is_started_with_a_later_piece() {
        let (queue, kept) = (Queue::new(), Kept::default());
        let mut starts = Vec::new();
        for works in [false, true, true] {
            let start = || {
                starts.push(works);
                works
            };
            let pushed = queue.push(piece(1, &kept), 10, start);
            assert_eq!(pushed.is_ok(), works);
        }
        assert_eq!(starts, [false, true]);
    }
}
