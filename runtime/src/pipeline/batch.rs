//! The batch that is being filled.
//!
//! In: items, encoded to the end of one buffer. Out: closed batches.
//! Never: decides when to close.

use std::mem;

use crate::export::Batch;

/// What a dialect says of the item at the tail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    /// For how many items it counts; at least 1.
    pub(super) count: usize,
    /// For how many bytes it counts.
    pub(super) size: usize,
    /// Whether it may be in one request with the first item.
    pub(super) joins: bool,
}

/// Items so far, and behind them the tail: what an encoder has appended since the last item.
#[derive(Debug, Default)]
pub(super) struct Open {
    bytes: Vec<u8>,
    /// Where each item ends in `bytes`.
    ends: Vec<usize>,
    /// For how much the items count.
    count: usize,
    size: usize,
    /// The memory of an earlier batch: at a steady pace none is asked of the system.
    spare: (Vec<u8>, Vec<usize>),
}

impl Open {
    /// The buffer, for an encoder to append to.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// For how many the items count.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// For how many bytes the items count.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// The item that began the batch.
    pub(super) fn first(&self) -> Option<&[u8]> {
        self.ends.first().map(|&end| &self.bytes[..end])
    }

    /// Whether there is no item.
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of the items.
    fn items_len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The tail.
    pub(super) fn tail(&self) -> &[u8] {
        &self.bytes[self.items_len()..]
    }

    /// The bytes of the tail.
    pub(super) fn tail_len(&self) -> usize {
        self.bytes.len() - self.items_len()
    }

    /// Makes the tail an item, which counts for so much.
    pub(super) fn close_item(&mut self, measure: Measure) {
        self.ends.push(self.bytes.len());
        self.count += measure.count;
        self.size += measure.size;
    }

    /// Forgets the tail.
    pub(super) fn discard_tail(&mut self) {
        self.bytes.truncate(self.items_len());
    }

    /// Takes the items out; the tail stays and becomes the start of what follows.
    pub(super) fn close(&mut self) -> Batch {
        let (mut next, next_ends) = mem::take(&mut self.spare);
        next.extend_from_slice(&self.bytes[self.items_len()..]);
        self.bytes.truncate(self.items_len());
        let mut bytes = mem::replace(&mut self.bytes, next);
        let mut ends = mem::replace(&mut self.ends, next_ends);
        (self.count, self.size) = (0, 0);
        // A batch may wait for long, and only its bytes are counted.
        if bytes.len() < bytes.capacity() / 2 {
            bytes.shrink_to_fit();
            ends.shrink_to_fit();
        }
        Batch::new(bytes, ends)
    }

    /// Keeps the memory of a batch that is done, unless there is some already.
    pub(super) fn recycle(&mut self, batch: Batch) {
        if self.spare.0.capacity() > 0 {
            return;
        }
        if let Some((mut bytes, mut ends)) = batch.into_memory() {
            bytes.clear();
            ends.clear();
            self.spare = (bytes, ends);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Measure = Measure { count: 1, size: 1, joins: true };

    fn open(items: &[&str]) -> Open {
        let mut open = Open::default();
        for item in items {
            open.buffer().extend_from_slice(item.as_bytes());
            open.close_item(ONE);
        }
        open
    }

    #[test]
    fn the_tail_stays_behind_when_the_items_are_taken() {
        let mut open = open(&["a", "b"]);
        open.buffer().extend_from_slice(b"tail");
        assert_eq!((open.first(), open.tail()), (Some(&b"a"[..]), &b"tail"[..]));
        assert_eq!((open.count(), open.size()), (2, 2));
        let closed = open.close();
        assert_eq!(closed.items().collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!((open.first(), open.count(), open.size()), (None, 0, 0));
        open.close_item(ONE);
        assert_eq!(open.close().items().collect::<Vec<_>>(), [b"tail"]);
    }

    #[test]
    fn a_discarded_tail_leaves_the_items_alone() {
        let mut open = open(&["a"]);
        open.buffer().extend_from_slice(b"tail");
        open.discard_tail();
        assert_eq!((open.count(), open.tail_len()), (1, 0));
    }

    #[test]
    fn the_memory_of_a_batch_that_is_done_is_used_again() {
        let mut open = open(&["a", "b"]);
        let batch = open.close();
        let memory = batch.bytes().as_ptr();
        open.recycle(batch);
        open.close();
        open.buffer().extend_from_slice(b"c");
        open.close_item(ONE);
        assert_eq!(open.close().bytes().as_ptr(), memory);
    }

    #[test]
    fn a_small_batch_does_not_keep_large_memory() {
        let mut open = open(&["a"]);
        open.buffer().reserve(1000);
        let (bytes, _) = open.close().into_memory().expect("nobody else has it");
        assert!(bytes.capacity() < 500, "{}", bytes.capacity());
    }
}
