//! Encoded items, one behind the other.
//!
//! In: items in one buffer. Out: the items of one request, in order, parts of them, or smaller items.
//! Never: looks into an item.

use bytes::Bytes;

use super::{EncodeError, Exporter};

/// The encoded items of one request.
///
/// The items lie in one buffer without gaps, so that a dialect whose items join by concatenation
/// sends the buffer as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    bytes: Bytes,
    /// Where each item ends in `bytes`.
    ends: Vec<usize>,
}

impl Batch {
    /// Encodes records into one batch, whatever the limits are; for tests and measurements.
    ///
    /// # Errors
    /// The first record that cannot be encoded.
    pub fn collect<E: Exporter>(
        exporter: &mut E,
        records: &[E::Record],
    ) -> Result<Self, EncodeError> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for record in records {
            exporter.encode(record, &mut bytes)?;
            ends.push(bytes.len());
        }
        Ok(Self::new(bytes, ends))
    }

    /// Takes a buffer and where each item ends in it; the last one ends with the buffer.
    pub(crate) fn new(bytes: Vec<u8>, ends: Vec<usize>) -> Self {
        debug_assert_eq!(ends.last().copied().unwrap_or(0), bytes.len());
        Self { bytes: bytes.into(), ends }
    }

    /// All items, one behind the other; a clone shares the buffer.
    pub fn bytes(&self) -> &Bytes {
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

    /// Number of items at the start that have at most so many bytes together; at least 1.
    pub(crate) fn fitting(&self, max_bytes: usize) -> usize {
        self.ends.partition_point(|end| *end <= max_bytes).max(1)
    }

    /// Takes the items from this one on out; `None` when there are none.
    pub(crate) fn split_off(&mut self, at: usize) -> Option<Self> {
        if at >= self.ends.len() {
            return None;
        }
        let offset = at.checked_sub(1).map_or(0, |last| self.ends[last]);
        let mut ends = self.ends.split_off(at);
        for end in &mut ends {
            *end -= offset;
        }
        let bytes = self.bytes.split_off(offset);
        Some(Self { bytes, ends })
    }

    /// Separates the items that `goes` picks from the others; copies them only if there are any.
    pub(crate) fn extract(&mut self, goes: impl Fn(&[u8]) -> bool) -> Self {
        if !self.items().any(&goes) {
            return Self::default();
        }
        let (mut stay, mut gone) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for item in self.items() {
            let (bytes, ends) = if goes(item) { &mut gone } else { &mut stay };
            bytes.extend_from_slice(item);
            ends.push(bytes.len());
        }
        *self = Self::new(stay.0, stay.1);
        Self::new(gone.0, gone.1)
    }

    /// What `reduce` makes of each item; items of which it makes nothing smaller are left out.
    pub(crate) fn reduce(&self, reduce: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for item in self.items() {
            let smaller = reduce(item).filter(|form| form.len() < item.len());
            if let Some(smaller) = smaller {
                bytes.extend_from_slice(&smaller);
                ends.push(bytes.len());
            }
        }
        Self::new(bytes, ends)
    }

    /// The memory of the batch, when nobody else has a part of it.
    pub(crate) fn into_memory(self) -> Option<(Vec<u8>, Vec<usize>)> {
        self.bytes.is_unique().then(|| (self.bytes.into(), self.ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(items: &[&str]) -> Batch {
        let ends = items.iter().scan(0, |end, item| {
            *end += item.len();
            Some(*end)
        });
        Batch::new(items.concat().into_bytes(), ends.collect())
    }

    fn texts(batch: &Batch) -> Vec<&str> {
        batch.items().map(|item| std::str::from_utf8(item).expect("test items are text")).collect()
    }

    #[test]
    fn items_come_back_as_they_went_in() {
        let batch = batch(&["one", "", "three"]);
        assert_eq!(texts(&batch), ["one", "", "three"]);
        assert_eq!((batch.len(), &batch.bytes()[..]), (3, &b"onethree"[..]));
    }

    #[test]
    fn a_split_loses_nothing_and_keeps_the_order() {
        let mut first = batch(&["a", "bb", "ccc"]);
        let second = first.split_off(1).expect("three items split");
        assert_eq!((texts(&first), texts(&second)), (vec!["a"], vec!["bb", "ccc"]));
        assert_eq!(first.split_off(1), None);
        assert_eq!(Batch::default().split_off(0), None);
        assert_eq!((first.split_off(0), first), (Some(batch(&["a"])), Batch::default()));
    }

    #[test]
    fn items_are_counted_up_to_a_size_and_at_least_one() {
        let batch = batch(&["aa", "bb", "ccc"]);
        let found = [0, 1, 2, 3, 4, 6, 7, 8].map(|max_bytes| batch.fitting(max_bytes));
        assert_eq!(found, [1, 1, 1, 1, 2, 2, 3, 3]);
    }

    #[test]
    fn extracted_items_and_the_others_keep_their_order() {
        let mut rest = batch(&["a", "bb", "c", "dd"]);
        let long = rest.extract(|item| item.len() > 1);
        assert_eq!((texts(&long), texts(&rest)), (vec!["bb", "dd"], vec!["a", "c"]));
        assert_eq!((rest.extract(|item| item.len() > 1), rest.len()), (Batch::default(), 2));
    }

    #[test]
    fn only_what_became_smaller_is_left_of_a_reduced_batch() {
        let forms = |item: &[u8]| match item {
            b"half" => Some(b"ha".to_vec()),
            b"same" => Some(b"SAME".to_vec()),
            b"more" => Some(b"more than before".to_vec()),
            b"empty" => Some(Vec::new()),
            _ => None,
        };
        let reduced = batch(&["none", "half", "same", "more", "", "empty", "half"]).reduce(forms);
        assert_eq!(texts(&reduced), ["ha", "", "ha"]);
        assert_eq!(batch(&["none"]).reduce(forms), Batch::default());
    }

    #[test]
    fn memory_in_use_elsewhere_is_not_handed_out() {
        let batch = batch(&["a"]);
        let body = batch.bytes().clone();
        assert_eq!(batch.clone().into_memory(), None);
        drop(body);
        let (bytes, ends) = batch.into_memory().expect("nobody else has it");
        assert_eq!((bytes, ends), (b"a".to_vec(), vec![1]));
    }
}
