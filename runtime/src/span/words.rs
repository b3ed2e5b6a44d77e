//! How values lie in words: the one layout shared by a frame's inline room, the ring and the
//! collector.
//!
//! An item is a head word `key: u16 | type: u8 | 0: u8 | length: u32`, the key as a text block when
//! it is known only at run time, and the value:
//!
//! ```text
//! bool   in the head's length     i64, f64   one word        text   its bytes, padded with zeros
//! array of bool, i64, f64   one word each        array of text   per text: a length word, bytes
//! ```
//!
//! In: typed values. Out: words, and values again.
//! Never: allocates while it writes; trusts a length while it reads.

mod read;
mod write;

pub(super) use read::{Item, Reader};
pub(super) use write::{Words, text_words};

/// The key of an item: an index into the callsite's keys, one of the constants, or a text known
/// only at run time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    index: u16,
    text: Option<&'a str>,
}

impl<'a> Key<'a> {
    /// The key is a text block behind the head.
    const DYNAMIC: u16 = 0xFFFF;
    /// The same, for an annotation.
    const DYNAMIC_ANNOTATION: u16 = 0xFFF3;
    /// The same, for metadata: the text is namespace, zero byte, key.
    const DYNAMIC_METADATA: u16 = 0xFFF2;
    /// The span's name.
    pub(super) const NAME: Self = Self::at(0xFFFE);
    /// Somebody said that the span failed; the value is the status message.
    pub(super) const STATUS_ERROR: Self = Self::at(0xFFFD);
    /// Somebody said that the span succeeded.
    pub(super) const STATUS_OK: Self = Self::at(0xFFFC);
    /// What was returned says that the span failed; the value is the status message unless
    /// somebody has said one.
    pub(super) const FAILURE: Self = Self::at(0xFFFB);
    /// The span's kind as a number.
    pub(super) const KIND: Self = Self::at(0xFFFA);
    /// The attribute `error.type`.
    pub(super) const ERROR_TYPE: Self = Self::at(0xFFF9);

    /// The error becomes an event too; the value is the event's level.
    pub(super) const EXCEPTION: Self = Self::at(0xFFF8);

    /// When the span began, in nanoseconds since the Unix epoch, instead of its own reading.
    pub(super) const START_UNIX_NS: Self = Self::at(0xFFF7);
    /// When the span ended, in nanoseconds since the Unix epoch, instead of its own reading.
    pub(super) const END_UNIX_NS: Self = Self::at(0xFFF6);

    /// Time from the end of the span to its own reading, in ticks.
    pub(super) const ENDED_BEFORE: Self = Self::at(0xFFF1);
    /// Time that the span was entered, in ticks.
    pub(super) const BUSY: Self = Self::at(0xFFF0);
    /// Time that the span was not entered, in ticks.
    pub(super) const IDLE: Self = Self::at(0xFFEF);

    /// The class of the error, as a number.
    pub(super) const ERROR_CLASS: Self = Self::at(0xFFF5);
    /// What the error said, then each error below it.
    pub(super) const ERRORS: Self = Self::at(0xFFF4);

    /// The key at an index of the callsite.
    #[inline]
    pub(super) const fn at(index: u16) -> Self {
        Self { index, text: None }
    }

    /// A key known at run time, cut at [`MAX_KEY_BYTES`].
    pub(super) fn text(text: &'a str) -> Self {
        Self { index: Self::DYNAMIC, text: Some(cut(text, MAX_KEY_BYTES)) }
    }

    /// The key of an annotation, known at run time.
    pub(super) fn annotation(text: &'a str) -> Self {
        Self { index: Self::DYNAMIC_ANNOTATION, ..Self::text(text) }
    }

    /// The key of metadata, known at run time: namespace, zero byte, key.
    pub(super) fn metadata(text: &'a str) -> Self {
        Self { index: Self::DYNAMIC_METADATA, ..Self::text(text) }
    }

    /// What a key that was known only at run time is, by the index of its item.
    pub(super) const fn dynamic(index: u16) -> Option<Dynamic> {
        match index {
            Self::DYNAMIC => Some(Dynamic::Attribute),
            Self::DYNAMIC_ANNOTATION => Some(Dynamic::Annotation),
            Self::DYNAMIC_METADATA => Some(Dynamic::Metadata),
            _ => None,
        }
    }

    /// The index or constant, as the reader finds it.
    pub(super) const fn index(self) -> u16 {
        self.index
    }

    /// The words the key takes beside the head.
    #[inline]
    pub(super) const fn words(self) -> usize {
        match self.text {
            Some(text) => 1 + text_words(text.len()),
            None => 0,
        }
    }
}

/// What a key known only at run time is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dynamic {
    /// An attribute.
    Attribute,
    /// An annotation.
    Annotation,
    /// Metadata.
    Metadata,
}

/// The type of a value in its head.
mod kind {
    pub(super) const BOOL: u8 = 0;
    pub(super) const I64: u8 = 1;
    pub(super) const F64: u8 = 2;
    pub(super) const STR: u8 = 3;
    pub(super) const BOOLS: u8 = 4;
    pub(super) const I64S: u8 = 5;
    pub(super) const F64S: u8 = 6;
    pub(super) const STRS: u8 = 7;
}

/// The longest text that one value may carry, in bytes; longer text is cut on a char boundary.
///
/// Honeycomb's limit for a string field, the smallest of our destinations.
/// Source: <https://docs.honeycomb.io/reference/limits/>.
pub(super) const MAX_TEXT_BYTES: usize = 65_535;

/// The longest key known at run time, in bytes.
const MAX_KEY_BYTES: usize = 1_024;

/// The most elements one array may carry; further ones are left out.
pub(super) const MAX_ARRAY_ELEMENTS: usize = 1_024;

/// Cuts a text to at most `max_bytes` bytes on a char boundary.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

#[cfg(test)]
mod tests;
