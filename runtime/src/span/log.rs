//! Events of the log on their way to the collector.
//!
//! In: a callsite, the span around the event, and its values. Out: one record in the ring of the
//! thread; where that has no room, in the ring that all threads share. The collector makes a
//! [`LogRecord`] of it, and an event of the span.
//! Never: allocates but for the room that a thread keeps; keeps more than the first MiB of a text.
//!
//! [`LogRecord`]: crate::record::LogRecord

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, Ordering};

use super::attribute::ToAttribute;
use super::callsite::Callsite;
use super::current::{self, Current, Local};
use super::handle::SpanRef;
use super::layout::{LOG_WORDS, MAX_ITEM_WORDS, RemoteParent, Tag, What};
use super::sink::{Buffer, Limited, Recorder, Sink};
use super::traits::Traits;
use super::words::{Key, MAX_TEXT_BYTES, cut};
use super::{LOGS, amend, clock, live, ring};
use crate::diagnostics;
use crate::loss::LossReason;
use crate::record::{Destinations, Level, Outcome, TraceFlags};

/// The longest text of an event, in bytes; longer text is cut on a char boundary.
///
/// As long as an event of CloudWatch Logs, the largest that any of our destinations takes.
/// Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html>.
const MAX_EVENT_TEXT_BYTES: usize = 1024 * 1024;

/// Room that a thread keeps for its next event is not larger than this, in bytes.
const MAX_KEPT_BYTES: usize = 64 * 1024;

/// How much of a ring events leave to spans, which have no other way: a quarter.
const SPARE_WORDS: usize = ring::CAPACITY_WORDS / 4;

/// Who wants events of the log, in any tracer: whoever takes the log, and spans.
static TAKEN: AtomicU8 = AtomicU8::new(0);

const BY_PROCESSORS: u8 = 0b01;
const BY_SPANS: u8 = 0b10;

/// Says who wants events.
pub(super) fn set_taken(by_processors: bool, by_spans: bool) {
    let taken = (u8::from(by_processors) * BY_PROCESSORS) | (u8::from(by_spans) * BY_SPANS);
    TAKEN.store(taken, Ordering::Relaxed);
}

/// Whether an event under `span` would be kept by anybody.
#[inline]
pub(crate) fn is_wanted(span: SpanRef) -> bool {
    if !super::IS_LIVE {
        return false;
    }
    let taken = TAKEN.load(Ordering::Relaxed);
    let is_wanted = taken & BY_PROCESSORS != 0 || taken & BY_SPANS != 0 && span.is_recording();
    is_wanted && !span.to_current().is_muted() && !diagnostics::suppressed()
}

/// Takes an event that happens now under `span`, with what `record` says of it. The key of its
/// message is `message`.
///
/// Never blocks, but for as long as another thread hands over an event that its ring has no room for.
pub(crate) fn log(
    callsite: &'static Callsite,
    span: SpanRef,
    record: impl FnOnce(&mut Values<'_>),
) {
    thread_local! {
        static ROOM: Cell<Room> = const { Cell::new(Room::EMPTY) };
    }
    let ticks = clock::ticks();
    // What an event formats may log, too: it finds no room here, and makes its own.
    let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
    record(&mut Values { room: &mut room });
    send(callsite, span.to_current(), ticks, &room.words);
    room.clear();
    // A thread that ends has no place to give the room back to.
    let _ = ROOM.try_with(|kept| kept.set(room));
}

fn send(callsite: &'static Callsite, span: Current, ticks: u64, items: &[MaybeUninit<u64>]) {
    let words = LOG_WORDS + items.len();
    let fitted = current::with(|local| {
        let span = if span.is_some() { span } else { outside(local) };
        let is_told = span.is_recording();
        let what = What {
            tag: Tag::Log,
            outcome: Outcome::Ok,
            takers: if is_told { span.traits.destinations() } else { Destinations::NONE },
            traits: span.traits,
            remote: RemoteParent::NONE,
            item_words: 0,
        };
        let head: [u64; LOG_WORDS] = [
            what.pack(),
            amend::address(callsite),
            span.id(),
            ticks,
            span.trace_high,
            span.trace_low,
            span.span_id,
            span.root_id,
            live::next_span_id(local),
            items.len() as u64,
        ];
        let write = |room: &mut super::words::Words<'_>| {
            room.head(head);
            room.words(items);
        };
        items.len() <= MAX_ITEM_WORDS && ring::write_leaving(SPARE_WORDS, local, words, write)
            || ring::write_shared(words, write)
    });
    if !fitted {
        let is_too_large = words > ring::SHARED_WORDS;
        LOGS.accept(1);
        LOGS.lose(1, if is_too_large { LossReason::TooLarge } else { ring::refusal() });
    }
}

/// Where no span is current: no trace, and the tracer of the thread.
fn outside(local: &Local) -> Current {
    let traits = Traits::new(TraceFlags::NONE, local.tracer.get(), Level::Trace);
    Current { traits, ..Current::NONE }
}

/// Takes the values of one event.
pub(crate) struct Values<'a> {
    room: &'a mut Room,
}

/// What a thread keeps from one event to the next.
#[derive(Default)]
struct Room {
    words: Vec<MaybeUninit<u64>>,
    text: String,
}

impl Room {
    const EMPTY: Self = Self { words: Vec::new(), text: String::new() };

    fn clear(&mut self) {
        self.words.clear();
        self.words.shrink_to(MAX_KEPT_BYTES / size_of::<u64>());
        self.text.clear();
        self.text.shrink_to(MAX_KEPT_BYTES);
    }
}

impl Values<'_> {
    /// Takes a typed value under the key at an index of the callsite.
    pub(crate) fn value(&mut self, key: u16, value: &(impl ToAttribute + ?Sized)) {
        self.record(key, value);
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, key: u16, text: &str) {
        put_text(&mut self.room.words, key, text);
    }

    /// Takes how a value formats.
    pub(crate) fn formatted(&mut self, key: u16, value: fmt::Arguments<'_>) {
        let Room { words, text } = &mut *self.room;
        text.clear();
        // A value that fails to format has still written what it could.
        let _ = Limited { text, max_bytes: MAX_EVENT_TEXT_BYTES }.write_fmt(value);
        put_text(words, key, text);
    }
}

impl Recorder for Values<'_> {
    fn buffer(&mut self) -> Option<Buffer<'_>> {
        Some(Buffer::growing(&mut self.room.words))
    }
}

/// Writes a text as one item, or as several of the same key where it is longer than one may be.
fn put_text(words: &mut Vec<MaybeUninit<u64>>, key: u16, text: &str) {
    let mut rest = cut(text, MAX_EVENT_TEXT_BYTES);
    loop {
        let part = cut(rest, MAX_TEXT_BYTES);
        Sink::new(Buffer::growing(words), Key::at(key)).str(part);
        rest = &rest[part.len()..];
        if rest.is_empty() {
            return;
        }
    }
}
