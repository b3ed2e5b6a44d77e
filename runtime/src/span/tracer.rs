//! What decides about new traces and takes finished spans: one for the process, further ones for
//! tests that capture.
//!
//! In: settings, once. Out: a reference that is found with one load.
//! Never: frees a tracer; spans that began under it may end at any time.

use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::callsite::Callsite;
use super::current::{self, Current};
use super::invocation::Invocation;
use super::missing::ContextMissing;
use super::per_process::PerProcess;
use super::redaction::RedactionKey;
use super::report::TakeFailures;
use super::{fork, log, scope};
use crate::propagate::{Composite, Propagator as _, Targets};
use crate::record::{Destinations, Level, LogRecord, Processor, SpanRecord};
use crate::redact::Redaction;
use crate::sample::{DecideSegments, Sampler};

/// How much one span may hold; what is beyond is counted on the span.
///
/// Source of the defaults: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#span-limits>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Attributes of a span.
    pub attributes: usize,
    /// Events of a span.
    pub events: usize,
    /// Links of a span.
    pub links: usize,
    /// Characters of a text value; at most 65,535 bytes are kept in any case.
    pub value_chars: usize,
}

/// The settings of span making.
#[derive(Debug)]
pub(crate) struct Tracer {
    pub(crate) sampler: Sampler,
    /// The rules by which requests have segments; without any, those have that have spans.
    pub(crate) segments: Option<Arc<dyn DecideSegments>>,
    pub(crate) context_missing: ContextMissing,
    /// The invocation under way, in a process whose segments the platform makes.
    pub(crate) invocation: Option<Invocation>,
    /// Who wants to know of requests that begin.
    pub(crate) watcher: Option<Watcher>,
    /// Who takes failures.
    pub(crate) failures: Option<Arc<dyn TakeFailures>>,
    /// Who is there to take anything.
    pub(crate) destinations: Destinations,
    pub(crate) propagator: Composite,
    /// Hosts that context may be sent to.
    pub(crate) propagation_targets: Targets,
    pub(crate) limits: Limits,
    /// The key of `#[redact(hash)]`; random for each process where there is none.
    pub(crate) redaction_key: Option<RedactionKey>,
    pub(crate) level: Level,
    /// The most detailed level of the log that is told to spans as events; `None` for none.
    pub(crate) event_level: Option<Level>,
    pub(crate) processors: Processors,
    /// Rules by which the collector redacts records before any processor gets them.
    pub(crate) redaction: Arc<Redaction>,
}

/// Is shown every request with a segment when it begins, on the application's thread: a record
/// without an end. It must not block.
#[derive(Clone)]
pub(crate) struct Watcher(pub(crate) Arc<dyn Fn(SpanRecord) + Send + Sync>);

/// Who takes finished spans and events of the log, in the order they were added.
#[derive(Clone, Default)]
pub(crate) struct Processors {
    /// Those that take what goes to destinations of spans.
    pub(crate) spans: Vec<Arc<dyn Processor<SpanRecord>>>,
    /// Those that are shown everything and choose for themselves.
    pub(crate) all: Vec<Arc<dyn Processor<SpanRecord>>>,
    /// Those that take the log.
    pub(crate) logs: Vec<Arc<dyn Processor<LogRecord>>>,
    /// The buffer of breadcrumbs, which gets spans and the log as well.
    pub(crate) breadcrumbs: Option<Breadcrumbs>,
}

/// The buffer of breadcrumbs as a processor of spans and of the log.
///
/// It is no destination: a panic of it loses no record, and a record that it alone takes counts as
/// delivered.
#[derive(Clone)]
pub(crate) struct Breadcrumbs {
    pub(crate) spans: Arc<dyn Processor<SpanRecord>>,
    pub(crate) logs: Arc<dyn Processor<LogRecord>>,
}

impl Processors {
    /// True if anything takes what goes to destinations of spans.
    pub(crate) fn take_spans(&self) -> bool {
        !self.spans.is_empty() || self.breadcrumbs.is_some()
    }

    /// True if anything takes the log.
    pub(crate) fn take_logs(&self) -> bool {
        !self.logs.is_empty() || self.breadcrumbs.is_some()
    }
}

/// How many tracers there may be at a time; the first is the installed one.
const SLOTS: usize = super::traits::MAX_TRACERS;

static TRACERS: [AtomicPtr<Tracer>; SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS];

/// A tracer that only carries context on, with the formats of the installed one: for its place after a
/// shutdown and in a forked child, which may allocate nothing at that moment.
static IDLE: AtomicPtr<Tracer> = AtomicPtr::new(ptr::null_mut());

