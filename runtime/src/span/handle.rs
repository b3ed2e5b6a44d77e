//! Spans made by hand.
//!
//! In: names and values known at run time. Out: the same records as annotated functions make.
//! Never: borrows a frame; what is said about a span after its begin goes through the ring.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use super::IS_LIVE;
use super::amend::{self, Attributes};
use super::attribute::{ToAttribute, record};
use super::builder::SpanBuilder;
use super::callsite::MANUAL;
use super::clock;
use super::current::{Attached, Current};
use super::frame::Frame;
use super::json;
use super::parent::Parent;
use super::scope::Scope;
use super::scoped::InSpan;
use super::sink::{Buffer, Filled, Sink};
use super::tracer;
use super::words::{Key, MAX_TEXT_BYTES, Words, cut, text_words};
use crate::guard::guard;
use crate::propagate::Sampled;
use crate::record::{Destinations, SpanContext, Status};

/// Names a span of this process: small, `Copy`, safe to keep and to send anywhere.
///
/// It may outlive the span; what is said about a span that is over is lost without harm.
#[derive(Clone, Copy, Default)]
pub struct SpanRef(Current);

/// A span that runs until it is dropped or [ended](Span::end).
///
/// Making one does not make it current: [`Span::enter`], [`Span::entered`] and [`Span::in_scope`] do
/// so on this thread, and [`InSpan`] for each poll of a future. Everything of [`SpanRef`] works on it.
///
/// A span that is dropped while its thread unwinds ends as `panic` if the panic has left code that
/// ran in the span (a guard, a scope, a poll), else as `cancelled`.
///
/// ```
/// use spanwright::Span;
///
/// let span = Span::new("import");
/// span.set_attribute("file.count", 3);
/// span.in_scope(|| {
///     // Annotated functions called here become children of `import`.
/// });
/// ```
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    frame: Frame<WORDS>,
    reference: SpanRef,
    /// Set when a panic has left code that ran in the span.
    has_panicked: AtomicBool,
}

/// Inline room for kind, begin and a name of up to 152 bytes: what the span is goes along with its
/// end, so that none of it can be lost alone.
pub(super) const WORDS: usize = 24;

/// The span that is current on this thread.
///
/// Reads one thread-local; never blocks.
#[inline]
pub fn current() -> SpanRef {
    if !IS_LIVE {
        return SpanRef::default();
    }
    SpanRef(Current::get())
}

impl SpanRef {
    pub(super) fn from_current(current: Current) -> Self {
        Self(current)
    }

    pub(super) fn to_current(self) -> Current {
        self.0
    }

    /// Names no span.
    pub const NONE: Self = Self(Current::NONE);

    /// Names no span, and keeps any from being recorded: while it is current nothing begins and
    /// nothing is sent along with calls.
    pub const MUTED: Self = Self(Current::MUTED);

    /// The request or message that the span belongs to (see [`SpanKind`](crate::record::SpanKind)), or else the first span
    /// of this process above.
    #[must_use]
    pub fn root(&self) -> Self {
        Self(self.0.of_root())
    }

