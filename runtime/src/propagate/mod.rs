//! The headers: who called, in; who we are, out.
//!
//! In: the headers of a request, as bytes from strangers. Out: a [`Context`], and the headers of
//! the next request.
//! Never: does I/O, panics, or keeps more than the limits of each format, whatever arrives.
//!
//! ```text
//! headers ─ Carrier ─▶ extract ─▶ Context ─▶ inject ─▶ headers
//! ```

mod b3;
mod baggage;
mod baggage_header;
mod carriers;
mod composite;
mod jaeger;
mod member;
pub(crate) mod targets;
mod trace_context;
mod trace_state;
pub(crate) mod xray;

use std::fmt;
use std::sync::Arc;

pub use b3::B3;
pub use baggage::{Baggage, BaggageError};
pub use baggage_header::BaggageHeader;
pub use carriers::Injector;
pub use composite::{Composite, CompositeError};
pub use jaeger::Jaeger;
pub(crate) use targets::Targets;
pub use trace_context::TraceContext;
pub use xray::Xray;

use crate::record::{SpanContext, SpanId};

/// What travels between services.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The span that makes the call; [`SpanContext::INVALID`] when there is none. It has a trace id
    /// alone where a load balancer began the trace: a span goes on with it, and has no parent.
    pub span: SpanContext,
    /// Whether the caller left the decision about recording to us: the flags of `span` say nothing.
    pub is_deferred: bool,
    /// True if the caller asked for this trace to be recorded beyond its sampling (B3, Jaeger).
    pub is_debug: bool,
    /// The span that another header names in a trace that does not go on: a span that is begun here
    /// links to it.
    pub overruled: Option<SpanContext>,
    /// What other tracing systems wrote on this trace, as a `tracestate` header holds it; `None`
    /// when nobody wrote anything.
    pub trace_state: Option<Arc<str>>,
    /// What the application itself sends along; may be empty.
    pub baggage: Baggage,
    /// What AWS X-Ray sends beside the trace id; `None` when no header of its came in. Going out,
    /// `None` says of `span` what its id and its flags say.
    pub xray: Option<XrayContext>,
}

impl Context {
    /// Keeps to this service what the application of a caller sends along, for a caller that is not
    /// trusted: its baggage can be read and is [not sent on](Baggage::keep_local), and of the X-Ray header
    /// the free pairs are dropped. The trace goes on, with its trace state and the `Lineage` of AWS.
    pub fn distrust_caller(&mut self) {
        self.baggage.keep_local();
        if let Some(xray) = &mut self.xray {
            xray.rest = xray.rest.take().and_then(|rest| xray::lineage(&rest)).map(Into::into);
        }
    }

    /// True if the context holds anything that [`Context::distrust_caller`] keeps back.
    #[cfg_attr(not(feature = "actix"), expect(dead_code, reason = "for a server"))]
    pub(crate) fn has_free_content(&self) -> bool {
        !self.baggage.is_empty() || self.xray.as_ref().is_some_and(|xray| xray.rest.is_some())
    }

    /// Sets the span of the caller, and resets all that belonged to another span.
    fn continue_trace(&mut self, span: SpanContext) {
        self.span = span;
        self.is_deferred = false;
        self.is_debug = false;
        self.overruled = None;
        self.trace_state = None;
    }
}

/// What `X-Amzn-Trace-Id` carries beside the trace id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct XrayContext {
    /// The segment or subsegment that makes the call.
    pub parent_id: Option<SpanId>,
    /// What the caller says about sampling.
    pub sampled: Sampled,
    /// `Lineage` and all pairs that mean nothing to us, as they came, joined by `;`.
    pub rest: Option<Arc<str>>,
}

/// What a caller says about sampling by X-Ray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sampled {
    /// Nothing: we decide.
    #[default]
    Unsaid,
    /// We decide, and the caller wants to hear it.
    Asked,
    /// The trace is recorded.
    Yes,
    /// The trace is not recorded.
    No,
}

impl From<bool> for Sampled {
    fn from(is_recorded: bool) -> Self {
        if is_recorded { Self::Yes } else { Self::No }
    }
}

