//! Which failure is which: one that passes many functions, tasks and conversions is one.
//!
//! Everything here runs under one lock of the failing threads, so pending failures are indexed by what
//! they are compared by, the call that they wait for or their trace, and at most [`MAX_COMPARED`] of one
//! place are compared. Bounded in bytes.
//!
//! - A failure waits for the call above the one that it left. When that call fails too, it is the same
//!   failure, unless what the two say shows that it is not: they are of one type and say different
//!   things. When that call fails long after, it is the same only if the two say the same, and after
//!   another minute it is not.
//! - A failure that has left the outermost call of its task may turn up again in the call that waits
//!   for the task. Nothing connects the two but the trace and what they say, so there they must say
//!   the same, and the call must have begun before.
//! - What is said by hand of a failure that waits belongs to it. A message is no failure: nothing is
//!   one with it.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::draft::{Draft, Nature, Said};
use super::telling::Telling;
use crate::record::{Cause, ReportId, Source, TraceId};
use crate::span::{Scope, SpanRef};

/// Memory of the failures that wait, in bytes; the oldest are reported when others need it.
const MAX_DRAFT_BYTES: usize = 4 * 1024 * 1024;

/// Maximum number of failures of one place that another one is compared with, the newest ones.
const MAX_COMPARED: usize = 16;

/// How many failures are remembered that are told, or counted, while calls may still fail with them.
const MAX_SETTLED: usize = 4_096;

/// How long a call may fail with a failure that is told: one that lives as long as the process has
/// failures of its own that say what others said hours ago.
const MAX_AGE: Duration = Duration::from_mins(1);

/// How much is remembered of what such a failure says.
const MAX_SETTLED_BYTES: usize = 256;

/// From how many bytes on a text that is found within another says something.
const MIN_TELLING_BYTES: usize = 4;

/// A failure that leaves a call.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) scope: Scope,
    pub(super) above: Scope,
    pub(super) begun_after: u64,
    /// The time.
    pub(super) now: Duration,
    /// Until when it waits for the call above.
    pub(super) until: Duration,
    pub(super) source: &'static Source,
    pub(super) causes: Vec<Cause>,
    pub(super) span: SpanRef,
    /// Whether it is told even if no call above fails.
    pub(super) confirms: bool,
}

/// Every failure that may still be added to.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// By their numbers, the oldest first.
    drafts: BTreeMap<u64, Waiting>,
    /// Numbers of the drafts by where they are looked for.
    places: FxHashMap<Place, BTreeSet<u64>>,
    /// Numbers of the drafts by the time that they have waited long enough.
    deadlines: BTreeSet<(Duration, u64)>,
    /// Number of the newest draft.
    newest: u64,
    bytes: usize,
    /// Failures that are told or counted, by the call that may fail with them.
    settled: FxHashMap<Scope, Settled>,
    /// The same, the oldest first.
    order: VecDeque<Scope>,
}

#[derive(Debug)]
struct Waiting {
    draft: Draft,
    /// The call above the one that it left last.
    scope: Scope,
    until: Duration,
    /// Whether somebody reported it by hand since.
    is_retold: bool,
    /// Memory that the draft occupies.
    bytes: usize,
}

/// Where a failure is looked for that may be the same as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// Below this call.
    Call(Scope),
    /// In a task of this trace.
    Trace(TraceId),
    /// In a task that belongs to no request, and so perhaps to any.
    AnyTask,
}

/// What is left of a failure that is told or counted.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    type_name: Option<Cow<'static, str>>,
    message: String,
    /// Until when it may have become an error that says nothing of it.
    until: Duration,
}

/// How what a call fails with is related to a failure below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// It says what that says.
    Same,
    /// It may be what that was turned into.
    Unclear,
    /// It says something else.
    Other,
}

impl Held {
    /// Adds a failure that leaves a call to the one that it is, if that is known; gives `leaving` and
    /// what is said about it back otherwise.
    pub(super) fn pass(&mut self, mut leaving: Leaving, said: Said) -> Option<(Leaving, Said)> {
        if let Some(number) = self.below(&leaving).or_else(|| self.in_a_task_below(&leaving)) {
            let causes = std::mem::take(&mut leaving.causes);
            self.add(number, &leaving, causes, said);
            return None;
        }
        let known = self.settled.get(&leaving.scope);
        if known.is_some_and(|known| known.is_in(&leaving)) {
            let settled = self.settled.remove(&leaving.scope).filter(|_| !leaving.above.is_none());
            if let Some(settled) = settled {
                self.remember(leaving.above, settled);
            }
            return None;
        }
        Some((leaving, said))
    }

    /// Adds a new failure that may be added to until then.
    pub(super) fn hold(&mut self, draft: Draft, scope: Scope, until: Duration) {
        self.newest += 1;
        self.insert(self.newest, Waiting { draft, scope, until, is_retold: false, bytes: 0 });
    }

