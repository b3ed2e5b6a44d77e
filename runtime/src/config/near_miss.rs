//! Variables whose names are one slip away from one we know.
//!
//! In: the names of all variables. Out: a warning for each that looks misspelt.
//! Never: reads a value.

/// Every variable that some part of this crate reads.
const KNOWN: [&str; 37] = [
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "AWS_XRAY_TRACING_NAME",
    "CLOUDWATCH_LOG_GROUP",
    "CLOUDWATCH_LOG_STREAM",
    "HONEYCOMB_API_KEY",
    "HONEYCOMB_DATASET",
    "NO_COLOR",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_PROPAGATORS",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "ROLLBAR_ACCESS_TOKEN",
    "SPANWRIGHT_CONSOLE",
    "SPANWRIGHT_LEVEL",
];

/// A warning for each name that is not known but differs from a known one by one slip.
pub(super) fn warnings<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .filter(|name| !KNOWN.contains(name))
        .filter_map(|name| {
            let meant = KNOWN.iter().find(|known| known.len() > 8 && is_one_slip(name, known))?;
            Some(format!("the variable {name} is not known, did you mean {meant}?"))
        })
        .collect()
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
            ("ROLLBAR_ACCCESS_TOKEN", "ROLLBAR_ACCESS_TOKEN"),
            ("OTEP_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
            ("OTEL_SERVICE_NAM", "OTEL_SERVICE_NAME"),
            ("OTEL_SERVICE_NAMES", "OTEL_SERVICE_NAME"),
            ("OTEL_SERVCIE_NAME", "OTEL_SERVICE_NAME"),
        ] {
            let expected = format!("the variable {found} is not known, did you mean {meant}?");
            assert_eq!(warnings([found].into_iter()), [expected]);
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
