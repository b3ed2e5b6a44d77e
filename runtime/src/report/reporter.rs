//! Takes failures from the application's threads, and tells each of them once.
//!
//! In: failures where they are noticed. Out: finished reports, by way of the thread of [`Teller`].
//! Never: resolves, scrubs or sends on the application's thread; blocks it for longer than a short
//! lock; fails or panics there.

use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::chain;
use super::draft::{Draft, Nature, Said, named};
use super::held::{Held, Leaving};
use super::ids::Ids;
use super::limit::{Limiter, Summary};
use super::settings::{Panics, Settings};
use super::telling::Telling;
use super::trail::Trail;
use crate::guard::guard;
use crate::loss::{Ledger, LossReason};
use crate::record::{Breadcrumb, Cause, Happening, ReportId, Severity};
use crate::span::{self, Noticed, Scope, SpanRef, TakeFailures, Told};

/// Memory of failures that made room for others and wait for the report worker, in bytes; further ones
/// are lost.
const MAX_READY_BYTES: usize = 4 * 1024 * 1024;

/// Takes failures and holds them until nobody adds to them any more.
#[derive(Debug)]
pub(crate) struct Reporter {
    pub(super) settings: Settings,
    ways: Ways,
    state: Mutex<State>,
    ids: Ids,
    clock: Clock,
    pub(super) ledger: Arc<Ledger>,
    trail: Arc<Trail>,
    /// Wakes whoever tells.
    wake: Box<dyn Wake>,
}

/// What tells the time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Since the Unix epoch; it may be set back.
    pub(super) wall: fn() -> Duration,
    /// Since some moment; it goes on evenly.
    pub(super) steady: fn() -> Duration,
}

/// Where failures go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    /// Spans are told of them.
    pub(super) events: bool,
    /// Somebody takes reports.
    pub(super) records: bool,
}

/// Is woken when there may be something to tell earlier than before.
pub(super) trait Wake: std::fmt::Debug + Send + Sync {
    fn wake(&self);
}

#[derive(Debug)]
struct State {
    held: Held,
    limiter: Limiter,
    /// What has been waiting for long enough.
    ready: Vec<Draft>,
    /// Memory that these occupy.
    ready_bytes: usize,
    /// When whoever tells looks next, as far as it knows.
    next_at: Option<Duration>,
}

/// What there is to tell.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) drafts: Vec<Draft>,
    pub(super) summaries: Vec<Summary>,
    /// When there may be more.
    pub(super) next_at: Option<Duration>,
}

thread_local! {
    /// Whether a failure is being noticed here: what fails meanwhile is our own doing.
    static NOTICING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `notice` unless a failure is being noticed on this thread.
pub(super) fn once<R>(notice: impl FnOnce() -> R) -> Option<R> {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            NOTICING.set(false);
        }
    }
    if NOTICING.replace(true) {
        return None;
    }
    let _done = Done;
    guard("error reporting", notice)
}

impl Reporter {
    pub(super) fn new(
        settings: Settings,
        ways: Ways,
        ids: Ids,
        clock: Clock,
        trail: Arc<Trail>,
        wake: Box<dyn Wake>,
    ) -> Self {
        let limiter = Limiter::new(settings.per_kind_per_minute, settings.per_minute);
        let state = State {
            held: Held::default(),
            limiter,
            ready: Vec::new(),
            ready_bytes: 0,
            next_at: None,
        };
        let (state, ledger) = (Mutex::new(state), Arc::default());
        Self { settings, ways, state, ids, clock, ledger, trail, wake }
    }

    /// Takes out what nobody adds to any more; with `all`, every failure, and where it `ends`, every
    /// summary too.
    pub(super) fn take(&self, all: bool, ends: bool) -> Due {
        let now = self.now();
        let mut state = self.lock();
        let mut drafts = std::mem::take(&mut state.ready);
        state.ready_bytes = 0;
        drafts.extend(if all { state.held.all() } else { state.held.due(now) });
        // What counts only at the boundary and never came there is no failure.
        drafts.retain(|draft| draft.is_confirmed && self.counts(draft, &mut state.limiter, now));
        let summaries = state.limiter.summaries(now, ends);
        let next_at = state.held.next_at().into_iter().chain(state.limiter.next_at()).min();
        state.next_at = next_at;
        Due { drafts, summaries, next_at }
    }