    /// Takes out the oldest failures for which there is no room, after one was added or added to.
    pub(super) fn overflow(&mut self) -> Vec<Draft> {
        let mut displaced = Vec::new();
        while self.bytes > MAX_DRAFT_BYTES {
            let Some((&oldest, _)) = self.drafts.first_key_value() else { break };
            displaced.extend(self.release(oldest));
        }
        displaced
    }

    /// Adds to a panic that leaves a call.
    pub(super) fn unwind(&mut self, leaving: &Leaving, said: Said) {
        let is_panic = |(_, waiting): &(u64, &Waiting)| waiting.draft.nature == Nature::Panic;
        let found = self.at(Place::Call(leaving.scope)).find(is_panic).map(|(number, _)| number);
        if let Some(number) = found {
            self.add(number, leaving, Vec::new(), said);
        }
    }

    /// Adds what is said by hand to the failure that waits for this call and says the same; gives its
    /// name, if there is one.
    pub(super) fn retell(
        &mut self,
        scope: Scope,
        span: SpanRef,
        telling: &mut Telling,
    ) -> Option<ReportId> {
        let is_it = |(_, waiting): &(u64, &Waiting)| {
            waiting.draft.nature != Nature::Message
                && (!scope.is_none() || waiting.has_just_left(span))
                && relation(&waiting.draft.causes, &telling.causes) == Relation::Same
        };
        let number = if scope.is_none() {
            self.in_tasks(span).filter(is_it).map(|(number, _)| number).max()
        } else {
            self.at(Place::Call(scope)).find(is_it).map(|(number, _)| number)
        };
        let mut waiting = self.remove(number?)?;
        waiting.is_retold = true;
        waiting.draft.is_confirmed = true;
        waiting.draft.said.add(std::mem::take(&mut telling.said));
        let id = waiting.draft.id;
        self.insert(number?, waiting);
        Some(id)
    }

    /// Remembers a failure that is counted, for the call above it, as if it waited until then.
    pub(super) fn settle(&mut self, scope: Scope, causes: &[Cause], until: Duration) {
        if !scope.is_none() {
            self.remember(scope, Settled::of(causes, until));
        }
    }

    /// When the next one has waited long enough.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.deadlines.first().map(|(until, _)| *until)
    }

    /// Takes out those that have waited long enough, the oldest first.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Draft> {
        let due = self.deadlines.iter().take_while(|(until, _)| *until <= now);
        let mut numbers: Vec<_> = due.map(|(_, number)| *number).collect();
        numbers.sort_unstable();
        numbers.into_iter().filter_map(|number| self.release(number)).collect()
    }

    /// Takes out all of them, the oldest first.
    pub(super) fn all(&mut self) -> Vec<Draft> {
        self.due(Duration::MAX)
    }

    fn release(&mut self, number: u64) -> Option<Draft> {
        let Waiting { draft, scope, until, .. } = self.remove(number)?;
        // What was not told counts as unknown if it turns up again.
        if draft.is_confirmed && draft.nature != Nature::Message {
            self.settle(scope, &draft.causes, until);
        }
        Some(draft)
    }

    /// Adds how a failure is known to a call that it leaves.
    fn add(&mut self, number: u64, leaving: &Leaving, causes: Vec<Cause>, said: Said) {
        let Some(mut waiting) = self.remove(number) else { return };
        waiting.draft.is_confirmed |= leaving.confirms;
        waiting.draft.pass(leaving.source, causes, said);
        (waiting.scope, waiting.until) = (leaving.above, leaving.until);
        self.insert(number, waiting);
    }

    fn insert(&mut self, number: u64, mut waiting: Waiting) {
        waiting.bytes = waiting.draft.weight_bytes();
        self.bytes += waiting.bytes;
        self.deadlines.insert((waiting.until, number));
        for place in waiting.places().into_iter().flatten() {
            self.places.entry(place).or_default().insert(number);
        }
        self.drafts.insert(number, waiting);
    }

    fn remove(&mut self, number: u64) -> Option<Waiting> {
        let waiting = self.drafts.remove(&number)?;
        self.bytes -= waiting.bytes;
        self.deadlines.remove(&(waiting.until, number));
        for place in waiting.places().into_iter().flatten() {
            if let Entry::Occupied(mut numbers) = self.places.entry(place) {
                numbers.get_mut().remove(&number);
                if numbers.get().is_empty() {
                    numbers.remove();
                }
            }
        }
        Some(waiting)
    }

    /// Returns the drafts of a place that are compared, the newest first.
    fn at(&self, place: Place) -> impl Iterator<Item = (u64, &Waiting)> {
        let numbers = self.places.get(&place).into_iter().flatten().rev().take(MAX_COMPARED);
        numbers.filter_map(move |number| Some((*number, self.drafts.get(number)?)))
    }

    /// Returns the drafts of tasks that may belong to the call that this span is around.
    fn in_tasks(&self, span: SpanRef) -> impl Iterator<Item = (u64, &Waiting)> {
        let trace_id = span.context().trace_id;
        self.at(Place::Trace(trace_id)).chain(self.at(Place::AnyTask))
    }

    fn remember(&mut self, scope: Scope, settled: Settled) {
        if self.settled.insert(scope, settled).is_none() {
            self.order.push_back(scope);
        }
        while self.settled.len() > MAX_SETTLED || self.order.len() > 2 * MAX_SETTLED {
            let Some(oldest) = self.order.pop_front() else { break };
            self.settled.remove(&oldest);
        }
    }

    /// Returns the failure that waits for this call: the newest that says the same, or else the newest
    /// that may be it.
    fn below(&self, leaving: &Leaving) -> Option<u64> {
        let mut unclear = None;
        for (number, waiting) in self.at(Place::Call(leaving.scope)) {
            if waiting.draft.nature == Nature::Message {
                continue;
            }
            match relation(&waiting.draft.causes, &leaving.causes) {
                Relation::Same => return Some(number),
                Relation::Unclear => unclear = unclear.or(Some(number)),
                Relation::Other => {}
            }
        }
        unclear
    }

    /// Returns the failure of a task that this call may have waited for.
    fn in_a_task_below(&self, leaving: &Leaving) -> Option<u64> {
        let is_it = |(_, waiting): &(u64, &Waiting)| {
            let draft = &waiting.draft;
            draft.nature != Nature::Message
                && leaving.begun_after < draft.noticed
                && !draft.path.contains(&leaving.source)
                && relation(&draft.causes, &leaving.causes) == Relation::Same
        };
        self.in_tasks(leaving.span).filter(is_it).map(|(number, _)| number).max()
    }
}

