//! Where to, as whom, how.
//!
//! In: values set in code, or the standard variables through a lookup. Out: plain data.
//! Never: reads the environment, prints the value of a header or the credentials of an address.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::environment::{Environment, is_header_value};
use super::honeycomb;
use super::signal::Signal;
use crate::export::Header;
use crate::record::Resource;
use crate::secret::Secret;

/// How spans, or exceptions, are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where they are sent.
    pub endpoint: Endpoint,
    /// Headers of every request besides our own; one of the same name replaces ours.
    pub headers: Vec<Header>,
    /// How long one request may take; 10 s by default.
    pub timeout: Duration,
    /// Whether bodies are compressed; not by default.
    pub compression: Compression,
    /// Where texts are cut, in bytes; `None` for nowhere.
    pub max_text_bytes: Option<usize>,
    /// Who sends.
    pub resource: Resource,
}

/// How bodies are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// `Content-Encoding: gzip`.
    Gzip,
}

/// Why a setting cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An address that is none, or not one of HTTP.
    #[error("{variable} is `{found}`, expected an address like `http://127.0.0.1:4318`: {problem}")]
    Endpoint {
        /// The setting.
        variable: &'static str,
        /// The address without credentials and query.
        found: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A list of headers that cannot be read. The text is not part of the message.
    #[error(
        "{variable} has {problem} in entry {entry}, expected `name=value,name=value` with values percent-encoded"
    )]
    Headers {
        /// The variable.
        variable: &'static str,
        /// Which entry, from 1.
        entry: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A key that cannot be a header. The text is not part of the message.
    #[error("{variable} holds characters that no key has")]
    Key {
        /// The variable.
        variable: &'static str,
    },
    /// Any other value.
    #[error("{variable} is `{found}`, expected {expected}")]
    Value {
        /// The variable.
        variable: &'static str,
        /// Its value.
        found: String,
        /// What it may be.
        expected: &'static str,
    },
}

impl Settings {
    /// The defaults of the specification for an endpoint.
    pub fn new(endpoint: Endpoint) -> Self {
        let max_text_bytes = honeycomb::is_at(&endpoint).then_some(honeycomb::MAX_TEXT_BYTES);
        Self {
            endpoint,
            headers: Vec::new(),
            timeout: Duration::from_secs(10),
            compression: Compression::None,
            max_text_bytes,
            resource: Resource::default(),
        }
    }

    /// Reads the standard variables for spans through `lookup`; `None` when none of them asks for
    /// OTLP.
    ///
    /// OTLP is asked for by `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`, `OTEL_EXPORTER_OTLP_ENDPOINT` or
    /// `HONEYCOMB_API_KEY`. The form of a variable with `TRACES_` wins over the one without. The
    /// key of Honeycomb is sent to Honeycomb only: with another endpoint, a collector has its own.
    /// `OTEL_BSP_EXPORT_TIMEOUT` bounds a request like `OTEL_EXPORTER_OTLP_TIMEOUT`; the smaller
    /// one applies. The resource stays empty.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        Self::of_signal(&Signal::TRACES, lookup)
    }

    /// Reads the standard variables for log records, which is what [`Exceptions`](super::Exceptions)
    /// are, like [`Settings::from_env`] with `LOGS_` for `TRACES_` and `BLRP_` for `BSP_`; no
    /// variable of spans counts.
    ///
    /// # Errors
    /// The first value that cannot be used.
    pub fn from_env_for_logs(
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        Self::of_signal(&Signal::LOGS, lookup)
    }

    fn of_signal(
        signal: &'static Signal,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        let env = Environment { signal, lookup };
        let key = env.get("HONEYCOMB_API_KEY");
        let Some(endpoint) = env.endpoint(key.is_some())? else { return Ok(None) };
        env.check_protocol()?;
        let mut settings = Self::new(endpoint);
        settings.headers = env.headers()?;
        if let Some(key) = key.filter(|_| honeycomb::is_at(&settings.endpoint)) {
            settings.add_honeycomb(key, &env)?;
        }
        settings.timeout = env.timeout()?.unwrap_or(settings.timeout);
        settings.compression = env.compression()?;
        Ok(Some(settings))
    }

    /// Whether the endpoint wants TLS.
    pub fn needs_tls(&self) -> bool {
        self.endpoint.is_https()
    }

    pub(super) fn max_text_bytes(&self) -> usize {
        self.max_text_bytes.unwrap_or(usize::MAX)
    }

    fn add_honeycomb(&mut self, key: String, env: &Environment<'_>) -> Result<(), SettingsError> {
        if !is_header_value(&key) {
            return Err(SettingsError::Key { variable: "HONEYCOMB_API_KEY" });
        }
        let team = Header { name: honeycomb::TEAM_HEADER.into(), value: Secret::new(key) };
        // What is written out in the headers is meant.
        self.add_header(team);
        if let Some(dataset) = env.get("HONEYCOMB_DATASET")
            && honeycomb::lack_dataset(&self.headers)
        {
            if !is_header_value(&dataset) {
                return Err(SettingsError::Value {
                    variable: "HONEYCOMB_DATASET",
                    found: dataset,
                    expected: "a name without control characters",
                });
            }
            self.add_header(honeycomb::dataset_header(&dataset));
        }
        Ok(())
    }

    /// All headers of the settings; a classic key of Honeycomb without a dataset gets the name of
    /// the service for one, which is not known before the resource is.
    pub(super) fn all_headers(&self) -> Vec<Header> {
        let mut headers = self.headers.clone();
        if honeycomb::is_at(&self.endpoint) && honeycomb::lack_dataset(&headers) {
            let name = Some(self.resource.service_name()).filter(|name| is_header_value(name));
            headers.push(honeycomb::dataset_header(name.unwrap_or("unknown_service")));
        }
        headers
    }

    fn add_header(&mut self, header: Header) {
        if !self.headers.iter().any(|own| own.name.eq_ignore_ascii_case(&header.name)) {
            self.headers.push(header);
        }
    }
}

#[cfg(test)]
mod tests;
