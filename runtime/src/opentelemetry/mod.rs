//! Living together with code that uses the `opentelemetry` API or exporters of its SDK.
//!
//! ```text
//! their code ── API ──▶ Tracer ─ Span ──┐                       ┌─▶ our destinations
//!                │                      ├─▶ spans of this crate ┤
//! our code ──────┼──────────────────────┘                       └─▶ Destination ─▶ SpanExporter
//!                └─ Context ◀── followed ──▶ current span
//! ```
//!
//! After [`install_global`]:
//!
//! - A span that is begun through the API is a span of ours: it obeys our sampler and limits and
//!   leaves through our destinations. Its instrumentation scope becomes the attributes
//!   `otel.scope.name` and `otel.scope.version`, the word of the specification for formats without
//!   scopes.
//! - Its parent is whatever began last on this thread: the span of the API's context, or a span of
//!   ours below it. A context given by hand decides by itself.
//! - While a context is attached, its span is [current](crate::current) for annotated functions,
//!   in futures as well. A span in it that is not ours (another process, another SDK) is the remote
//!   parent of what begins below.
//! - Headers written through the API's global propagator carry our current span.
//!
//! What the API has no place for: `Context::current()` does not know our annotated functions. Code
//! that takes a context along, or looks at the span in it, is handed [`context()`] instead.
//!
//! The currents follow each other through the API's context observer, of which a process has one.
//! Where somebody else set it before, [`Parent::from`](crate::span::Parent) and [`span_of`] do the
//! same by hand.
//!
//! In: calls of the API; finished spans. Out: spans of ours; spans to exporters of the SDK.
//! Never: keeps state of its own about a trace.

mod convert;
mod data;
mod destination;
mod follow;
mod parent;
mod propagator;
mod queue;
mod reactor;
mod span;
mod tracer;
mod worker;

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;

pub use convert::api_span_context;
pub use data::{sdk_resource, span_data};
pub use destination::{Delivery, Destination, Limits, StartError};
pub use parent::span_of;
pub use propagator::Propagator;
pub use span::Span;
pub use tracer::{Tracer, TracerProvider};

/// Makes this crate the one behind the API's global functions: its tracer provider and its
/// propagator, which uses the formats of the installation.
///
/// For applications, once, after the installation; libraries leave it to them.
///
/// ```
/// use opentelemetry::global;
/// use opentelemetry::trace::Tracer;
///
/// spanwright::opentelemetry::install_global();
/// global::tracer("billing").in_span("charge", |_context| {
///     // Annotated functions called here are children of `charge`.
/// });
/// ```
pub fn install_global() {
    opentelemetry::global::set_tracer_provider(TracerProvider::new());
    opentelemetry::global::set_text_map_propagator(Propagator::installed());
}

/// The API's current context with our current span in it, for code that takes a context.
///
/// What is said about the span in it is said about our span; ending it there does nothing. Where no
/// span of ours is current, it is the API's current context unchanged.
///
/// ```
/// use opentelemetry::trace::TraceContextExt;
///
/// let context = spanwright::opentelemetry::context();
/// context.span().set_attribute(opentelemetry::KeyValue::new("rows", 3));
/// ```
pub fn context() -> Context {
    let current = crate::span::current();
    if current.is_none() {
        return Context::current();
    }
    Context::current_with_span(Span::borrowed(current))
}
