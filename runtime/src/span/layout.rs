//! How a record begins: the words before its items.
//!
//! In: the end of a span, something said about a span that still runs, or an event of the log. Out:
//! one record in the ring, and the same parts again for the collector.
//! Never: leaves the process.
//!
//! ```text
//! end of a span   0 what  1 callsite  2 trace high  3 trace low  4 span  5 parent  6 root
//!                 7 start ticks  8 end ticks  (9 parent segment, for a segment)  … items
//! amendment       0 what  1 callsite  2 span  3 ticks  4… items
//! event of the    0 what  1 callsite  2 span  3 ticks  4 trace high  5 trace low  6 span of those that
//! log               take spans  7 root  8 random  9 item words  … items
//! what            tag: u8 | outcome: u3 | takers: u2 | unused: u3 | traits: u7 | remote: u2
//!                 | level: u3 | rate: u10 | tracer: u10 | item words: u16
//! ```

use super::traits::Traits;
use crate::record::{Destinations, Outcome};

/// The words of a span's end before its items; a segment has one more.
pub(super) const END_WORDS: usize = 9;

/// Where the takers of a span are in the first word.
const TAKERS_AT: u32 = 11;

/// Where the remote parents of a span are in the first word.
const REMOTE_AT: u32 = 23;

/// The words of an amendment before its items.
pub(super) const AMENDMENT_WORDS: usize = 4;

/// The words of an event of the log before its items: it may say more than the first word can count.
pub(super) const LOG_WORDS: usize = 10;

/// Where an event of the log says how many words its items take.
const LOG_ITEM_WORDS_AT: usize = LOG_WORDS - 1;

/// The most words the items of one record may take: half a ring, so that a large value can always
/// be sent once the ring has been drained. It fits the 16 bits of the first word.
pub(super) const MAX_ITEM_WORDS: usize = super::ring::CAPACITY_WORDS / 2;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tag {
    /// The end of a span.
    End = 1,
    /// Attributes, name, status or kind of a span that still runs.
    Items = 2,
    /// An event: its name, then its attributes.
    Event = 3,
    /// A link: trace high, trace low, span, flags, then its attributes.
    Link = 4,
    /// An event at a time of day: nanoseconds since the Unix epoch, then the same as an event.
    TimedEvent = 5,
    /// An event of the log.
    Log = 6,
}

/// The parents of a span that live in another process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct RemoteParent(u8);

impl RemoteParent {
    /// None of them.
    pub(super) const NONE: Self = Self(0);
    /// The segment that a subsegment stands below, though it is the first span of this process.
    pub(super) const SEGMENT: Self = Self(0b01);
    /// The span.
    pub(super) const SPAN: Self = Self(0b10);
    const BOTH: Self = Self(0b11);

    /// Returns `self` if `holds`, and none otherwise.
    pub(super) const fn when(self, holds: bool) -> Self {
        if holds { self } else { Self::NONE }
    }

    /// The members of either set.
    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns true if the segment is in another process.
    pub(super) const fn has_segment(self) -> bool {
        self.0 & Self::SEGMENT.0 != 0
    }

    /// Returns true if the span is in another process.
    pub(super) const fn has_span(self) -> bool {
        self.0 & Self::SPAN.0 != 0
    }
}

/// The first word of a record, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct What {
    pub(super) tag: Tag,
    /// The outcome, where a span ends.
    pub(super) outcome: Outcome,
    /// Who takes the span, where one ends; who takes those around it, where the log has an event.
    pub(super) takers: Destinations,
    pub(super) traits: Traits,
    /// The parents of the span that live in another process.
    pub(super) remote: RemoteParent,
    pub(super) item_words: u16,
}

impl What {
    #[inline]
    pub(super) const fn pack(self) -> u64 {
        self.tag as u64
            | (self.outcome as u64) << 8
            | (self.takers.bits() as u64) << TAKERS_AT
            | self.traits.bits()
            | (self.remote.0 as u64) << REMOTE_AT
            | (self.item_words as u64) << 48
    }

    #[expect(clippy::cast_possible_truncation, reason = "the word is taken apart")]
    pub(super) fn unpack(word: u64) -> Option<Self> {
        let tag = match word as u8 {
            1 => Tag::End,
            2 => Tag::Items,
            3 => Tag::Event,
            4 => Tag::Link,
            5 => Tag::TimedEvent,
            6 => Tag::Log,
            _ => return None,
        };
        let outcome = match (word >> 8) as u8 & 0b111 {
            0 => Outcome::Ok,
            1 => Outcome::Error,
            2 => Outcome::None,
            3 => Outcome::Panic,
            4 => Outcome::Cancelled,
            _ => return None,
        };
        Some(Self {
            tag,
            outcome,
            takers: Destinations::from_bits((word >> TAKERS_AT) as u8),
            traits: Traits::from_bits(word),
            remote: RemoteParent((word >> REMOTE_AT) as u8 & RemoteParent::BOTH.0),
            item_words: (word >> 48) as u16,
        })
    }

    /// The words of the whole record that begins these.
    pub(super) fn record_words(self, words: &[u64]) -> Option<usize> {
        let item_words = match self.tag {
            Tag::Log => usize::try_from(*words.get(LOG_ITEM_WORDS_AT)?).ok()?,
            _ => usize::from(self.item_words),
        };
        self.head_words().checked_add(item_words)
    }

    /// The words before the items.
    pub(super) fn head_words(self) -> usize {
        match self.tag {
            Tag::End => END_WORDS + usize::from(self.takers.contains(Destinations::SEGMENTS)),
            Tag::Items | Tag::Event | Tag::Link | Tag::TimedEvent => AMENDMENT_WORDS,
            Tag::Log => LOG_WORDS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Level, TraceFlags};

    #[test]
    fn the_first_word_reads_what_it_packs() {
        let what = What {
            tag: Tag::Event,
            outcome: Outcome::Cancelled,
            takers: Destinations::SEGMENTS,
            traits: Traits::new(TraceFlags::SAMPLED.with(TraceFlags::RANDOM), 513, Level::Trace)
                .with_rate(1022),
            remote: RemoteParent::SPAN,
            item_words: u16::MAX,
        };
        assert_eq!(What::unpack(what.pack()), Some(what));
        assert_eq!(What::unpack(0), None);
    }
}
