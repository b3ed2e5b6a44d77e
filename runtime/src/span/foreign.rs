//! Spans that another tracing library begins, makes current and ends.
//!
//! In: its callsites, and what it says of its spans. Out: spans of ours, as made by hand.
//! Never: knows the library.

use super::begin::Asked;
use super::callsite::Callsite;
use super::current;
use super::frame::Frame;
use super::handle::{Span, SpanRef};
use super::parent::Parent;
use super::sink::{Recorder, Sink};
use super::words::Key;
use crate::record::{Destinations, SpanKind};

impl Span {
    /// Begins the span of a callsite, under the current one where no parent is given. It names no span
    /// where nobody would take it.
    pub(crate) fn begin(callsite: &'static Callsite, parent: Option<Parent>) -> Self {
        let mut frame = Frame::new();
        match parent {
            None => frame.start(callsite),
            Some(parent) => frame.start_under(callsite, parent),
        }
        Self::of(frame)
    }

    /// The same for a span whose kind is known at run time.
    pub(crate) fn begin_as(
        callsite: &'static Callsite,
        kind: SpanKind,
        parent: Option<Parent>,
    ) -> Self {
        let mut frame = Frame::new();
        frame.start_asked(
            callsite,
            &Asked {
                kind,
                takers: Destinations::of(kind),
                is_request: kind.is_request(),
                ..Asked::of(callsite, parent.unwrap_or_else(Parent::current))
            },
        );
        if frame.is_recording()
            && let Some(buffer) = frame.buffer()
        {
            Sink::new(buffer, Key::KIND).i64(i64::from(kind as u8));
        }
        Self::of(frame)
    }

    /// Where the values go that are known at the begin.
    pub(crate) fn recorder(&mut self) -> &mut impl Recorder {
        self.frame()
    }
}

impl SpanRef {
    /// Whether both name one span.
    pub(crate) fn is_same(&self, other: Self) -> bool {
        let (own, other) = (self.to_current(), other.to_current());
        own.id() == other.id() && own.trace_id() == other.trace_id()
    }

    /// Makes the span current on this thread, and gives back what was current.
    pub(crate) fn replace_current(self) -> Self {
        Self::from_current(current::with(|local| local.current.replace(self.to_current())))
    }

    /// Says that what the span is about has failed, unless somebody has judged it.
    pub(crate) fn fail(&self, message: &str) {
        self.amend_text(Key::FAILURE, message);
    }
}
