//! Values into words.

use std::mem::MaybeUninit;

use super::{Key, MAX_ARRAY_ELEMENTS, MAX_TEXT_BYTES, cut, kind};
use crate::span::attribute::Text;

/// Room for words: one or two slices that are filled from the front.
///
/// The caller asks for [room](Words::has_room) before it writes; a write without room is left
/// out, which a debug build refuses.
pub(in crate::span) struct Words<'a> {
    first: &'a mut [MaybeUninit<u64>],
    second: &'a mut [MaybeUninit<u64>],
    len: usize,
}

/// The words a text takes behind its head.
#[inline]
pub(in crate::span) const fn text_words(bytes: usize) -> usize {
    bytes.div_ceil(8)
}

impl<'a> Words<'a> {
    #[inline]
    pub(in crate::span) fn new(
        first: &'a mut [MaybeUninit<u64>],
        second: &'a mut [MaybeUninit<u64>],
    ) -> Self {
        Self { first, second, len: 0 }
    }

    /// Goes on behind the first `len` words, which are already there.
    #[inline]
    pub(in crate::span) fn resume(words: &'a mut [MaybeUninit<u64>], len: usize) -> Self {
        Self { first: words, second: &mut [], len }
    }

    #[inline]
    pub(in crate::span) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(in crate::span) fn has_room(&self, words: usize) -> bool {
        self.len + words <= self.first.len() + self.second.len()
    }

    #[inline]
    pub(in crate::span) fn word(&mut self, word: u64) {
        let first = self.first.len();
        let slot = if self.len < first {
            self.first.get_mut(self.len)
        } else {
            self.second.get_mut(self.len - first)
        };
        debug_assert!(slot.is_some(), "a word without room");
        if let Some(slot) = slot {
            slot.write(word);
            self.len += 1;
        }
    }

    /// Writes the words before a record's items.
    #[inline]
    pub(in crate::span) fn head<const N: usize>(&mut self, words: [u64; N]) {
        let slots = self.first.get_mut(self.len..).and_then(|room| room.first_chunk_mut::<N>());
        match slots {
            Some(slots) => {
                *slots = words.map(MaybeUninit::new);
                self.len += N;
            }
            None => self.words_across(&words.map(MaybeUninit::new)),
        }
    }

    /// Writes words that are already laid out.
    #[inline]
    pub(in crate::span) fn words(&mut self, words: &[MaybeUninit<u64>]) {
        if let Some(slots) = self.first.get_mut(self.len..self.len + words.len()) {
            slots.copy_from_slice(words);
            self.len += words.len();
            return;
        }
        self.words_across(words);
    }

    /// Writes words that lie partly before and partly behind the end of the first slice.
    #[cold]
    fn words_across(&mut self, words: &[MaybeUninit<u64>]) {
        let in_first = self.first.len().saturating_sub(self.len).min(words.len());
        let (head, tail) = words.split_at(in_first);
        let from = (self.len + head.len()).saturating_sub(self.first.len());
        let behind = self.second.get_mut(from..from + tail.len());
        debug_assert!(behind.is_some(), "words without room");
        let Some(behind) = behind else { return };
        behind.copy_from_slice(tail);
        if let Some(slots) = self.first.get_mut(self.len..self.len + head.len()) {
            slots.copy_from_slice(head);
        }
        self.len += words.len();
    }

    /// Writes the bytes of a text, padded with zeros to a whole word.
    #[inline]
    pub(in crate::span) fn bytes(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// Writes a text with its length before it.
    pub(in crate::span) fn text_block(&mut self, text: &str) {
        self.word(text.len() as u64);
        self.bytes(text.as_bytes());
    }

    #[inline]
    pub(in crate::span) fn bool(&mut self, key: Key<'_>, value: bool) {
        self.item_head(key, kind::BOOL, usize::from(value));
    }

    #[inline]
    pub(in crate::span) fn i64(&mut self, key: Key<'_>, value: i64) {
        self.item_head(key, kind::I64, 0);
        self.word(value.cast_unsigned());
    }

    #[inline]
    pub(in crate::span) fn f64(&mut self, key: Key<'_>, value: f64) {
        self.item_head(key, kind::F64, 0);
        self.word(value.to_bits());
    }

    /// Writes a text that is not longer than the limit.
    #[inline]
    pub(in crate::span) fn text(&mut self, key: Key<'_>, text: &str) {
        debug_assert!(text.len() <= MAX_TEXT_BYTES);
        self.item_head(key, kind::STR, text.len());
        self.bytes(text.as_bytes());
    }

    /// Writes at most [`MAX_ARRAY_ELEMENTS`] truth values.
    pub(in crate::span) fn bools(&mut self, key: Key<'_>, values: &[bool]) {
        self.scalars(key, kind::BOOLS, values, |&value| u64::from(value));
    }

    /// Writes at most [`MAX_ARRAY_ELEMENTS`] integers.
    pub(in crate::span) fn i64s(&mut self, key: Key<'_>, values: &[i64]) {
        self.scalars(key, kind::I64S, values, |&value| value.cast_unsigned());
    }

    /// Writes at most [`MAX_ARRAY_ELEMENTS`] numbers.
    pub(in crate::span) fn f64s(&mut self, key: Key<'_>, values: &[f64]) {
        self.scalars(key, kind::F64S, values, |&value| value.to_bits());
    }

    /// Writes at most [`MAX_ARRAY_ELEMENTS`] texts, each cut at the limit.
    pub(in crate::span) fn texts<T: Text>(&mut self, key: Key<'_>, texts: &[T]) {
        self.item_head(key, kind::STRS, texts.len().min(MAX_ARRAY_ELEMENTS));
        for text in texts.iter().take(MAX_ARRAY_ELEMENTS) {
            self.text_block(cut(text.text(), MAX_TEXT_BYTES));
        }
    }

    fn scalars<T>(&mut self, key: Key<'_>, kind: u8, values: &[T], word: impl Fn(&T) -> u64) {
        self.item_head(key, kind, values.len().min(MAX_ARRAY_ELEMENTS));
        for value in values.iter().take(MAX_ARRAY_ELEMENTS) {
            self.word(word(value));
        }
    }

    #[inline]
    fn item_head(&mut self, key: Key<'_>, kind: u8, length: usize) {
        // Every length is below the limits of this room, which fit 32 bits.
        self.word(u64::from(key.index) | u64::from(kind) << 16 | (length as u64) << 32);
        if let Some(text) = key.text {
            self.text_block(text);
        }
    }
}
