//! Addresses of HTTP, as people write them into settings.
//!
//! In: text. Out: what is wrong with it, its parts, a form of it that may be printed.
//! Never: prints credentials or a query.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::host::split_port;

/// Why an address cannot be used; `None` if it can.
pub(crate) fn problem(address: &str) -> Option<&'static str> {
    let is_http = address.split_once("://").is_some_and(|(scheme, _)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    });
    let (_, port) = split_port(authority(address));
    let has_bad_port = port.is_some_and(|port| port.parse::<u16>().is_err());
    let host = host(address);
    if !is_http {
        Some("it has to start with `http://` or `https://`")
    } else if host.is_empty() {
        Some("the host is missing")
    } else if host.starts_with('[') != host.ends_with(']') {
        Some("the host has one bracket and not the other")
    } else if !host.starts_with('[') && host.contains(':') {
        Some("the host holds a colon; an IPv6 address needs brackets")
    } else if has_bad_port {
        Some("the port is not a number up to 65535")
    } else if address.contains(|char: char| char.is_whitespace() || char.is_control()) {
        Some("it holds a space")
    } else if address.contains('#') {
        Some("it holds a fragment")
    } else if !is_host(host) {
        Some("the host is neither a name nor an address")
    } else {
        None
    }
}

/// Returns true if a request can be made to the host, by the rules of the HTTP client.
///
/// Source: <https://url.spec.whatwg.org/#forbidden-domain-code-point>; what ends in a number is an IPv4
/// address.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_number = |label: &str| !label.is_empty() && label.bytes().all(|it| it.is_ascii_digit());
    let name = host.strip_suffix('.').unwrap_or(host);
    let ends_in_number = name.rsplit('.').next().is_some_and(is_number);
    !host.contains(['<', '>', '[', ']', '\\', '^', '|', '%', '"', '`', '{', '}'])
        && (!ends_in_number || name.parse::<Ipv4Addr>().is_ok())
}

/// The name or address of the host, without the port.
pub(super) fn host(address: &str) -> &str {
    split_port(authority(address)).0
}

/// The path, with the slash before it; empty for none.
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "paths matter to OTLP alone"))]
pub(crate) fn path(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    rest.find('/').map_or("", |start| &rest[start..])
}

/// Whether it wants TLS.
pub(crate) fn is_https(address: &str) -> bool {
    address.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// An address without credentials and query, even if it is none.
pub(crate) fn printable(address: &str) -> String {
    let (shown, query) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
    let scheme = shown.split_once("://").map_or("", |(scheme, _)| scheme);
    let colon = if scheme.is_empty() { "" } else { "://" };
    match shown.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}{colon}{rest}"),
        // What looks like a query may begin in the middle of a password.
        None if query.contains('@') || has_odd_port(shown) => format!("{scheme}{colon}…"),
        None => shown.to_owned(),
    }
}

/// True if what stands in the place of a port is no number: it may be a password.
pub(crate) fn has_odd_port(value: &str) -> bool {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port =
        authority.rsplit_once(':').map(|(_, port)| port).filter(|_| !authority.ends_with(']'));
    port.is_some_and(|port| !port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Host and port of an address.
pub(crate) fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
