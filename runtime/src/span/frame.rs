//! One running span of annotated code: on the stack of a function, or in the state of a future.
//!
//! In: a callsite and attribute values. Out: one record in the ring when the span ends.
//! Never: allocates or locks for a span with typed attributes; evaluates anything for a span that
//! nobody records.

use std::fmt;
use std::mem::MaybeUninit;

use super::amend;
use super::begin::{self, Asked};
use super::callsite::Callsite;
use super::current::{self, Current, Local};
use super::handle::SpanRef;
use super::layout::{Tag, What};
use super::parent::{self, Parent};
use super::scoped::Running;
use super::sink::{Buffer, Filled, Recorder, record_display_at, record_i64_at};
use super::words::Key;
use super::{LEDGER, clock, missing, request, ring};
use crate::loss::LossReason;
use crate::propagate::Context;
use crate::record::{Destinations, Failure, Outcome};

/// A span and inline room for `WORDS` words of attributes.
///
/// Generated code holds it in a local; it is inert until it is entered (sync) or started (async).
#[derive(Debug)]
pub struct Frame<const WORDS: usize> {
    live: Option<Live>,
    words: [MaybeUninit<u64>; WORDS],
}

/// A span that runs.
#[derive(Debug)]
struct Live {
    callsite: &'static Callsite,
    context: Current,
    takers: Destinations,
    parent_id: u64,
    parent_segment_id: u64,
    start_ticks: u64,
    outcome: Outcome,
    filled: Filled,
    parent_is_remote: bool,
    parent_is_segment_alone: bool,
    was_panicking: bool,
    restore: Restore,
}

/// What the end of a span makes current.
#[derive(Debug)]
enum Restore {
    /// Nothing: the span was not made current for its whole life.
    Nothing,
    /// The parent, which differs from the span in its ids alone.
    Parent,
    /// What was current, for a span that began elsewhere.
    Previous(Current),
}

impl<const WORDS: usize> Frame<WORDS> {
    /// Makes an inert frame.
    #[inline]
    pub const fn new() -> Self {
        Self { live: None, words: [MaybeUninit::uninit(); WORDS] }
    }

    /// Begins a span under the current one and makes it current on this thread.
    #[inline]
    pub fn enter(&mut self, callsite: &'static Callsite) {
        enter(&mut self.live, callsite);
    }

    /// Begins a span under `parent` and makes it current on this thread.
    pub fn enter_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        let begun = Asked::of(callsite, parent).begin();
        enter_begun(&mut self.live, callsite, begun);
    }

    /// Begins a span under the current one without making it current.
    #[inline]
    pub fn start(&mut self, callsite: &'static Callsite) {
        start(&mut self.live, callsite);
    }

    /// Begins a span under `parent` without making it current.
    pub fn start_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        let begun = Asked::of(callsite, parent).begin();
        start_begun(&mut self.live, callsite, begun);
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

    /// Sets how a failure counts.
    pub fn set_failure(&mut self, failure: Failure) {
        if self.is_segment() {
            record_i64_at(self, Key::FAILS_AS, i64::from(failure as u8));
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
            live.end(&self.words);
            self.live = None;
        }
    }

    /// Begins the span of a request, under the span of another process that `incoming` names, and
    /// keeps what else came with it for the calls that the request makes.
    ///
    /// Without such a span it begins under the current one, or a new trace. It is not made current.
    pub fn start_incoming(&mut self, callsite: &'static Callsite, name: &str, incoming: &Context) {
        let parent = parent::caller(incoming).unwrap_or_else(Parent::current);
        let asked = Asked { name, xray: incoming.xray.as_ref(), ..Asked::of(callsite, parent) };
        start_begun(&mut self.live, callsite, asked.begin());
        self.open_request(incoming);
    }

    /// The span; it names none while the frame is inert.
    pub fn reference(&self) -> SpanRef {
        SpanRef::from_current(self.context().unwrap_or_default())
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

    /// Begins a span made by hand, of which nothing is known at compile time.
    pub(super) fn start_asked(&mut self, callsite: &'static Callsite, asked: &Asked<'_>) {
        start_begun(&mut self.live, callsite, asked.begin());
    }

    /// Makes the span, which nothing has begun under yet, a request, and keeps what came with it.
    pub(super) fn open_request(&mut self, incoming: &Context) {
        if let Some(live) = &mut self.live {
            live.context = request::begin(live.context);
        }
        request::open(self.reference(), incoming);
    }

    /// Ends a span whose code did not say how it ended.
    fn finish_dropped(&mut self) {
        if let Some(live) = &mut self.live {
            live.outcome = live.outcome_of_drop();
        }
        self.finish();
    }

    /// Ends a span made by hand, whose drop is its regular end.
    pub(super) fn finish_by_hand(&mut self) {
        if let Some(live) = &mut self.live
            && live.outcome == Outcome::Ok
            && live.is_unwinding()
        {
            live.outcome = Outcome::Panic;
        }
        self.finish();
    }
}

