//! What a request says about itself.
//!
//! In: the head of a request. Out: attributes of its span.
//! Never: believes that a header is well-formed.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{
    HOST, HeaderMap, HeaderName, USER_AGENT, X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO,
};
use actix_web::http::uri::Authority;
use actix_web::http::{Uri, Version};

use super::callsite::{Key, RequestFrame};
use crate::conventions::{known_method, without_secrets};
use crate::sample::RequestFacts;
use crate::span::Recorder;

/// What sampling rules may ask of a request: what the client sent, whatever a proxy says besides.
pub(super) fn of_rules(request: &HttpRequest) -> RequestFacts<'_> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    RequestFacts {
        host: header(HOST).or_else(|| request.uri().authority().map(Authority::as_str)),
        method: Some(request.method().as_str()),
        path: Some(request.path()),
        user_agent: header(USER_AGENT),
        attributes: &[],
    }
}

/// Records what is known before the request is handled. With a number of trusted proxies, only what
/// they say is believed.
pub(super) fn record(
    request: &HttpRequest,
    trusted_proxies: Option<usize>,
    frame: &mut RequestFrame,
) {
    let method = known_method(request.method().as_str());
    frame.record(Key::METHOD, method.unwrap_or("_OTHER"));
    if method.is_none() {
        frame.record(Key::METHOD_ORIGINAL, request.method().as_str());
    }
    frame.record(Key::PATH, request.path());
    if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
        frame.record(Key::QUERY, &without_secrets(query));
    }
    record_addresses(request, trusted_proxies, frame);
    frame.record(Key::PROTOCOL_NAME, "http");
    frame.record(Key::PROTOCOL_VERSION, &version(request.version()));
}

fn record_addresses(
    request: &HttpRequest,
    trusted_proxies: Option<usize>,
    frame: &mut RequestFrame,
) {
    let is_secure = request.app_config().secure();
    let claims = Claims::of(request.headers(), request.uri(), is_secure, trusted_proxies);
    frame.record(Key::SCHEME, claims.scheme);
    if let Some(host) = claims.host {
        let (address, port) = address_and_port(host);
        frame.record(Key::SERVER_ADDRESS, address);
        frame.record(Key::SERVER_PORT, &port.or_else(|| default_port(claims.scheme)));
    }
    // Two attributes, formatted once.
    let peer = request.peer_addr().map(|peer| (peer.ip().to_string(), peer.port()));
    let client = claims.client.or(peer.as_ref().map(|(address, _)| &**address));
    frame.record(Key::CLIENT_ADDRESS, &client);
    if let Some((address, port)) = &peer {
        frame.record(Key::PEER_ADDRESS, address);
        frame.record(Key::PEER_PORT, port);
    }
    frame.record(Key::USER_AGENT, &claims.user_agent);
}

/// What a request claims about both its ends, as far as it is believed.
pub(super) struct Claims<'a> {
    pub(super) scheme: &'a str,
    /// What the client asked for, with the port that it wrote; never empty.
    pub(super) host: Option<&'a str>,
    /// The address of the client, where a proxy tells it.
    pub(super) client: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
}

impl<'a> Claims<'a> {
    pub(super) fn of(
        headers: &'a HeaderMap,
        uri: &'a Uri,
        is_secure: bool,
        trusted_proxies: Option<usize>,
    ) -> Self {
        let found = Headers::of(headers);
        let told = |parameter, older, name| match trusted_proxies {
            Some(count) => told_by_the_last(count, headers, name),
            None => found.forwarded(parameter, older),
        };
        let host = told("host", found.forwarded_host, X_FORWARDED_HOST)
            .or(found.host)
            .or_else(|| uri.authority().map(Authority::as_str));
        Self {
            scheme: told("proto", found.forwarded_proto, X_FORWARDED_PROTO)
                .or_else(|| uri.scheme_str())
                .unwrap_or(if is_secure { "https" } else { "http" }),
            host: host.filter(|host| !host.is_empty()),
            client: told("for", found.forwarded_for, X_FORWARDED_FOR)
                .map(|client| address_and_port(client).0),
            user_agent: found.user_agent,
        }
    }
}

/// The headers that say something about the request, found in one pass.
#[derive(Default)]
struct Headers<'a> {
    host: Option<&'a str>,
    user_agent: Option<&'a str>,
    forwarded: Option<&'a str>,
    forwarded_for: Option<&'a str>,
    forwarded_host: Option<&'a str>,
    forwarded_proto: Option<&'a str>,
}

