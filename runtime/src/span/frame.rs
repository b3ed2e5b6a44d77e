//! One running span of annotated code: on the stack of a function, or in the state of a future.
//!
//! In: a callsite and attribute values. Out: one record in the ring when the span ends.
//! Never: allocates or locks for a span with typed attributes; evaluates anything for a span that
//! nobody records.

use std::fmt;
use std::mem::MaybeUninit;

use super::begin::Asked;
use super::callsite::{AttributeName, Callsite};
use super::current::{Attached, Current};
use super::handle::SpanRef;
use super::live::{self, Live, Restore};
use super::parent::{self, Parent};
use super::request;
use super::scoped::Running;
use super::sink::{Buffer, Recorder, record_display_at, record_i64_at};
use super::words::Key;
use crate::propagate::Context;
use crate::record::{Destinations, ErrorClass, Outcome};
use crate::sample::RequestFacts;

/// A span and inline room for `WORDS` words of attributes; `A` is the way it becomes current.
///
/// Generated code holds it in a local or in the state of a future. It is inert until it is entered or
/// started.
#[derive(Debug)]
pub struct Frame<const WORDS: usize, A: Attachment = EachPoll> {
    live: Option<Live<A>>,
    words: [MaybeUninit<u64>; WORDS],
}

/// Way in which a span becomes current.
pub trait Attachment: Sized {
    /// Ends the span.
    #[doc(hidden)]
    fn end(live: &Live<Self>, words: &[MaybeUninit<u64>]);

    /// The outcome of a span that is dropped before its code has set one.
    #[doc(hidden)]
    fn outcome_of_drop(live: &Live<Self>) -> Outcome;
}

/// Current while a call runs, from the begin of the span to its end.
#[derive(Debug)]
pub struct WholeCall(pub(super) Restore);

/// Current in each poll of a future, or where the application says.
#[derive(Debug)]
pub struct EachPoll;

impl Attachment for WholeCall {
    #[inline]
    fn end(live: &Live<Self>, words: &[MaybeUninit<u64>]) {
        live.leave(words);
    }

    fn outcome_of_drop(live: &Live<Self>) -> Outcome {
        live.outcome_of_call()
    }
}

impl Attachment for EachPoll {
    #[inline]
    fn end(live: &Live<Self>, words: &[MaybeUninit<u64>]) {
        live.end(words);
    }

    fn outcome_of_drop(live: &Live<Self>) -> Outcome {
        live.outcome_of_future()
    }
}

impl<const WORDS: usize> Frame<WORDS, WholeCall> {
    /// Begins a span under the current one and makes it current on this thread.
    #[inline]
    pub fn enter(&mut self, callsite: &'static Callsite) {
        live::enter(&mut self.live, callsite);
    }

    /// Begins a span under `parent` and makes it current on this thread.
    pub fn enter_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        let begun = Asked::of(callsite, parent).begin();
        live::enter_begun(&mut self.live, callsite, begun);
    }
}

impl<const WORDS: usize> Frame<WORDS> {
    /// Begins a span under the current one without making it current.
    #[inline]
    pub fn start(&mut self, callsite: &'static Callsite) {
        live::start(&mut self.live, callsite);
    }

    /// Begins a span under `parent` without making it current.
    pub fn start_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        let begun = Asked::of(callsite, parent).begin();
        live::start_begun(&mut self.live, callsite, begun);
    }

    /// Begins the span of a request, under the span of another process that `incoming` names, and
    /// keeps what else came with it for the calls that the request makes.
    ///
    /// Without such a span it begins under the current one, or a new trace. It is not made current.
    pub fn start_incoming(
        &mut self,
        callsite: &'static Callsite,
        name: &str,
        incoming: &Context,
        request: RequestFacts<'_>,
    ) {
        let parent = parent::caller(incoming).unwrap_or_else(Parent::current);
        let asked = Asked {
            name,
            xray: incoming.xray.as_ref(),
            is_deferred: incoming.is_deferred,
            request,
            ..Asked::of(callsite, parent)
        };
        live::start_begun(&mut self.live, callsite, asked.begin());
        self.open_request(incoming);
    }

    /// Begins a span created manually, of which nothing is known at compile time.
    pub(super) fn start_asked(&mut self, callsite: &'static Callsite, asked: &Asked<'_>) {
        live::start_begun(&mut self.live, callsite, asked.begin());
    }

    /// Makes the span, which nothing has begun under yet, a request, and keeps what came with it.
    pub(super) fn open_request(&mut self, incoming: &Context) {
        if let Some(live) = &mut self.live {
            live.context = request::begin(live.context);
        }
        let span = self.reference();
        request::open(span, incoming);
        if let Some(overruled) = incoming.overruled {
            span.add_link(overruled, &[]);
        }
    }

    /// Ends a span created manually, whose drop is its regular end; `has_panicked` says if a panic has left
    /// the code that ran in it.
    pub(super) fn finish_by_hand(&mut self, has_panicked: bool) {
        if let Some(live) = &mut self.live {
            live.outcome = live.outcome_by_hand(has_panicked);
        }
        self.finish();
    }
}

