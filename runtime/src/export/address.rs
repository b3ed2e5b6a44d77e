//! Addresses of HTTP, as people write them into settings.
//!
//! In: text. Out: what is wrong with it, its parts, a form of it that may be printed.
//! Never: prints credentials or a query.

/// Why an address cannot be used; `None` if it can.
pub(super) fn problem(address: &str) -> Option<&'static str> {
    let is_http = address.split_once("://").is_some_and(|(scheme, _)| {
        ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
    });
    let has_bad_port = authority(address)
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.contains(']') && port.parse::<u16>().is_err());
    if !is_http {
        Some("it has to start with `http://` or `https://`")
    } else if host(address).is_empty() {
        Some("the host is missing")
    } else if has_bad_port {
        Some("the port is not a number up to 65535")
    } else if address.contains(|char: char| char.is_whitespace() || char.is_control()) {
        Some("it holds a space")
    } else if address.contains('#') {
        Some("it holds a fragment")
    } else {
        None
    }
}

/// The name or address of the host, without the port.
pub(super) fn host(address: &str) -> &str {
    let authority = authority(address);
    match authority.rsplit_once(':') {
        // A colon inside brackets belongs to an IPv6 address.
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Whether it wants TLS.
pub(super) fn is_https(address: &str) -> bool {
    address.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

/// An address without credentials and query, even if it is none.
pub(super) fn printable(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match address.rsplit_once('@') {
        Some((before, rest)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let colon = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{colon}{rest}")
        }
        None => address.to_owned(),
    }
}

/// Host and port of an address.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
