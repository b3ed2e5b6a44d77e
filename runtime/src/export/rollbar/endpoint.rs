//! The address items go to.
//!
//! In: text, the base of the API or the whole address. Out: an address that takes items.
//! Never: prints credentials or a query.

use std::fmt;

use super::settings::SettingsError;
use crate::export::address;

/// The address that items are `POST`ed to. Prints without credentials and query.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(String);

impl Default for Endpoint {
    /// Rollbar's own.
    fn default() -> Self {
        Self(super::ENDPOINT.to_owned())
    }
}

impl Endpoint {
    /// Takes the address of a host, of its API (`…/api/1/`), or of the items themselves
    /// (`…/api/1/item/`); what is missing is added.
    ///
    /// # Errors
    /// [`SettingsError::Endpoint`].
    pub fn new(address: &str) -> Result<Self, SettingsError> {
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

    pub(super) fn checked(variable: &'static str, text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        if let Some(problem) = address::problem(text) {
            let found = address::printable(text);
            return Err(SettingsError::Endpoint { variable, found, problem });
        }
        let (path, query) = match text.split_once('?') {
            Some((path, query)) => (path, format!("?{query}")),
            None => (text, String::new()),
        };
        let path = path.trim_end_matches('/');
        let has_path = path.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
        let rest = match path {
            path if path.ends_with("/item") => "/",
            _ if has_path => "/item/",
            _ => "/api/1/item/",
        };
        Ok(Self(format!("{path}{rest}{query}")))
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
