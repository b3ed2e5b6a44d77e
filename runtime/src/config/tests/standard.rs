//! Variables of OpenTelemetry, AWS and others: whatever they hold, a service starts.

use super::*;

/// Variables that turn on the destinations whose other variables are read only then.
const ON: [(&str, &str); 4] = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
    ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs/dup"),
    ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
    ("CLOUDWATCH_LOG_GROUP", "cruddur"),
];

/// For each variable values that it cannot hold, and what its warning says is expected.
const BAD: &[(&str, &[&str], &str)] = &[
    ("OTEL_SDK_DISABLED", &["1", "0", "yes", "on", "truth"], "expected true or false"),
    ("OTEL_RESOURCE_ATTRIBUTES", &["a", "=b", "a=b,c", "a=%ff", "%ff=a"], "expected `key=value`"),
    ("OTEL_TRACES_EXPORTER", &["zipkin", "otlp,jaeger", "otlp,none"], "or `otlp` or `console`"),
    ("OTEL_TRACES_SAMPLER", &["jaeger_remote", "sometimes", "0.5"], "expected one of always_on"),
    ("OTEL_PROPAGATORS", &["b4", "tracecontext,b4", "none,tracecontext"], "expected "),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_SPAN_LINK_COUNT_LIMIT", COUNTS, "expected a number that is not negative"),
    ("OTEL_BSP_SCHEDULE_DELAY", COUNTS, "expected a number of milliseconds"),
    ("OTEL_BSP_EXPORT_TIMEOUT", COUNTS, "expected a number of milliseconds, or 0 for no limit"),
    ("OTEL_BLRP_EXPORT_TIMEOUT", COUNTS, "expected a number of milliseconds, or 0 for no limit"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", &["-1", "0", "many", "1e3"], "expected a number of spans"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &["-1", "0", "many"], "expected a number of spans"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", ADDRESSES, "expected an address like"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", ADDRESSES, "expected an address like"),
    ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", ADDRESSES, "expected an address like"),
    ("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS, "expected `http/protobuf`"),
    ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", PROTOCOLS, "expected `http/protobuf`"),
    ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", PROTOCOLS, "expected `http/protobuf`"),
    ("OTEL_EXPORTER_OTLP_TIMEOUT", COUNTS, "expected a number of milliseconds, or 0 for no limit"),
    ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", COUNTS, "expected a number of milliseconds"),
    ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", COUNTS, "expected a number of milliseconds"),
    ("OTEL_EXPORTER_OTLP_COMPRESSION", COMPRESSIONS, "expected `gzip` or `none`"),
    ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", COMPRESSIONS, "expected `gzip` or `none`"),
    ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", COMPRESSIONS, "expected `gzip` or `none`"),
    ("OTEL_EXPORTER_OTLP_HEADERS", HEADERS, "expected `name=value,name=value`"),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", HEADERS, "expected `name=value,name=value`"),
    ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", HEADERS, "expected `name=value,name=value`"),
    ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &["/a"], "expected both"),
    ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &["/a"], "expected both"),
    ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", &["logs,spans", "LOGS,logs"], "expected `logs`"),
    ("HONEYCOMB_API_KEY", &["hc\u{7f}key"], "no key has"),
    ("AWS_XRAY_DAEMON_ADDRESS", &["daemon", "tcp:a:1", "http://a:1"], "expected `host:port`"),
    ("AWS_XRAY_CONTEXT_MISSING", &["PANIC"], "expected LOG_ERROR, RUNTIME_ERROR"),
    ("AWS_XRAY_SDK_ENABLED", &["perhaps"], "expected true, false, 1 or 0"),
    ("AWS_XRAY_SDK_DISABLED", &["perhaps"], "expected true, false, 1 or 0"),
    ("RUST_LOG", &["info,sqlx=loud", "sqlx=loud"], "expected a directive such as"),
];
const COUNTS: &[&str] = &["-1", "many", "1e3", "10s", "0x10", "99999999999999999999"];
const ADDRESSES: &[&str] = &[
    "localhost:4318",
    "grpc://localhost:4317",
    "http://",
    "http://a:b",
    "http://a:1:2",
    "http://::1:4318",
    "http://1.2.3.4.5",
    "http://a b",
];
const PROTOCOLS: &[&str] = &["grpc", "http/json", "HTTP"];
const COMPRESSIONS: &[&str] = &["zstd", "deflate", "true"];
const HEADERS: &[&str] = &["a", "=b", "a b=c", "a=%ff", "a=b,c", "a=%0d"];

