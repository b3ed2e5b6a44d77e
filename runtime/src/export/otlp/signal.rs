//! The kinds of telemetry, and which of them exceptions belong to.
//!
//! In: a variable through a lookup. Out: names of paths and variables, a choice.
//! Never: reads the environment.

use super::environment::value;
use crate::warnings::Warnings;

/// One kind of telemetry: its path below a base address, and the variables that are its own.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.
#[derive(Debug)]
pub(super) struct Signal {
    pub(super) path: &'static str,
    pub(super) endpoint: &'static str,
    pub(super) protocol: &'static str,
    pub(super) headers: &'static str,
    pub(super) timeout: &'static str,
    pub(super) compression: &'static str,
    pub(super) certificate: &'static str,
    pub(super) client_certificate: &'static str,
    pub(super) client_key: &'static str,
    /// What bounds the export of a batch, and with it a request.
    pub(super) batch_timeout: &'static str,
}

impl Signal {
    /// Paths of all signals, those that are not sent included.
    pub(super) const PATHS: [&'static str; 3] = ["v1/traces", "v1/logs", "v1/metrics"];

    pub(super) const TRACES: Self = Self {
        path: "v1/traces",
        endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        compression: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        certificate: "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        client_certificate: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        client_key: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        batch_timeout: "OTEL_BSP_EXPORT_TIMEOUT",
    };

    pub(super) const LOGS: Self = Self {
        path: "v1/logs",
        endpoint: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
        timeout: "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
        compression: "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
        certificate: "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
        client_certificate: "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
        client_key: "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
        batch_timeout: "OTEL_BLRP_EXPORT_TIMEOUT",
    };
}

/// What tells an exception to those who speak OTLP.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExceptionSignal {
    /// An event of the span that failed, as ever.
    #[default]
    SpanEvents,
    /// A log record, as the conventions want it from 1.44 on.
    Logs,
    /// Both, until all who read the one can read the other.
    Both,
}

impl ExceptionSignal {
    /// Reads `OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN` through `lookup`: `logs`, `logs/dup` for both,
    /// or nothing for events of spans. Other entries of the list are warned about and ignored.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/>, by which
    /// events of spans are what is without one of these.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>, warnings: &mut Warnings) -> Self {
        const VARIABLE: &str = "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN";
        let list = value(lookup, VARIABLE).unwrap_or_default();
        let entries = list.split(',').map(str::trim);
        for other in entries.filter(|found| !["", "logs", "logs/dup"].contains(found)) {
            warnings.invalid_entry(VARIABLE, other, "`logs` or `logs/dup`");
        }
        let has = |known: &str| list.split(',').any(|found| found.trim() == known);
        match (has("logs/dup"), has("logs")) {
            (true, _) => Self::Both,
            (false, true) => Self::Logs,
            (false, false) => Self::SpanEvents,
        }
    }

    /// Whether spans have events of exceptions.
    pub const fn has_span_events(self) -> bool {
        matches!(self, Self::SpanEvents | Self::Both)
    }

    /// Whether exceptions are log records.
    pub const fn has_logs(self) -> bool {
        matches!(self, Self::Logs | Self::Both)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(value: Option<&str>) -> ExceptionSignal {
        let lookup = |name: &str| {
            assert_eq!(name, "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN");
            value.map(str::to_owned)
        };
        ExceptionSignal::from_env(&lookup, &mut Warnings::default())
    }

    #[test]
    fn exceptions_are_span_events_until_logs_are_asked_for() {
        for (value, expected, has_span_events, has_logs) in [
            (None, ExceptionSignal::SpanEvents, true, false),
            (Some(" "), ExceptionSignal::SpanEvents, true, false),
            (Some("logs"), ExceptionSignal::Logs, false, true),
            (Some(" logs/dup "), ExceptionSignal::Both, true, true),
        ] {
            let found = from(value);
            assert_eq!(found, expected, "{value:?}");
            let parts = (found.has_span_events(), found.has_logs());
            assert_eq!(parts, (has_span_events, has_logs), "{value:?}");
        }
    }

    #[test]
    fn of_a_list_only_what_is_known_counts() {
        for (value, expected) in [
            ("http,logs", ExceptionSignal::Logs),
            ("logs, logs/dup", ExceptionSignal::Both),
            ("logs/dup ,logs,", ExceptionSignal::Both),
            ("spans", ExceptionSignal::SpanEvents),
            ("LOGS", ExceptionSignal::SpanEvents),
            (",", ExceptionSignal::SpanEvents),
        ] {
            assert_eq!(from(Some(value)), expected, "{value}");
        }
    }
}
