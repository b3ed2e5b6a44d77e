//! The kinds of telemetry, and which of them exceptions belong to.
//!
//! In: a variable through a lookup. Out: names of paths and variables, a choice.
//! Never: reads the environment.

use super::environment::value;

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
    /// What bounds the export of a batch, and with it a request.
    pub(super) batch_timeout: &'static str,
}

impl Signal {
    pub(super) const TRACES: Self = Self {
        path: "v1/traces",
        endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        compression: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        batch_timeout: "OTEL_BSP_EXPORT_TIMEOUT",
    };

    pub(super) const LOGS: Self = Self {
        path: "v1/logs",
        endpoint: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        protocol: "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
        headers: "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
        timeout: "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
        compression: "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
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
    /// or nothing for events of spans. What stands beside them in a list is for somebody else.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/>, by which
    /// events of spans are what is without one of these.
    pub fn from_env(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let list = value(lookup, "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN").unwrap_or_default();
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
        ExceptionSignal::from_env(&|name| {
            assert_eq!(name, "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN");
            value.map(str::to_owned)
        })
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
