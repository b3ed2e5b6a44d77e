//! Connection strings of Oracle: `EZConnect`, with or without credentials, and descriptors.
//!
//! Source:
//! <https://docs.oracle.com/en/database/oracle/oracle-database/23/netag/configuring-naming-methods.html>
//! and <https://docs.oracle.com/en/database/oracle/oracle-database/23/jajdb/oracle/jdbc/OracleDriver.html>.

use super::{Connection, first_host, is_address, is_name, is_port};

/// How deep a descriptor may be nested.
const MAX_DEPTH: usize = 16;

/// Splits a URL of JDBC behind its driver: `jdbc:oracle:thin:` and what follows.
pub(super) fn jdbc(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("jdbc:oracle:")?;
    let driver = rest.find(':')?;
    let is_driver = rest[..driver].chars().all(|char| char.is_ascii_alphanumeric());
    is_driver.then(|| text.split_at(text.len() - rest.len() + driver + 1))
}

/// Reads `[user/password@]address`.
pub(super) fn parse(prefix: &str, text: &str) -> Option<Connection> {
    let (at, address) = match behind_credentials(text) {
        Some(address) => ("@", address),
        None if text.contains('@') => return None,
        None => ("", text),
    };
    let (address, host) = if address.starts_with('(') {
        descriptor(address)?
    } else {
        let address = address.split('?').next()?;
        let bare = strip_protocol(address);
        let is_certain = !at.is_empty() || bare.len() < address.len() || has_port(bare);
        if !is_certain || !is_address(bare) || bare.contains('(') {
            return None;
        }
        let host = if has_port(bare) || bare.contains('/') { first_host(bare) } else { None };
        (address.to_owned(), host)
    };
    Some(Connection { text: format!("{prefix}{at}{address}"), host })
}

/// Returns what is behind `user/password@` or `@`; `None` where there is no such thing, or more than
/// one `@` that could be it.
fn behind_credentials(text: &str) -> Option<&str> {
    let behind = if let Some(behind) = text.strip_prefix('@') {
        behind
    } else {
        let is_part = |char: char| char.is_alphanumeric() || "_$#.-[]".contains(char);
        let password = behind_quoted(text, is_part)?.strip_prefix('/')?;
        behind_quoted(password, |char| !"@\"".contains(char))?.strip_prefix('@')?
    };
    (!behind.contains('@')).then_some(behind)
}

/// Returns what is behind a text in double quotes, or behind all that `is_part`.
fn behind_quoted(text: &str, is_part: impl Fn(char) -> bool) -> Option<&str> {
    if let Some(inside) = text.strip_prefix('"') {
        return inside.split_once('"').map(|(_, behind)| behind);
    }
    Some(text.trim_start_matches(is_part))
}

fn strip_protocol(address: &str) -> &str {
    let protocols = ["//", "tcp://", "tcps://"];
    protocols.iter().find_map(|it| address.strip_prefix(it)).unwrap_or(address)
}

/// True for `host:port` with anything behind it.
fn has_port(address: &str) -> bool {
    let first = address.split(['/', ',']).next().unwrap_or_default();
    let port = first.strip_prefix('[').map_or(first, |it| it.split(']').nth(1).unwrap_or_default());
    port.split(':').nth(1).is_some_and(is_port)
}

/// Harmless parts of a descriptor, the first of each.
#[derive(Default)]
struct Found<'a> {
    host: Option<&'a str>,
    port: Option<&'a str>,
    service: Option<&'a str>,
}

/// Reads `(DESCRIPTION=(ADDRESS=(HOST=…)(PORT=…))(CONNECT_DATA=(SERVICE_NAME=…)))`.
fn descriptor(text: &str) -> Option<(String, Option<String>)> {
    let mut found = Found::default();
    let rest = group(text, MAX_DEPTH, &mut found)?;
    let host = found.host.filter(|host| rest.trim().is_empty() && is_address(host))?;
    let mut out = format!("//{host}");
    if let Some(port) = found.port.filter(|port| is_port(port)) {
        out.push(':');
        out.push_str(port);
    }
    if let Some(service) = found.service.filter(|service| is_name(service)) {
        out.push('/');
        out.push_str(service);
    }
    Some((out, first_host(host)))
}

/// Reads `(key=value)` or `(key=(…)(…))`; returns what is behind it.
fn group<'a>(text: &'a str, depth: usize, found: &mut Found<'a>) -> Option<&'a str> {
    let (key, behind) = text.trim_start().strip_prefix('(')?.split_once('=')?;
    let key = key.trim();
    let mut rest = behind.trim_start();
    let is_key = key.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
    if !is_key || depth == 0 {
        return None;
    }
    if !rest.starts_with('(') {
        let (value, behind) = rest.split_at(rest.find(['(', ')', '"', '\'', '='])?);
        let value = value.trim();
        let place = match &*key.to_ascii_uppercase() {
            "HOST" => &mut found.host,
            "PORT" => &mut found.port,
            "SERVICE_NAME" | "SID" => &mut found.service,
            _ => return behind.strip_prefix(')'),
        };
        place.get_or_insert(value);
        return behind.strip_prefix(')');
    }
    while rest.starts_with('(') {
        rest = group(rest, depth - 1, found)?.trim_start();
    }
    rest.strip_prefix(')')
}
