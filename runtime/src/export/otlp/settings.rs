//! Where to, as whom, how.
//!
//! In: values set in code, or the standard variables through a lookup. Out: plain data.
//! Never: reads the environment, prints the value of a header or the credentials of an address.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::environment::{Environment, is_header_value};
use super::honeycomb;
use super::signal::Signal;
use crate::export::{Header, TlsFiles};
use crate::record::Resource;
use crate::secret::Secret;
use crate::warnings::Warnings;

/// How spans, or exceptions, are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where they are sent.
    pub endpoint: Endpoint,
    /// Headers of every request besides our own; one of the same name replaces ours.
    pub headers: Vec<Header>,
    /// Time limit of one request, from connecting to the last byte of the answer; 10 s by default,
    /// [`Duration::MAX`] for none.
    pub timeout: Duration,
    /// Whether bodies are compressed; not by default.
    pub compression: Compression,
    /// Certificates for `https://` endpoints; those of the system by default.
    pub tls: TlsFiles,
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

/// An address that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is `{found}`, expected an address like `http://127.0.0.1:4318`: {problem}")]
pub struct SettingsError {
    /// The setting.
    pub variable: &'static str,
    /// The address without credentials and query.
    pub found: String,
    /// The reason.
    pub problem: &'static str,
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
            tls: TlsFiles::default(),
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
    /// one applies, and 0 is no limit. The resource stays empty.
    ///
    /// A value that cannot be used counts as unset, and adds one warning that names the variable, its
    /// value and what is expected; of a list only the entry is left out.
    pub fn from_env(
        lookup: &dyn Fn(&str) -> Option<String>,
        warnings: &mut Warnings,
    ) -> Option<Self> {
        Self::of_signal(&Signal::TRACES, lookup, warnings)
    }

    /// Reads the standard variables for log records, which is what [`Exceptions`](super::Exceptions)
    /// are, like [`Settings::from_env`] with `LOGS_` for `TRACES_` and `BLRP_` for `BSP_`; no
    /// variable of spans counts.
    pub fn from_env_for_logs(
        lookup: &dyn Fn(&str) -> Option<String>,
        warnings: &mut Warnings,
    ) -> Option<Self> {
        Self::of_signal(&Signal::LOGS, lookup, warnings)
    }

    fn of_signal(
        signal: &'static Signal,
        lookup: &dyn Fn(&str) -> Option<String>,
        warnings: &mut Warnings,
    ) -> Option<Self> {
        let mut env = Environment { signal, lookup, warnings };
        let key = honeycomb_key(&mut env);
        let endpoint = env.endpoint(key.is_some())?;
        env.check_protocol(&endpoint);
        let mut settings = Self::new(endpoint);
        settings.headers = env.headers();
        if let Some(key) = key.filter(|_| honeycomb::is_at(&settings.endpoint)) {
            settings.add_honeycomb(key, &mut env);
        }
        settings.timeout = env.timeout().unwrap_or(settings.timeout);
        settings.compression = env.compression();
        settings.tls = env.tls();
        Some(settings)
    }

    /// Whether the endpoint wants TLS.
    pub fn needs_tls(&self) -> bool {
        self.endpoint.is_https()
    }

    pub(super) fn max_text_bytes(&self) -> usize {
        self.max_text_bytes.unwrap_or(usize::MAX)
    }

    fn add_honeycomb(&mut self, key: String, env: &mut Environment<'_>) {
        const DATASET: &str = "HONEYCOMB_DATASET";
        let team = Header { name: honeycomb::TEAM_HEADER.into(), value: Secret::new(key) };
        // A header that is written out wins.
        self.add_header(team);
        let Some(dataset) = env.get(DATASET) else { return };
        if !honeycomb::lack_dataset(&self.headers) {
            return;
        }
        if is_header_value(&dataset) {
            self.add_header(honeycomb::dataset_header(&dataset));
        } else {
            let expected = "a name without control characters";
            env.warnings.invalid(DATASET, &dataset, expected, "ignored");
        }
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

/// The key of Honeycomb, if it can be the value of a header. It is never part of the warning.
fn honeycomb_key(env: &mut Environment<'_>) -> Option<String> {
    const VARIABLE: &str = "HONEYCOMB_API_KEY";
    let key = env.get(VARIABLE)?;
    if !is_header_value(&key) {
        env.warnings.push(format_args!("{VARIABLE} holds characters that no key has; ignored"));
        return None;
    }
    Some(key)
}

#[cfg(test)]
mod tests;
