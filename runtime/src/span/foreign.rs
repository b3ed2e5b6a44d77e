//! Spans that another tracing library begins, makes current and ends.
//!
//! In: its callsites, and what it says of its spans. Out: spans of ours, as made by hand.
//! Never: knows the library.

use super::begin::Asked;
use super::callsite::Callsite;
use super::frame::Frame;
use super::handle::SpanRef;
use super::parent::Parent;
use super::sink::{Recorder, Sink};
use super::words::Key;
use crate::record::{Destinations, Outcome, SpanKind};

/// Size of the inline buffer for attributes, in words: a few numbers, a text or two, and two times.
const WORDS: usize = 20;

/// At most a microsecond on any clock in use, whose ticks are a nanosecond long or shorter.
const MAX_LATE_TICKS: u64 = 1_000;

/// A span that lives as long as one of another library.
#[derive(Debug)]
pub(crate) struct Foreign {
    frame: Frame<WORDS>,
    /// True after a panic has left code that ran in the span.
    has_panicked: bool,
}

impl Foreign {
    /// One that has not begun: it is a few hundred bytes, and begins where it stays.
    #[inline]
    pub(crate) const fn new() -> Self {
        Self { frame: Frame::new(), has_panicked: false }
    }

    /// Begins the span of a callsite, under the current one where no parent is given. It names no span
    /// where nobody would take it.
    #[inline]
    pub(crate) fn begin(&mut self, callsite: &'static Callsite, parent: Option<Parent>) {
        match parent {
            None => self.frame.start(callsite),
            Some(parent) => self.frame.start_under(callsite, parent),
        }
    }

    /// Begins a span whose kind is known at run time, and is recorded by [`set_kind`].
    pub(crate) fn begin_as(
        &mut self,
        callsite: &'static Callsite,
        kind: SpanKind,
        parent: Option<Parent>,
    ) {
        let asked = Asked {
            kind,
            takers: Destinations::of(kind),
            is_request: kind.is_request(),
            ..Asked::of(callsite, parent.unwrap_or_else(Parent::current))
        };
        self.frame.start_asked(callsite, &asked);
    }

    /// Names the span.
    #[inline]
    pub(crate) fn reference(&self) -> SpanRef {
        self.frame.reference()
    }

    /// Whether values recorded now would be kept.
    #[inline]
    pub(crate) fn is_recording(&self) -> bool {
        self.frame.is_recording()
    }

    /// Returns true while a panic that began after the span unwinds this thread.
    pub(crate) fn is_unwinding(&self) -> bool {
        self.frame.is_unwinding()
    }

    /// Notes that a panic has left code that ran in the span.
    pub(crate) fn note_panic(&mut self) {
        self.has_panicked = true;
    }

    /// Sets the outcome.
    pub(crate) fn set_outcome(&mut self, outcome: Outcome) {
        self.frame.set_outcome(outcome);
    }

    /// Records the time that the span was entered and the time that it was not, in ticks.
    pub(crate) fn record_times(&mut self, busy_ticks: u64, idle_ticks: u64) {
        self.record_ticks(Key::BUSY, busy_ticks);
        self.record_ticks(Key::IDLE, idle_ticks);
    }

    /// Sets the end of the span to so many ticks before it is dropped; a microsecond makes no difference.
    pub(crate) fn end_before(&mut self, ticks: u64) {
        if ticks > MAX_LATE_TICKS {
            self.record_ticks(Key::ENDED_BEFORE, ticks);
        }
    }

    fn record_ticks(&mut self, key: Key<'static>, ticks: u64) {
        if let Some(buffer) = self.frame.buffer() {
            Sink::new(buffer, key).i64(ticks.cast_signed());
        }
    }

    /// Where its values go.
    #[inline]
    pub(crate) fn recorder(&mut self) -> &mut impl Recorder {
        &mut self.frame
    }
}

/// Records the kind of a span, which may have begun before it is known.
pub(crate) fn set_kind(recorder: &mut impl Recorder, kind: SpanKind) {
    if let Some(buffer) = recorder.buffer() {
        Sink::new(buffer, Key::KIND).i64(i64::from(kind as u8));
    }
}

impl Drop for Foreign {
    #[inline]
    fn drop(&mut self) {
        self.frame.finish_by_hand(self.has_panicked);
    }
}

impl SpanRef {
    /// Whether both name one span.
    pub(crate) fn is_same(&self, other: Self) -> bool {
        let (own, other) = (self.to_current(), other.to_current());
        own.id() == other.id() && own.trace_id() == other.trace_id()
    }

    /// Says that what the span is about has failed, unless somebody has judged it.
    pub(crate) fn fail(&self, message: &str) {
        self.amend_text(Key::FAILURE, message);
    }
}
