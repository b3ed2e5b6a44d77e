//! The address that spans, or exceptions, go to.
//!
//! In: text. Out: an address that a request can be made of.
//! Never: prints credentials or a query.

use std::fmt;

use super::settings::SettingsError;
use super::signal::Signal;
use crate::export::address;

/// The address that requests are `POST`ed to. Prints without credentials and query.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Endpoint {
    /// A base address, to which `v1/traces` is appended, where spans go.
    ///
    /// # Errors
    /// [`SettingsError`] for an address that is not one of HTTP.
    pub fn base(address: &str) -> Result<Self, SettingsError> {
        Self::base_of("endpoint", address, Signal::TRACES.path)
    }

    /// A base address, to which `v1/logs` is appended, where exceptions go.
    ///
    /// # Errors
    /// [`SettingsError`] for an address that is not one of HTTP.
    pub fn base_for_logs(address: &str) -> Result<Self, SettingsError> {
        Self::base_of("endpoint", address, Signal::LOGS.path)
    }

    /// An address that is used as it is.
    ///
    /// # Errors
    /// [`SettingsError`] for an address that is not one of HTTP.
    pub fn exact(address: &str) -> Result<Self, SettingsError> {
        Self::checked("endpoint", address)
    }

    /// The whole address, credentials included.
    pub fn url(&self) -> &str {
        &self.0
    }

    /// The name or address of the host, without the port.
    pub fn host(&self) -> &str {
        address::host(&self.0)
    }

    pub(super) fn is_https(&self) -> bool {
        address::is_https(&self.0)
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
        match address::problem(address) {
            None => Ok(Self(address.to_owned())),
            Some(problem) => {
                let found = address::printable(address);
                Err(SettingsError { variable, found, problem })
            }
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&address::printable(&self.0))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}
