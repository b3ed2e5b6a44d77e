//! Standard variables of one signal, each checked.
//!
//! A value that cannot be used is a warning and the default. The value of a header is never part of a warning.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::endpoint::Endpoint;
use super::honeycomb;
use super::settings::Compression;
use super::signal::Signal;
use crate::export::{Header, PemFile, TlsFiles, address};
use crate::secret::Secret;
use crate::warnings::Warnings;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// Port where collectors take gRPC, and the one where they take HTTP.
///
/// Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-default-port>.
const GRPC_PORT: &str = ":4317";

/// Variables of a signal; an empty one counts as unset. The form of the signal wins over the general one.
pub(super) struct Environment<'a> {
    pub(super) signal: &'static Signal,
    pub(super) lookup: &'a dyn Fn(&str) -> Option<String>,
    pub(super) warnings: &'a mut Warnings,
}

impl Environment<'_> {
    pub(super) fn get(&self, variable: &str) -> Option<String> {
        value(self.lookup, variable)
    }

    fn first(&self, variables: [&'static str; 2]) -> Option<(&'static str, String)> {
        variables.into_iter().find_map(|variable| Some((variable, self.get(variable)?)))
    }

    /// Endpoint of the signal, or else below the general one, or else Honeycomb's where there is a key. An
    /// address that cannot be used counts as unset.
    pub(super) fn endpoint(&mut self, has_honeycomb_key: bool) -> Option<Endpoint> {
        let path = self.signal.path;
        if let Some(endpoint) = self.address(self.signal.endpoint, Endpoint::checked) {
            self.check_exact(&endpoint);
            return Some(endpoint);
        }
        let base = |variable, address: &str| Endpoint::base_of(variable, address, path);
        if let Some(endpoint) = self.address(ENDPOINT, base) {
            self.check_base(&endpoint);
            return Some(endpoint);
        }
        let honeycomb = || Endpoint::base_of("endpoint", honeycomb::ENDPOINT, path).ok();
        has_honeycomb_key.then(honeycomb).flatten()
    }

    fn address(
        &mut self,
        variable: &'static str,
        read: impl Fn(&'static str, &str) -> Result<Endpoint, super::SettingsError>,
    ) -> Option<Endpoint> {
        let address = self.get(variable)?;
        let endpoint = read(variable, &address);
        endpoint.map_err(|error| self.warnings.push(format_args!("{error}; ignored"))).ok()
    }

    /// Warns about a base address that has the path of a signal already.
    fn check_base(&mut self, endpoint: &Endpoint) {
        let Some(found) = self.get(ENDPOINT) else { return };
        let path = address::path(&found).trim_end_matches('/');
        if Signal::PATHS.iter().any(|known| path.ends_with(known)) {
            let exact = self.signal.endpoint;
            self.warnings.invalid(
                ENDPOINT,
                &address::printable(&found),
                format_args!(
                    "a base address without the path of a signal, or the variable {exact}"
                ),
                &format!("requests go to `{endpoint}`"),
            );
        }
    }

    /// Warns about an address of a signal that has no path, or that of another signal.
    fn check_exact(&mut self, endpoint: &Endpoint) {
        let Signal { endpoint: variable, path, .. } = *self.signal;
        let found = address::path(endpoint.url()).trim_end_matches('/');
        let is_of_another = |known: &&str| *known != path && found.ends_with(&format!("/{known}"));
        if found.is_empty() || Signal::PATHS.iter().any(is_of_another) {
            let expected =
                format_args!("an address with the path that it is sent to, such as `/{path}`");
            self.warnings.invalid(variable, &endpoint.to_string(), expected, "used as it is");
        }
    }

    /// Warns about a protocol that is not spoken, and about a port where another one is.
    pub(super) fn check_protocol(&mut self, endpoint: &Endpoint) {
        let has_grpc_port = address::authority(endpoint.url()).ends_with(GRPC_PORT);
        let port = format!("`{endpoint}` has port 4317, where collectors take gRPC: set port 4318");
        let protocol = self.first([self.signal.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL"]);
        match protocol.filter(|(_, found)| found != "http/protobuf") {
            Some((variable, found)) => {
                let instead = if has_grpc_port {
                    format!("using http/protobuf, but {port}")
                } else {
                    "using http/protobuf".to_owned()
                };
                let expected = "`http/protobuf`, the only protocol supported";
                self.warnings.invalid(variable, &found, expected, &instead);
            }
            None if has_grpc_port => {
                let variables = [self.signal.endpoint, ENDPOINT];
                let variable = self.first(variables).map_or(ENDPOINT, |(variable, _)| variable);
                self.warnings.push(format_args!("{variable}: the address {port}"));
            }
            None => {}
        }
    }

    /// Headers of a list; entries that cannot be read are left out.
    pub(super) fn headers(&mut self) -> Vec<Header> {
        let variables = [self.signal.headers, "OTEL_EXPORTER_OTLP_HEADERS"];
        let Some((variable, list)) = self.first(variables) else { return Vec::new() };
        let entries = list.split(',').map(str::trim).enumerate();
        let mut headers: Vec<Header> = Vec::new();
        for (index, text) in entries.filter(|(_, text)| !text.is_empty()) {
            match header(text) {
                Ok(header) => headers.push(header),
                // Not with the entry, which may be a secret.
                Err(problem) => self.warnings.push(format_args!(
                    "{variable} has {problem} in entry {}, expected `name=value,name=value` with \
                     values percent-encoded; the entry is ignored",
                    index + 1
                )),
            }
        }
        headers
    }

    /// Smaller one of the timeouts of a request and of a batch; [`Duration::MAX`] where it is 0, which is no limit.
    pub(super) fn timeout(&mut self) -> Option<Duration> {
        let request = self.milliseconds([self.signal.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT"]);
        let batch = self.milliseconds([self.signal.batch_timeout; 2]);
        request.into_iter().chain(batch).min()
    }

    fn milliseconds(&mut self, variables: [&'static str; 2]) -> Option<Duration> {
        let (variable, found) = self.first(variables)?;
        match found.parse::<u64>() {
            Ok(0) => Some(Duration::MAX),
            Ok(timeout_ms) => Some(Duration::from_millis(timeout_ms)),
            Err(_) => {
                let expected = "a number of milliseconds, or 0 for no limit";
                self.warnings.invalid(variable, &found, expected, "ignored");
                None
            }
        }
    }

    pub(super) fn compression(&mut self) -> Compression {
        match self.first([self.signal.compression, "OTEL_EXPORTER_OTLP_COMPRESSION"]) {
            None => Compression::None,
            Some((_, name)) if name == "none" => Compression::None,
            Some((_, name)) if name == "gzip" => Compression::Gzip,
            Some((variable, found)) => {
                self.warnings.invalid(variable, &found, "`gzip` or `none`", "using none");
                Compression::None
            }
        }
    }

    /// Files with certificates; they are read when the destination starts.
    pub(super) fn tls(&mut self) -> TlsFiles {
        let file = |variables| {
            let (variable, path) = self.first(variables)?;
            Some(PemFile::named_by(variable, path))
        };
        let Signal { certificate, client_certificate, client_key, .. } = *self.signal;
        let mut files = TlsFiles {
            ca: file([certificate, "OTEL_EXPORTER_OTLP_CERTIFICATE"]),
            client_certificate: file([client_certificate, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"]),
            client_key: file([client_key, "OTEL_EXPORTER_OTLP_CLIENT_KEY"]),
        };
        let alone = match (&files.client_certificate, &files.client_key) {
            (Some(certificate), None) => Some((certificate, "OTEL_EXPORTER_OTLP_CLIENT_KEY")),
            (None, Some(key)) => Some((key, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE")),
            _ => None,
        };
        if let Some((file, missing)) = alone {
            self.warnings.push(format_args!(
                "{file} is set without {missing}, expected both; no client certificate is used"
            ));
            (files.client_certificate, files.client_key) = (None, None);
        }
        files
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
