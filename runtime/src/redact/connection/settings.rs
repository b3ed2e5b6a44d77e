//! Connection strings that are lists of settings: those of libpq, of ADO.NET and of ODBC.
//!
//! Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE>,
//! <https://learn.microsoft.com/en-us/dotnet/framework/data/adonet/connection-strings> and
//! <https://learn.microsoft.com/en-us/sql/odbc/reference/syntax/sqldriverconnect-function>.

use super::{Connection, first_host, is_address, is_name, is_port, letters, oracle};

/// Settings of libpq.
///
/// Source: <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS>.
const LIBPQ: &[&str] = &[
    "application_name",
    "authtype",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "tty",
    "user",
];

/// Settings that are kept if their values are hosts.
const ADDRESSES: [&str; 9] = [
    "host",
    "hostaddr",
    "hostname",
    "server",
    "servername",
    "datasource",
    "address",
    "addr",
    "networkaddress",
];

/// Settings that are kept if their values are names.
const NAMES: [&str; 7] =
    ["dbname", "database", "databasename", "initialcatalog", "dsn", "servicename", "sid"];

/// Settings that are kept if their values are ports.
const PORTS: [&str; 3] = ["port", "portnumber", "serverport"];

/// Ends of the names of settings that are secret.
const SECRETS: [&str; 6] = ["password", "pwd", "pass", "secret", "token", "key"];

struct Setting<'a> {
    key: &'a str,
    value: &'a str,
}

/// Keeps the harmless settings.
pub(super) fn parse(text: &str) -> Option<Connection> {
    match libpq(text) {
        Some(settings) if !text.contains(';') => kept(&settings, " "),
        // A password of libpq may have semicolons, and one of ADO.NET blanks.
        Some(settings) if settings.len() > 1 || settings.iter().any(|it| is_secret(it.key)) => None,
        _ => kept(&ado(text)?, ";"),
    }
}

/// Returns a key without blanks and signs, in lower case.
fn normal(key: &str) -> String {
    letters(key).map(char::from).collect()
}

fn is_secret(key: &str) -> bool {
    let key = normal(key);
    SECRETS.iter().any(|end| key.ends_with(end))
}

/// `None` if none is harmless, or one that should be is not.
fn kept(settings: &[Setting<'_>], separator: &str) -> Option<Connection> {
    let mut texts = Vec::new();
    let mut host = None;
    for Setting { key, value } in settings {
        let name = normal(key);
        if ADDRESSES.contains(&&*name) {
            let descriptor = if value.starts_with('(') { oracle::parse("", value) } else { None };
            let Connection { text, host: found } = match descriptor {
                Some(found) => found,
                None if is_address(value) => {
                    Connection { text: (*value).to_owned(), host: first_host(value) }
                }
                None => return None,
            };
            host = host.or(found);
            texts.push(format!("{key}={text}"));
        } else if PORTS.contains(&&*name) && value.split(',').all(is_port)
            || NAMES.contains(&&*name) && is_name(value)
        {
            texts.push(format!("{key}={value}"));
        }
    }
    (!texts.is_empty()).then(|| Connection { text: texts.join(separator), host })
}

/// Reads `key = value`, separated by blanks; a value may be in single quotes, a backslash escapes.
fn libpq(text: &str) -> Option<Vec<Setting<'_>>> {
    let mut settings = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=')?;
        let key = key.trim_end();
        if !LIBPQ.contains(&key) {
            return None;
        }
        let behind = behind.trim_start();
        let is_quoted = behind.starts_with('\'');
        let len = libpq_value_len(behind, is_quoted)?;
        let (value, behind) = behind.split_at(len);
        if is_quoted && !(behind.is_empty() || behind.starts_with(char::is_whitespace)) {
            return None;
        }
        settings.push(Setting { key, value: if is_quoted { &value[1..len - 1] } else { value } });
        rest = behind.trim_start();
    }
    Some(settings)
}

fn libpq_value_len(text: &str, is_quoted: bool) -> Option<usize> {
    let mut is_escaped = false;
    let end = text.char_indices().skip(usize::from(is_quoted)).find(|(_, char)| {
        let is_plain = !std::mem::take(&mut is_escaped);
        is_escaped = is_plain && *char == '\\';
        is_plain && if is_quoted { *char == '\'' } else { char.is_whitespace() }
    });
    match end {
        Some((at, _)) => Some(at + usize::from(is_quoted)),
        None => (!is_quoted).then_some(text.len()),
    }
}

/// Reads `key=value`, separated by semicolons; a value may be in quotes or in braces.
fn ado(text: &str) -> Option<Vec<Setting<'_>>> {
    let mut settings = Vec::new();
    let is_between = |char: char| char.is_whitespace() || char == ';';
    let mut rest = text.trim_start_matches(is_between);
    while !rest.is_empty() {
        let (key, behind) = rest.split_once('=')?;
        let key = key.trim_end();
        if !is_ado_key(key) {
            return None;
        }
        let behind = behind.trim_start();
        let (value, behind) = ado_value(behind)?;
        if value.contains(';') && !is_secret(key) {
            return None;
        }
        settings.push(Setting { key, value });
        rest = behind.trim_start_matches(is_between);
    }
    Some(settings)
}

/// A key may have blanks, but what ends as a setting of libpq may be one.
fn is_ado_key(key: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || " _-.:".contains(char);
    let is_libpq = key.rsplit_once(' ').is_some_and(|(_, last)| LIBPQ.contains(&last));
    !key.is_empty() && key.chars().all(is_part) && !is_libpq
}

/// Returns a value without its quotes, and what is behind it.
fn ado_value(text: &str) -> Option<(&str, &str)> {
    let close = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => quote,
        Some('{') => '}',
        _ => {
            let (value, behind) = text.split_at(text.find(';').unwrap_or(text.len()));
            return Some((value.trim_end(), behind));
        }
    };
    let mut chars = text.char_indices().skip(1).peekable();
    let end = loop {
        let (at, char) = chars.next()?;
        // A doubled sign stands for itself.
        if char == close && chars.next_if(|(_, next)| *next == close).is_none() {
            break at;
        }
    };
    let behind = text[end + 1..].trim_start();
    (behind.is_empty() || behind.starts_with(';')).then(|| (&text[1..end], behind))
}