impl<const WORDS: usize, A: Attachment> Frame<WORDS, A> {
    /// Makes an inert frame.
    #[inline]
    pub const fn new() -> Self {
        Self { live: None, words: [MaybeUninit::uninit(); WORDS] }
    }

    /// Whether values recorded now would be kept.
    #[inline]
    pub fn is_recording(&self) -> bool {
        matches!(&self.live, Some(live) if !live.takers.is_empty())
    }

    /// Whether the span is a segment or a subsegment.
    #[inline]
    pub fn is_segment(&self) -> bool {
        matches!(&self.live, Some(live) if live.takers.contains(Destinations::SEGMENTS))
    }

    /// Fails the span with an error of this class; returns false for an ignored one, with which it
    /// does not fail.
    pub fn fail(&mut self, class: Option<ErrorClass>) -> bool {
        self.set_error_class(class);
        let fails = class != Some(ErrorClass::Ignored);
        if fails {
            self.set_outcome(Outcome::Error);
        }
        fails
    }

    /// Sets the class of the error for the segment, if there is one and the span is a segment.
    pub fn set_error_class(&mut self, class: impl Into<Option<ErrorClass>>) {
        if let Some(class) = class.into().filter(|_| self.is_segment()) {
            record_i64_at(self, Key::ERROR_CLASS, i64::from(class as u8));
        }
    }

    /// Sets how the call ended.
    #[inline]
    pub fn set_outcome(&mut self, outcome: Outcome) {
        if let Some(live) = &mut self.live {
            live.outcome = outcome;
        }
    }

    /// Ends the span now.
    #[inline]
    pub fn finish(&mut self) {
        if let Some(live) = &self.live {
            A::end(live, &self.words);
            self.live = None;
        }
    }

    /// The span; it names none while the frame is inert.
    pub fn reference(&self) -> SpanRef {
        SpanRef::from_current(self.context().unwrap_or_default())
    }

    #[inline]
    fn context(&self) -> Option<Current> {
        self.live.as_ref().map(|live| live.context)
    }

    /// Gives the span another name; one set through a [`SpanRef`] counts more.
    pub fn set_name(&mut self, name: &(impl fmt::Display + ?Sized)) {
        record_display_at(self, Key::NAME, name);
    }

    /// Sets how the call ended unless that is known already.
    pub(super) fn settle_outcome(&mut self, outcome: Outcome) {
        if let Some(live) = &mut self.live
            && live.outcome == Outcome::Ok
        {
            live.outcome = outcome;
        }
    }

    /// Returns true while a panic that began after the span unwinds this thread.
    #[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for the bridge"))]
    pub(super) fn is_unwinding(&self) -> bool {
        self.live.as_ref().is_some_and(Live::is_unwinding)
    }

    /// Ends a span whose code did not say how it ended.
    fn finish_dropped(&mut self) {
        if let Some(live) = &mut self.live {
            live.outcome = A::outcome_of_drop(live);
        }
        self.finish();
    }
}

impl<const WORDS: usize, A: Attachment> Default for Frame<WORDS, A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> Running for Frame<WORDS> {
    type Attached = Option<Attached>;

    #[inline]
    fn is_running(&self) -> bool {
        self.live.is_some()
    }

    #[inline]
    fn attach(&self) -> Option<Attached> {
        self.context().map(Current::attach)
    }

    #[cold]
    fn note_panic(&mut self) {
        self.set_outcome(Outcome::Panic);
    }
}

impl<const WORDS: usize, A: Attachment> Recorder for Frame<WORDS, A> {
    #[inline]
    fn buffer(&mut self) -> Option<Buffer<'_>> {
        let live = self.live.as_mut()?;
        Some(Buffer::of_frame(&mut self.words, &mut live.filled, &live.context, live.callsite))
    }

    fn attribute_name(&self, key: u16) -> AttributeName {
        self.live
            .as_ref()
            .map_or_else(AttributeName::default, |live| AttributeName::of(live.callsite, key))
    }
}

impl<const WORDS: usize, A: Attachment> Drop for Frame<WORDS, A> {
    #[inline]
    fn drop(&mut self) {
        if self.live.is_some() {
            self.finish_dropped();
        }
    }
}
