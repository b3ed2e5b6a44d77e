//! Where to, as whom, how.
//!
//! In: values set in code, or the standard variables through a lookup. Out: plain data.
//! Never: reads the environment, prints the value of a header or the credentials of an address.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::honeycomb;
use crate::export::Header;
use crate::record::Resource;
use crate::secret::Secret;

/// How spans are sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where spans are sent.
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

    /// Reads the standard variables through `lookup`; `None` when none of them asks for OTLP.
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
        let env = Environment { lookup };
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

/// The variables, an empty one being as good as none.
struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    fn get(&self, variable: &str) -> Option<String> {
        let value = (self.lookup)(variable)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn first(&self, variables: [&'static str; 2]) -> Option<(&'static str, String)> {
        variables.into_iter().find_map(|variable| Some((variable, self.get(variable)?)))
    }

    fn endpoint(&self, has_honeycomb_key: bool) -> Result<Option<Endpoint>, SettingsError> {
        const EXACT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        if let Some(address) = self.get(EXACT) {
            return Endpoint::checked(EXACT, &address).map(Some);
        }
        if let Some(address) = self.get(BASE) {
            return Endpoint::base_of(BASE, &address).map(Some);
        }
        has_honeycomb_key.then(|| Endpoint::base(honeycomb::ENDPOINT)).transpose()
    }

    fn check_protocol(&self) -> Result<(), SettingsError> {
        let variables = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
        match self.first(variables) {
            Some((variable, found)) if found != "http/protobuf" => {
                let expected = "`http/protobuf`, the only protocol supported";
                Err(SettingsError::Value { variable, found, expected })
            }
            _ => Ok(()),
        }
    }

    fn headers(&self) -> Result<Vec<Header>, SettingsError> {
        let variables = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
        let Some((variable, list)) = self.first(variables) else { return Ok(Vec::new()) };
        let entries = list.split(',').map(str::trim).enumerate();
        entries
            .filter(|(_, text)| !text.is_empty())
            .map(|(index, text)| {
                header(text).map_err(|problem| SettingsError::Headers {
                    variable,
                    entry: index + 1,
                    problem,
                })
            })
            .collect()
    }

    fn timeout(&self) -> Result<Option<Duration>, SettingsError> {
        let request =
            self.milliseconds(["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"])?;
        let batch = self.milliseconds(["OTEL_BSP_EXPORT_TIMEOUT"; 2])?;
        Ok(request.into_iter().chain(batch).min())
    }

    fn milliseconds(
        &self,
        variables: [&'static str; 2],
    ) -> Result<Option<Duration>, SettingsError> {
        let Some((variable, found)) = self.first(variables) else { return Ok(None) };
        match found.parse::<u32>() {
            Ok(timeout_ms) if timeout_ms > 0 => Ok(Some(Duration::from_millis(timeout_ms.into()))),
            _ => {
                let expected = "a number of milliseconds, at least 1";
                Err(SettingsError::Value { variable, found, expected })
            }
        }
    }

    fn compression(&self) -> Result<Compression, SettingsError> {
        let variables = ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"];
        match self.first(variables) {
            None => Ok(Compression::None),
            Some((_, name)) if name == "none" => Ok(Compression::None),
            Some((_, name)) if name == "gzip" => Ok(Compression::Gzip),
            Some((variable, found)) => {
                Err(SettingsError::Value { variable, found, expected: "`gzip` or `none`" })
            }
        }
    }
}

/// Reads `name=value`; the error never holds any of it.
fn header(text: &str) -> Result<Header, &'static str> {
    let (name, value) = text.split_once('=').ok_or("no `=`")?;
    let name = name.trim();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err("no header name");
    }
    let value = percent_decode_str(value.trim()).decode_utf8();
    let value = value.map_err(|_| "a value that is not UTF-8 after decoding")?;
    if !is_header_value(&value) {
        return Err("a value with characters no header may hold");
    }
    Ok(Header { name: name.to_ascii_lowercase().into(), value: Secret::new(value) })
}

/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-5.5>.
fn is_header_value(value: &str) -> bool {
    value.chars().all(|char| char == '\t' || !char.is_control())
}

#[cfg(test)]
mod tests;
