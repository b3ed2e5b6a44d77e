//! Connection strings that are URLs, those of JDBC among them.
//!
//! Passwords are often not escaped. A password with `/`, `?`, `#` or `;` ends the authority too early,
//! but an `@` follows it: where one stands behind the authority, nothing is certain.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc3986#section-3.2>,
//! <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>,
//! <https://dev.mysql.com/doc/connector-j/en/connector-j-reference-jdbc-url-format.html> and
//! <https://www.mongodb.com/docs/manual/reference/connection-string/>.

use super::{Connection, MAX_PART_BYTES, first_host, is_address, is_port};

/// Schemes whose URLs have no user before the host, only settings behind it.
///
/// Source: <https://learn.microsoft.com/en-us/sql/connect/jdbc/building-the-connection-url>.
const WITHOUT_USER: [&str; 1] = ["jdbc:sqlserver"];

/// Splits a URL into its scheme, `jdbc:` included, and what is behind `://`.
pub(super) fn scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let is_part = |char: char| char.is_ascii_alphanumeric() || "+-._:".contains(char);
    let is_scheme = scheme.starts_with(|char: char| char.is_ascii_alphabetic());
    (is_scheme && scheme.len() <= MAX_PART_BYTES && scheme.chars().all(is_part))
        .then_some((scheme, rest))
}

/// Keeps the hosts and the path of a URL.
pub(super) fn parse(scheme: &str, rest: &str) -> Option<Connection> {
    let end = rest.find(['/', '?', '#', ';']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let hosts = if WITHOUT_USER.contains(&scheme) {
        authority
    } else if behind.contains('@') {
        return None;
    } else {
        authority.rsplit_once('@').map_or(authority, |(_, hosts)| hosts)
    };
    let path = path(behind);
    if !(hosts.is_empty() || hosts.split(',').all(is_host)) || hosts.len() + path.len() == 0 {
        return None;
    }
    Some(Connection { text: format!("{scheme}://{hosts}{path}"), host: first_host(hosts) })
}

/// The path as far as it is one: some drivers have settings behind a sign of their own.
fn path(behind: &str) -> &str {
    if !behind.starts_with('/') {
        return "";
    }
    let is_part = |char: char| char.is_alphanumeric() || "/_.-$%~".contains(char);
    let len = behind.find(|char| !is_part(char)).unwrap_or(behind.len());
    if len > MAX_PART_BYTES { "" } else { &behind[..len] }
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port),
        _ => return is_address(text),
    };
    is_address(host) && (port.is_empty() || is_port(port)) && is_bare(host)
}

/// True if a host has no colon but those of an address of IPv6.
fn is_bare(host: &str) -> bool {
    !host.contains(':') || host.starts_with('[') && host.ends_with(']')
}