impl Waiting {
    /// Returns where the failure is looked for: below the call that it waits for, or else by trace.
    fn places(&self) -> [Option<Place>; 2] {
        if !self.scope.is_none() {
            return [Some(Place::Call(self.scope)), None];
        }
        let any = (!self.draft.span.is_in_request()).then_some(Place::AnyTask);
        [Some(Place::Trace(self.draft.span.context().trace_id)), any]
    }

    /// Whether it has left its outermost call, or none at all by panicking, and whoever reports it by
    /// hand in this span may be the first who does; in the same request, whoever reports it.
    fn has_just_left(&self, span: SpanRef) -> bool {
        let draft = &self.draft;
        if span.is_in_request() && draft.span.context().trace_id == span.context().trace_id {
            return true;
        }
        let has_left = !draft.path.is_empty() || draft.nature == Nature::Panic;
        has_left && !self.is_retold
    }
}

/// How `outer`, what a call fails with, is related to a failure below it.
fn relation(inner: &[Cause], outer: &[Cause]) -> Relation {
    let (Some(first), Some(last)) = (inner.first(), inner.last()) else { return Relation::Unclear };
    if outer.iter().any(|cause| says(cause, last)) {
        return Relation::Same;
    }
    if let Some(at) = outer.iter().position(|cause| says(cause, first)) {
        // What comes behind it has another cause; or else its sources were dropped on the way.
        return if at + 1 < outer.len() { Relation::Other } else { Relation::Same };
    }
    let is_one_type = first.type_name.is_some()
        && outer.first().is_some_and(|cause| cause.type_name == first.type_name);
    if is_one_type && !is_mute(inner, outer) { Relation::Other } else { Relation::Unclear }
}

/// Whether an error says what another one says.
fn says(outer: &Cause, inner: &Cause) -> bool {
    let text = inner.message.as_str();
    outer.message == text && !text.is_empty()
        || text.len() >= MIN_TELLING_BYTES && outer.message.contains(text)
}

/// Whether errors say nothing that could tell them apart.
fn is_mute(inner: &[Cause], outer: &[Cause]) -> bool {
    inner.iter().chain(outer).all(|cause| cause.message.is_empty())
}

impl Settled {
    fn of(causes: &[Cause], until: Duration) -> Self {
        let (type_name, message) =
            causes.first().map(|it| (it.type_name.clone(), &*it.message)).unwrap_or_default();
        // What contains the message contains its beginning too.
        let message = &message[..message.floor_char_boundary(MAX_SETTLED_BYTES)];
        Self { type_name, message: message.to_owned(), until }
    }

    /// Whether what leaves a call is this.
    fn is_in(&self, leaving: &Leaving) -> bool {
        let (type_name, message) = (self.type_name.clone(), self.message.clone());
        match relation(&[Cause { type_name, message }], &leaving.causes) {
            Relation::Same => leaving.now < self.until.saturating_add(MAX_AGE),
            Relation::Unclear => leaving.now < self.until,
            Relation::Other => false,
        }
    }
}

#[cfg(test)]
mod tests;
