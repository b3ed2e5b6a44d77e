//! Addresses without what is secret or different for every request.
//!
//! A text that is no URL comes back as it is. A URL whose port is no number has a password that is not
//! escaped: nothing of it is shown but its scheme.

use std::borrow::Cow;

use crate::host::split_port;

/// A URL without user, password, query and fragment.
pub(super) fn bare_url(url: &str) -> Cow<'_, str> {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    without_user(&url[..end])
}

/// The path of a request target.
pub(super) fn path(target: &str) -> &str {
    target.split(['?', '#']).next().unwrap_or_default()
}

fn without_user(url: &str) -> Cow<'_, str> {
    let Some((before, authority, after)) = parts(url) else { return Cow::Borrowed(url) };
    match host_and_port(authority) {
        Some(host) if host.len() == authority.len() => Cow::Borrowed(url),
        Some(host) => Cow::Owned(format!("{before}{host}{after}")),
        None => Cow::Owned(format!("{before}…")),
    }
}

/// What is before the authority, the authority, and what is after it.
fn parts(url: &str) -> Option<(&str, &str, &str)> {
    let start = url.find("://")? + 3;
    let len = url[start..].find(['/', '?', '#']).unwrap_or(url.len() - start);
    Some((&url[..start], &url[start..start + len], &url[start + len..]))
}

/// An authority without its user; `None` if that does not end where it seems to.
fn host_and_port(authority: &str) -> Option<&str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (_, port) = split_port(host);
    port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit())).then_some(host)
}

/// The host of a URL, without its port.
pub(super) fn host_of(url: &str) -> Option<&str> {
    let (_, authority, _) = parts(url)?;
    Some(without_port(host_and_port(authority)?)).filter(|host| !host.is_empty())
}

/// A host without its port; an IPv6 address has brackets where it has a port.
pub(super) fn without_port(host: &str) -> &str {
    match split_port(host) {
        (name, Some(port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// `scheme://host:port`, without the port that the scheme has anyway.
pub(super) fn origin(scheme: &str, host: &str, port: Option<i64>) -> String {
    let is_usual = matches!((scheme, port), ("http", Some(80)) | ("https", Some(443)));
    let is_v6 = host.contains(':') && !host.starts_with('[') && host.matches(':').count() > 1;
    let host = if is_v6 { Cow::Owned(format!("[{host}]")) } else { Cow::Borrowed(host) };
    match port.filter(|_| !is_usual) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_without_user_query_and_fragment() {
        for (url, expected) in [
            ("https://amazon.com/page?getdata=response&stuff=morestuff", "https://amazon.com/page"),
            ("aws.google.com/index.html?field=data&suchcool=data", "aws.google.com/index.html"),
            ("INVALID_URL", "INVALID_URL"),
            ("", ""),
            ("http://user:secret@host:80/a@b#c", "http://host:80/a@b"),
            ("http://u@host?x=1", "http://host"),
            ("http://me:pa/ss@host/x", "http://…"),
            ("http://me:pa?ss@host/x", "http://…"),
            ("http://me:pa#ss@host/x", "http://…"),
            ("http://host:80/@me", "http://host:80/@me"),
        ] {
            assert_eq!(bare_url(url), expected);
        }
        assert_eq!(path("/a/b?c#d"), "/a/b");
    }

    #[test]
    fn the_host_of_a_url_is_its_name_alone() {
        for (url, expected) in [
            ("https://amazon.com/", Some("amazon.com")),
            ("https://amazon.com/somestuff?get=request&data=chiem", Some("amazon.com")),
            ("jdbc:mysql://db.dev.example.com:3306", Some("db.dev.example.com")),
            ("http://a:b@[::1]:80/", Some("[::1]")),
            ("INVALID_URL", None),
            ("", None),
            ("http:///path", None),
            ("http://me:pa/ss@host/x", None),
            ("http://2001:db8::1/", Some("2001:db8::1")),
        ] {
            assert_eq!(host_of(url), expected, "{url}");
        }
    }

    #[test]
    fn a_usual_port_is_not_told() {
        assert_eq!(origin("http", "a", Some(80)), "http://a");
        assert_eq!(origin("https", "a", Some(80)), "https://a:80");
        assert_eq!(origin("http", "::1", Some(8080)), "http://[::1]:8080");
        assert_eq!(origin("http", "a:81", None), "http://a:81");
    }
}