/// What any tracer records: the most detailed level, zero while there is none, and above it who
/// takes anything, with [`PROPAGATES`] beside them.
static RECORDED: AtomicU16 = AtomicU16::new(0);

/// The bit of [`RECORDED`] that is set while any tracer carries context on.
const PROPAGATES: u16 = 1 << 15;

/// True if a span of this callsite may be recorded, or may have to carry context on: one load and a
/// branch.
#[inline]
pub fn is_enabled(callsite: &'static Callsite) -> bool {
    is_recorded(callsite) || super::IS_LIVE && callsite.kind.is_request() && is_propagating()
}

/// True if a span of this callsite may be recorded: one load and a branch.
#[inline]
pub(crate) fn is_recorded(callsite: &'static Callsite) -> bool {
    if !super::IS_LIVE {
        return false;
    }
    let [level, takers] = RECORDED.load(Ordering::Relaxed).to_le_bytes();
    callsite.source.level as u8 <= level && takers & callsite.destinations.bits() != 0
}

/// True if a span of this callsite under a parent from elsewhere may be recorded, or may have to carry
/// the context of that parent on.
#[inline]
pub fn is_enabled_under(callsite: &'static Callsite) -> bool {
    is_enabled(callsite) || super::IS_LIVE && is_propagating()
}

/// True if any destination may record spans: one load.
#[cfg_attr(not(feature = "tracing"), expect(dead_code, reason = "for spans that others begin"))]
#[inline]
pub(crate) fn is_any_recorded() -> bool {
    super::IS_LIVE && RECORDED.load(Ordering::Relaxed) & !PROPAGATES != 0
}

/// True if a request may have to carry its context on, recorded or not: one load.
#[inline]
pub(crate) fn is_propagating() -> bool {
    super::CAN_PROPAGATE && RECORDED.load(Ordering::Relaxed) & PROPAGATES != 0
}

/// The tracer behind a tag, if it is still there.
#[inline]
pub(crate) fn find(tag: u16) -> Option<&'static Tracer> {
    let tracer = TRACERS.get(usize::from(tag))?.load(Ordering::Acquire);
    #[expect(unsafe_code, reason = "a lock here would be taken for every new trace")]
    // SAFETY: the slots hold null or pointers from `Box::leak`, which are never freed.
    unsafe {
        tracer.as_ref()
    }
}

/// The tracer behind a tag, unless it only carries context on: after a shutdown, for instance.
pub(super) fn recording(tag: u16) -> Option<&'static Tracer> {
    find(tag).filter(|tracer| !tracer.is_idle())
}

/// The tracer that the current span belongs to, or else the one of this thread.
pub(crate) fn here() -> Option<&'static Tracer> {
    let current = Current::get();
    let of_thread = || current::with(|local| local.tracer.get());
    find(if current.is_some() { current.traits.tracer() } else { of_thread() })
}

/// True if the process has a tracer that records.
pub(crate) fn is_installed() -> bool {
    find(0).is_some_and(|tracer| !tracer.is_idle())
}

/// Makes a tracer the one of the process; `false` if there is one already that records.
pub(crate) fn install(tracer: Tracer) -> bool {
    if is_installed() {
        return false;
    }
    let present = TRACERS[0].load(Ordering::Acquire);
    IDLE.store(Box::into_raw(Box::new(tracer.to_idle())), Ordering::Release);
    put(&TRACERS[0], present, Box::into_raw(Box::new(tracer)))
}

/// Stops recording: requests that begin from now on only carry their context on.
pub(crate) fn uninstall() {
    let present = TRACERS[0].load(Ordering::Acquire);
    put(&TRACERS[0], present, IDLE.load(Ordering::Acquire));
}

/// Takes every tracer that records out, in a forked child; returns true if there was one.
///
/// Context is still carried on. The summary of what is recorded stays as it is until a span asks for
/// its tracer: see [`fork::note_orphan`].
pub(super) fn abandon() -> bool {
    let mut had_one = false;
    let tracers = (0..SLOTS).filter_map(|slot| u16::try_from(slot).ok());
    // A store would copy the page, also where there is nothing to take out.
    for tag in tracers.filter(|tag| find(*tag).is_some_and(|tracer| !tracer.is_idle())) {
        let idle = if tag == 0 { IDLE.load(Ordering::Relaxed) } else { ptr::null_mut() };
        TRACERS[usize::from(tag)].store(idle, Ordering::Relaxed);
        had_one = true;
    }
    had_one
}

