//! Tables of variables and what becomes of them.

use super::*;
use crate::export::PemFile;

/// Settings for spans, and warnings.
fn from(pairs: &[(&str, &str)]) -> (Option<Settings>, Vec<String>) {
    let mut warnings = Warnings::default();
    let settings = Settings::from_env(&|name| value(pairs, name), &mut warnings);
    (settings, warnings.as_slice().to_vec())
}

fn value(pairs: &[(&str, &str)], name: &str) -> Option<String> {
    let pair = pairs.iter().find(|(known, _)| *known == name);
    pair.map(|(_, value)| (*value).to_owned())
}

fn some(pairs: &[(&str, &str)]) -> Settings {
    from(pairs).0.expect("the variables ask for OTLP")
}

/// The only warning.
fn warning(pairs: &[(&str, &str)]) -> String {
    let (_, warnings) = from(pairs);
    let [warning] = &warnings[..] else { panic!("one variable is bad: {warnings:?}") };
    warning.clone()
}

/// The headers of the settings as `name=value`.
fn headers(settings: &Settings) -> Vec<String> {
    let header = |header: &Header| format!("{}={}", header.name, header.value.reveal());
    settings.headers.iter().map(header).collect()
}

const LOCAL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

#[test]
fn without_an_endpoint_or_a_key_otlp_is_off() {
    assert_eq!(from(&[]), (None, vec![]));
    assert_eq!(from(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]), (None, vec![]));
    assert_eq!(from(&[("OTEL_EXPORTER_OTLP_ENDPOINT", " ")]), (None, vec![]));
}

#[test]
fn a_base_gets_the_path_of_the_signal_and_the_endpoint_of_the_signal_is_kept() {
    for (base, url) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        ("HTTPS://api.honeycomb.io/mount", "HTTPS://api.honeycomb.io/mount/v1/traces"),
        ("http://[::1]:4318/a/?key=1", "http://[::1]:4318/a/v1/traces?key=1"),
    ] {
        assert_eq!(some(&[("OTEL_EXPORTER_OTLP_ENDPOINT", base)]).endpoint.url(), url);
    }
    let exact = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/custom");
    assert_eq!(some(&[LOCAL, exact]).endpoint.url(), "http://127.0.0.1:4318/custom");
}

#[test]
fn a_bad_address_is_named_without_its_secrets() {
    for (address, found, problem) in [
        ("127.0.0.1:4318", "127.0.0.1:4318", "it has to start with"),
        ("grpc://127.0.0.1:4317", "grpc://127.0.0.1:4317", "it has to start with"),
        ("http://", "http://", "the host is missing"),
        ("http://:4318", "http://:4318", "the host is missing"),
        ("http://me:secret@host:port/?k=secret", "http://host:port/", "the port"),
        ("me:secret@host", "host", "it has to start with"),
        ("http://host:4318/a b", "http://host:4318/a b", "a space"),
        ("http://host/#secret", "http://host/", "a fragment"),
    ] {
        let message = warning(&[("OTEL_EXPORTER_OTLP_ENDPOINT", address)]);
        let start = format!("OTEL_EXPORTER_OTLP_ENDPOINT is `{found}`, expected");
        assert!(message.starts_with(&start) && message.contains(problem), "{message}");
    }
}

#[test]
fn settings_print_without_secrets() {
    let settings = some(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://me:secret@host:1/?key=secret"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=secret"),
    ]);
    let text = format!("{settings:?} {}", settings.endpoint);
    assert!(!text.contains("secret") && text.contains("https://host:1/"), "{text}");
    assert!(settings.needs_tls());
    assert!(!some(&[LOCAL]).needs_tls());
}

#[test]
fn headers_are_decoded_and_those_of_the_signal_win() {
    let list = ("OTEL_EXPORTER_OTLP_HEADERS", "X-Team=a%20b=c , empty=,");
    assert_eq!(headers(&some(&[LOCAL, list])), ["x-team=a b=c", "empty="]);
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-team=d");
    assert_eq!(headers(&some(&[LOCAL, list, traces])), ["x-team=d"]);
}

