//! Connection strings of databases, reduced to what is known to be harmless.
//!
//! A string is read by the grammar of URLs, of libpq, of ADO.NET and ODBC, or of Oracle. Kept are
//! scheme, hosts, ports and the name of the database; users, passwords and all other settings are
//! not. A string that has no such grammar, or could be read by two with different results, is not
//! shown at all.

mod oracle;
mod settings;
mod url;

use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::hidden::HIDDEN;

/// The longest string that is read, in bytes; longer ones are not shown.
const MAX_BYTES: usize = 8 << 10;

/// The longest host or name that is shown, in bytes.
const MAX_PART_BYTES: usize = 255;

/// Prefixes of databases in a file or in memory, behind which a path follows.
const EMBEDDED: [&str; 9] = [
    "sqlite:",
    "sqlite3:",
    "duckdb:",
    "file:",
    "jdbc:sqlite:",
    "jdbc:duckdb:",
    "jdbc:h2:",
    "jdbc:hsqldb:",
    "jdbc:derby:",
];

/// Harmless parts of a connection string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connection {
    /// The string as it may be shown.
    pub(crate) text: String,
    /// The first host, without its port.
    pub(crate) host: Option<String>,
}

impl Connection {
    /// Reads a connection string; `None` where its parts are not certain.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return None;
        }
        if let Some((scheme, rest)) = url::scheme(text) {
            return url::parse(scheme, rest);
        }
        if let Some((prefix, rest)) = oracle::jdbc(text) {
            return oracle::parse(prefix, rest);
        }
        embedded(text).or_else(|| settings::parse(text)).or_else(|| oracle::parse("", text))
    }
}

/// Returns a connection string without users, passwords and other settings; `…` where it cannot be
/// read for certain.
pub(crate) fn without_password(text: &str) -> Cow<'_, str> {
    match Connection::parse(text) {
        Some(connection) if connection.text == text => Cow::Borrowed(text),
        Some(connection) => Cow::Owned(connection.text),
        None => Cow::Borrowed(HIDDEN),
    }
}

/// Returns an address or a name without the user that may stand before it: `me:secret@db`.
pub(crate) fn without_user(text: &str) -> Cow<'_, str> {
    if text.contains("://") {
        return without_password(text);
    }
    let Some((user, host)) = text.rsplit_once('@') else { return Cow::Borrowed(text) };
    if !user.contains([':', '/']) {
        return Cow::Borrowed(text);
    }
    // A sign of a query may belong to the password, or begin one.
    let is_certain = !user.contains(['@', '?', '=', '&', ';']) && is_address(host);
    Cow::Borrowed(if is_certain { host } else { HIDDEN })
}

/// True if the value of an attribute of this name is a connection string.
pub(crate) fn is_key(key: &str) -> bool {
    const ENDS: [&str; 14] = [
        "connectionstring",
        "connstring",
        "connstr",
        "conninfo",
        "connectionuri",
        "connectionurl",
        "dsn",
        "databaseurl",
        "databaseuri",
        "datasourceurl",
        "dburl",
        "dburi",
        "jdbcurl",
        "jdbcuri",
    ];
    const SYSTEMS: [&str; 8] =
        ["postgres", "postgresql", "mysql", "mariadb", "redis", "mongo", "mongodb", "clickhouse"];
    let last = letters(key).next_back();
    if !last.is_some_and(|last| b"gronil".contains(&last)) {
        return false;
    }
    ENDS.iter().any(|end| before(letters(key), end).is_some())
        || ["url", "uri"]
            .iter()
            .filter_map(|end| before(letters(key), end))
            .any(|rest| SYSTEMS.iter().any(|system| before(rest.clone(), system).is_some()))
}

/// Letters and digits of a key, in lower case.
pub(super) fn letters(key: &str) -> impl DoubleEndedIterator<Item = u8> + Clone {
    key.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// Returns what is before the end of a key, if it ends so.
fn before<L: DoubleEndedIterator<Item = u8>>(mut letters: L, end: &str) -> Option<L> {
    end.bytes().rev().all(|byte| letters.next_back() == Some(byte)).then_some(letters)
}

/// True if a text can only be hosts with or without ports, an instance, a socket or a file.
fn is_address(text: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || "._-:,\\/()[]%~*+".contains(char);
    !text.is_empty() && text.len() <= MAX_PART_BYTES && text.chars().all(is_part)
}

/// True if a text can only be the name of a database or of a service.
fn is_name(text: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || "_.-$".contains(char);
    !text.is_empty() && text.len() <= MAX_PART_BYTES && text.chars().all(is_part)
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns the first host of an address, without its port and instance.
fn first_host(address: &str) -> Option<String> {
    let first = address.trim_start_matches("//").split(',').next()?;
    let first =
        ["tcp:", "np:", "lpc:"].iter().find_map(|it| first.strip_prefix(it)).unwrap_or(first);
    let host = match first.find(']') {
        Some(end) if first.starts_with('[') => &first[..=end],
        _ if first.parse::<Ipv6Addr>().is_ok() => first,
        _ => first.split([':', '\\', '/']).next()?,
    };
    let is_host = host.chars().any(char::is_alphanumeric) && !host.starts_with('(');
    is_host.then(|| host.to_owned())
}

/// Reads `sqlite:app.db`, `jdbc:h2:mem:app;USER=…` and the like.
fn embedded(text: &str) -> Option<Connection> {
    let prefix = if text.starts_with(":memory:") {
        ""
    } else {
        EMBEDDED.into_iter().find(|prefix| text.starts_with(prefix))?
    };
    let path = text[prefix.len()..].split(['?', ';']).next()?;
    is_address(path).then(|| Connection { text: format!("{prefix}{path}"), host: None })
}

#[cfg(test)]
mod tests;
