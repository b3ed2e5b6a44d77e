//! Encoded items, one behind the other.
//!
//! In: items appended to one buffer. Out: the items of one request, in order, or two halves.
//! Never: looks into an item.

use std::mem;

use super::{EncodeError, Exporter};

/// The encoded items of one request.
///
/// The items lie in one buffer without gaps, so that a dialect whose items join by concatenation
/// copies them in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Where each item ends in `bytes`.
    ends: Vec<usize>,
}

impl Batch {
    /// All items, one behind the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each item.
    pub fn items(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().scan(0, |start, &end| {
            let item = &self.bytes[*start..end];
            *start = end;
            Some(item)
        })
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Encodes records into one batch, whatever the limits are; for tests and measurements.
    ///
    /// # Errors
    /// The first record that cannot be encoded.
    pub fn collect<E: Exporter>(
        exporter: &mut E,
        records: &[E::Record],
    ) -> Result<Self, EncodeError> {
        let mut batch = Self::default();
        for record in records {
            exporter.encode(record, batch.buffer())?;
            batch.close_item();
        }
        Ok(batch)
    }

    /// The buffer, for an encoder to append to.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// How many bytes an encoder has appended since the last item was closed.
    pub(crate) fn tail_len(&self) -> usize {
        self.bytes.len() - self.ends.last().copied().unwrap_or(0)
    }

    /// Makes the tail an item.
    pub(crate) fn close_item(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Forgets the tail.
    pub(crate) fn discard_tail(&mut self) {
        self.bytes.truncate(self.ends.last().copied().unwrap_or(0));
    }

    /// Takes the closed items out; the tail stays and becomes the start of what follows.
    pub(crate) fn take_closed(&mut self) -> Self {
        let tail = self.bytes.split_off(self.ends.last().copied().unwrap_or(0));
        let mut closed = mem::take(self);
        closed.bytes.shrink_to_fit();
        closed.ends.shrink_to_fit();
        // The next batch is likely as large: growing to it step by step would copy it twice over.
        self.bytes = Vec::with_capacity(closed.bytes.len().max(tail.len()));
        self.bytes.extend_from_slice(&tail);
        self.ends = Vec::with_capacity(closed.ends.len());
        closed
    }

    /// Divides the items into two halves by count; `Err` when there are fewer than two.
    pub(crate) fn split(mut self) -> Result<(Self, Self), Self> {
        let half = self.ends.len() / 2;
        if half == 0 {
            return Err(self);
        }
        let offset = self.ends[half - 1];
        let mut ends = self.ends.split_off(half);
        for end in &mut ends {
            *end -= offset;
        }
        let bytes = self.bytes.split_off(offset);
        Ok((self, Self { bytes, ends }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(items: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for item in items {
            batch.buffer().extend_from_slice(item.as_bytes());
            batch.close_item();
        }
        batch
    }

    fn texts(batch: &Batch) -> Vec<&str> {
        batch.items().map(|item| std::str::from_utf8(item).expect("test items are text")).collect()
    }

    #[test]
    fn items_come_back_as_they_went_in() {
        let batch = batch(&["one", "", "three"]);
        assert_eq!(texts(&batch), ["one", "", "three"]);
        assert_eq!((batch.len(), batch.bytes()), (3, &b"onethree"[..]));
    }

    #[test]
    fn a_split_loses_nothing_and_keeps_the_order() {
        let (first, second) = batch(&["a", "bb", "ccc"]).split().expect("three items split");
        assert_eq!((texts(&first), texts(&second)), (vec!["a"], vec!["bb", "ccc"]));
        assert_eq!(batch(&["a"]).split(), Err(batch(&["a"])));
        assert_eq!(Batch::default().split(), Err(Batch::default()));
    }

    #[test]
    fn the_tail_stays_behind_when_the_closed_items_are_taken() {
        let mut open = batch(&["a", "b"]);
        open.buffer().extend_from_slice(b"tail");
        assert_eq!(open.tail_len(), 4);
        assert_eq!(texts(&open.take_closed()), ["a", "b"]);
        open.close_item();
        assert_eq!(texts(&open), ["tail"]);
    }

    #[test]
    fn a_discarded_tail_leaves_the_items_alone() {
        let mut open = batch(&["a"]);
        open.buffer().extend_from_slice(b"tail");
        open.discard_tail();
        assert_eq!((texts(&open), open.tail_len()), (vec!["a"], 0));
    }
}
