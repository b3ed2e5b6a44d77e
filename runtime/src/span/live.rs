//! A span while it runs, whatever room its attributes have.
//!
//! In: where it belongs, and who takes it. Out: one record in the ring at its end.
//! Never: is compiled at each annotated function, where its size would count and thread-local
//! memory is a call away.

use std::mem::MaybeUninit;

use super::begin::{self, Asked};
use super::callsite::Callsite;
use super::current::{self, Current, Local};
use super::frame::{EachPoll, WholeCall};
use super::layout::{RemoteParent, Tag, What};
use super::parent::Parent;
use super::sink::Filled;
use super::unwinding::Unwinding;
use super::{LEDGER, amend, clock, entered, missing, request, ring};
use crate::record::{Destinations, Outcome};

/// A span that runs; `A` is the way it becomes current.
#[derive(Debug)]
pub struct Live<A> {
    pub(super) callsite: &'static Callsite,
    pub(super) context: Current,
    pub(super) takers: Destinations,
    parent_id: u64,
    parent_segment_id: u64,
    start_ticks: u64,
    pub(super) outcome: Outcome,
    pub(super) filled: Filled,
    remote: RemoteParent,
    unwinding: Unwinding,
    attachment: A,
}

/// What the end of a span makes current.
#[derive(Debug)]
pub(super) enum Restore {
    /// The parent, which differs from the span in its ids alone.
    Parent,
    /// What was current, for a span that began elsewhere.
    Previous(Current),
}

pub(super) fn enter(live: &mut Option<Live<WholeCall>>, callsite: &'static Callsite) {
    current::with(|local| {
        let previous = local.current.get();
        match place(previous, callsite) {
            Place::Child(takers) => {
                let context = previous.child(next_span_id(local), takers);
                local.current.set(context);
                let attachment = WholeCall(Restore::to(previous));
                *live = Some(Live::new(callsite, context, previous, takers, attachment));
            }
            Place::Root => enter_root(live, callsite),
            Place::Nowhere => {}
        }
    });
}

