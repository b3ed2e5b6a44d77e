//! Encoded items, one behind the other.
//!
//! In: items in one buffer. Out: the items of one request, in order, two halves, or smaller items.
//! Never: looks into an item, copies one.

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
        let (first, second) = batch(&["a", "bb", "ccc"]).split().expect("three items split");
        assert_eq!((texts(&first), texts(&second)), (vec!["a"], vec!["bb", "ccc"]));
        assert_eq!(batch(&["a"]).split(), Err(batch(&["a"])));
        assert_eq!(Batch::default().split(), Err(Batch::default()));
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
