//! The tracing header of AWS X-Ray: `X-Amzn-Trace-Id`.
//!
//! In: the header of a load balancer, a queue, or any caller. Out: the trace that goes on, or as
//! much of the header as can be read; and the header of the next call.
//! Never: passes on a pair in part, or more than AWS reads.
//!
//! ```text
//! Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1
//!        └ trace id: 8 digits, 24 digits        └ span id        0, 1 or ? ┘
//! ```
//!
//! Wire format: <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.

mod pair;

use std::fmt::{self, Write as _};

use pair::Pair;

use super::{Carrier, Context, Propagator, Sampled, XrayContext, first_value};
use crate::record::{SpanContext, SpanId, TraceFlags, TraceId};

/// The name of the header, in lower case.
pub(crate) const HEADER: &str = "x-amzn-trace-id";

/// AWS reads 256 characters of the header.
///
/// Source: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html>.
const MAX_BYTES: usize = 256;

/// Reads and writes `X-Amzn-Trace-Id`.
///
/// Read are its pairs in any order, with blanks around them and with the names of AWS in any case; of
/// two with one name the later counts, and what cannot be read is left out alone. `Self`, which load balancers add for themselves, is not passed on;
/// `Lineage` is, and so are pairs that mean nothing to us, byte for byte, as far as 256 characters go.
///
/// - `Root` and `Parent` are the trace and the span of W3C's header, in hexadecimal digits of either
///   case. Written by a load balancer, `Root` stands alone: [`Context::span`] has a trace id and no
///   span id then. Without a `Root` that can be read the trace begins anew, under no parent.
/// - `Sampled=?`, and no `Sampled` at all, leave the decision to us: [`Context::is_deferred`].
/// - Does the header name another trace than `traceparent`, it counts more, since the load balancer
///   wrote it last, and the other span is [`Context::overruled`]. Does it name the same trace, both
///   count: spans have the parent of `traceparent`, segments that of this header. Where the two stand
///   in a [`Composite`](super::Composite) makes no difference.
/// - A header that comes several times, or several values that a proxy joined by commas, count as the
///   first of them, whole; no pair of another is read. AWS's SDKs for
///   [Go](https://github.com/aws/aws-xray-sdk-go/blob/master/xray/handler.go) and
///   [Java](https://github.com/aws/aws-xray-sdk-java/blob/master/aws-xray-recorder-sdk-core/src/main/java/com/amazonaws/xray/javax/servlet/AWSXRayServletFilter.java)
///   read the first header too; load balancers change the one that is there and add none. A comma ends a
///   value where a further pair follows it; any other belongs to its pair.
///
/// A message carries the header as any other text does. In Amazon SQS that is the system attribute
/// `AWSTraceHeader`; in AWS Lambda the variable `_X_AMZN_TRACE_ID` has it, anew for each invocation.
///
/// ```
/// use spanwright::propagate::{Context, Propagator, Xray};
/// use spanwright::record::SpanKind;
/// use spanwright::Span;
///
/// // The consumer: the attribute of a message that arrived.
/// let attribute = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
/// let mut incoming = Context::default();
/// Xray.extract(&[("X-Amzn-Trace-Id", attribute)].as_slice(), &mut incoming);
/// assert_eq!(incoming.span.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
/// let span = Span::build("orders process").kind(SpanKind::Consumer).incoming(&incoming).start();
///
/// // The producer: the attribute of a message that is sent.
/// let mut attributes = Vec::new();
/// Xray.inject(&incoming, &mut |_, value| attributes.push(("AWSTraceHeader", value.to_owned())));
/// assert_eq!(attributes, [("AWSTraceHeader", attribute.to_owned())]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Xray;

impl Xray {
    /// The header of a response, which tells the caller its trace: `Root=…`, and the decision where
    /// the caller [asked](Sampled::Asked) for it. The middleware of [`actix`](crate::actix) sends it.
    ///
    /// A page of another origin reads it only if `Access-Control-Expose-Headers` names it.
    ///
    /// ```
    /// use spanwright::propagate::{Sampled, Xray};
    /// use spanwright::record::TraceId;
    ///
    /// let trace_id = TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
    /// let header = Xray::answer(trace_id, Sampled::Yes);
    /// assert_eq!(header, "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1");
    /// ```
    pub fn answer(trace_id: TraceId, decision: Sampled) -> String {
        format!("Root={}{}", Root(trace_id), decision.pair())
    }
}