/// The headers of a request that came in.
///
/// Header names are compared without regard to case: that is the carrier's business.
pub trait Carrier {
    /// Calls `visit` with every value of the header `name` (in lower case), in the order received.
    ///
    /// A header that comes several times counts as one whose values are joined by commas, as HTTP has it:
    /// `traceparent`, `b3` and `uber-trace-id` are ignored then, of `X-Amzn-Trace-Id` the first value
    /// counts, and `tracestate` and `baggage` are lists.
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8]));

    /// Calls `visit` with the name and value of each header, for formats whose header names hold data,
    /// such as [`Jaeger`]'s baggage. The default lists none.
    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        let _ = visit;
    }
}

/// Pairs of names and values: `&[("traceparent", "00-…")].as_slice()`.
impl<N: AsRef<str>, V: AsRef<[u8]>> Carrier for &[(N, V)] {
    fn each_value<'a>(&'a self, name: &str, visit: &mut dyn FnMut(&'a [u8])) {
        for (key, value) in *self {
            if key.as_ref().eq_ignore_ascii_case(name) {
                visit(value.as_ref());
            }
        }
    }

    fn each_header<'a>(&'a self, visit: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in *self {
            visit(name.as_ref(), value.as_ref());
        }
    }
}

/// Reads and writes one format of headers.
///
/// Called on the application's threads: an implementation must not block or panic.
pub trait Propagator: fmt::Debug + Send + Sync + 'static {
    /// Header names that this format uses, in lower case. Code that forwards the headers of
    /// another request removes these first.
    fn fields(&self) -> &[&'static str];

    /// Prefixes of further header names of this format, in lower case, for a format whose header names
    /// hold data. The default has none.
    fn prefixes(&self) -> &[&'static str] {
        &[]
    }

    /// Adds to `context` what the headers say. What they do not say, or say in a way that cannot be
    /// read, stays as it is in `context`. Who sets the span sets the trace state too, if only to
    /// `None`: it belongs to the span.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otel/context/api-propagators/#extract>.
    fn extract(&self, carrier: &dyn Carrier, context: &mut Context);

    /// Calls `set` with the name and value of each header that carries `context`; values are
    /// printable ASCII. A later call replaces an earlier one of the same name.
    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str));

    /// Name of the type, for diagnostics.
    #[doc(hidden)]
    fn type_name(&self) -> &'static str {
        std::any::type_name::<Self>()
    }
}

/// Maximum length of a header that holds the ids of one span, in bytes; no valid one is as long.
const MAX_IDS_BYTES: usize = 1_024;

/// Returns the value of a header with the ids of a span, which must come once: of several spans none
/// is the caller. A comma joins the values of several headers, and no id has one.
///
/// Sources: <https://www.w3.org/TR/trace-context-2/#traceparent-header>,
/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.3>.
fn ids<'a>(carrier: &'a dyn Carrier, name: &str) -> Option<&'a [u8]> {
    only_value(carrier, name).filter(|value| value.len() <= MAX_IDS_BYTES && !value.contains(&b','))
}

/// Returns the first value of a header that may come several times.
fn first_value<'a>(carrier: &'a dyn Carrier, name: &str) -> Option<&'a [u8]> {
    let mut first = None;
    carrier.each_value(name, &mut |value| first = first.or(Some(value)));
    first
}

/// Returns the value of a header that must come once.
fn only_value<'a>(carrier: &'a dyn Carrier, name: &str) -> Option<&'a [u8]> {
    let mut values = 0_usize;
    let mut found = None;
    carrier.each_value(name, &mut |value| {
        values += 1;
        found = Some(value);
    });
    found.filter(|_| values == 1)
}

/// The text without the optional white space (blanks and tabs) that HTTP allows around it.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.3>.
fn trim_white_space(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_hands_out_every_value_of_a_name_in_any_case_and_in_order() {
        let headers = [("Baggage", "a=1"), ("x-baggage", "b=2"), ("BAGGAGE", "c=3")].as_slice();
        let mut values = Vec::new();
        headers.each_value("baggage", &mut |value| values.push(value));
        assert_eq!(values, [b"a=1", b"c=3"]);
    }

    #[test]
    fn only_blanks_and_tabs_around_a_text_are_white_space() {
        for (text, expected) in
            [(" \ta b\t ", "a b"), ("a", "a"), (" \t ", ""), ("", ""), ("\na\r", "\na\r")]
        {
            assert_eq!(trim_white_space(text.as_bytes()), expected.as_bytes(), "{text:?}");
        }
    }
}
