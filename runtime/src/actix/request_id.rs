//! The id of one request, for people who compare logs.
//!
//! In: the header `x-request-id` of the request, or the ids of its span. Out: one short text.
//! Never: passes on a header that could not be a harmless id.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::span::{Sink, SpanRef, ToAttribute, current, entropy};

/// The header that carries the id in both directions.
static HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a header, in bytes.
const MAX_BYTES: usize = 128;

/// The id of the current request.
///
/// It is the header `x-request-id` of the request where that has 1 to 128 letters, digits or
/// `-_.:+/=@`, and a UUID (version 8) made of the ids of the request's span otherwise. The
/// [`Tracing`](super::Tracing) middleware records it as `spanwright.request_id` and returns it in the
/// header `x-request-id` of the response, unless the handler has set that header.
///
/// As an argument of a handler it always succeeds; without a span it is random.
///
/// ```
/// use spanwright::actix::RequestId;
///
/// async fn handler(id: RequestId) -> String {
///     format!("please quote {id} when you ask for help")
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of `request`, for middleware; handlers take it as an argument.
    pub fn of(request: &HttpRequest) -> Self {
        if let Some(id) = Self::from_header(request.headers()) {
            return id;
        }
        if current().root().context().is_valid() {
            return Self::from_span(current());
        }
        // Nothing else remembers the id of a request without a span.
        let known = request.extensions().get::<Self>().cloned();
        known.unwrap_or_else(|| {
            let id = Self::random();
            request.extensions_mut().insert(id.clone());
            id
        })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        str::from_utf8(self.0.as_bytes()).unwrap_or_default()
    }

    /// Puts the id into the headers of a response that has none of its own.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(&HEADER) {
            headers.insert(HEADER.clone(), self.0.clone());
        }
    }

    fn from_header(headers: &HeaderMap) -> Option<Self> {
        headers.get(&HEADER).filter(|value| is_sane(value.as_bytes())).cloned().map(Self)
    }

    fn from_span(span: SpanRef) -> Self {
        let context = span.root().context();
        #[expect(clippy::cast_possible_truncation, reason = "the random half of the trace id")]
        let trace_id = context.trace_id.to_u128() as u64;
        Self::from_words(trace_id, context.span_id.to_u64())
    }

    fn random() -> Self {
        Self::from_words(entropy(), entropy())
    }

    /// Source of the layout: <https://www.rfc-editor.org/rfc/rfc9562#section-5.8>.
    fn from_words(high: u64, low: u64) -> Self {
        let high = high & !0xF000 | 0x8000;
        let low = low & !(0b11 << 62) | 0b10 << 62;
        // Written by hand: formatting would cost a third of an unsampled request.
        let mut text = *b"00000000-0000-0000-0000-000000000000";
        let mut rest = u128::from(high) << 64 | u128::from(low);
        for slot in text.iter_mut().rev().filter(|slot| **slot != b'-') {
            *slot = b"0123456789abcdef"[(rest & 0xF) as usize];
            rest >>= 4;
        }
        Self(HeaderValue::from_bytes(&text).expect("digits and dashes may stand in a header"))
    }
}

fn is_sane(id: &[u8]) -> bool {
    let is_harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.iter().all(is_harmless)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl ToAttribute for RequestId {
    fn to_attribute(&self, sink: Sink<'_>) {
        sink.str(self.as_str());
    }
}

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(request)))
    }
}
