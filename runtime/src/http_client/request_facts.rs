//! What a request that goes out says about itself.
//!
//! In: the request. Out: attributes of its span.
//! Never: records credentials, the value of a secret in a query, or a fragment.

use std::fmt;

use reqwest::{Request, Url, Version};

use crate::conventions::{known_method, protocol_version};
use crate::host::without_brackets;
use crate::record::{Destinations, Source, SpanKind};
use crate::span::{Callsite, Frame, Recorder};

/// Room for the attributes of a usual request; more go through the ring one by one.
const FRAME_WORDS: usize = 60;

/// The span while it runs, and its attributes.
pub(super) type RequestFrame = Frame<FRAME_WORDS>;

/// Where an attribute's key is in the callsite.
pub(super) struct Key;

impl Key {
    const METHOD: u16 = 0;
    const METHOD_ORIGINAL: u16 = 1;
    const URL: u16 = 2;
    const SERVER_ADDRESS: u16 = 3;
    const SERVER_PORT: u16 = 4;
    pub(super) const STATUS_CODE: u16 = 5;
    pub(super) const PROTOCOL_VERSION: u16 = 6;
    pub(super) const BODY_SIZE: u16 = 7;
}

/// The callsite of every request.
pub(super) static REQUEST: Callsite = Callsite {
    source: Source::by_hand("HTTP", module_path!()),
    kind: SpanKind::Client,
    keys: &[
        "http.request.method",
        "http.request.method_original",
        "url.full",
        "server.address",
        "server.port",
        "http.response.status_code",
        "network.protocol.version",
        "http.response.body.size",
    ],
    marks: &[],
    subsegment: None,
    destinations: Destinations::ALL,
};

/// Versions in the order of [`protocol_version`].
const HTTP_VERSIONS: [Version; 5] =
    [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];

/// Records what is known before the request is sent.
pub(super) fn record(request: &Request, frame: &mut RequestFrame) {
    let method = known_method(request.method().as_str());
    frame.record(Key::METHOD, method.unwrap_or("_OTHER"));
    if method.is_none() {
        frame.record(Key::METHOD_ORIGINAL, request.method().as_str());
    }
    let url = request.url();
    frame.record_display(Key::URL, &Shown(url));
    frame.record(Key::SERVER_ADDRESS, &url.host_str().map(without_brackets));
    frame.record(Key::SERVER_PORT, &url.port_or_known_default());
}

/// Version of HTTP, as the conventions name it.
pub(super) fn version(version: Version) -> Option<&'static str> {
    protocol_version(&version, &HTTP_VERSIONS)
}

/// An address as it may be recorded.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/>, `url.full`.
struct Shown<'a>(&'a Url);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0;
        write!(f, "{}://", url.scheme())?;
        if !url.username().is_empty() || url.password().is_some() {
            f.write_str("REDACTED:REDACTED@")?;
        }
        f.write_str(url.host_str().unwrap_or_default())?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        f.write_str(url.path())?;
        match url.query() {
            // The collector redacts it.
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_is_nobodys_business() {
        for (url, expected) in [
            ("https://a.example", "https://a.example/"),
            ("http://a.example:8080/b%20c", "http://a.example:8080/b%20c"),
            ("https://u:p@a.example/b", "https://REDACTED:REDACTED@a.example/b"),
            ("https://u@a.example/b", "https://REDACTED:REDACTED@a.example/b"),
            ("https://a.example/?q=1&sig=abc#token", "https://a.example/?q=1&sig=abc"),
            ("http://[::1]:81/?", "http://[::1]:81/?"),
        ] {
            assert_eq!(Shown(&Url::parse(url).unwrap()).to_string(), expected, "{url}");
        }
    }
}