impl<'a> Headers<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut found = Self::default();
        for (name, value) in headers {
            let slot = match name.as_str() {
                "host" => &mut found.host,
                "user-agent" => &mut found.user_agent,
                "forwarded" => &mut found.forwarded,
                "x-forwarded-for" => &mut found.forwarded_for,
                "x-forwarded-host" => &mut found.forwarded_host,
                "x-forwarded-proto" => &mut found.forwarded_proto,
                _ => continue,
            };
            // Of several values the first is from whoever is nearest to the client.
            if slot.is_none() {
                *slot = str::from_utf8(value.as_bytes()).ok();
            }
        }
        found
    }

    /// What the proxy nearest to the client says: the parameter of `Forwarded`, or else the first
    /// of the older header's list.
    ///
    /// Source: <https://www.rfc-editor.org/rfc/rfc7239#section-4>.
    fn forwarded(&self, parameter: &str, older: Option<&'a str>) -> Option<&'a str> {
        let in_forwarded = self.forwarded.and_then(|value| {
            let mut pairs = value.split([',', ';']).filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(parameter))
        });
        let first_of_older = || older?.split(',').next();
        in_forwarded.map(|(_, value)| value).or_else(first_of_older).and_then(bare)
    }
}

/// What the outermost of the last `count` proxies says: each adds to the end of the list.
fn told_by_the_last(count: usize, headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let values = headers.get_all(name).filter_map(|value| str::from_utf8(value.as_bytes()).ok());
    let hops: Vec<_> = values.flat_map(|value| value.split(',')).filter_map(bare).collect();
    hops.get(hops.len().saturating_sub(count)).copied()
}

/// The text without blanks and quotes, if there is any.
fn bare(text: &str) -> Option<&str> {
    Some(text.trim().trim_matches('"')).filter(|text| !text.is_empty())
}

/// Takes `host:port`, `[v6]:port` or an address alone apart.
fn address_and_port(text: &str) -> (&str, Option<u16>) {
    let (address, port) = match text.rsplit_once(':') {
        // An IPv6 address without brackets is all colons and no port.
        Some((address, port)) if !address.contains(':') || address.ends_with(']') => {
            (address, port.parse().ok())
        }
        _ => (text, None),
    };
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    (bare.filter(|bare| bare.parse::<IpAddr>().is_ok()).unwrap_or(address), port)
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/network/>.
fn version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_09 => Some("0.9"),
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_apart_whatever_its_form() {
        for (text, expected) in [
            ("localhost", ("localhost", None)),
            ("localhost:4567", ("localhost", Some(4567))),
            ("10.0.0.1:80", ("10.0.0.1", Some(80))),
            ("[::1]:4567", ("::1", Some(4567))),
            ("[2001:db8::1]", ("2001:db8::1", None)),
            ("2001:db8::1", ("2001:db8::1", None)),
            ("::1", ("::1", None)),
            ("unknown", ("unknown", None)),
            ("_hidden:_port", ("_hidden", None)),
            ("host:99999", ("host", None)),
            ("[nonsense]:1", ("[nonsense]", Some(1))),
            (":", ("", None)),
        ] {
            assert_eq!(address_and_port(text), expected, "{text}");
        }
    }

    #[test]
    fn forwarded_counts_more_than_the_older_header_and_the_first_value_counts() {
        let headers = |forwarded| Headers { forwarded, ..Headers::default() };
        for (forwarded, older, expected) in [
            (
                Some("for=192.0.2.60;proto=http;by=203.0.113.43"),
                Some("10.0.0.1"),
                Some("192.0.2.60"),
            ),
            (
                Some("proto=http, FOR=\"[2001:db8::1]:4711\", for=10.0.0.1"),
                None,
                Some("[2001:db8::1]:4711"),
            ),
            (Some("proto=http"), Some("10.0.0.1, 10.0.0.2"), Some("10.0.0.1")),
            (Some(";,=;for="), Some("10.0.0.1"), None),
            (None, Some(" , 10.0.0.2"), None),
            (None, None, None),
        ] {
            assert_eq!(headers(forwarded).forwarded("for", older), expected, "{forwarded:?}");
        }
    }

    #[test]
    fn trusted_proxies_are_counted_from_the_end_of_the_list() {
        let mut headers = HeaderMap::new();
        for value in ["6.6.6.6, 192.0.2.7", " , 10.0.0.2,", "\"10.0.0.3\""] {
            headers.append(X_FORWARDED_FOR, value.parse().unwrap());
        }
        for (count, expected) in [
            (0, None),
            (1, Some("10.0.0.3")),
            (2, Some("10.0.0.2")),
            (3, Some("192.0.2.7")),
            (4, Some("6.6.6.6")),
            (5, Some("6.6.6.6")),
        ] {
            assert_eq!(told_by_the_last(count, &headers, X_FORWARDED_FOR), expected, "{count}");
        }
        assert_eq!(told_by_the_last(1, &headers, X_FORWARDED_HOST), None);
    }
}
