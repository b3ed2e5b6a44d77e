//! Words into values.

use std::borrow::Cow;

use super::{Key, kind};
use crate::record::{Array, Value};

/// Reads items from the words of one record; ends early rather than trust a wrong length.
pub(in crate::span) struct Reader<'a> {
    words: &'a [u64],
}

/// A key and its value as they lie in a record.
#[derive(Debug, PartialEq)]
pub(in crate::span) struct Item {
    /// An index into the callsite's keys, or one of the constants of [`Key`].
    pub(in crate::span) key: u16,
    /// The key's text when it was known only at run time.
    pub(in crate::span) dynamic_key: Option<String>,
    pub(in crate::span) value: Value,
}

impl<'a> Reader<'a> {
    pub(in crate::span) fn new(words: &'a [u64]) -> Self {
        Self { words }
    }

    pub(in crate::span) fn word(&mut self) -> Option<u64> {
        let (&word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }

    /// Reads a text with its length before it.
    pub(in crate::span) fn text_block(&mut self) -> Option<String> {
        let bytes = usize::try_from(self.word()?).ok()?;
        self.text(bytes)
    }

    fn text(&mut self, bytes: usize) -> Option<String> {
        let words = self.take(super::text_words(bytes))?;
        let mut text = Vec::with_capacity(words.len() * 8);
        for word in words {
            text.extend_from_slice(&word.to_le_bytes());
        }
        text.truncate(bytes);
        String::from_utf8(text).ok()
    }

    fn take(&mut self, count: usize) -> Option<&'a [u64]> {
        let (taken, rest) = self.words.split_at_checked(count)?;
        self.words = rest;
        Some(taken)
    }

    fn item(&mut self) -> Option<Item> {
        let head = self.word()?;
        let (item_key, kind, length) = parts(head);
        let dynamic_key = match Key::dynamic(item_key) {
            Some(_) => Some(self.text_block()?),
            None => None,
        };
        let value = match kind {
            kind::BOOL => Value::Bool(length != 0),
            kind::I64 => Value::I64(self.word()?.cast_signed()),
            kind::F64 => Value::F64(f64::from_bits(self.word()?)),
            kind::STR => Value::Str(Cow::Owned(self.text(length)?)),
            _ => Value::Array(self.array(kind, length)?),
        };
        Some(Item { key: item_key, dynamic_key, value })
    }

    /// Returns the number of attributes to make room for: one for each item that is left, and for the rate of
    /// sampling and the user, so that the list does not grow to twice its size for them. Reads no value.
    pub(in crate::span) fn room_for_attributes(&self) -> usize {
        let mut rest = Self { words: self.words };
        match std::iter::from_fn(|| rest.skip_item()).count() {
            0 => 0,
            items => items + 2,
        }
    }

    fn skip_item(&mut self) -> Option<()> {
        let head = self.word()?;
        let (item_key, kind, length) = parts(head);
        if Key::dynamic(item_key).is_some() {
            self.skip_text()?;
        }
        match kind {
            kind::BOOL => {}
            kind::I64 | kind::F64 => drop(self.word()?),
            kind::STR => drop(self.take(super::text_words(length))?),
            kind::STRS => (0..length).try_for_each(|_| self.skip_text())?,
            _ => drop(self.take(length)?),
        }
        Some(())
    }

    fn skip_text(&mut self) -> Option<()> {
        let bytes = usize::try_from(self.word()?).ok()?;
        self.take(super::text_words(bytes)).map(drop)
    }

    fn array(&mut self, kind: u8, length: usize) -> Option<Array> {
        Some(match kind {
            kind::BOOLS => Array::Bool(self.take(length)?.iter().map(|&word| word != 0).collect()),
            kind::I64S => {
                Array::I64(self.take(length)?.iter().map(|word| word.cast_signed()).collect())
            }
            kind::F64S => {
                Array::F64(self.take(length)?.iter().map(|&word| f64::from_bits(word)).collect())
            }
            kind::STRS => Array::Str((0..length).map_while(|_| self.text_block()).collect()),
            _ => return None,
        })
    }
}

/// Returns the key, kind and length of the item that a word is the head of.
#[expect(clippy::cast_possible_truncation, reason = "the head is taken apart")]
const fn parts(head: u64) -> (u16, u8, usize) {
    (head as u16, (head >> 16) as u8, (head >> 32) as usize)
}

impl Iterator for Reader<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        self.item()
    }
}