/// Adds a tracer beside the installed one and returns its tag; `None` when every slot is taken.
///
/// A tag is used again as late as possible: spans that outlive a capture must not turn up in the
/// next.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "captures are for tests"))]
pub(crate) fn add(mut tracer: impl FnMut() -> Tracer) -> Option<u16> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = NEXT.fetch_add(1, Ordering::Relaxed);
    (0..SLOTS - 1)
        .filter_map(|offset| u16::try_from(1 + (first + offset) % (SLOTS - 1)).ok())
        .find(|&tag| find(tag).is_none() && put_free(tag, tracer()))
}

/// Takes out the tracer behind a tag.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "captures are for tests"))]
pub(crate) fn remove(tag: u16) {
    if let Some(slot) = TRACERS.get(usize::from(tag)) {
        slot.store(ptr::null_mut(), Ordering::Release);
        settle_level();
    }
}

fn put_free(tag: u16, tracer: Tracer) -> bool {
    let tracer = Box::into_raw(Box::new(tracer));
    TRACERS.get(usize::from(tag)).is_some_and(|slot| put(slot, ptr::null_mut(), tracer))
}

/// Puts a tracer in the place of `present`; `false` if another one is there by now.
///
/// One that finds no place is not freed: two installs at a time are a mistake that costs one small
/// allocation.
fn put(slot: &AtomicPtr<Tracer>, present: *mut Tracer, tracer: *mut Tracer) -> bool {
    let exchanged = slot.compare_exchange(present, tracer, Ordering::AcqRel, Ordering::Acquire);
    fork::note_installed();
    settle_level();
    exchanged.is_ok()
}

/// Sets what is recorded to what the tracers record.
pub(super) fn settle_level() {
    // One at a time: the slower of two would write down a level from before the other's change.
    static SETTLING: PerProcess<Mutex<()>> = PerProcess::new(Mutex::default);
    let _settling = SETTLING.get().lock().unwrap_or_else(PoisonError::into_inner);
    let tracers = || (0..SLOTS).filter_map(|slot| find(u16::try_from(slot).ok()?));
    let recording = tracers().filter(|tracer| !tracer.is_idle());
    let recorded = recording.fold([0, 0], |[level, takers], tracer| {
        [level.max(tracer.level as u8), takers | tracer.destinations.bits()]
    });
    let propagates = if tracers().any(Tracer::propagates) { PROPAGATES } else { 0 };
    RECORDED.store(u16::from_le_bytes(recorded) | propagates, Ordering::Relaxed);
    scope::set_taken(tracers().any(|tracer| tracer.failures.is_some()));
    log::set_taken(tracers().any(Tracer::takes_logs), tracers().any(Tracer::has_events));
}

impl Tracer {
    /// A tracer that records nothing and starts nothing: requests only carry their context on.
    pub(crate) fn idle(
        sampler: Sampler,
        propagator: Composite,
        propagation_targets: Targets,
    ) -> Self {
        Self {
            sampler,
            segments: None,
            context_missing: ContextMissing::IgnoreError,
            invocation: None,
            watcher: None,
            failures: None,
            destinations: Destinations::NONE,
            propagator,
            propagation_targets,
            limits: Limits::default(),
            redaction_key: None,
            level: Level::Error,
            event_level: None,
            processors: Processors::default(),
            redaction: Arc::default(),
        }
    }

    fn to_idle(&self) -> Self {
        let targets = self.propagation_targets.clone();
        Self::idle(self.sampler.clone(), self.propagator.clone(), targets)
    }

    /// True if no destination takes its spans or segments.
    pub(crate) const fn is_idle(&self) -> bool {
        self.destinations.is_empty()
    }

    /// True if there is a format to carry context in.
    pub(crate) fn propagates(&self) -> bool {
        !self.propagator.fields().is_empty()
    }

    /// Whether anybody takes the log.
    fn takes_logs(&self) -> bool {
        self.processors.take_logs()
    }

    /// Whether spans are told of events of the log.
    fn has_events(&self) -> bool {
        self.event_level.is_some() && !self.destinations.is_empty()
    }

    /// Whether the spans around an event of this level are told of it.
    pub(crate) fn tells_spans(&self, level: Level) -> bool {
        self.event_level.is_some_and(|most| level <= most)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { attributes: 128, events: 128, links: 128, value_chars: usize::MAX }
    }
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a watcher")
    }
}

impl std::fmt::Debug for Processors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} processors", self.spans.len() + self.all.len() + self.logs.len())
    }
}