    /// Counts what could not be counted when it was noticed; whether it is told.
    fn counts(&self, draft: &Draft, limiter: &mut Limiter, now: Duration) -> bool {
        let Some(kind) = draft.uncounted else { return true };
        let name = || named(draft.nature, &draft.said, &draft.causes);
        let is_told = limiter.admit(kind, now, name).is_none();
        if !is_told {
            self.lose(LossReason::Summarized);
        }
        is_told
    }

    /// The time by which reports wait.
    pub(super) fn now(&self) -> Duration {
        (self.clock.steady)()
    }

    /// The time of day in nanoseconds since the Unix epoch.
    pub(super) fn unix_ns(&self) -> u64 {
        u64::try_from((self.clock.wall)().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Until when a failure of now waits. What is added here must not overflow: a panic in the
    /// hook of panics ends the process.
    fn until(&self, now: Duration) -> Duration {
        now.saturating_add(self.settings.hold)
    }

    pub(super) fn next_id(&self) -> ReportId {
        self.ids.next()
    }

    /// Reports what the application says by hand; `None` where it is one too many.
    pub(super) fn tell(&self, mut told: Telling) -> Option<ReportId> {
        once(|| {
            let scope = Scope::current();
            if told.nature != Nature::Message {
                let known = self.lock().held.retell(scope, span::current(), &mut told);
                if known.is_some() {
                    return known;
                }
            }
            if self.ways.events && told.nature == Nature::Error {
                event(&told.causes);
            }
            self.draft(told, scope)
        })
        .flatten()
    }

    /// Keeps a breadcrumb for the failures that may follow it.
    pub(super) fn note(&self, message: String, severity: Severity) {
        let trace_id = Some(span::current().context().trace_id).filter(|id| id.is_valid());
        let what = Happening::Note { message: chain::kept(message) };
        self.trail.note(trace_id, Breadcrumb { unix_ns: self.unix_ns(), severity, what });
    }

    fn failed(&self, failure: &Noticed<'_>) {
        let causes = match failure.told {
            Told::Error(type_name, error) => chain::causes(type_name, error),
            Told::Text(type_name, text) => vec![chain::cause(type_name, text)],
            Told::Nothing => {
                vec![Cause { message: "returned `None`".to_owned(), ..Cause::default() }]
            }
            Told::Panic => Vec::new(),
        };
        let site = failure.site;
        let is_panic = matches!(failure.told, Told::Panic);
        let now = self.now();
        let leaving = Leaving {
            scope: failure.scope,
            above: failure.above,
            begun_after: failure.begun_after,
            now,
            until: self.until(now),
            source: &site.source,
            causes,
            span: span::current(),
            confirms: if is_panic {
                site.takes_panics
            } else {
                !site.is_boundary || failure.above.is_none()
            },
        };
        if leaving.confirms {
            span::request::note_report(leaving.span);
        }
        let said = said(failure);
        if is_panic {
            let mut state = self.lock();
            state.held.unwind(&leaving, said);
            return self.make_room(state, now, None);
        }
        let mut state = self.lock();
        let passed = state.held.pass(leaving, said);
        self.make_room(state, now, None);
        let Some((Leaving { above, causes, source, confirms, .. }, said)) = passed else { return };
        if self.ways.events && !site.has_event {
            event(&causes);
        }
        let source = Some(source);
        let nature = Nature::Error;
        self.draft(Telling { nature, causes, said, source, place: None, confirms }, above);
    }

    fn panicked(&self, info: &PanicHookInfo<'_>) {
        if self.settings.panics == Panics::Off {
            return;
        }
        let (message, place) = super::panics::told(info);
        let causes = vec![Cause { type_name: Some("panic".into()), message }];
        if self.ways.events {
            event(&causes);
        }
        let confirms = self.settings.panics == Panics::All;
        let (nature, said) = (Nature::Panic, Said::default());
        let telling = Telling { nature, causes, said, source: None, place, confirms };
        self.draft(telling, Scope::current());
    }

    /// Makes a draft of a failure that is new, and holds it for the call above; `None` where it is
    /// one too many, which is counted.
    fn draft(&self, telling: Telling, scope: Scope) -> Option<ReportId> {
        if !self.ways.records {
            self.settle(scope, &telling);
            return None;
        }
        let span = span::current();
        if telling.confirms {
            span::request::note_report(span);
        }
        let now = self.now();
        let kind = telling.kind();
        let name = || named(telling.nature, &telling.said, &telling.causes);
        if telling.confirms {
            let mut state = self.lock();
            if let Some(told_at) = state.limiter.admit(kind, now, name) {
                self.look_by(state, told_at);
                self.lose(LossReason::Summarized);
                self.settle(scope, &telling);
                return None;
            }
        }
        let request = span::request::of(span).unwrap_or_default();
        let draft = telling.draft(self.next_id(), kind, self.unix_ns(), (span, request));
        let id = draft.id;
        let until = self.until(now);
        let mut state = self.lock();
        state.held.hold(draft, scope, until);
        self.make_room(state, now, Some(until));
        Some(id)
    }

    /// Makes those failures due that no longer have room to wait, and wakes the report worker for them,
    /// or by `until`.
    fn make_room(&self, mut state: MutexGuard<'_, State>, now: Duration, until: Option<Duration>) {
        let (mut at, mut lost) = (until, Vec::new());
        for draft in state.held.overflow() {
            let bytes = state.ready_bytes + draft.weight_bytes();
            if !draft.is_confirmed {
                // What counts only at the boundary has not come there yet.
                lost.push(draft);
            } else if bytes > MAX_READY_BYTES {
                self.lose(LossReason::QueueFull);
                lost.push(draft);
            } else {
                state.ready.push(draft);
                (state.ready_bytes, at) = (bytes, Some(now));
            }
        }
        match at {
            Some(at) => self.look_by(state, at),
            None => drop(state),
        }
        // Freed without the lock.
        drop(lost);
    }

    /// Wakes whoever tells, unless that looks early enough by itself.
    fn look_by(&self, mut state: MutexGuard<'_, State>, at: Duration) {
        let is_late = state.next_at.is_none_or(|next_at| at < next_at);
        if is_late {
            state.next_at = Some(at);
            drop(state);
            self.wake.wake();
        }
    }

    /// Counts a failure that is not told by itself.
    fn lose(&self, reason: LossReason) {
        self.ledger.accept(1);
        self.ledger.lose(1, reason);
    }

    /// Remembers a failure that is counted; a message is none.
    fn settle(&self, scope: Scope, telling: &Telling) {
        if telling.nature != Nature::Message {
            let until = self.until(self.now());
            self.lock().held.settle(scope, &telling.causes, until);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TakeFailures for Reporter {
    fn notice(&self, failure: &Noticed<'_>) {
        once(|| self.failed(failure));
    }

    fn notice_panic(&self, info: &PanicHookInfo<'_>) {
        once(|| self.panicked(info));
    }
}

/// What the attribute of a function says about its failure.
fn said(failure: &Noticed<'_>) -> Said {
    let text = |text: Option<&'static str>| text.map(str::to_owned);
    let site = failure.site;
    let mut said = Said {
        severity: failure.severity,
        title: text(site.title),
        fingerprint: text(site.fingerprint),
        context: text(site.context),
        ..Said::default()
    };
    for (purpose, attribute) in failure.values() {
        said.set(purpose, attribute);
    }
    said
}

/// Tells the current span of a failure, as OpenTelemetry's model has it.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-spans/>.
fn event(causes: &[Cause]) {
    let span: SpanRef = span::current();
    let Some(cause) = causes.first().filter(|_| span.is_recording()) else { return };
    let type_name = cause.type_name.as_deref();
    let message = cause.message.as_str();
    span.add_event("exception", &[("exception.type", &type_name), ("exception.message", &message)]);
}

#[cfg(test)]
mod tests;
