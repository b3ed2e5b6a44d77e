//! Which failure is which: one that passes many functions, tasks and conversions is one.
//!
//! In: failures as the functions know them that they leave, innermost first. Out: whether a failure
//! is known already, and each that nobody adds to any more.
//! Never: reads a clock; keeps more than [`MAX_DRAFTS`] failures, or marks of more than
//! [`MAX_SETTLED`].
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
use std::collections::VecDeque;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::draft::{Draft, Nature, Said};
use super::telling::Telling;
use crate::record::{Cause, ReportId, Source};
use crate::span::{Scope, SpanRef};

/// The most failures that wait at a time; the oldest is told when another comes.
const MAX_DRAFTS: usize = 256;

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
    drafts: Vec<Waiting>,
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
    pub(super) fn pass(&mut self, leaving: Leaving, said: Said) -> Option<(Leaving, Said)> {
        if let Some(at) = self.below(&leaving).or_else(|| self.in_a_task_below(&leaving)) {
            let waiting = &mut self.drafts[at];
            waiting.draft.is_confirmed |= leaving.confirms;
            waiting.draft.pass(leaving.source, leaving.causes, said);
            (waiting.scope, waiting.until) = (leaving.above, leaving.until);
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

    /// Takes a new failure that may be added to until then; gives back one that must be told for it.
    pub(super) fn hold(&mut self, draft: Draft, scope: Scope, until: Duration) -> Option<Draft> {
        let displaced = (self.drafts.len() >= MAX_DRAFTS).then(|| self.release(0));
        self.drafts.push(Waiting { draft, scope, until, is_retold: false });
        displaced
    }

    /// Adds to a panic that leaves a call.
    pub(super) fn unwind(&mut self, leaving: &Leaving, said: Said) {
        let is_it = |waiting: &Waiting| {
            waiting.scope == leaving.scope && waiting.draft.nature == Nature::Panic
        };
        if let Some(waiting) = self.drafts.iter_mut().rev().find(|waiting| is_it(waiting)) {
            waiting.draft.is_confirmed |= leaving.confirms;
            waiting.draft.pass(leaving.source, Vec::new(), said);
            (waiting.scope, waiting.until) = (leaving.above, leaving.until);
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
        let is_it = |waiting: &&mut Waiting| {
            waiting.scope == scope
                && waiting.draft.nature != Nature::Message
                && (!scope.is_none() || waiting.has_just_left(span))
                && relation(&waiting.draft.causes, &telling.causes) == Relation::Same
        };
        let waiting = self.drafts.iter_mut().rev().find(is_it)?;
        waiting.is_retold = true;
        waiting.draft.is_confirmed = true;
        waiting.draft.said.add(std::mem::take(&mut telling.said));
        Some(waiting.draft.id)
    }

    /// Remembers a failure that is counted, for the call above it, as if it waited until then.
    pub(super) fn settle(&mut self, scope: Scope, causes: &[Cause], until: Duration) {
        if !scope.is_none() {
            self.remember(scope, Settled::of(causes, until));
        }
    }

    /// When the next one has waited long enough.
    pub(super) fn next_at(&self) -> Option<Duration> {
        self.drafts.iter().map(|waiting| waiting.until).min()
    }

    /// Those that have waited long enough, the oldest first.
    pub(super) fn due(&mut self, now: Duration) -> Vec<Draft> {
        let mut due = Vec::new();
        while let Some(at) = self.drafts.iter().position(|waiting| waiting.until <= now) {
            due.push(self.release(at));
        }
        due
    }

    /// All of them, the oldest first.
    pub(super) fn all(&mut self) -> Vec<Draft> {
        self.due(Duration::MAX)
    }

    fn release(&mut self, at: usize) -> Draft {
        let Waiting { draft, scope, until, .. } = self.drafts.remove(at);
        // What was not told counts as unknown if it turns up again.
        if draft.is_confirmed && draft.nature != Nature::Message {
            self.settle(scope, &draft.causes, until);
        }
        draft
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

    /// The failure that waits for this call.
    fn below(&self, leaving: &Leaving) -> Option<usize> {
        let related = |(at, waiting): (usize, &Waiting)| {
            let is_below =
                waiting.scope == leaving.scope && waiting.draft.nature != Nature::Message;
            is_below.then(|| (relation(&waiting.draft.causes, &leaving.causes), at))
        };
        let mut below: Vec<_> = self.drafts.iter().enumerate().filter_map(related).collect();
        // The last one that says the same, or else the last one that may be it.
        below.sort_by_key(|(relation, at)| (*relation == Relation::Same, *at));
        below.last().filter(|(relation, _)| *relation != Relation::Other).map(|(_, at)| *at)
    }

    /// The failure of a task that this call may have waited for.
    fn in_a_task_below(&self, leaving: &Leaving) -> Option<usize> {
        self.drafts.iter().rposition(|waiting| {
            let draft = &waiting.draft;
            waiting.scope.is_none()
                && draft.nature != Nature::Message
                && leaving.begun_after < draft.noticed
                && !draft.path.contains(&leaving.source)
                && may_be_of_one_trace(draft.span, leaving.span)
                && relation(&draft.causes, &leaving.causes) == Relation::Same
        })
    }
}

impl Waiting {
    /// Whether it has left its outermost call, or none at all by panicking, and whoever reports it by
    /// hand in this span may be the first who does; in the same request, whoever reports it.
    fn has_just_left(&self, span: SpanRef) -> bool {
        let draft = &self.draft;
        if span.is_in_request() && draft.span.context().trace_id == span.context().trace_id {
            return true;
        }
        let has_left = !draft.path.is_empty() || draft.nature == Nature::Panic;
        has_left && !self.is_retold && may_be_of_one_trace(draft.span, span)
    }
}

/// Whether a task may belong to what a call does: it is of the same trace, or of none that begins with
/// a request.
fn may_be_of_one_trace(task: SpanRef, call: SpanRef) -> bool {
    task.context().trace_id == call.context().trace_id || !task.is_in_request()
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