    /// The same span, for the log alone: nothing that is told under it is told to the span.
    #[cfg_attr(
        not(all(feature = "actix", feature = "tracing", not(feature = "off"))),
        expect(dead_code, reason = "for the access log")
    )]
    pub(crate) fn for_log_alone(self) -> Self {
        Self(Current { traits: self.0.traits.without_destinations(), ..self.0 })
    }

    /// Whether it names no span.
    pub fn is_none(&self) -> bool {
        !self.0.is_some()
    }

    /// Whether what is said about the span would be kept.
    #[inline]
    pub fn is_recording(&self) -> bool {
        IS_LIVE && self.0.is_recording()
    }

    /// The part of the span that travels; [`SpanContext::INVALID`] when it names none.
    pub fn context(&self) -> SpanContext {
        self.0.context()
    }

    /// Whether the span is a segment or a subsegment of AWS X-Ray.
    #[inline]
    pub fn is_segment(&self) -> bool {
        IS_LIVE && self.0.segment_id != 0 && self.0.segment_id == self.0.id()
    }

    /// Whether a request is at the root of the span, or above it.
    pub(crate) const fn is_in_request(&self) -> bool {
        self.0.traits.segments_are_decided()
    }

    /// True for a request that is not recorded and only carries its context on.
    pub(crate) const fn is_propagation_only(&self) -> bool {
        self.0.traits.is_propagation_only()
    }

    /// The decision about the trace's segments, as an X-Ray header states it.
    pub(crate) fn xray_decision(&self) -> Sampled {
        let traits = self.0.traits;
        let has_segments = || {
            tracer::find(traits.tracer())
                .is_some_and(|it| it.destinations.contains(Destinations::SEGMENTS))
        };
        if traits.segments_are_decided() {
            Sampled::from(traits.destinations().contains(Destinations::SEGMENTS))
        } else if has_segments() {
            Sampled::Unsaid
        } else {
            Sampled::from(traits.flags().is_sampled())
        }
    }

    /// Records an annotation of an X-Ray segment or subsegment, by which it can be found; other
    /// destinations do not get it. A later value of the same key replaces the earlier.
    ///
    /// A key has letters, digits and `_`; other characters become `_`. Of two keys that become one,
    /// the second is sent as metadata `annotations_overflow`.
    pub fn set_annotation(&self, key: impl AsRef<str>, value: impl ToAttribute) -> &Self {
        if self.is_segment() {
            self.record_by_hand(&key, |key| Key::annotation(key), &value);
        }
        self
    }

    /// Records metadata of an X-Ray segment or subsegment, for reading; other destinations do not
    /// get it. A later value of the same key and namespace replaces the earlier.
    pub fn set_metadata(&self, namespace: &str, key: &str, value: impl serde::Serialize) -> &Self {
        if self.is_segment() {
            let json = json::text(&value, &format_args!("metadata `{key}`"));
            let mut filled = Filled::default();
            let buffer = Buffer::of_frame(&mut [], &mut filled, &self.0, &MANUAL);
            Sink::new(buffer, Key::metadata(&format!("{namespace}\0{key}"))).str(&json);
        }
        self
    }

    /// Records an attribute; a later value of the same key replaces the earlier.
    #[inline]
    pub fn set_attribute(&self, key: impl AsRef<str>, value: impl ToAttribute) -> &Self {
        if self.is_recording() {
            self.record_by_hand(&key, |key| Key::text(key), &value);
        }
        self
    }

    /// Adds an event that happens now.
    pub fn add_event(&self, name: &str, attributes: &Attributes<'_>) -> &Self {
        if self.is_recording() {
            amend::event(self.0, None, cut(name, MAX_TEXT_BYTES), attributes);
        }
        self
    }

    /// Adds an event that happened at `time`; a time before 1970 counts as 1970.
    pub fn add_event_at(&self, name: &str, time: SystemTime, attributes: &Attributes<'_>) -> &Self {
        if self.is_recording() {
            let unix_ns = clock::unix_ns_unless_now(time);
            amend::event(self.0, unix_ns, cut(name, MAX_TEXT_BYTES), attributes);
        }
        self
    }

    /// Links another span; does nothing where `to` names none.
    pub fn add_link(&self, to: SpanContext, attributes: &Attributes<'_>) -> &Self {
        if self.is_recording() {
            amend::link(self.0, to, attributes);
        }
        self
    }

    /// Gives the span another name.
    #[inline]
    pub fn set_name(&self, name: &str) -> &Self {
        self.amend_text(Key::NAME, name)
    }

    /// Judges the work; the last judgement counts, and one of yours counts more than that of the
    /// result. `Ok` is final, and `Unset` takes nothing back.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
    #[inline]
    pub fn set_status(&self, status: &Status) -> &Self {
        match status {
            Status::Unset => self,
            Status::Ok => self.amend_text(Key::STATUS_OK, ""),
            Status::Error { message } => self.amend_text(Key::STATUS_ERROR, message),
        }
    }

    /// Makes the span current on this thread until the guard is dropped, for a scope of our own: such
    /// guards are dropped in the opposite order.
    pub(crate) fn attach(&self) -> Attached {
        self.0.attach()
    }

    /// Runs `body` with the span current on this thread.
    pub fn in_scope<R>(&self, body: impl FnOnce() -> R) -> R {
        let _attached = self.attach();
        body()
    }

    /// Wraps a closure for another thread or `spawn_blocking`: it runs there with the span
    /// current.
    ///
    /// ```
    /// let handle = std::thread::spawn(spanwright::current().carry(|| 6 * 7));
    /// assert_eq!(handle.join().unwrap(), 42);
    /// ```
    pub fn carry<R>(self, body: impl FnOnce() -> R) -> impl FnOnce() -> R {
        let scope = Scope::current();
        move || {
            let _attached = scope.attach();
            self.in_scope(body)
        }
    }

    /// Records a value. The code of the key may panic, too; where neither can, nothing is left of the
    /// guards.
    #[inline]
    fn record_by_hand(
        &self,
        key: &impl AsRef<str>,
        kind: impl FnOnce(&str) -> Key<'_>,
        value: &impl ToAttribute,
    ) {
        let Some(key) = guard("key of an attribute", || key.as_ref()) else { return };
        let mut filled = Filled::default();
        let buffer = Buffer::of_frame(&mut [], &mut filled, &self.0, &MANUAL);
        if let Err(caught) = record(value, Sink::new(buffer, kind(key))) {
            caught.explain(&format_args!("attribute `{key}`"));
        }
    }

    fn amend_time(&self, key: Key<'_>, time: SystemTime) {
        if self.is_recording()
            && let Some(unix_ns) = clock::unix_ns_unless_now(time)
        {
            amend::items(self.0, &MANUAL, 2, |words| words.i64(key, unix_ns.cast_signed()));
        }
    }

    #[inline]
    pub(super) fn amend_text(&self, key: Key<'_>, text: &str) -> &Self {
        if self.is_recording() {
            let text = cut(text, MAX_TEXT_BYTES);
            let write = |words: &mut Words<'_>| words.text(key, text);
            amend::items(self.0, &MANUAL, 1 + text_words(text.len()), write);
        }
        self
    }
}

