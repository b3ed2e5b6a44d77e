//! Our header formats behind the API's propagator trait.
//!
//! In: the API's carriers. Out: headers and contexts, read and written by [`propagate`].
//! Never: writes a header without a current span or context.
//!
//! [`propagate`]: crate::propagate

use std::sync::Arc;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{TraceContextExt, TraceState};
use opentelemetry::{Context, KeyValue};

use super::convert::{api_span_context, trace_state};
use crate::propagate::{self, Baggage, Carrier, Composite, Propagator as _};
use crate::record::SpanContext;
use crate::span::{self, Parent, tracer};

/// Reads and writes headers for code that uses the API, in our formats.
///
/// Written is the span that would be the [parent](crate::span::Parent) of a span begun there: the
/// one in the context, or the current one of ours.
///
/// The API passes no host to a propagator, so that the
/// [propagation targets](crate::Config::propagation_targets) do not apply: code that calls hosts outside of
/// them uses [`inject_into_for`](crate::inject_into_for) instead.
#[derive(Debug)]
pub struct Propagator {
    formats: Composite,
    fields: Vec<String>,
}

impl Propagator {
    /// Uses these formats.
    pub fn new(formats: Composite) -> Self {
        let fields = formats.fields().iter().map(|&field| field.to_owned()).collect();
        Self { formats, fields }
    }

    /// Uses the formats of the installation, the default ones where there is none.
    pub(super) fn installed() -> Self {
        let installed = tracer::find(0).map(|tracer| tracer.propagator.clone());
        Self::new(installed.unwrap_or_default())
    }
}

/// `tracecontext,baggage`.
impl Default for Propagator {
    fn default() -> Self {
        Self::new(Composite::default())
    }
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let context = outgoing(context);
        self.formats.inject(&context, &mut |name, value| injector.set(name, value.to_owned()));
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let mut incoming = propagate::Context::default();
        self.formats.extract(&Headers(extractor), &mut incoming);
        let mut context = context.clone();
        if incoming.span.is_valid() {
            let state = trace_state(incoming.trace_state.as_deref());
            context = context.with_remote_span_context(api_span_context(incoming.span, state));
        }
        if !incoming.baggage.is_empty() {
            let pairs = incoming.baggage.iter();
            let pairs = pairs.map(|(key, value)| KeyValue::new(key.to_owned(), value.into_owned()));
            context = context.with_baggage(pairs.collect::<Vec<_>>());
        }
        if incoming.xray.is_some() || incoming.is_deferred || incoming.is_debug {
            context = context.with_value(Beside(incoming));
        }
        context
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

/// What came with the span of another process and has no place in the API's type: the header of
/// X-Ray, a deferred decision, the debug flag.
struct Beside(propagate::Context);

/// What a context of the API carries from another process: the span in it, if it is one, or the
/// trace of a header that names no span.
pub(super) fn incoming(context: &Context) -> propagate::Context {
    let span = SpanContext::from(context.span().span_context());
    let is_of_span = |beside: &&Beside| {
        let SpanContext { trace_id, span_id, .. } = beside.0.span;
        let is_alone = !span.is_valid() && !span_id.is_valid();
        is_alone || (trace_id, span_id) == (span.trace_id, span.span_id)
    };
    let beside = context.get::<Beside>().filter(is_of_span).map(|beside| beside.0.clone());
    propagate::Context {
        span: if span.is_valid() { span } else { beside.as_ref().map_or(span, |it| it.span) },
        trace_state: text(context.span().span_context().trace_state()),
        baggage: baggage(context.baggage()),
        ..beside.unwrap_or_default()
    }
}

/// What goes out for a context of the API.
fn outgoing(context: &Context) -> propagate::Context {
    match Parent::from(context) {
        Parent::Root => incoming(context),
        Parent::Remote(span) => {
            let incoming = incoming(context);
            // What belongs to another trace does not go along with the span of this one.
            if incoming.span.trace_id == span.trace_id {
                propagate::Context { span, ..incoming }
            } else {
                let baggage = incoming.baggage;
                propagate::Context { span, baggage, ..propagate::Context::default() }
            }
        }
        Parent::Local(span) => {
            let own = baggage(context.baggage());
            let mut sent = span::outgoing(span);
            for (key, value) in own.iter() {
                // A pair beyond the limits of the header stays out, as it would alone.
                let _ = sent.baggage.insert(key, &value);
            }
            sent
        }
    }
}

/// The text of a `tracestate`, if it has any.
pub(super) fn text(state: &TraceState) -> Option<Arc<str>> {
    let header = state.header();
    (!header.is_empty()).then(|| header.into())
}

/// The API's baggage in our type; a pair that no header may carry is left out.
pub(super) fn baggage(pairs: &opentelemetry::baggage::Baggage) -> Baggage {
    let mut baggage = Baggage::default();
    for (key, (value, _properties)) in pairs {
        let _ = baggage.insert(key.as_str(), value.as_str());
    }
    baggage
}

/// The API's way to read headers as ours.
struct Headers<'e>(&'e dyn Extractor);

impl Carrier for Headers<'_> {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for value in self.0.get_all(name).into_iter().flatten() {
            visit(value.as_bytes());
        }
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for name in self.0.keys() {
            self.0.get(name).into_iter().for_each(|value| visit(name, value.as_bytes()));
        }
    }
}
