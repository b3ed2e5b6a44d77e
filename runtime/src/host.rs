//! Hosts as they stand in headers, settings and addresses.

use std::net::Ipv6Addr;

/// Splits `host`, `host:port` or `[v6]:port` into the host, with its brackets, and the text of the port. An
/// IPv6 address without brackets has no port.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc3986#section-3.2.2>.
pub(crate) fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    }
}

/// Returns a host without the brackets of an IPv6 address.
pub(crate) fn without_brackets(host: &str) -> &str {
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    inside.filter(|inside| inside.parse::<Ipv6Addr>().is_ok()).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_split_in_every_form() {
        for (text, expected) in [
            ("localhost", ("localhost", None)),
            ("localhost:4567", ("localhost", Some("4567"))),
            ("10.0.0.1:80", ("10.0.0.1", Some("80"))),
            ("[::1]:4567", ("::1", Some("4567"))),
            ("[2001:db8::1]", ("2001:db8::1", None)),
            ("2001:db8::1", ("2001:db8::1", None)),
            ("::1", ("::1", None)),
            ("_hidden:_port", ("_hidden", Some("_port"))),
            ("host:", ("host", Some(""))),
            ("[nonsense]:1", ("[nonsense]", Some("1"))),
            ("[10.0.0.1]:1", ("[10.0.0.1]", Some("1"))),
            ("a:1:2", ("a:1:2", None)),
            ("[::1", ("[::1", None)),
            (":", ("", Some(""))),
            ("", ("", None)),
        ] {
            let (host, port) = split_port(text);
            assert_eq!((without_brackets(host), port), expected, "{text}");
        }
    }
}