impl Propagator for Xray {
    fn fields(&self) -> &[&'static str] {
        &[HEADER]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        let Some((root, found)) = first_value(carrier, HEADER).map(read) else { return };
        if let Some(trace_id) = root.filter(|root| *root != context.span.trace_id) {
            overrule(context, trace_id, &found);
        }
        if root.is_some() || found != XrayContext::default() {
            context.xray = Some(found);
        }
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        if context.span.trace_id.is_valid() {
            set(HEADER, &write(context));
        }
    }
}

/// Goes on with the trace of this header instead of the one that another named, if any did.
fn overrule(context: &mut Context, trace_id: TraceId, xray: &XrayContext) {
    let is_sampled = xray.sampled == Sampled::Yes;
    let span = SpanContext {
        trace_id,
        span_id: xray.parent_id.unwrap_or(SpanId::INVALID),
        flags: if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NONE },
        is_remote: true,
    };
    let other = context.span;
    context.continue_trace(span);
    context.overruled = Some(other).filter(SpanContext::is_valid);
    context.is_deferred = !matches!(xray.sampled, Sampled::Yes | Sampled::No);
}

fn read(header: &[u8]) -> (Option<TraceId>, XrayContext) {
    let mut root = None;
    let mut found = XrayContext::default();
    let mut lineage = None;
    let mut others = String::new();
    for pair in Pair::all(pair::first_of_joined(header)) {
        match pair {
            Pair::Root(id) => root = id,
            Pair::Parent(id) => found.parent_id = id,
            Pair::Sampled(said) => found.sampled = said,
            Pair::Balancer => {}
            Pair::Lineage(value) => lineage = value,
            Pair::Other(text) => push(&mut others, text),
        }
    }
    // The id of a segment means nothing outside of its trace.
    found.parent_id = found.parent_id.filter(|_| root.is_some());
    let rest = match lineage {
        Some(value) if others.is_empty() => format!("Lineage={value}"),
        Some(value) => format!("Lineage={value};{others}"),
        None => others,
    };
    found.rest = (!rest.is_empty()).then(|| rest.into());
    (root, found)
}

fn write(context: &Context) -> String {
    let span = context.span;
    let (parent_id, sampled, rest) = match &context.xray {
        Some(xray) => (xray.parent_id, xray.sampled, xray.rest.as_deref()),
        None => (Some(span.span_id), span.flags.is_sampled().into(), None),
    };
    let parent_id = parent_id.filter(|id| id.is_valid());
    let mut text = String::with_capacity(MAX_BYTES);
    // Writing to a text does not fail.
    let _ = write!(text, "Root={}", Root(span.trace_id));
    if let Some(parent_id) = parent_id {
        let _ = write!(text, ";Parent={parent_id}");
    }
    text.push_str(sampled.pair());
    if let Some(rest) = rest {
        push_rest(&mut text, rest);
    }
    text
}

impl Sampled {
    fn pair(self) -> &'static str {
        match self {
            Self::Unsaid => "",
            Self::Asked => ";Sampled=?",
            Self::Yes => ";Sampled=1",
            Self::No => ";Sampled=0",
        }
    }
}

/// Returns the pair `Lineage` of a list of pairs.
pub(super) fn lineage(rest: &str) -> Option<String> {
    Pair::all(rest.as_bytes()).find_map(|pair| match pair {
        Pair::Lineage(Some(value)) => Some(format!("Lineage={value}")),
        _ => None,
    })
}

/// The field is public: what was put there by hand must not break the header.
fn push_rest(text: &mut String, rest: &str) {
    let pairs = || Pair::all(rest.as_bytes());
    for pair in pairs() {
        if let Pair::Lineage(Some(value)) = pair {
            push(text, &format!("Lineage={value}"));
        }
    }
    for pair in pairs() {
        if let Pair::Other(other) = pair {
            push(text, other);
        }
    }
}

/// Adds a pair unless the text would become longer than what AWS reads.
fn push(text: &mut String, pair: &str) {
    let separator = if text.is_empty() { "" } else { ";" };
    if text.len() + separator.len() + pair.len() <= MAX_BYTES {
        text.push_str(separator);
        text.push_str(pair);
    }
}

/// A trace id as this format writes it.
struct Root(TraceId);

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNIQUE_BITS: u32 = 96;
        let id = self.0.to_u128();
        let unique = id & ((1 << UNIQUE_BITS) - 1);
        write!(f, "1-{:08x}-{unique:024x}", id >> UNIQUE_BITS)
    }
}

#[cfg(test)]
mod tests;
