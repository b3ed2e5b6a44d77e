//! A finished span.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Attribute, Destinations, Segment, Source, SpanContext, SpanId};

/// A finished span: what every destination is told of one unit of work.
#[derive(Clone, Debug)]
pub struct SpanRecord {
    /// The name; the static one of [`Source`] unless it was set at run time.
    pub name: Cow<'static, str>,
    /// The span's own ids and flags.
    pub context: SpanContext,
    /// The span that caused this one; `None` at the root of a trace.
    pub parent_span_id: Option<SpanId>,
    /// Whether the parent lives in another process.
    pub parent_is_remote: bool,
    /// The span that takes the request or the message ([`SpanKind::Server`],
    /// [`SpanKind::Consumer`]), or else the first span of this process in this trace's branch; may
    /// be the span itself.
    pub local_root_id: SpanId,
    /// The W3C `tracestate` that came with the request, unchanged; `None` when there was none.
    pub trace_state: Option<Arc<str>>,
    /// The role of the span between services.
    pub kind: SpanKind,
    /// Begin, in nanoseconds since the Unix epoch.
    pub start_unix_ns: u64,
    /// End, in nanoseconds since the Unix epoch; never before the begin.
    pub end_unix_ns: u64,
    /// What was recorded, in the order it was recorded; each key once.
    pub attributes: Vec<Attribute>,
    /// Moments inside the span, in the order they were recorded.
    pub events: Vec<EventRecord>,
    /// Spans elsewhere that belong to this one without being its parent.
    pub links: Vec<LinkRecord>,
    /// What did not fit the limits.
    pub dropped: Dropped,
    /// How the work ended, in the words of OpenTelemetry.
    pub status: Status,
    /// How the call ended, in our words.
    pub outcome: Outcome,
    /// Where in the code the span comes from.
    pub source: &'static Source,
    /// Who takes it.
    pub destinations: Destinations,
    /// What it says to those that take segments; there for them alone.
    pub segment: Option<Box<Segment>>,
}

/// The role of a span between services.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#spankind>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SpanKind {
    /// Work inside a service.
    #[default]
    Internal = 0,
    /// Handles a request from outside.
    Server = 1,
    /// Makes a request to another service.
    Client = 2,
    /// Hands a message to a broker.
    Producer = 3,
    /// Takes a message from a broker.
    Consumer = 4,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// It returned, and what it returned is not a failure.
    #[default]
    Ok = 0,
    /// It returned an error.
    Error = 1,
    /// It returned `None`.
    None = 2,
    /// It panicked.
    Panic = 3,
    /// It was a future and was dropped before it was ready.
    Cancelled = 4,
}

/// The status of a span.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/trace/api/#set-status>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody judged the work; destinations take it as success.
    #[default]
    Unset,
    /// Somebody said that the work succeeded.
    Ok,
    /// The work failed.
    Error {
        /// What went wrong; may be empty.
        message: Cow<'static, str>,
    },
}

/// A moment inside a span.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRecord {
    /// What happened.
    pub name: Cow<'static, str>,
    /// When, in nanoseconds since the Unix epoch.
    pub unix_ns: u64,
    /// Its attributes; each key once.
    pub attributes: Vec<Attribute>,
    /// Attributes beyond the limit.
    pub dropped_attributes: u32,
}

/// A span elsewhere that belongs to this one without being its parent.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkRecord {
    /// The other span.
    pub context: SpanContext,
    /// The attributes of the relation; each key once.
    pub attributes: Vec<Attribute>,
    /// Attributes beyond the limit.
    pub dropped_attributes: u32,
}

/// How much of a span did not fit the limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Attributes beyond the limit.
    pub attributes: u32,
    /// Events beyond the limit.
    pub events: u32,
    /// Links beyond the limit.
    pub links: u32,
}

impl Dropped {
    /// Adds the numbers of another part of the span.
    pub(crate) const fn add(&mut self, other: Self) {
        self.attributes += other.attributes;
        self.events += other.events;
        self.links += other.links;
    }
}

impl SpanRecord {
    /// A span inside a service of which no more is known than must be: the first of its trace, which
    /// went well, for those that take spans.
    pub const fn new(
        context: SpanContext,
        source: &'static Source,
        start_unix_ns: u64,
        end_unix_ns: u64,
    ) -> Self {
        Self {
            name: Cow::Borrowed(source.name),
            context,
            parent_span_id: None,
            parent_is_remote: false,
            local_root_id: context.span_id,
            trace_state: None,
            kind: SpanKind::Internal,
            start_unix_ns,
            end_unix_ns,
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            dropped: Dropped { attributes: 0, events: 0, links: 0 },
            status: Status::Unset,
            outcome: Outcome::Ok,
            source,
            destinations: Destinations::of(SpanKind::Internal),
            segment: None,
        }
    }
}

impl SpanKind {
    /// Whether it takes a request or a message: what belongs to that is no business of the spans
    /// above, which may take many.
    pub(crate) const fn is_request(self) -> bool {
        matches!(self, Self::Server | Self::Consumer)
    }
}

impl Outcome {
    /// The word that goes onto spans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::None => "none",
            Self::Panic => "panic",
            Self::Cancelled => "cancelled",
        }
    }
}
