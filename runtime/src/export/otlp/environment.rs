//! The standard variables of one signal.
//!
//! In: a lookup. Out: what the variables say, each checked.
//! Never: reads the environment, puts the value of a header into an error.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::honeycomb;
use super::settings::{Compression, SettingsError};
use super::signal::Signal;
use crate::export::Header;
use crate::secret::Secret;

/// The variables, an empty one being as good as none. The form of the signal wins over the general
/// one.
pub(super) struct Environment<'a> {
    pub(super) signal: &'static Signal,
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
}

impl Environment<'_> {
    pub(super) fn get(&self, variable: &str) -> Option<String> {
        value(self.lookup, variable)
    }

    fn first(&self, variables: [&'static str; 2]) -> Option<(&'static str, String)> {
        variables.into_iter().find_map(|variable| Some((variable, self.get(variable)?)))
    }

    pub(super) fn endpoint(
        &self,
        has_honeycomb_key: bool,
    ) -> Result<Option<Endpoint>, SettingsError> {
        const BASE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
        let Signal { endpoint: exact, path, .. } = self.signal;
        if let Some(address) = self.get(exact) {
            return Endpoint::checked(exact, &address).map(Some);
        }
        if let Some(address) = self.get(BASE) {
            return Endpoint::base_of(BASE, &address, path).map(Some);
        }
        let honeycomb = || Endpoint::base_of("endpoint", honeycomb::ENDPOINT, path);
        has_honeycomb_key.then(honeycomb).transpose()
    }

    pub(super) fn check_protocol(&self) -> Result<(), SettingsError> {
        match self.first([self.signal.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"]) {
            Some((variable, found)) if found != "http/protobuf" => {
                let expected = "`http/protobuf`, the only protocol supported";
                Err(SettingsError::Value { variable, found, expected })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn headers(&self) -> Result<Vec<Header>, SettingsError> {
        let variables = [self.signal.headers, "OTEL_EXPORTER_OTLP_HEADERS"];
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

    pub(super) fn timeout(&self) -> Result<Option<Duration>, SettingsError> {
        let request = self.milliseconds([self.signal.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT"])?;
        let batch = self.milliseconds([self.signal.batch_timeout; 2])?;
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

    pub(super) fn compression(&self) -> Result<Compression, SettingsError> {
        match self.first([self.signal.compression, "OTEL_EXPORTER_OTLP_COMPRESSION"]) {
            None => Ok(Compression::None),
            Some((_, name)) if name == "none" => Ok(Compression::None),
            Some((_, name)) if name == "gzip" => Ok(Compression::Gzip),
            Some((variable, found)) => {
                Err(SettingsError::Value { variable, found, expected: "`gzip` or `none`" })
            }
        }
    }
}

/// The value of a variable; `None` for an empty one.
pub(super) fn value(lookup: &dyn Fn(&str) -> Option<String>, variable: &str) -> Option<String> {
    let value = lookup(variable)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
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
pub(super) fn is_header_value(value: &str) -> bool {
    value.chars().all(|char| char == '\t' || !char.is_control())
}