pub(super) fn start(live: &mut Option<Live<EachPoll>>, callsite: &'static Callsite) {
    current::with(|local| {
        let previous = local.current.get();
        match place(previous, callsite) {
            Place::Child(takers) => {
                let context = previous.child(next_span_id(local), takers);
                *live = Some(Live::new(callsite, context, previous, takers, EachPoll));
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
    let begins_request = callsite.kind.is_request();
    if !current.traits.is_recorded() || begins_request {
        let is_first = !current.is_some() || current.traits.is_propagation_only();
        if is_first || begins_request && current.root_id != 0 {
            return Place::Root;
        }
        if callsite.subsegment.is_some() {
            missing::note_under(current, callsite.source.name);
        }
        return Place::Nowhere;
    }
    let takers = current.traits.takers(callsite);
    if takers != callsite.destinations && callsite.subsegment.is_some() {
        missing::note_under(current, callsite.source.name);
    }
    if takers.is_empty() { Place::Nowhere } else { Place::Child(takers) }
}

impl Restore {
    #[inline]
    const fn to(parent: Current) -> Self {
        if parent.traits.are_plain() { Self::Parent } else { Self::Previous(parent) }
    }
}

#[cold]
fn enter_root(live: &mut Option<Live<WholeCall>>, callsite: &'static Callsite) {
    enter_begun(live, callsite, Asked::of(callsite, Parent::current()).begin());
}

#[cold]
fn start_root(live: &mut Option<Live<EachPoll>>, callsite: &'static Callsite) {
    start_begun(live, callsite, Asked::of(callsite, Parent::current()).begin());
}

pub(super) fn enter_begun(
    live: &mut Option<Live<WholeCall>>,
    callsite: &'static Callsite,
    begun: Option<begin::Begun>,
) {
    let Some(begun) = begun else { return };
    let previous = current::with(|local| {
        let previous = local.current.get();
        local.current.set(begun.context.above(previous));
        previous
    });
    *live = Some(Live::of_begun(callsite, &begun, WholeCall(Restore::Previous(previous))));
}

pub(super) fn start_begun(
    live: &mut Option<Live<EachPoll>>,
    callsite: &'static Callsite,
    begun: Option<begin::Begun>,
) {
    let Some(begun) = begun else { return };
    *live = Some(Live::of_begun(callsite, &begun, EachPoll));
}

impl<A> Live<A> {
    #[inline]
    fn new(
        callsite: &'static Callsite,
        context: Current,
        parent: Current,
        takers: Destinations,
        attachment: A,
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
            remote: RemoteParent::NONE,
            unwinding: Unwinding::begin(),
            attachment,
        }
    }

    fn of_begun(callsite: &'static Callsite, begun: &begin::Begun, attachment: A) -> Self {
        let parent = Current {
            span_id: begun.parent_id,
            segment_id: begun.parent_segment_id,
            ..Current::NONE
        };
        Self {
            remote: begun.remote,
            ..Self::new(callsite, begun.context, parent, begun.takers, attachment)
        }
    }

    /// The context of the parent, where `Restore::Parent` says so.
    #[inline]
    const fn parent(&self) -> Current {
        Current {
            span_id: self.parent_id,
            segment_id: self.parent_segment_id,
            traits: self.context.traits.of_child(false),
            ..self.context
        }
    }

    /// The outcome of a call on the stack that set none: a function without a result returned or
    /// panicked.
    pub(super) fn outcome_of_call(&self) -> Outcome {
        match self.outcome {
            Outcome::Ok if self.unwinding.is_under_way() => Outcome::Panic,
            outcome => outcome,
        }
    }

    /// The outcome of a future that set none: it was dropped before it was ready. A panic that leaves
    /// its own poll is noted there; any other is not the future's.
    pub(super) fn outcome_of_future(&self) -> Outcome {
        if self.outcome == Outcome::Ok { Outcome::Cancelled } else { self.outcome }
    }

    /// Returns true while a panic that began after the span unwinds this thread.
    pub(super) fn is_unwinding(&self) -> bool {
        self.unwinding.is_under_way()
    }

    /// The outcome of a span made by hand that is dropped: its regular end, unless the thread
    /// unwinds meanwhile. Then `has_panicked` says if the panic left the span's own code.
    pub(super) fn outcome_by_hand(&self, has_panicked: bool) -> Outcome {
        if self.outcome != Outcome::Ok || !self.unwinding.is_under_way() {
            self.outcome
        } else if has_panicked {
            Outcome::Panic
        } else {
            Outcome::Cancelled
        }
    }

    #[inline]
    fn close(&self, local: &Local, words: &[MaybeUninit<u64>]) {
        if self.takers.is_empty() {
            close_request(self.context);
        } else {
            self.write(local, words);
        }
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
            remote: self.remote,
            item_words: items.len() as u16,
        };
        let end_ticks = clock::ticks();
        let fitted = ring::write(local, what.head_words() + items.len(), |room| {
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

impl Live<WholeCall> {
    /// Ends a span that was current for its whole life.
    pub(super) fn leave(&self, words: &[MaybeUninit<u64>]) {
        current::with(|local| {
            match &self.attachment.0 {
                Restore::Parent => local.current.set(self.parent()),
                Restore::Previous(previous) => restore_previous(local, previous),
            }
            self.close(local, words);
        });
    }
}

impl Live<EachPoll> {
    /// Ends a span that is not current.
    pub(super) fn end(&self, words: &[MaybeUninit<u64>]) {
        current::with(|local| self.close(local, words));
    }
}

/// Rare, and kept out of the way of ordinary spans.
#[cold]
fn restore_previous(local: &Local, previous: &Current) {
    entered::restore(local, *previous);
}

/// Counts a span that the ring refused.
#[cold]
fn lose(context: Current) {
    LEDGER.accept(1);
    LEDGER.lose(1, ring::refusal());
    close_request(context);
}

/// Closes the request of a span that the collector, which closes the requests it sees, never will.
#[cold]
fn close_request(context: Current) {
    let is_root = context.id() == context.root_id || context.traits.is_propagation_only();
    if is_root && !context.traits.is_passed_on() {
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