#[test]
fn a_bad_list_of_headers_names_the_entry_and_nothing_of_it() {
    for (list, entry, problem) in [
        ("secret", 1, "no `=`"),
        ("a=b,secret", 2, "no `=`"),
        ("=secret", 1, "no header name"),
        ("se cret=1", 1, "no header name"),
        ("a=secret%0d%0ahost: evil", 1, "characters"),
        ("a=secret%ff", 1, "not UTF-8"),
    ] {
        let message = warning(&[LOCAL, ("OTEL_EXPORTER_OTLP_HEADERS", list)]);
        assert!(message.contains(&format!("in entry {entry}")), "{message}");
        assert!(message.contains(problem) && !message.contains("cret"), "{message}");
    }
}

#[test]
fn timeout_compression_and_protocol_are_honoured() {
    let settings = some(&[LOCAL]);
    assert_eq!(settings.timeout, Duration::from_secs(10));
    assert_eq!(settings.compression, Compression::None);
    let settings = some(&[
        LOCAL,
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "5000"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "4000"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "30000"),
    ]);
    assert_eq!(settings.timeout, Duration::from_secs(4));
    assert_eq!(settings.compression, Compression::Gzip);
    let settings = some(&[LOCAL, ("OTEL_BSP_EXPORT_TIMEOUT", "300")]);
    assert_eq!(settings.timeout, Duration::from_millis(300));
}

#[test]
fn a_bad_value_leaves_the_default() {
    for (variable, found) in [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "-1"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"),
    ] {
        assert_eq!(some(&[LOCAL, (variable, found)]), some(&[LOCAL]), "{variable}");
    }
    let bad = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector:4317");
    assert_eq!(some(&[LOCAL, bad]), some(&[LOCAL]));
    assert_eq!(from(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]).0, None);
}

#[test]
fn the_certificate_files_of_the_signal_win() {
    let file = |variable, path: &str| Some(PemFile::named_by(variable, path));
    let general = [
        LOCAL,
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client.pem"),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"),
    ];
    let expected = TlsFiles {
        ca: file("OTEL_EXPORTER_OTLP_CERTIFICATE", "/ca.pem"),
        client_certificate: file("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client.pem"),
        client_key: file("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key.pem"),
    };
    assert_eq!(some(&general).tls, expected);
    let traces = ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/traces.pem");
    let own = TlsFiles { ca: file(traces.0, traces.1), ..expected.clone() };
    assert_eq!(some(&[&general[..], &[traces]].concat()).tls, own);
    assert_eq!(logs(&[&general[..], &[traces]].concat()).tls, expected);
}

#[test]
fn a_honeycomb_key_is_all_that_honeycomb_needs() {
    let settings = some(&[("HONEYCOMB_API_KEY", "hcaik_key")]);
    assert_eq!(settings.endpoint.url(), "https://api.honeycomb.io/v1/traces");
    assert_eq!(headers(&settings), ["x-honeycomb-team=hcaik_key"]);
    assert_eq!(settings.max_text_bytes, Some(65_535));

    let eu = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://api.eu1.honeycomb.io:443");
    let settings = some(&[eu, ("HONEYCOMB_API_KEY", "hcaik_key")]);
    assert_eq!(headers(&settings), ["x-honeycomb-team=hcaik_key"]);
    assert_eq!(settings.max_text_bytes, Some(65_535));
}

#[test]
fn a_honeycomb_key_goes_nowhere_else() {
    let settings = some(&[LOCAL, ("HONEYCOMB_API_KEY", "hcaik_key")]);
    assert_eq!((headers(&settings), settings.max_text_bytes), (vec![], None));
    let evil = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://honeycomb.io.example.com");
    assert_eq!(headers(&some(&[evil, ("HONEYCOMB_API_KEY", "hcaik_key")])), [""; 0]);
}