// What follows is compiled once in this crate rather than at each annotated function, where its
// size would count and thread-local memory is a call away.

fn enter(live: &mut Option<Live>, callsite: &'static Callsite) {
    current::with(|local| {
        let previous = local.current.get();
        match place(previous, callsite) {
            Place::Child(takers) => {
                let context = previous.child(next_span_id(local), takers);
                local.current.set(context);
                *live = Some(Live::new(callsite, context, previous, takers, Restore::Parent));
            }
            Place::Root => enter_root(live, callsite),
            Place::Nowhere => {}
        }
    });
}

fn start(live: &mut Option<Live>, callsite: &'static Callsite) {
    current::with(|local| {
        let previous = local.current.get();
        match place(previous, callsite) {
            Place::Child(takers) => {
                let context = previous.child(next_span_id(local), takers);
                *live = Some(Live::new(callsite, context, previous, takers, Restore::Nothing));
            }
            Place::Root => start_root(live, callsite),
            Place::Nowhere => {}
        }
    });
}

/// Where a span of a callsite belongs.
enum Place {
    /// Below the current span.
    Child(Destinations),
    /// At the top of a request, or of a trace.
    Root,
    /// Nobody would take it.
    Nowhere,
}

#[inline]
fn place(current: Current, callsite: &'static Callsite) -> Place {
    let takers = current.traits.takers(callsite);
    if takers != callsite.destinations && callsite.subsegment.is_some() {
        missing::note_under(current, callsite.source.name);
    }
    if current.is_recording() && !callsite.kind.is_request() {
        return if takers.is_empty() { Place::Nowhere } else { Place::Child(takers) };
    }
    let begins_request = callsite.kind.is_request() && current.root_id != 0;
    if !current.is_some() || begins_request { Place::Root } else { Place::Nowhere }
}

#[cold]
fn enter_root(live: &mut Option<Live>, callsite: &'static Callsite) {
    enter_begun(live, callsite, Asked::of(callsite, Parent::current()).begin());
}

#[cold]
fn start_root(live: &mut Option<Live>, callsite: &'static Callsite) {
    start_begun(live, callsite, Asked::of(callsite, Parent::current()).begin());
}

fn enter_begun(live: &mut Option<Live>, callsite: &'static Callsite, begun: Option<begin::Begun>) {
    let Some(begun) = begun else { return };
    let previous = current::with(|local| local.current.replace(begun.context));
    let restore = Restore::Previous(previous);
    *live = Some(Live::of_begun(callsite, &begun, restore));
}

fn start_begun(live: &mut Option<Live>, callsite: &'static Callsite, begun: Option<begin::Begun>) {
    let Some(begun) = begun else { return };
    let restore = Restore::Nothing;
    *live = Some(Live::of_begun(callsite, &begun, restore));
}

impl<const WORDS: usize> Default for Frame<WORDS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const WORDS: usize> Running for Frame<WORDS> {
    #[inline]
    fn context(&self) -> Option<Current> {
        self.live.as_ref().map(|live| live.context)
    }

    #[cold]
    fn note_panic(&mut self) {
        if let Some(live) = &mut self.live
            && live.is_unwinding()
        {
            live.outcome = Outcome::Panic;
        }
    }
}

impl<const WORDS: usize> Recorder for Frame<WORDS> {
    #[inline]
    fn buffer(&mut self) -> Option<Buffer<'_>> {
        let live = self.live.as_mut()?;
        Some(Buffer::of_frame(&mut self.words, &mut live.filled, &live.context, live.callsite))
    }
}

