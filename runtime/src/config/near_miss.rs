//! Variables that do nothing although they look as if they did.
//!
//! In: the names of all variables. Out: a warning for each whose name is one slip away from one we
//! know, and for each that is known to others but not supported here.
//! Never: reads a value.

/// Every variable that some part of this crate reads.
pub(super) const READ: [&str; 92] = [
    "ALL_PROXY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS",
    "AWS_ENDPOINT_URL_LOGS",
    "AWS_ENDPOINT_URL_XRAY",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "AWS_XRAY_SDK_DISABLED",
    "AWS_XRAY_SDK_ENABLED",
    "AWS_XRAY_TRACING_NAME",
    "AWS_XRAY_URL",
    "CLOUDWATCH_LOG_CREATE",
    "CLOUDWATCH_LOG_GROUP",
    "CLOUDWATCH_LOG_RETENTION_DAYS",
    "CLOUDWATCH_LOG_STREAM",
    "CLOUDWATCH_METRICS_NAMESPACE",
    "HONEYCOMB_API_KEY",
    "HONEYCOMB_DATASET",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_COLOR",
    "NO_PROXY",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_PROPAGATORS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN",
    "OTEL_SERVICE_NAME",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "ROLLBAR_ACCESS_TOKEN",
    "ROLLBAR_CODE_VERSION",
    "ROLLBAR_ENDPOINT",
    "ROLLBAR_ENVIRONMENT",
    "RUST_LOG",
    "SPANWRIGHT_CONSOLE",
    "SPANWRIGHT_LEVEL",
    "SPANWRIGHT_LOG_FORMAT",
    "SPANWRIGHT_PROPAGATION_TARGETS",
    "SPANWRIGHT_REDACTION_KEY",
    "SPANWRIGHT_REPORTS_PER_MINUTE",
    "SPANWRIGHT_REPORT_PANICS",
    "SPANWRIGHT_REPORT_SOURCE_LINES",
    "SPANWRIGHT_SPAN_EVENTS",
    "SPANWRIGHT_XRAY_BYTES_PER_SECOND",
    "SPANWRIGHT_XRAY_CONNECTIONS",
    "SPANWRIGHT_XRAY_EXCLUDE",
    "SPANWRIGHT_XRAY_HEARTBEAT",
    "SPANWRIGHT_XRAY_RULES",
    "SPANWRIGHT_XRAY_SAMPLING",
    "SPANWRIGHT_XRAY_TRANSPORT",
];

/// Standard variables that change nothing here.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#configuration-options>.
const UNSUPPORTED: [&str; 3] = [
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
];

/// A warning for each name that is not supported, or not known but one slip away from a known one.
pub(super) fn warnings<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names.filter_map(warning).collect()
}

fn warning(name: &str) -> Option<String> {
    if UNSUPPORTED.contains(&name) {
        return Some(format!("the variable {name} is not supported and changes nothing"));
    }
    if READ.contains(&name) {
        return None;
    }
    let is_meant = |known: &&&str| known.len() > 8 && is_one_slip(name, known);
    let meant = READ.iter().find(is_meant)?;
    Some(format!("the variable {name} is not known, did you mean {meant}?"))
}

/// Whether one letter was added, left out, replaced or exchanged with its neighbour.
fn is_one_slip(found: &str, known: &str) -> bool {
    let (found, known) = (found.as_bytes(), known.as_bytes());
    let same_start = found.iter().zip(known).take_while(|(left, right)| left == right).count();
    let (found, known) = (&found[same_start..], &known[same_start..]);
    match (found, known) {
        ([_, rest @ ..], _) if rest == known => true,
        (_, [_, rest @ ..]) if rest == found => true,
        ([_, found @ ..], [_, known @ ..]) if found == known => true,
        ([a, b, found @ ..], [c, d, known @ ..]) => (a, b) == (d, c) && found == known,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_slip_is_noticed_and_named() {
        for (found, meant) in [
            ("OTEP_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("OTEL_SERVICE_NAM", "OTEL_SERVICE_NAME"),
            ("OTEL_SERVICE_NAMES", "OTEL_SERVICE_NAME"),
            ("OTEL_SERVCIE_NAME", "OTEL_SERVICE_NAME"),
            ("ROLLBAR_ACCCESS_TOKEN", "ROLLBAR_ACCESS_TOKEN"),
            ("CLOUDWATCH_LOG_GRUOP", "CLOUDWATCH_LOG_GROUP"),
        ] {
            let expected = format!("the variable {found} is not known, did you mean {meant}?");
            assert_eq!(warnings([found].into_iter()), [expected]);
        }
    }

    #[test]
    fn a_variable_that_is_not_supported_says_so() {
        for name in UNSUPPORTED {
            let expected = format!("the variable {name} is not supported and changes nothing");
            assert_eq!(warnings([name].into_iter()), [expected]);
        }
    }

    #[test]
    fn known_names_and_strangers_pass() {
        let names =
            ["OTEL_SERVICE_NAME", "PATH", "AWS_REGION", "OTEL_METRICS_EXPORTER", "NO_COLOUR"];
        assert_eq!(warnings(names.into_iter()), Vec::<String>::new());
    }

    #[test]
    fn two_slips_are_somebody_elses_variable() {
        assert_eq!(warnings(["OTEP_SERVICE_NAM"].into_iter()), Vec::<String>::new());
    }
}
