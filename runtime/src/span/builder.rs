//! Spans made by hand, step by step.
//!
//! In: what is known before a span begins. Out: a running [`Span`].
//! Never: begins anything before it is told to.

use std::time::SystemTime;

use super::begin::Asked;
use super::callsite::MANUAL;
use super::clock;
use super::frame::Frame;
use super::handle::{Span, WORDS};
use super::parent::Parent;
use super::sink::{Recorder, Sink};
use super::words::Key;
use crate::propagate::Context;
use crate::record::{Destinations, SpanKind};
use crate::sample::RequestFacts;

/// What a span is made from; see [`Span::build`].
#[derive(Debug)]
#[must_use = "nothing begins before `start`"]
pub struct SpanBuilder<'a> {
    name: &'a str,
    kind: SpanKind,
    parent: Option<Parent>,
    incoming: Option<&'a Context>,
    start_time: Option<SystemTime>,
    request: RequestFacts<'a>,
    is_segment: bool,
    is_subsegment: bool,
}

impl<'a> SpanBuilder<'a> {
    pub(super) const fn new(name: &'a str) -> Self {
        Self {
            name,
            kind: SpanKind::Internal,
            parent: None,
            incoming: None,
            start_time: None,
            request: RequestFacts {
                host: None,
                method: None,
                path: None,
                user_agent: None,
                attributes: &[],
            },
            is_segment: false,
            is_subsegment: false,
        }
    }

    /// The role of the span between services.
    pub fn kind(self, kind: SpanKind) -> Self {
        Self { kind, ..self }
    }

    /// The parent instead of the current span.
    pub fn parent(self, parent: impl Into<Parent>) -> Self {
        Self { parent: Some(parent.into()), ..self }
    }

    /// Continues what came with a message or a request: its span becomes the parent, if it names
    /// one, and its trace state and baggage go out with the calls made below this span. For a
    /// sender that is not trusted, call [`distrust_caller`](Context::distrust_caller) before.
    ///
    /// The span begins a request of its own, whatever is current; [`set_user`] speaks of it alone.
    ///
    /// [`set_user`]: super::set_user
    ///
    /// ```
    /// use spanwright::Span;
    /// use spanwright::record::SpanKind;
    ///
    /// let headers = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    /// let incoming = spanwright::extract(&headers.as_slice());
    /// let span = Span::build("orders process").kind(SpanKind::Consumer).incoming(&incoming).start();
    /// span.in_scope(|| {
    ///     // Calls made here carry on the caller's trace.
    /// });
    /// ```
    pub fn incoming(self, incoming: &'a Context) -> Self {
        Self { incoming: Some(incoming), ..self }
    }

    /// When the work began, if not now; a time before 1970 counts as 1970.
    pub fn start_time(self, time: SystemTime) -> Self {
        Self { start_time: Some(time), ..self }
    }

    /// Makes it a segment for AWS X-Ray: the work of this service on one request or job, and a local
    /// root whatever is current. Spans of kind server and consumer are segments by themselves.
    pub fn segment(self) -> Self {
        Self { is_segment: true, ..self }
    }

    /// Makes it a subsegment for AWS X-Ray too, where a segment is above it. Spans of every kind but
    /// internal are one by themselves.
    pub fn subsegment(self) -> Self {
        Self { is_subsegment: true, ..self }
    }

    /// What sampling rules may ask of the request that the span takes.
    pub fn request(self, request: RequestFacts<'a>) -> Self {
        Self { request, ..self }
    }

    /// Begins the span.
    pub fn start(self) -> Span {
        let mut frame = Frame::new();
        // A span that is not recorded is left out, and the one above stays current; a request that is
        // not recorded still carries its context on.
        let is_wanted = super::is_enabled(&MANUAL) || super::is_propagating();
        if is_wanted || !super::current().is_none() {
            frame.start_asked(&MANUAL, &self.asked());
        }
        if let Some(incoming) = self.incoming {
            frame.open_request(incoming);
        }
        self.describe(&mut frame);
        Span::of(frame)
    }

    fn asked(&self) -> Asked<'_> {
        let remote = self.incoming.and_then(super::parent::caller);
        let is_asked_for = self.is_segment || self.is_subsegment;
        Asked {
            parent: remote.or(self.parent).unwrap_or_else(Parent::current),
            name: self.name,
            kind: self.kind,
            level: MANUAL.source.level,
            takers: if is_asked_for { Destinations::ALL } else { Destinations::of(self.kind) },
            is_request: self.is_segment || self.kind.is_request(),
            is_subsegment: self.is_subsegment,
            request: self.request,
            source: &MANUAL.source,
            xray: self.incoming.and_then(|incoming| incoming.xray.as_ref()),
            is_deferred: self.incoming.is_some_and(|incoming| incoming.is_deferred),
        }
    }

    /// Writes what is known from the begin; the name last, as it alone may not fit.
    fn describe(&self, frame: &mut Frame<WORDS>) {
        if !frame.is_recording() {
            return;
        }
        if self.kind != SpanKind::Internal
            && let Some(buffer) = frame.buffer()
        {
            Sink::new(buffer, Key::KIND).i64(i64::from(self.kind as u8));
        }
        if let Some(unix_ns) = self.start_time.and_then(clock::unix_ns_unless_now)
            && let Some(buffer) = frame.buffer()
        {
            Sink::new(buffer, Key::START_UNIX_NS).i64(unix_ns.cast_signed());
        }
        if let Some(buffer) = frame.buffer() {
            Sink::new(buffer, Key::NAME).str(self.name);
        }
    }
}