#[test]
fn a_classic_key_gets_the_service_for_a_dataset_unless_one_is_named() {
    use crate::export::Exporter as _;
    let key = ("HONEYCOMB_API_KEY", "0123456789abcdef0123456789abcdef");
    for (more, service, dataset) in [
        (vec![], None, "unknown_service"),
        (vec![], Some("cruddur"), "cruddur"),
        (vec![], Some("two\nlines"), "unknown_service"),
        (vec![("HONEYCOMB_DATASET", "app")], Some("cruddur"), "app"),
        (vec![("OTEL_EXPORTER_OTLP_HEADERS", "x-honeycomb-dataset=own")], None, "own"),
    ] {
        let mut settings = some(&[vec![key], more].concat());
        if let Some(service) = service {
            settings.resource.set(crate::record::Attribute::new("service.name", service));
        }
        let exporter = crate::export::otlp::Exporter::new(&settings);
        let headers = exporter.request(&crate::export::Batch::default()).headers;
        let mut sent = headers.iter().filter(|header| header.name == "x-honeycomb-dataset");
        assert_eq!(sent.next().map(|header| header.value.reveal()), Some(dataset));
        assert_eq!(sent.next(), None);
    }
}

#[test]
fn a_header_written_out_wins_over_the_key() {
    let key = ("HONEYCOMB_API_KEY", "hcaik_key");
    let settings = some(&[key, ("OTEL_EXPORTER_OTLP_HEADERS", "X-Honeycomb-Team=other")]);
    assert_eq!(headers(&settings), ["x-honeycomb-team=other"]);
    let message = warning(&[("HONEYCOMB_API_KEY", "secret\u{7f}key")]);
    assert_eq!(message, "HONEYCOMB_API_KEY holds characters that no key has; ignored");
}

fn logs(pairs: &[(&str, &str)]) -> Settings {
    let lookup = |name: &str| value(pairs, name);
    let settings = Settings::from_env_for_logs(&lookup, &mut Warnings::default());
    settings.expect("the variables ask for OTLP")
}

#[test]
fn log_records_have_a_path_and_variables_of_their_own() {
    assert_eq!(logs(&[LOCAL]).endpoint.url(), "http://127.0.0.1:4318/v1/logs");
    let settings = logs(&[
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:4318/custom"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-team=all"),
        ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-team=logs"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "4000"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_BLRP_EXPORT_TIMEOUT", "5000"),
    ]);
    assert_eq!(settings.endpoint.url(), "http://127.0.0.1:4318/custom");
    assert_eq!(headers(&settings), ["x-team=logs"]);
    assert_eq!(settings.timeout, Duration::from_secs(4));
    assert_eq!(settings.compression, Compression::Gzip);
    let settings = logs(&[LOCAL, ("OTEL_BLRP_EXPORT_TIMEOUT", "300")]);
    assert_eq!(settings.timeout, Duration::from_millis(300));
}

#[test]
fn variables_of_spans_say_nothing_about_log_records_nor_the_other_way_round() {
    let of_traces = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:4318/custom"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-team=traces"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "4000"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "300"),
    ];
    assert_eq!(logs(&[&of_traces[..], &[LOCAL]].concat()), logs(&[LOCAL]));
    assert_eq!(from(&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://127.0.0.1:4318")]).0, None);
}

#[test]
fn a_honeycomb_key_is_enough_for_log_records_too() {
    let settings = logs(&[("HONEYCOMB_API_KEY", "hcaik_key")]);
    assert_eq!(settings.endpoint.url(), "https://api.honeycomb.io/v1/logs");
    assert_eq!(headers(&settings), ["x-honeycomb-team=hcaik_key"]);
    assert_eq!(settings.max_text_bytes, Some(65_535));
}
