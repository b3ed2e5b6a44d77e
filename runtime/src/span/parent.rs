//! Who a span begins under.

use std::sync::OnceLock;

use super::current::Current;
use super::handle::SpanRef;
use crate::propagate::Context;
use crate::record::SpanContext;

/// The parent of a new span.
#[derive(Clone, Copy, Debug)]
pub enum Parent {
    /// None: the span begins a new trace.
    Root,
    /// A span of this process.
    Local(SpanRef),
    /// A span of another process, known from its context.
    Remote(SpanContext),
}

/// Knows the span that another tracing library made current on this thread.
pub(crate) type Foreign = fn() -> Option<SpanContext>;

static FOREIGN: OnceLock<Foreign> = OnceLock::new();

/// Asks `foreign` for a parent wherever no span of ours is current. The first such call counts.
#[cfg_attr(not(feature = "opentelemetry"), expect(dead_code, reason = "nobody else knows one"))]
pub(crate) fn look_beside(foreign: Foreign) {
    FOREIGN.get_or_init(|| foreign);
}

impl Parent {
    /// What is current on this thread: a span of ours, or else one of another tracing library
    /// that we follow.
    pub fn current() -> Self {
        let current = Current::get();
        if current.is_some() {
            return Self::Local(SpanRef::from_current(current));
        }
        FOREIGN.get().and_then(|foreign| foreign()).map_or(Self::Root, Self::Remote)
    }
}

/// The span of another process that a call came from, or the trace alone where it names no span.
pub(super) fn caller(incoming: &Context) -> Option<Parent> {
    incoming.span.trace_id.is_valid().then_some(Parent::Remote(incoming.span))
}

impl From<SpanRef> for Parent {
    fn from(span: SpanRef) -> Self {
        if span.is_none() { Self::Root } else { Self::Local(span) }
    }
}

impl From<&SpanRef> for Parent {
    fn from(span: &SpanRef) -> Self {
        Self::from(*span)
    }
}

impl From<SpanContext> for Parent {
    fn from(context: SpanContext) -> Self {
        if context.is_valid() { Self::Remote(context) } else { Self::Root }
    }
}

impl From<&super::handle::Span> for Parent {
    fn from(span: &super::handle::Span) -> Self {
        Self::from(**span)
    }
}

impl<P: Into<Self>> From<Option<P>> for Parent {
    fn from(parent: Option<P>) -> Self {
        parent.map_or(Self::Root, Into::into)
    }
}
