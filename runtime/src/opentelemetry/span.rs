//! A span of ours behind the API's trait.
//!
//! In: what code of the API says about it. Out: the same on our span.
//! Never: ends a span that it does not own.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{self as api, SpanContext, Status};

use super::convert::{api_span_context, trace_state};
use super::parent;
use crate::record::Outcome;
use crate::span::{self, SpanRef, ToAttribute, request};

/// A span of ours for code that uses the API.
///
/// Ends when it is dropped at latest. Nothing on it blocks, and nothing that is said after its end
/// is kept.
#[derive(Debug)]
pub struct Span {
    context: SpanContext,
    reference: SpanRef,
    state: State,
    /// Whether somebody said that the work succeeded, which is final.
    is_ok: bool,
}

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all own theirs; a box would allocate for each"
)]
enum State {
    Owned(span::Span),
    /// Belongs to other code, which ends it.
    Borrowed,
    Ended,
}

impl Span {
    /// Takes a span over.
    pub(super) fn owned(span: span::Span, context: SpanContext) -> Self {
        Self { context, reference: *span, state: State::Owned(span), is_ok: false }
    }

    /// Speaks for a span of other code.
    pub(super) fn borrowed(reference: SpanRef) -> Self {
        let context = api_span_context(reference.context(), request_trace_state(reference));
        Self { context, reference, state: State::Borrowed, is_ok: false }
    }

    /// Stands where no span was begun; the next service sees its parent.
    pub(super) fn inert(context: SpanContext) -> Self {
        let reference = SpanRef::default();
        Self { context, reference, state: State::Ended, is_ok: false }
    }

    /// Takes the span out to end it, if it is this one's to end.
    fn take(&mut self) -> Option<span::Span> {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Owned(span) => Some(span),
            State::Borrowed => {
                self.state = State::Borrowed;
                None
            }
            State::Ended => None,
        }
    }

    /// The span while it has not ended.
    fn running(&self) -> Option<SpanRef> {
        let is_running = !matches!(self.state, State::Ended) && self.reference.is_recording();
        is_running.then_some(self.reference)
    }
}

/// The `tracestate` of the request that a span belongs to.
pub(super) fn request_trace_state(span: SpanRef) -> api::TraceState {
    trace_state(request::of(span).and_then(|request| request.trace_state).as_deref())
}

impl api::Span for Span {
    fn add_event<T>(&mut self, name: T, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(span) = self.running() {
            span.add_event(&name.into(), &by_reference(&attributes));
        }
    }

    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        if let Some(span) = self.running() {
            span.add_event_at(&name.into(), timestamp, &by_reference(&attributes));
        }
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        parent::answer(self.reference);
        self.running().is_some()
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        if let Some(span) = self.running() {
            span.set_attribute(attribute.key, attribute.value);
        }
    }

    /// `Ok` is final, and `Error` is not taken back by `Unset`, as the API says.
    fn set_status(&mut self, status: Status) {
        let Some(reference) = self.running() else { return };
        let outcome = match status {
            Status::Unset => return,
            Status::Error { .. } if self.is_ok => return,
            Status::Error { .. } => Outcome::Error,
            Status::Ok => Outcome::Ok,
        };
        self.is_ok = status == Status::Ok;
        reference.set_status(&status.into());
        if let State::Owned(span) = &mut self.state {
            span.set_outcome(outcome);
        }
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        if let Some(span) = self.running() {
            span.set_name(&new_name.into());
        }
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        if let Some(span) = self.running() {
            span.add_link((&span_context).into(), &by_reference(&attributes));
        }
    }

    fn end(&mut self) {
        if let Some(span) = self.take() {
            span.end();
        }
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        if let Some(span) = self.take() {
            span.end_at(timestamp);
        }
    }
}

/// The API's attributes as the manual interface takes them.
fn by_reference<'a>(attributes: &'a [KeyValue]) -> Vec<(&'a str, &'a dyn ToAttribute)> {
    let pair = |attribute: &'a KeyValue| (attribute.key.as_str(), &attribute.value as _);
    attributes.iter().map(pair).collect()
}