/// Variables of a configuration in which `variable` is read and holds `value`.
fn with(variable: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut all: Vec<_> = ON.into_iter().filter(|(name, _)| *name != variable).collect();
    all.push((variable, value));
    all
}

#[test]
fn a_bad_value_of_a_standard_variable_is_one_warning() {
    for (variable, values, expected) in BAD {
        for value in *values {
            let variables = with(variable, value);
            let config = read(&variables);
            let config = config.unwrap_or_else(|error| panic!("{variable}={value}: {error}"));
            let [warning] = config.warnings() else {
                panic!("{variable}={value}: {:?}", config.warnings())
            };
            assert!(warning.contains(variable) && warning.contains(expected), "{warning}");
            // A list, where it holds a secret, is not quoted; an address without its scheme is, and one
            // whose port is no number may hold a password.
            let last = value.rsplit(',').next().unwrap_or_default();
            let first = value.split(',').next().unwrap_or_default();
            let is_secret = variable.contains("HEADERS") || variable.contains("KEY");
            let is_quoted = warning.contains(&format!("`{last}`"))
                || warning.contains(&format!("`{first}`"))
                || warning.contains(&format!("\"{last}\""))
                || warning.contains("://…`");
            assert!(is_secret || is_quoted, "{warning}");
        }
    }
}

#[test]
fn a_bad_value_of_a_standard_variable_stops_no_disabled_service() {
    for (variable, values, _) in BAD {
        for value in *values {
            let mut variables = with(variable, value);
            variables.retain(|(name, _)| *name != "OTEL_SDK_DISABLED");
            variables.push(("OTEL_SDK_DISABLED", "TRUE"));
            let config = read(&variables).unwrap_or_else(|error| panic!("{variable}: {error}"));
            assert!(config.is_disabled);
        }
    }
}

