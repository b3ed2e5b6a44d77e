//! Attributes of a request, read from its head. A header may have any form.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, USER_AGENT};
use actix_web::http::uri::Authority;
use actix_web::http::{Uri, Version};

use super::callsite::{Key, RequestFrame};
use super::forwarded::{Forwarded, known_scheme};
use super::settings::Tracing;
use crate::conventions::{known_method, without_secrets};
use crate::sample::RequestFacts;
use crate::span::Recorder;

/// Returns the facts that sampling rules match: those that the client sent, whatever a proxy adds.
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

/// Records what is known before the request is handled.
pub(super) fn record(request: &HttpRequest, settings: &Tracing, frame: &mut RequestFrame) {
    let method = known_method(request.method().as_str());
    frame.record(Key::METHOD, method.unwrap_or("_OTHER"));
    if method.is_none() {
        frame.record(Key::METHOD_ORIGINAL, request.method().as_str());
    }
    frame.record(Key::PATH, request.path());
    if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
        frame.record(Key::QUERY, &without_secrets(query));
    }
    record_addresses(request, settings, frame);
    frame.record(Key::PROTOCOL_NAME, "http");
    frame.record(Key::PROTOCOL_VERSION, &version(request.version()));
}

fn record_addresses(request: &HttpRequest, settings: &Tracing, frame: &mut RequestFrame) {
    let connection = Connection::of(request, settings);
    let origin = Origin::of(request.headers(), request.uri(), connection);
    frame.record(Key::SCHEME, origin.scheme);
    if let Some(host) = origin.host {
        let (address, port) = address_and_port(host);
        frame.record(Key::SERVER_ADDRESS, address);
        frame.record(Key::SERVER_PORT, &port.or_else(|| default_port(origin.scheme)));
    }
    if let Some(client) = origin.client {
        frame.record_display(Key::CLIENT_ADDRESS, &client);
    }
    if let Some(peer) = request.peer_addr() {
        frame.record_display(Key::PEER_ADDRESS, &peer.ip());
        frame.record(Key::PEER_PORT, &peer.port());
    }
    frame.record(Key::USER_AGENT, &header(request.headers(), USER_AGENT));
}

/// Both ends of a request: access log, span and reports of errors all have them from here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// Scheme of the URL: as trusted proxies pass it on, or that of the connection.
    pub(super) scheme: &'static str,
    /// Host that the client asked for, with the port that it wrote; never empty.
    pub(super) host: Option<&'a str>,
    /// Address of the client: as trusted proxies pass it on, or that of the peer.
    pub(super) client: Option<IpAddr>,
}

/// Facts about the connection of a request, beside the text that the client has sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    peer: Option<IpAddr>,
    is_secure: bool,
    trusted_proxies: usize,
}

impl Connection {
    pub(super) fn of(request: &HttpRequest, settings: &Tracing) -> Self {
        Self {
            peer: request.peer_addr().map(|peer| peer.ip()),
            is_secure: request.app_config().secure(),
            trusted_proxies: settings.trusted_proxies,
        }
    }
}

impl<'a> Origin<'a> {
    pub(super) fn of(headers: &'a HeaderMap, uri: &'a Uri, connection: Connection) -> Self {
        let forwarded = Forwarded::of(headers, connection.trusted_proxies);
        let own_scheme = || uri.scheme_str().and_then(known_scheme);
        let default_scheme = if connection.is_secure { "https" } else { "http" };
        let own_host = header(headers, HOST).or_else(|| uri.authority().map(Authority::as_str));
        Self {
            scheme: forwarded.scheme.or_else(own_scheme).unwrap_or(default_scheme),
            host: forwarded.host.or(own_host).filter(|host| !host.is_empty()),
            client: forwarded.client.or(connection.peer),
        }
    }
}

/// Returns the first value of a header, if it is text.
pub(super) fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

/// Splits `host:port`, `[v6]:port` or an address alone.
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
}
