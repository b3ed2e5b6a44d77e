//! What is said about a span that still runs: attributes, events, links, status.
//!
//! It travels through the ring of the thread that says it, and the collector adds it to the span
//! when the span ends; so a span can be amended from anywhere without a lock.
//! In: a context and a payload. Out: one record in the ring.
//! Never: touches the frame of the span.

use std::mem::MaybeUninit;

use super::attribute;
use super::callsite::{AttributeName, Callsite, MANUAL};
use super::clock;
use super::current::{self, Current};
use super::handle::SpanRef;
use super::layout::{AMENDMENT_WORDS, MAX_ITEM_WORDS, RemoteParent, Tag, What};
use super::sink::{Buffer, Filled, Recorder, Sink};
use super::words::{Key, Words, text_words};
use super::{AMENDMENTS, ring};
use crate::loss::LossReason;
use crate::record::{Destinations, Outcome, SpanContext};

/// A list of attributes as the manual interface takes it: keys and values.
pub type Attributes<'a> = [(&'a str, &'a dyn super::attribute::ToAttribute)];

/// A callsite as a word; the collector turns it back.
#[inline]
pub(super) fn address(callsite: &'static Callsite) -> u64 {
    std::ptr::from_ref(callsite).expose_provenance() as u64
}

/// Adds one item to a span.
pub(super) fn items(
    context: Current,
    callsite: &'static Callsite,
    words: usize,
    write: impl FnOnce(&mut Words<'_>),
) {
    send(context, Tag::Items, callsite, words, write);
}

/// Adds an event to a span, now or at a time of day.
pub(super) fn event(
    context: Current,
    unix_ns: Option<u64>,
    name: &str,
    attributes: &Attributes<'_>,
) {
    let items = gathered(attributes);
    let words = 1 + text_words(name.len()) + items.len();
    let (tag, words) = match unix_ns {
        Some(_) => (Tag::TimedEvent, 1 + words),
        None => (Tag::Event, words),
    };
    send(context, tag, &MANUAL, words, |room| {
        if let Some(unix_ns) = unix_ns {
            room.word(unix_ns);
        }
        room.text_block(name);
        room.words(&items);
    });
}

/// Adds a link to a span; nothing where `to` names no span.
pub(super) fn link(context: Current, to: SpanContext, attributes: &Attributes<'_>) {
    if !to.is_valid() {
        return;
    }
    let items = gathered(attributes);
    send(context, Tag::Link, &MANUAL, LINK_WORDS + items.len(), |room| {
        let trace_id = to.trace_id.to_u128();
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of the id")]
        let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
        room.word(high);
        room.word(low);
        room.word(to.span_id.to_u64());
        room.word(u64::from(to.flags.to_u8()) | u64::from(to.is_remote) << 8);
        room.words(&items);
    });
}

/// The words of a link before its attributes.
const LINK_WORDS: usize = 4;

/// Lays the attributes of an event or a link out: their words are counted before they are sent.
fn gathered(attributes: &Attributes<'_>) -> Vec<MaybeUninit<u64>> {
    let mut items = Vec::new();
    for (key, value) in attributes {
        let sink = Sink::new(Buffer::growing(&mut items), Key::text(key));
        if let Err(caught) = attribute::record(*value, sink) {
            caught.explain(&format_args!("attribute `{key}` of an event or a link"));
        }
    }
    items
}

fn send(
    context: Current,
    tag: Tag,
    callsite: &'static Callsite,
    words: usize,
    write: impl FnOnce(&mut Words<'_>),
) {
    if !context.is_recording() {
        return;
    }
    let item_words = match u16::try_from(words) {
        Ok(item_words) if words <= MAX_ITEM_WORDS => item_words,
        _ => return lose(LossReason::TooLarge),
    };
    let what = What {
        tag,
        outcome: Outcome::Ok,
        takers: Destinations::NONE,
        traits: context.traits,
        remote: RemoteParent::NONE,
        item_words,
    };
    let fitted = current::with(|local| {
        ring::write(local, AMENDMENT_WORDS + words, |room| {
            room.word(what.pack());
            room.word(address(callsite));
            room.word(context.id());
            room.word(clock::ticks());
            write(room);
        })
    });
    if !fitted {
        lose(ring::refusal());
    }
}

#[cold]
fn lose(reason: LossReason) {
    AMENDMENTS.accept(1);
    AMENDMENTS.lose(1, reason);
}

/// Attributes for the span that is current, gathered by generated code.
#[derive(Debug)]
pub struct Amendment<const WORDS: usize> {
    callsite: &'static Callsite,
    context: Current,
    words: [MaybeUninit<u64>; WORDS],
    filled: Filled,
}

impl<const WORDS: usize> Amendment<WORDS> {
    /// Begins an amendment of the current span.
    #[inline]
    pub fn new(callsite: &'static Callsite) -> Self {
        Self::of(callsite, SpanRef::from_current(Current::get()))
    }

    /// Begins an amendment of a span.
    #[inline]
    pub(crate) fn of(callsite: &'static Callsite, span: SpanRef) -> Self {
        let context = span.to_current();
        Self { callsite, context, words: [MaybeUninit::uninit(); WORDS], filled: Filled::default() }
    }

    /// Whether values recorded now would be kept.
    #[inline]
    pub fn is_recording(&self) -> bool {
        self.context.is_recording()
    }

    /// Whether the span is a segment or a subsegment.
    #[inline]
    pub fn is_segment(&self) -> bool {
        self.context.segment_id != 0 && self.context.segment_id == self.context.id()
    }

    /// Adds what was recorded to the span.
    #[inline]
    pub fn send(&self) {
        let items = self.words.get(..self.filled.words()).unwrap_or_default();
        if !items.is_empty() {
            self::items(self.context, self.callsite, items.len(), |room| room.words(items));
        }
    }
}

impl<const WORDS: usize> Recorder for Amendment<WORDS> {
    #[inline]
    fn buffer(&mut self) -> Option<Buffer<'_>> {
        Some(Buffer::of_frame(&mut self.words, &mut self.filled, &self.context, self.callsite))
    }

    fn attribute_name(&self, key: u16) -> AttributeName {
        AttributeName::of(self.callsite, key)
    }
}
