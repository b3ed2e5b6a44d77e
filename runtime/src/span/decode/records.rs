//! Records in a buffer, one after the other.

use crate::span::layout::{AMENDMENT_WORDS, What};

/// Whole records of a buffer, in their order.
pub(in crate::span) struct Records<'a>(&'a [u64]);

impl<'a> Records<'a> {
    pub(in crate::span) fn new(words: &'a [u64]) -> Self {
        Self(words)
    }

    /// Words that could not be read.
    pub(in crate::span) fn rest(&self) -> &'a [u64] {
        self.0
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = (What, &'a [u64]);

    fn next(&mut self) -> Option<Self::Item> {
        let what = What::unpack(*self.0.first()?)?;
        let (record, rest) = self.0.split_at_checked(what.record_words(self.0)?)?;
        self.0 = rest;
        Some((what, record))
    }
}

/// Amendments in the order of their times: they come from the rings of several threads.
pub(super) fn in_order(words: &[u64]) -> Vec<(What, &[u64])> {
    let mut amendments: Vec<_> = Records::new(words).collect();
    amendments.sort_by_key(|(_, record)| record.get(AMENDMENT_WORDS - 1).copied());
    amendments
}
