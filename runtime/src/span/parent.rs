//! Who a span begins under.

use super::current::Current;
use super::handle::SpanRef;
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

impl Parent {
    /// What is current on this thread.
    pub fn current() -> Self {
        Self::from(SpanRef::from_current(Current::get()))
    }
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
