//! One running span of annotated code: on the stack of a function, or in the state of a future.
//!
//! In: a callsite and attribute values. Out: one record in the ring when the span ends.
//! Never: allocates or locks for a span with typed attributes; evaluates anything for a span that
//! nobody records.

use std::fmt;
use std::mem::MaybeUninit;

use super::amend;
use super::callsite::Callsite;
use super::current::{self, Current, Local};
use super::handle::SpanRef;
use super::layout::{END_WORDS, Tag, What};
use super::parent::{self, Parent};
use super::scoped::Running;
use super::sink::{Buffer, Filled, Recorder, record_display_at};
use super::words::Key;
use super::{LEDGER, begin, clock, request, ring};
use crate::loss::LossReason;
use crate::propagate::Context;
use crate::record::{Outcome, SpanKind};

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
    parent_id: u64,
    start_ticks: u64,
    outcome: Outcome,
    filled: Filled,
    parent_is_remote: bool,
    was_panicking: bool,
    restore: Restore,
}

/// What the end of a span makes current.
#[derive(Debug)]
enum Restore {
    /// Nothing: the span was not made current for its whole life.
    Nothing,
    /// The parent, which differs from the span in its id alone.
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
        let begun = begin::under(parent, callsite, callsite.source.name, callsite.kind);
        enter_begun(&mut self.live, callsite, begun);
    }

    /// Begins a span under the current one without making it current.
    #[inline]
    pub fn start(&mut self, callsite: &'static Callsite) {
        start(&mut self.live, callsite);
    }

    /// Begins a span under `parent` without making it current.
    pub fn start_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        let begun = begin::under(parent, callsite, callsite.source.name, callsite.kind);
        start_begun(&mut self.live, callsite, begun);
    }

    /// Whether values recorded now would be kept.
    #[inline]
    pub fn is_recording(&self) -> bool {
        matches!(&self.live, Some(live) if live.context.traits.is_sampled())
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
        self.start_named(callsite, parent::caller(incoming), name, callsite.kind);
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

    /// Begins a span made by hand, whose name and kind are known only now.
    pub(crate) fn start_named(
        &mut self,
        callsite: &'static Callsite,
        parent: Option<Parent>,
        name: &str,
        kind: SpanKind,
    ) {
        let parent = parent.unwrap_or_else(Parent::current);
        let begun = begin::under(parent, callsite, name, kind);
        start_begun(&mut self.live, callsite, begun);
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
        if previous.is_recording() {
            if !previous.traits.admits(callsite.source.level) {
                return;
            }
            if callsite.kind.is_request() {
                return enter_root(live, callsite);
            }
            let context = previous.child(next_span_id(local));
            local.current.set(context);
            *live = Some(Live::new(callsite, context, previous.span_id, Restore::Parent));
        } else if !previous.is_some() || callsite.kind.is_request() && previous.root_id != 0 {
            enter_root(live, callsite);
        }
    });
}

fn start(live: &mut Option<Live>, callsite: &'static Callsite) {
    current::with(|local| {
        let previous = local.current.get();
        if previous.is_recording() {
            if !previous.traits.admits(callsite.source.level) {
                return;
            }
            if callsite.kind.is_request() {
                return start_root(live, callsite);
            }
            let context = previous.child(next_span_id(local));
            *live = Some(Live::new(callsite, context, previous.span_id, Restore::Nothing));
        } else if !previous.is_some() || callsite.kind.is_request() && previous.root_id != 0 {
            start_root(live, callsite);
        }
    });
}

#[cold]
fn enter_root(live: &mut Option<Live>, callsite: &'static Callsite) {
    enter_begun(live, callsite, begin::first(callsite));
}

#[cold]
fn start_root(live: &mut Option<Live>, callsite: &'static Callsite) {
    start_begun(live, callsite, begin::first(callsite));
}

fn enter_begun(live: &mut Option<Live>, callsite: &'static Callsite, begun: Option<begin::Begun>) {
    let Some(begun) = begun else { return };
    let previous = current::with(|local| local.current.replace(begun.context));
    let restore = Restore::Previous(previous);
    let live = live.insert(Live::new(callsite, begun.context, begun.parent_id, restore));
    live.parent_is_remote = begun.parent_is_remote;
}

fn start_begun(live: &mut Option<Live>, callsite: &'static Callsite, begun: Option<begin::Begun>) {
    let Some(begun) = begun else { return };
    let restore = Restore::Nothing;
    let live = live.insert(Live::new(callsite, begun.context, begun.parent_id, restore));
    live.parent_is_remote = begun.parent_is_remote;
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
        parent_id: u64,
        restore: Restore,
    ) -> Self {
        Self {
            callsite,
            context,
            parent_id,
            start_ticks: clock::ticks(),
            outcome: Outcome::Ok,
            filled: Filled::default(),
            parent_is_remote: false,
            was_panicking: std::thread::panicking(),
            restore,
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
                Restore::Parent => local.current.set(self.context.child(self.parent_id)),
                Restore::Previous(previous) => local.current.set(previous),
            }
            if self.context.traits.is_sampled() {
                self.write(local, words);
            } else {
                close_request(self.context);
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
            traits: self.context.traits,
            parent_is_remote: self.parent_is_remote,
            item_words: items.len() as u16,
        };
        let end_ticks = clock::ticks();
        let fitted = ring::write(local, END_WORDS + items.len(), |room| {
            room.head([
                what.pack(),
                amend::address(self.callsite),
                self.context.trace_high,
                self.context.trace_low,
                self.context.span_id,
                self.parent_id,
                self.context.root_id,
                self.start_ticks,
                end_ticks,
            ]);
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
    if context.span_id == context.root_id {
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