#[test]
fn every_standard_variable_is_in_the_table_of_bad_values() {
    /// Any text is right for these.
    const ANY: [&str; 2] = ["OTEL_SERVICE_NAME", "OTEL_TRACES_SAMPLER_ARG"];
    let missing =
        near_miss::READ.into_iter().filter(|name| name.starts_with("OTEL_")).filter(|name| {
            let is_listed = BAD.iter().any(|(variable, ..)| variable == name);
            !is_listed
                && !ANY.contains(name)
                && !name.ends_with("CERTIFICATE")
                && !name.ends_with("CLIENT_KEY")
        });
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn an_empty_standard_variable_counts_as_unset() {
    let unset = read(&[]).unwrap();
    for name in near_miss::READ {
        let config = read(&[(name, ""), ("OTEL_SERVICE_NAME", " ")]).unwrap();
        assert_eq!(config.warnings(), unset.warnings(), "{name}");
        assert_eq!(format!("{config:?}"), format!("{unset:?}"), "{name}");
        assert_eq!(config.has_destination(), unset.has_destination(), "{name}");
    }
}

#[test]
fn a_bad_argument_of_a_sampler_leaves_its_default() {
    for (name, argument, warning, sampler) in [
        (
            "traceidratio",
            "2",
            "OTEL_TRACES_SAMPLER_ARG is `2`, expected a number from 0 to 1; using 1",
            Sampler::Ratio(crate::sample::Ratio::new(1.0).unwrap()),
        ),
        (
            "jaeger_remote",
            "endpoint=http://a:1",
            "OTEL_TRACES_SAMPLER is `jaeger_remote`, expected one of always_on, always_off, \
             traceidratio, parentbased_always_on, parentbased_always_off, \
             parentbased_traceidratio; using parentbased_always_on",
            Sampler::default(),
        ),
    ] {
        let config = read(&[("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", argument)]);
        let config = config.unwrap();
        assert_eq!(config.warnings(), [warning]);
        assert_eq!(format!("{:?}", config.sampler.generic()), format!("{sampler:?}"));
    }
}

#[cfg(feature = "xray")]
#[test]
fn the_sampler_xray_takes_its_rules_from_the_endpoint_of_the_argument() {
    for (argument, address, warnings) in [
        ("", None, &[][..]),
        ("endpoint=http://collector:2000", Some("collector:2000"), &[]),
        (
            "endpoint=http://collector:2000/,polling_interval=360",
            Some("collector:2000"),
            &["OTEL_TRACES_SAMPLER_ARG has the entry `polling_interval=360`, expected \
               `endpoint=http://host:port`; ignored"],
        ),
        (
            "0.5",
            None,
            &["OTEL_TRACES_SAMPLER_ARG has the entry `0.5`, expected \
               `endpoint=http://host:port`; ignored"],
        ),
    ] {
        let variables = [("OTEL_TRACES_SAMPLER", "XRay"), ("OTEL_TRACES_SAMPLER_ARG", argument)];
        let config = read(&variables).unwrap();
        assert_eq!(config.warnings(), warnings, "{argument}");
        let rules = config.sampler.xray().expect("the rules of X-Ray decide");
        assert_eq!(rules.address.as_ref().map(ToString::to_string).as_deref(), address);
    }
}

#[test]
fn a_list_loses_only_its_bad_entries() {
    let config = read(&[
        ("OTEL_RESOURCE_ATTRIBUTES", "a=b,c,d=e"),
        ("OTEL_PROPAGATORS", "b4,tracecontext"),
        ("RUST_LOG", "info,sqlx=loud,hyper=warn"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "secret,x-team=c"),
        ("OTEL_TRACES_EXPORTER", "zipkin,otlp"),
    ]);
    let config = config.unwrap();
    let values = ["a", "c", "d"].map(|key| attribute(&config, key));
    assert_eq!(values, [Some("b".to_owned()), None, Some("e".to_owned())]);
    let propagator = config.propagator.as_ref().expect("one format is known");
    assert_eq!(crate::propagate::Propagator::fields(propagator), ["traceparent", "tracestate"]);
    #[cfg(feature = "tracing")]
    assert_eq!(config.logging.filter, "info,hyper=warn");
    #[cfg(feature = "otlp")]
    {
        let otlp = config.otlp.as_ref().expect("OTLP is asked for");
        assert_eq!(otlp.headers.len(), 1);
    }
    assert!(!config.warnings().concat().contains("secret"), "{:?}", config.warnings());
}

#[test]
fn grpc_at_its_port_says_what_to_set() {
    let at = |address, protocol| {
        let variables =
            [("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        read(&variables).unwrap().warnings().concat()
    };
    let port = "`http://a:4317/v1/traces` has port 4317, where collectors take gRPC: set port 4318";
    assert_eq!(
        at("http://a:4317", "grpc"),
        format!(
            "OTEL_EXPORTER_OTLP_PROTOCOL is `grpc`, expected `http/protobuf`, the only protocol \
             supported; using http/protobuf, but {port}"
        )
    );
    let alone = format!("OTEL_EXPORTER_OTLP_ENDPOINT: the address {port}");
    assert_eq!(at("http://a:4317", ""), alone);
    assert_eq!(at("http://a:4317", "http/protobuf"), alone);
    assert_eq!(at("http://a:4318", ""), "");
}

#[test]
fn an_address_with_a_path_that_cannot_be_meant_is_a_warning() {
    for (variable, address, expected) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318/v1/traces", Some("a base address")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318/x/v1/logs/", Some("a base address")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318/v1/metrics?k=1", Some("a base address")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:4318/v1", None),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318", Some("`/v1/traces`")),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318/", Some("`/v1/traces`")),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318/v1/logs", Some("`/v1/traces`")),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318/v1/traces", None),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://a:4318/custom", None),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://a:4318", Some("`/v1/logs`")),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://a:4318/v1/logs", None),
    ] {
        let opted_in = ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs");
        let config = read(&[opted_in, (variable, address)]).unwrap();
        let warnings: Vec<_> =
            config.warnings().iter().filter(|it| it.starts_with(variable)).collect();
        match expected {
            None => assert_eq!(warnings, [""; 0], "{address}"),
            Some(expected) => {
                assert!(!warnings.is_empty(), "{variable}={address}");
                assert!(warnings.iter().all(|it| it.contains(expected)), "{warnings:?}");
            }
        }
    }
}

#[cfg(feature = "otlp")]
#[test]
fn a_timeout_of_zero_is_no_limit() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let config = read(&[endpoint, ("OTEL_EXPORTER_OTLP_TIMEOUT", "0")]).unwrap();
    let timeout = config.otlp.as_ref().map(|settings| settings.timeout);
    assert_eq!(timeout, Some(std::time::Duration::MAX));
    assert_eq!(config.warnings(), [""; 0]);
}
