//! Where recorded values go: the inline room of a frame first, the ring when they do not fit.
//!
//! In: values of any type that knows how to become an attribute. Out: items in the words layout.
//! Never: allocates for typed values.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::mem::MaybeUninit;

use serde::Serialize;

use super::amend;
use super::attribute::{self, Text, ToAttribute};
use super::callsite::{AttributeName, Callsite};
use super::current::Current;
use super::json;
use super::redaction::{Redacted, Redaction};
use super::words::{Key, MAX_ARRAY_ELEMENTS, MAX_TEXT_BYTES, Words, cut, text_words};
use crate::guard::catch;

/// Room for attributes.
#[derive(Debug)]
pub struct Buffer<'a>(Room<'a>);

#[derive(Debug)]
enum Room<'a> {
    /// The inline room of a frame, and the span that takes what does not fit.
    Frame {
        words: &'a mut [MaybeUninit<u64>],
        filled: &'a mut Filled,
        context: &'a Current,
        callsite: &'static Callsite,
    },
    /// The inline room of a report, and room that is made for what does not fit.
    Report {
        words: &'a mut [MaybeUninit<u64>],
        filled: &'a mut Filled,
        more: &'a mut Option<Box<More>>,
    },
    /// Room that grows, for what travels as one record: events and links.
    Growing(&'a mut Vec<MaybeUninit<u64>>),
}

/// Room that grows, behind the inline room of a report. In a box it is one word while it is not there.
#[derive(Debug, Default)]
pub(super) struct More(Vec<MaybeUninit<u64>>);

impl More {
    /// What was written.
    pub(super) fn words(&self) -> &[MaybeUninit<u64>] {
        &self.0
    }
}

/// How much of a frame's inline room is taken.
///
/// Once a value did not fit, those that follow it go through the ring too: so they stay in order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filled(u16);

/// Takes exactly one value for one key.
///
/// [`ToAttribute`] is handed one and calls one of its methods; dropping it leaves the attribute
/// out.
#[derive(Debug)]
pub struct Sink<'a> {
    buffer: Buffer<'a>,
    key: Key<'a>,
}

/// Something that holds the attributes of one span; what generated code records into.
pub trait Recorder {
    /// The room for attributes; `None` when there is no span.
    fn buffer(&mut self) -> Option<Buffer<'_>>;

    /// Names what is recorded under a key, for diagnostics.
    #[doc(hidden)]
    fn attribute_name(&self, _key: u16) -> AttributeName {
        AttributeName::default()
    }

    /// Records a typed value.
    #[inline]
    fn record<T: ToAttribute + ?Sized>(&mut self, key: u16, value: &T) {
        if let Some(buffer) = self.buffer()
            && let Err(caught) = attribute::record(value, Sink { buffer, key: Key::at(key) })
        {
            caught.explain(&self.attribute_name(key));
        }
    }

    /// Records how a value formats for users.
    fn record_display<T: fmt::Display + ?Sized>(&mut self, key: u16, value: &T) {
        record_display_at(self, Key::at(key), value);
    }

    /// Records how a value formats for programmers.
    fn record_debug<T: fmt::Debug + ?Sized>(&mut self, key: u16, value: &T) {
        record_display_at(self, Key::at(key), &format_args!("{value:?}"));
    }

    /// Records metadata: a value as a JSON text.
    fn record_metadata<T: Serialize + ?Sized>(&mut self, key: u16, value: &T) {
        let name = self.attribute_name(key);
        if let Some(buffer) = self.buffer() {
            Sink { buffer, key: Key::at(key) }.str(&json::text(value, &name));
        }
    }

    /// Records a value that must not be readable.
    fn record_redacted<T: fmt::Display + ?Sized>(
        &mut self,
        key: u16,
        redaction: Redaction,
        value: &T,
    ) {
        // What is shown of a value is made by the value's own code.
        guard_field(self, key, |recorder| {
            record_display_at(recorder, Key::at(key), &Redacted { redaction, value });
        });
    }

    /// Records metadata that must not be readable.
    fn record_redacted_metadata<T: fmt::Display + ?Sized>(
        &mut self,
        key: u16,
        redaction: Redaction,
        value: &T,
    ) {
        self.record_metadata(key, &format_args!("{}", Redacted { redaction, value }));
    }
}

/// Runs the part of generated code that records one attribute; a panic there costs the attribute.
#[inline]
pub fn guard_field<R: Recorder + ?Sized>(recorder: &mut R, key: u16, record: impl FnOnce(&mut R)) {
    if let Err(caught) = catch(|| record(recorder)) {
        caught.explain(&recorder.attribute_name(key));
    }
}

/// Records a number under one of our own keys.
pub(super) fn record_i64_at(recorder: &mut impl Recorder, key: Key<'_>, value: i64) {
    if let Some(buffer) = recorder.buffer() {
        Sink { buffer, key }.i64(value);
    }
}

/// Records how a value formats under any key, our own included.
pub(super) fn record_display_at<T: fmt::Display + ?Sized>(
    recorder: &mut (impl Recorder + ?Sized),
    key: Key<'_>,
    value: &T,
) {
    if let Some(buffer) = recorder.buffer() {
        Sink { buffer, key }.display(value);
    }
}

impl<'a> Buffer<'a> {
    #[inline]
    pub(super) fn of_frame(
        words: &'a mut [MaybeUninit<u64>],
        filled: &'a mut Filled,
        context: &'a Current,
        callsite: &'static Callsite,
    ) -> Self {
        Self(Room::Frame { words, filled, context, callsite })
    }

    #[inline]
    pub(super) fn of_report(
        words: &'a mut [MaybeUninit<u64>],
        filled: &'a mut Filled,
        more: &'a mut Option<Box<More>>,
    ) -> Self {
        Self(Room::Report { words, filled, more })
    }

