//! The API's tracer provider on our spans.
//!
//! In: builders and contexts of the API. Out: spans of ours.
//! Never: samples by itself; our sampler decides.

use opentelemetry::trace::{self as api, SpanBuilder, TraceContextExt};
use opentelemetry::{Context, InstrumentationScope};

use super::convert::api_span_context;
use super::span::{Span, request_trace_state};
use super::{follow, propagator};
use crate::diagnostics;
use crate::origin::{SCOPE_NAME, SCOPE_VERSION};
use crate::span::{self, Parent};

/// Hands out tracers whose spans are spans of ours.
///
/// The first one made begins to follow the API's contexts, as the [room](super) describes.
#[derive(Clone, Debug)]
pub struct TracerProvider {
    _made_by_new: (),
}

/// Begins spans of ours for one instrumentation scope.
#[derive(Clone, Debug)]
pub struct Tracer {
    scope: InstrumentationScope,
}

impl TracerProvider {
    /// Makes one; they are all alike.
    pub fn new() -> Self {
        follow::begin();
        Self { _made_by_new: () }
    }
}

impl Default for TracerProvider {
    fn default() -> Self {
        Self::new()
    }
}

impl api::TracerProvider for TracerProvider {
    type Tracer = Tracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> Tracer {
        Tracer { scope }
    }
}

impl api::Tracer for Tracer {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, context: &Context) -> Span {
        let parent_context = context.span().span_context().clone();
        if context.is_telemetry_suppressed() || diagnostics::suppressed() {
            return Span::inert(parent_context);
        }
        let parent = Parent::from(context);
        // A span of ours knows what came with its request.
        let incoming = match parent {
            Parent::Local(_) => None,
            Parent::Remote(_) | Parent::Root => Some(propagator::incoming(context)),
        };
        let incoming = incoming.filter(|incoming| incoming.span.trace_id.is_valid());
        let mut begun = span::Span::build(&builder.name).parent(parent);
        if let Some(incoming) = &incoming {
            begun = begun.incoming(incoming);
        }
        if let Some(kind) = builder.span_kind.clone() {
            begun = begun.kind(kind.into());
        }
        if let Some(time) = builder.start_time {
            begun = begun.start_time(time);
        }
        let begun = begun.start();
        if begun.is_none() {
            return Span::inert(parent_context);
        }
        let is_of_context = match parent {
            Parent::Local(parent) => follow::is(parent, (&parent_context).into()),
            Parent::Remote(_) => true,
            Parent::Root => false,
        };
        let trace_state = if is_of_context {
            parent_context.trace_state().clone()
        } else {
            request_trace_state(*begun)
        };
        let context = api_span_context(begun.context(), trace_state);
        let mut span = Span::owned(begun, context);
        self.describe(&mut span, builder);
        span
    }
}

impl Tracer {
    fn describe(&self, span: &mut Span, builder: SpanBuilder) {
        use api::Span as _;
        if !span.is_recording() {
            return;
        }
        let scope = [(SCOPE_NAME, Some(self.scope.name())), (SCOPE_VERSION, self.scope.version())];
        for (key, text) in scope {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                span.set_attribute(opentelemetry::KeyValue::new(key, text.to_owned()));
            }
        }
        span.set_attributes(builder.attributes.unwrap_or_default());
        for event in builder.events.unwrap_or_default() {
            span.add_event_with_timestamp(event.name, event.timestamp, event.attributes);
        }
        for link in builder.links.unwrap_or_default() {
            span.add_link(link.span_context, link.attributes);
        }
    }
}
