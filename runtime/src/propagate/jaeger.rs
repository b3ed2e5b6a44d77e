//! The headers of Jaeger's own clients: `uber-trace-id`, and one `uberctx-*` for each baggage member.
//!
//! ```text
//! uber-trace-id: 80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:01
//!                └ trace id                       └ span id        │ └ flags: 1 sampled, 2 debug
//!                                                  parent, ignored ┘
//! ```
//!
//! Wire format: <https://www.jaegertracing.io/docs/1.52/client-libraries/#propagation-format>.

use std::borrow::Cow;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

use super::baggage::Reader;
use super::{Carrier, Context, Propagator, ids, trim_white_space};
use crate::record::{SpanContext, SpanId, TraceFlags, TraceId};

const TRACE: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";

const SAMPLED: u8 = 0b01;
const DEBUG: u8 = 0b10;

/// Reads and writes `uber-trace-id` and `uberctx-*`; `jaeger` in `OTEL_PROPAGATORS`.
///
/// Ids shorter than 128 and 64 bits are padded with zeros on the left. The debug flag implies a
/// sampled trace and is passed on; the parent span id is not. An invalid header is ignored. Of baggage
/// as much is read as of the [W3C header](super::BaggageHeader); of two members with one key the later
/// one counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jaeger;

impl Propagator for Jaeger {
    fn fields(&self) -> &[&'static str] {
        &[TRACE]
    }

    fn prefixes(&self) -> &[&'static str] {
        &[BAGGAGE_PREFIX]
    }

    fn extract(&self, carrier: &dyn Carrier, context: &mut Context) {
        if let Some((span, is_debug)) = ids(carrier, TRACE).and_then(read) {
            context.continue_trace(span);
            context.is_debug = is_debug;
        }
        let mut reader = Reader::of(context.baggage.clone());
        carrier.each_header(&mut |name, value| {
            if let Some(key) = baggage_key(name) {
                reader.read_member(key, value);
            }
        });
        context.baggage = reader.into_baggage();
    }

    fn inject(&self, context: &Context, set: &mut dyn FnMut(&str, &str)) {
        let SpanContext { trace_id, span_id, flags, .. } = context.span;
        if context.span.is_valid() {
            let flags = match (flags.is_sampled(), context.is_debug) {
                (true, true) => SAMPLED | DEBUG,
                (true, false) => SAMPLED,
                (false, _) => 0,
            };
            set(TRACE, &format!("{trace_id}:{span_id}:0:{flags:02x}"));
        }
        for (key, value) in context.baggage.sent() {
            let value = Cow::from(utf8_percent_encode(&value, NON_ALPHANUMERIC));
            set(&format!("{BAGGAGE_PREFIX}{key}"), &value);
        }
    }
}

fn read(header: &[u8]) -> Option<(SpanContext, bool)> {
    // Some clients escape the colons. A valid header has at most 57 bytes, or 63 with that.
    const MAX_BYTES: usize = 80;
    let header = trim_white_space(header);
    if header.len() > MAX_BYTES {
        return None;
    }
    let header = percent_decode(header).decode_utf8().ok()?;
    let mut fields = header.split(':');
    let [trace_id, span_id, _parent, flags] = [(); 4].map(|()| fields.next());
    let flags = u8::try_from(number(flags?, 2)?).ok()?;
    let is_sampled = flags & (SAMPLED | DEBUG) != 0;
    let span = SpanContext {
        trace_id: TraceId::from_u128(number(trace_id?, 32)?),
        span_id: SpanId::from_u64(u64::try_from(number(span_id?, 16)?).ok()?),
        flags: if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::NONE },
        is_remote: true,
    };
    let is_valid = span.is_valid() && fields.next().is_none();
    is_valid.then_some((span, flags & DEBUG != 0))
}

/// The number of 1 to `max` hexadecimal digits.
fn number(digits: &str, max: usize) -> Option<u128> {
    let is_number =
        (1..=max).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_hexdigit());
    u128::from_str_radix(digits, 16).ok().filter(|_| is_number)
}

/// Returns the baggage key in the name of a header.
fn baggage_key(name: &str) -> Option<&str> {
    let (prefix, key) = name.split_at_checked(BAGGAGE_PREFIX.len())?;
    prefix.eq_ignore_ascii_case(BAGGAGE_PREFIX).then_some(key)
}

#[cfg(test)]
mod tests;
