//! The original request behind trusted proxies, from `X-Forwarded-*` or `Forwarded`.
//!
//! Every proxy appends an element to the end of a list, so that only as many elements, counted from
//! the end, are read as there are trusted proxies: what stands before them is text of the client.
//! The work is bounded by [`MAX_PROXIES`] and [`MAX_BYTES`], whatever the size of a header.
//!
//! Format of `Forwarded`: <https://www.rfc-editor.org/rfc/rfc7239#section-4>.

use std::iter::from_fn;
use std::net::IpAddr;

use actix_web::http::header::{
    FORWARDED, HeaderMap, HeaderName, HeaderValue, X_FORWARDED_FOR, X_FORWARDED_HOST,
    X_FORWARDED_PROTO,
};

use crate::host::{split_port, without_brackets};

/// Maximum number of elements that are read of a list, and of headers that make up the list.
const MAX_PROXIES: usize = 64;

/// Maximum number of bytes that are read of a header, from its end.
const MAX_BYTES: usize = 8 * 1024;

/// The request as the outermost trusted proxy received it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Forwarded<'a> {
    /// Address of the client.
    pub(super) client: Option<IpAddr>,
    /// `http` or `https`.
    pub(super) scheme: Option<&'static str>,
    /// Host and port that the client asked for; not empty.
    pub(super) host: Option<&'a str>,
}

impl<'a> Forwarded<'a> {
    /// Reads what the last `proxies` proxies have added to the headers; nothing without proxies.
    ///
    /// `X-Forwarded-For` wins over `Forwarded`, because most proxies write the former and pass on
    /// the latter as the client sent it.
    pub(super) fn of(headers: &'a HeaderMap, proxies: usize) -> Self {
        if proxies == 0 {
            return Self::default();
        }
        let proxies = proxies.min(MAX_PROXIES);
        let is_standard = !headers.contains_key(X_FORWARDED_FOR) && headers.contains_key(FORWARDED);
        if is_standard { Self::standard(headers, proxies) } else { Self::legacy(headers, proxies) }
    }

    fn standard(headers: &'a HeaderMap, proxies: usize) -> Self {
        let elements = || last_elements(headers, &FORWARDED).take(proxies);
        let outermost = elements().last().unwrap_or_default();
        Self {
            client: outermost_address(elements().map(|element| parameter(element, "for"))),
            scheme: parameter(outermost, "proto").and_then(known_scheme),
            host: parameter(outermost, "host").filter(|host| !host.is_empty()),
        }
    }

    fn legacy(headers: &'a HeaderMap, proxies: usize) -> Self {
        let elements = |name| {
            last_elements(headers, name).take(proxies).map(|element| text(element).map(unquoted))
        };
        Self {
            client: outermost_address(elements(&X_FORWARDED_FOR)),
            scheme: elements(&X_FORWARDED_PROTO).last().flatten().and_then(known_scheme),
            host: elements(&X_FORWARDED_HOST).last().flatten(),
        }
    }
}

/// Returns the address that is farthest from this service: a hop that hides its own, or is `unknown`,
/// leaves that of the next one.
fn outermost_address<'a>(hops: impl Iterator<Item = Option<&'a str>>) -> Option<IpAddr> {
    hops.filter_map(|hop| address(hop?)).last()
}

/// Returns the elements of a list that may be spread over several headers, from its end, without
/// the empty ones.
fn last_elements<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let values = headers.get_all(name).rev().take(MAX_PROXIES).map(HeaderValue::as_bytes);
    let tails = values.map(|value| &value[value.len().saturating_sub(MAX_BYTES)..]);
    tails.flat_map(|list| split_from_end(list, b',')).filter(|element| !element.is_empty())
}

/// Splits a text at a separator that is in no quoted string, from its end.
fn split_from_end(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    from_fn(move || {
        let text = rest?;
        let at = last_unquoted(text, separator);
        rest = at.map(|at| &text[..at]);
        Some(text[at.map_or(0, |at| at + 1)..].trim_ascii())
    })
}

/// Returns the position of the last separator that is in no quoted string.
///
/// It searches from the end, so that a quote that the client has left open hides nothing that a
/// proxy has added behind it.
fn last_unquoted(list: &[u8], separator: u8) -> Option<usize> {
    let mut is_quoted = false;
    list.iter().enumerate().rev().find_map(|(at, byte)| {
        is_quoted ^= *byte == b'"' && !is_escaped(&list[..at]);
        (*byte == separator && !is_quoted).then_some(at)
    })
}

/// Returns true if what follows is escaped: by an odd number of backslashes.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Returns the value of a parameter of an element, such as `for` of `for=192.0.2.60;proto=http`.
fn parameter<'a>(element: &'a [u8], name: &str) -> Option<&'a str> {
    let mut pairs = split_from_end(element, b';').filter_map(|pair| text(pair)?.split_once('='));
    let is_meant = |(key, _): &(&str, &str)| key.trim().eq_ignore_ascii_case(name);
    pairs.find(is_meant).map(|(_, value)| unquoted(value.trim()))
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

fn unquoted(text: &str) -> &str {
    let inside = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    inside.unwrap_or(text)
}

/// Returns the name of a scheme that a service of HTTP can have.
pub(super) fn known_scheme(text: &str) -> Option<&'static str> {
    ["https", "http"].into_iter().find(|scheme| scheme.eq_ignore_ascii_case(text))
}

/// Returns the address of a node: `192.0.2.43`, `192.0.2.43:47011`, `2001:db8::17`, `[2001:db8::17]`
/// or `[2001:db8::17]:_port`. `unknown` and identifiers that hide a node, such as `_SEVKISEK`, are
/// none.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc7239#section-6>.
fn address(node: &str) -> Option<IpAddr> {
    let (host, port) = split_port(node);
    let is_port = |port: &str| port.starts_with('_') || port.parse::<u16>().is_ok();
    without_brackets(host).parse().ok().filter(|_| port.is_none_or(is_port))
}

#[cfg(test)]
mod tests;
