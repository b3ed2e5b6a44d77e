//! One running span of annotated code: on the stack of a function, or in the state of a future.
//!
//! In: a callsite and attribute values. Out: one record in the ring when the span ends.
//! Never: allocates or locks for a span with typed attributes; evaluates anything for a span that
//! nobody records.

use std::mem::MaybeUninit;

use super::amend;
use super::callsite::Callsite;
use super::current::{self, Current, Local};
use super::layout::{END_WORDS, Tag, What};
use super::parent::Parent;
use super::scoped::Running;
use super::sink::{Buffer, Recorder};
use super::{LEDGER, begin, clock, ring};
use crate::loss::LossReason;
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
    /// What is restored when a sync span ends; in an async one, only the parent is of interest.
    previous: Current,
    parent_id: u64,
    start_ticks: u64,
    outcome: Outcome,
    len: u16,
    parent_is_remote: bool,
    /// Whether the context is current on this thread until the span ends.
    is_entered: bool,
    was_panicking: bool,
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
        current::with(|local| {
            let previous = local.current.get();
            if previous.is_recording() {
                let context = previous.child(next_span_id(local));
                self.live = Some(Live::entered(callsite, context, previous));
                local.current.set(context);
                return;
            }
            if !previous.is_some() {
                self.enter_begun(
                    local,
                    callsite,
                    begin::root(local, &callsite.source, callsite.kind),
                );
            }
        });
    }

    /// Begins a span under `parent` and makes it current on this thread.
    pub fn enter_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        current::with(|local| {
            let begun = begin::under(local, parent, &callsite.source, callsite.kind);
            self.enter_begun(local, callsite, begun);
        });
    }

    /// Begins a span under the current one without making it current.
    #[inline]
    pub fn start(&mut self, callsite: &'static Callsite) {
        current::with(|local| {
            let previous = local.current.get();
            if previous.is_recording() {
                let context = previous.child(next_span_id(local));
                self.live = Some(Live::started(callsite, context, previous.span_id));
                return;
            }
            if !previous.is_some() {
                self.start_begun(callsite, begin::root(local, &callsite.source, callsite.kind));
            }
        });
    }

    /// Begins a span under `parent` without making it current.
    pub fn start_under(&mut self, callsite: &'static Callsite, parent: Parent) {
        current::with(|local| {
            let begun = begin::under(local, parent, &callsite.source, callsite.kind);
            self.start_begun(callsite, begun);
        });
    }

    /// Whether values recorded now would be kept.
    #[inline]
    pub fn is_recording(&self) -> bool {
        matches!(&self.live, Some(live) if live.context.flags.is_sampled())
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
        if let Some(live) = self.live.take() {
            live.end(&self.words);
        }
    }

    /// Begins a span made by hand, whose name and kind are known only now.
    pub(super) fn start_named(
        &mut self,
        callsite: &'static Callsite,
        parent: Option<Parent>,
        name: &str,
        kind: SpanKind,
    ) {
        let parent = parent.unwrap_or_else(Parent::current);
        let begun = current::with(|local| begin::under(local, parent, name, kind));
        self.start_begun(callsite, begun);
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

    #[cold]
    fn enter_begun(
        &mut self,
        local: &Local,
        callsite: &'static Callsite,
        begun: Option<begin::Begun>,
    ) {
        let Some(begun) = begun else { return };
        let mut live = Live::entered(callsite, begun.context, local.current.get());
        live.parent_id = begun.parent_id;
        live.parent_is_remote = begun.parent_is_remote;
        self.live = Some(live);
        local.current.set(begun.context);
    }

    #[cold]
    fn start_begun(&mut self, callsite: &'static Callsite, begun: Option<begin::Begun>) {
        let Some(begun) = begun else { return };
        let mut live = Live::started(callsite, begun.context, begun.parent_id);
        live.parent_is_remote = begun.parent_is_remote;
        self.live = Some(live);
    }
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
        Some(Buffer::of_frame(&mut self.words, &mut live.len, live.context, live.callsite))
    }
}

impl<const WORDS: usize> Drop for Frame<WORDS> {
    #[inline]
    fn drop(&mut self) {
        if let Some(mut live) = self.live.take() {
            live.outcome = live.outcome_of_drop();
            live.end(&self.words);
        }
    }
}

impl Live {
    #[inline]
    fn entered(callsite: &'static Callsite, context: Current, previous: Current) -> Self {
        Self {
            callsite,
            context,
            previous,
            parent_id: previous.span_id,
            start_ticks: clock::ticks(),
            outcome: Outcome::Ok,
            len: 0,
            parent_is_remote: false,
            is_entered: true,
            was_panicking: std::thread::panicking(),
        }
    }

    #[inline]
    fn started(callsite: &'static Callsite, context: Current, parent_id: u64) -> Self {
        Self {
            callsite,
            context,
            previous: Current::NONE,
            parent_id,
            start_ticks: clock::ticks(),
            outcome: Outcome::Ok,
            len: 0,
            parent_is_remote: false,
            is_entered: false,
            was_panicking: std::thread::panicking(),
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
        if self.is_entered { Outcome::Ok } else { Outcome::Cancelled }
    }

    /// Whether a panic is under way that began after the span.
    fn is_unwinding(&self) -> bool {
        std::thread::panicking() && !self.was_panicking
    }

    #[inline]
    fn end(self, words: &[MaybeUninit<u64>]) {
        current::with(|local| {
            if self.is_entered {
                local.current.set(self.previous);
            }
            if self.context.flags.is_sampled() {
                self.write(local, words);
            }
        });
    }

    #[inline]
    fn write(&self, local: &Local, words: &[MaybeUninit<u64>]) {
        let end_ticks = clock::ticks();
        let what = What {
            tag: Tag::End,
            outcome: self.outcome,
            flags: self.context.flags,
            parent_is_remote: self.parent_is_remote,
            tracer: self.context.tracer,
            item_words: self.len,
        };
        let head = [
            what.pack(),
            amend::address(self.callsite),
            self.context.trace_high,
            self.context.trace_low,
            self.context.span_id,
            self.parent_id,
            self.context.root_id,
            self.start_ticks,
            end_ticks,
        ]
        .map(MaybeUninit::new);
        let items = words.get(..usize::from(self.len)).unwrap_or_default();
        let fitted = ring::write(local, END_WORDS + items.len(), |room| {
            room.words(&head);
            room.words(items);
        });
        if !fitted {
            LEDGER.lose(1, LossReason::RingFull);
        }
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
