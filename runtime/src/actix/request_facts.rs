//! Attributes of a request, read from its head. A header may have any form.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::Version;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, USER_AGENT};
use actix_web::http::uri::Authority;

use super::callsite::{Key, RequestFrame};
use super::forwarded::{Forwarded, known_scheme};
use crate::conventions::{known_method, protocol_version};
use crate::host::{split_port, without_brackets};
use crate::sample::RequestFacts;
use crate::span::Recorder;

/// Versions in the order of [`protocol_version`].
const HTTP_VERSIONS: [Version; 5] =
    [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];

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
pub(super) fn record(request: &HttpRequest, origin: &Origin<'_>, frame: &mut RequestFrame) {
    let method = known_method(request.method().as_str());
    frame.record(Key::METHOD, method.unwrap_or("_OTHER"));
    if method.is_none() {
        frame.record(Key::METHOD_ORIGINAL, request.method().as_str());
    }
    frame.record(Key::PATH, request.path());
    if let Some(query) = request.uri().query().filter(|query| !query.is_empty()) {
        // The collector redacts it.
        frame.record(Key::QUERY, query);
    }
    record_addresses(request, origin, frame);
    frame.record(Key::PROTOCOL_NAME, "http");
    frame.record(Key::PROTOCOL_VERSION, &protocol_version(&request.version(), &HTTP_VERSIONS));
}

fn record_addresses(request: &HttpRequest, origin: &Origin<'_>, frame: &mut RequestFrame) {
    frame.record(Key::SCHEME, origin.scheme);
    if let Some(host) = origin.host {
        let (host, port) = split_port(host);
        let port = port.and_then(|port| port.parse::<u16>().ok());
        frame.record(Key::SERVER_ADDRESS, without_brackets(host));
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

/// Both ends of a request, read once for access log, span and reports.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    /// Scheme of the URL: as trusted proxies pass it on, or that of the connection.
    pub(super) scheme: &'static str,
    /// Host that the client asked for, with the port that it wrote; never empty.
    pub(super) host: Option<&'a str>,
    /// Address of the client: as trusted proxies pass it on, or that of the peer.
    pub(super) client: Option<IpAddr>,
}

impl<'a> Origin<'a> {
    /// Reads the headers that name them, those of this many proxies among them.
    pub(super) fn of(request: &'a HttpRequest, trusted_proxies: usize) -> Self {
        let (headers, uri) = (request.headers(), request.uri());
        let forwarded = Forwarded::of(headers, trusted_proxies);
        let own_scheme = || uri.scheme_str().and_then(known_scheme);
        let default_scheme = if request.app_config().secure() { "https" } else { "http" };
        let own_host = header(headers, HOST).or_else(|| uri.authority().map(Authority::as_str));
        Self {
            scheme: forwarded.scheme.or_else(own_scheme).unwrap_or(default_scheme),
            host: forwarded.host.or(own_host).filter(|host| !host.is_empty()),
            client: forwarded.client.or_else(|| request.peer_addr().map(|peer| peer.ip())),
        }
    }
}

/// Returns the first value of a header, if it is text.
pub(super) fn header(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    str::from_utf8(headers.get(name)?.as_bytes()).ok()
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