impl fmt::Debug for SpanRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let context = self.context();
        write!(f, "SpanRef({}-{})", context.trace_id, context.span_id)
    }
}

impl Span {
    /// Begins a span under the current one, or a new trace where none is current.
    pub fn new(name: &str) -> Self {
        Self::build(name).start()
    }

    /// Begins a new trace, whatever is current.
    pub fn root(name: &str) -> Self {
        Self::build(name).parent(Parent::Root).start()
    }

    /// Begins a span step by step.
    pub fn build(name: &str) -> SpanBuilder<'_> {
        SpanBuilder::new(name)
    }

    /// Sets how the work ended; `Ok` where nothing is said.
    pub fn set_outcome(&mut self, outcome: crate::record::Outcome) {
        self.frame.set_outcome(outcome);
    }

    /// Ends the span now rather than when it is dropped.
    pub fn end(mut self) {
        self.frame.finish();
    }

    /// Ends the span now, and says that its work ended at `time`; a time before the begin counts
    /// as the begin.
    pub fn end_at(self, time: SystemTime) {
        self.amend_time(Key::END_UNIX_NS, time);
        self.end();
    }

    /// Makes the span current at each poll of `future` and ends it when the future is ready.
    pub fn wrap<F: Future>(self, future: F) -> InSpan<F> {
        InSpan::new(self, future)
    }

    pub(super) fn of(frame: Frame<WORDS>) -> Self {
        let reference = frame.reference();
        Self { frame, reference, has_panicked: AtomicBool::new(false) }
    }

    /// The mark of a panic that has left code that ran in the span.
    pub(super) const fn has_panicked(&self) -> &AtomicBool {
        &self.has_panicked
    }

    pub(super) fn frame(&mut self) -> &mut Frame<WORDS> {
        &mut self.frame
    }
}

impl Deref for Span {
    type Target = SpanRef;

    fn deref(&self) -> &SpanRef {
        &self.reference
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference.fmt(f)
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let has_panicked = *self.has_panicked.get_mut();
        self.frame.finish_by_hand(has_panicked);
    }
}
