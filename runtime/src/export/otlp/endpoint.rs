//! The address that spans, or exceptions, go to.
//!
//! In: text. Out: an address that a request can be made of.
//! Never: prints credentials or a query.

use std::fmt;

use super::settings::SettingsError;
use super::signal::Signal;

/// The address that requests are `POST`ed to. Prints without credentials and query.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// A base address, to which `v1/traces` is appended, where spans go.
    ///
    /// # Errors
    /// [`SettingsError::Endpoint`].
    pub fn base(address: &str) -> Result<Self, SettingsError> {
        Self::base_of("endpoint", address, Signal::TRACES.path)
    }

    /// A base address, to which `v1/logs` is appended, where exceptions go.
    ///
    /// # Errors
    /// [`SettingsError::Endpoint`].
    pub fn base_for_logs(address: &str) -> Result<Self, SettingsError> {
        Self::base_of("endpoint", address, Signal::LOGS.path)
    }

    /// An address that is used as it is.
    ///
    /// # Errors
    /// [`SettingsError::Endpoint`].
    pub fn exact(address: &str) -> Result<Self, SettingsError> {
        Self::checked("endpoint", address)
    }

    /// The whole address, credentials included.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// The name or address of the host, without the port.
    pub fn host(&self) -> &str {
        let authority = authority(&self.0);
        match authority.rsplit_once(':') {
            // A colon inside brackets belongs to an IPv6 address.
            Some((host, port)) if !port.contains(']') => host,
            _ => authority,
        }
    }

    pub(super) fn is_https(&self) -> bool {
        self.0.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
    }

    pub(super) fn base_of(
        variable: &'static str,
        address: &str,
        signal_path: &str,
    ) -> Result<Self, SettingsError> {
        let Self(address) = Self::checked(variable, address)?;
        let (path, query) = match address.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (address.as_str(), None),
        };
        let slash = if path.ends_with('/') { "" } else { "/" };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self(format!("{path}{slash}{signal_path}{query}")))
    }

    pub(super) fn checked(variable: &'static str, address: &str) -> Result<Self, SettingsError> {
        let address = address.trim();
        let is_http = address.split_once("://").is_some_and(|(scheme, _)| {
            ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        });
        let endpoint = Self(address.to_owned());
        let has_bad_port = authority(address)
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.contains(']') && port.parse::<u16>().is_err());
        let problem = if !is_http {
            "it has to start with `http://` or `https://`"
        } else if endpoint.host().is_empty() {
            "the host is missing"
        } else if has_bad_port {
            "the port is not a number up to 65535"
        } else if address.contains(|char: char| char.is_whitespace() || char.is_control()) {
            "it holds a space"
        } else if address.contains('#') {
            "it holds a fragment"
        } else {
            return Ok(endpoint);
        };
        Err(SettingsError::Endpoint { variable, found: printable(address), problem })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// Host and port of an address.
fn authority(address: &str) -> &str {
    let rest = address.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// An address without credentials and query, even if it is none.
fn printable(address: &str) -> String {
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