    pub(super) fn growing(words: &'a mut Vec<MaybeUninit<u64>>) -> Self {
        Self(Room::Growing(words))
    }

    /// Takes `count` words for one item.
    #[inline]
    fn put(&mut self, count: usize, write: impl FnOnce(&mut Words<'_>)) {
        match &mut self.0 {
            Room::Frame { words, filled, context, callsite } => {
                let mut room = Words::resume(words, filled.end());
                if !room.has_room(count) {
                    filled.stop();
                    return amend::items(**context, callsite, count, write);
                }
                write(&mut room);
                filled.set(room.len());
            }
            Room::Report { words, filled, more } => {
                let mut room = Words::resume(words, filled.end());
                if !room.has_room(count) {
                    return grow(&mut more.get_or_insert_default().0, count, write);
                }
                write(&mut room);
                filled.set(room.len());
            }
            Room::Growing(words) => grow(words, count, write),
        }
    }
}

fn grow(words: &mut Vec<MaybeUninit<u64>>, count: usize, write: impl FnOnce(&mut Words<'_>)) {
    let len = words.len();
    words.resize(len + count, MaybeUninit::new(0));
    write(&mut Words::resume(words, len));
}

impl Filled {
    /// Far behind the end of any frame, so that nothing has room there.
    const OVER: u16 = 1 << 15;

    /// The words that are taken.
    #[inline]
    pub(super) const fn words(self) -> usize {
        (self.0 & !Self::OVER) as usize
    }

    /// Where the next value goes.
    #[inline]
    const fn end(self) -> usize {
        self.0 as usize
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "inline room is small")]
    const fn set(&mut self, words: usize) {
        self.0 = words as u16;
    }

    const fn stop(&mut self) {
        self.0 |= Self::OVER;
    }
}

impl<'a> Sink<'a> {
    #[inline]
    pub(super) fn new(buffer: Buffer<'a>, key: Key<'a>) -> Self {
        Self { buffer, key }
    }

    /// Takes a truth value.
    #[inline]
    pub fn bool(mut self, value: bool) {
        self.buffer.put(1 + self.key.words(), |words| words.bool(self.key, value));
    }

    /// Takes a signed integer.
    #[inline]
    pub fn i64(mut self, value: i64) {
        self.buffer.put(2 + self.key.words(), |words| words.i64(self.key, value));
    }

    /// Takes an unsigned integer; above `i64::MAX` it becomes text.
    // Not inline: the rare text is no concern of the annotated function.
    pub fn u64(self, value: u64) {
        match i64::try_from(value) {
            Ok(value) => self.i64(value),
            Err(_) => self.display(&value),
        }
    }

    /// Takes a floating-point number.
    #[inline]
    pub fn f64(mut self, value: f64) {
        self.buffer.put(2 + self.key.words(), |words| words.f64(self.key, value));
    }

    /// Takes text, of which at most 65,535 bytes are kept.
    #[inline]
    pub fn str(mut self, value: &str) {
        let text = if value.len() > MAX_TEXT_BYTES { cut(value, MAX_TEXT_BYTES) } else { value };
        let words = 1 + self.key.words() + text_words(text.len());
        self.buffer.put(words, |words| words.text(self.key, text));
    }

    /// Takes how a value formats, of which at most 65,535 bytes are kept and no more are made; the
    /// text is made in a buffer that the thread keeps.
    pub fn display<T: fmt::Display + ?Sized>(self, value: &T) {
        thread_local! {
            static SCRATCH: Cell<String> = const { Cell::new(String::new()) };
        }
        let mut text = SCRATCH.try_with(Cell::take).unwrap_or_default();
        text.clear();
        // A `Display` that fails has still written what it could.
        let _ = write!(Limited { text: &mut text, max_bytes: MAX_TEXT_BYTES }, "{value}");
        self.str(&text);
        // A thread that ends has no scratch to give the buffer back to.
        let _ = SCRATCH.try_with(|scratch| scratch.set(text));
    }

    /// Takes a list of truth values, of which at most 1,024 are kept.
    pub fn bools(mut self, values: &[bool]) {
        let words = self.scalar_words(values.len());
        self.buffer.put(words, |words| words.bools(self.key, values));
    }

    /// Takes a list of integers, of which at most 1,024 are kept.
    pub fn i64s(mut self, values: &[i64]) {
        let words = self.scalar_words(values.len());
        self.buffer.put(words, |words| words.i64s(self.key, values));
    }

    /// Takes a list of numbers, of which at most 1,024 are kept.
    pub fn f64s(mut self, values: &[f64]) {
        let words = self.scalar_words(values.len());
        self.buffer.put(words, |words| words.f64s(self.key, values));
    }

    /// Takes a list of texts, of which at most 1,024 are kept.
    pub fn strs<T: Text>(mut self, values: &[T]) {
        let texts = values.iter().take(MAX_ARRAY_ELEMENTS);
        let words: usize =
            texts.map(|text| 1 + text_words(cut(text.text(), MAX_TEXT_BYTES).len())).sum();
        let words = 1 + self.key.words() + words;
        self.buffer.put(words, |words| words.texts(self.key, values));
    }

    fn scalar_words(&self, values: usize) -> usize {
        1 + self.key.words() + values.min(MAX_ARRAY_ELEMENTS)
    }
}

/// A text that refuses what is beyond its limit, so that nobody formats it in vain.
pub(super) struct Limited<'a> {
    pub(super) text: &'a mut String,
    pub(super) max_bytes: usize,
}

impl fmt::Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = cut(text, self.max_bytes - self.text.len());
        self.text.push_str(kept);
        if kept.len() == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}