impl<const WORDS: usize> Drop for Frame<WORDS> {
    #[inline]
    fn drop(&mut self) {
        if self.live.is_some() {
            self.finish_dropped();
        }
    }
}

impl Live {
    #[inline]
    fn new(
        callsite: &'static Callsite,
        context: Current,
        parent: Current,
        takers: Destinations,
        restore: Restore,
    ) -> Self {
        Self {
            callsite,
            context,
            takers,
            parent_id: parent.span_id,
            parent_segment_id: parent.segment_id,
            start_ticks: clock::ticks(),
            outcome: Outcome::Ok,
            filled: Filled::default(),
            parent_is_remote: false,
            parent_is_segment_alone: parent.traits.is_segment_alone(),
            was_panicking: std::thread::panicking(),
            restore,
        }
    }

    fn of_begun(callsite: &'static Callsite, begun: &begin::Begun, restore: Restore) -> Self {
        let parent = Current {
            span_id: begun.parent_id,
            segment_id: begun.parent_segment_id,
            ..Current::NONE
        };
        Self {
            parent_is_remote: begun.parent_is_remote,
            ..Self::new(callsite, begun.context, parent, begun.takers, restore)
        }
    }

    /// The context of the parent, where that is in this process.
    #[inline]
    const fn parent(&self) -> Current {
        Current {
            span_id: self.parent_id,
            segment_id: self.parent_segment_id,
            traits: self.context.traits.with_segment_alone(self.parent_is_segment_alone),
            ..self.context
        }
    }

    /// How a call ended that did not say so itself: a function without a result returned, a
    /// future was dropped, or something panicked.
    fn outcome_of_drop(&self) -> Outcome {
        if self.outcome != Outcome::Ok {
            return self.outcome;
        }
        if self.is_unwinding() {
            return Outcome::Panic;
        }
        match self.restore {
            Restore::Nothing => Outcome::Cancelled,
            Restore::Parent | Restore::Previous(_) => Outcome::Ok,
        }
    }

    /// Whether a panic is under way that began after the span.
    fn is_unwinding(&self) -> bool {
        std::thread::panicking() && !self.was_panicking
    }

    fn end(&self, words: &[MaybeUninit<u64>]) {
        current::with(|local| {
            match self.restore {
                Restore::Nothing => {}
                Restore::Parent => local.current.set(self.parent()),
                Restore::Previous(previous) => local.current.set(previous),
            }
            if self.takers.is_empty() {
                close_request(self.context);
            } else {
                self.write(local, words);
            }
        });
    }

    #[inline]
    fn write(&self, local: &Local, words: &[MaybeUninit<u64>]) {
        let items = words.get(..self.filled.words()).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "inline room is small")]
        let what = What {
            tag: Tag::End,
            outcome: self.outcome,
            takers: self.takers,
            traits: self.context.traits,
            parent_is_remote: self.parent_is_remote,
            item_words: items.len() as u16,
        };
        let end_ticks = clock::ticks();
        let fitted = ring::write(local, what.record_words(), |room| {
            room.head([
                what.pack(),
                amend::address(self.callsite),
                self.context.trace_high,
                self.context.trace_low,
                self.context.id(),
                self.parent_id,
                self.context.root_id,
                self.start_ticks,
                end_ticks,
            ]);
            if self.takers.contains(Destinations::SEGMENTS) {
                room.word(self.parent_segment_id);
            }
            room.words(items);
        });
        if !fitted {
            lose(self.context);
        }
    }
}

/// Counts a span that the ring refused.
#[cold]
fn lose(context: Current) {
    LEDGER.accept(1);
    LEDGER.lose(1, LossReason::RingFull);
    close_request(context);
}

/// Closes the request of a span that the collector, which closes the requests it sees, never will.
#[cold]
fn close_request(context: Current) {
    if context.id() == context.root_id {
        request::close(&[context.root()]);
    }
}

/// The next span id of this thread.
#[inline]
pub(super) fn next_span_id(local: &Local) -> u64 {
    let mut ids = local.ids.get();
    let id = ids.span_id();
    local.ids.set(ids);
    id
}
