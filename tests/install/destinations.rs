//! Destinations that cannot start, and those beside them.

use std::fs;
use std::path::PathBuf;

use spanwright::{Telemetry, report_errors, traced};
use support::alone::{alone, said};
use support::http_server::{Answer, HttpServer};
use support::otlp_sink::OtlpSink;
use support::proxy::ConnectProxy;
use support::tls_server::{Authority, TlsServer};

use super::{LONG, Names, config, leaf};

#[traced]
#[report_errors]
fn failing() -> Result<u32, std::num::ParseIntError> {
    "many".parse()
}

fn failed(telemetry: &Telemetry) -> Vec<String> {
    telemetry.failed_destinations().iter().map(ToString::to_string).collect()
}

pub(crate) fn a_destination_without_its_files_is_off_and_the_others_run() {
    let names = Names::default();
    let (rollbar, log) = HttpServer::scripted(Vec::new(), Answer::status(200));
    let telemetry = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/ca.pem"),
        ("ROLLBAR_ACCESS_TOKEN", "0123456789"),
        ("ROLLBAR_ENDPOINT", &rollbar.url()),
    ]);
    let telemetry = telemetry.processor(names.clone()).install().expect("a service starts");
    let [problem] = &failed(&telemetry)[..] else { panic!("{:?}", failed(&telemetry)) };
    for part in [
        "otlp is off: requests to `https://collector.test:4318/v1/traces` cannot be made",
        "OTEL_EXPORTER_OTLP_CERTIFICATE `/no/such/ca.pem` cannot be used",
    ] {
        assert!(problem.contains(part), "{problem}");
    }
    assert!(failing().is_err());
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_eq!(names.take(), ["failing"]);
    assert_eq!(log.all().len(), 1);
    assert!(report.destinations.iter().all(|it| it.destination != "otlp"), "{report}");
}

pub(crate) fn a_process_whose_destinations_are_all_off_records_nothing() {
    let telemetry = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/ca.pem"),
    ]);
    let telemetry = telemetry.install().expect("a service starts");
    let before = telemetry.flush(LONG).spans.accepted;
    leaf();
    assert!(spanwright::Span::new("nobody sees it").is_none());
    assert!(!telemetry.is_running());
    assert_eq!(failed(&telemetry).len(), 1);
    // The next installation is another's, and goes on when the first handle is dropped.
    let names = Names::default();
    let next = config(&[]).processor(names.clone()).install().expect("nothing runs");
    assert_eq!(telemetry.shutdown(LONG).spans.accepted, before);
    leaf();
    assert!(next.shutdown(LONG).in_time);
    assert_eq!(names.take(), ["leaf"]);
}

/// Runs in a process that finds no certificates of the system.
fn without_ca_certificates_https_is_off() {
    let telemetry = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.test:4318"),
        ("ROLLBAR_ACCESS_TOKEN", "0123456789"),
        ("CLOUDWATCH_LOG_GROUP", "cruddur"),
        ("AWS_REGION", "eu-west-1"),
        ("SPANWRIGHT_CONSOLE", "1"),
    ]);
    let telemetry = telemetry.install().expect("a service starts");
    let failed = failed(&telemetry);
    assert_eq!(failed.len(), 3, "{failed:?}");
    for (problem, name) in failed.iter().zip(["otlp", "rollbar", "cloudwatch"]) {
        assert!(problem.starts_with(&format!("{name} is off: ")), "{problem}");
        assert!(problem.contains("CA certificates"), "{problem}");
        assert!(problem.contains("`ca-certificates`, or a file of them that SSL_CERT_FILE"));
    }
    assert!(failed[0].contains("https://collector.test:4318"), "{failed:?}");
    leaf();
    let report = telemetry.shutdown(LONG);
    assert_eq!(report.spans.accepted, 1, "{report}");
}

#[test]
fn a_system_without_ca_certificates_starts_the_others() {
    const TEST: &str = "destinations::a_system_without_ca_certificates_starts_the_others";
    if std::env::var_os("SSL_CERT_FILE").is_some_and(|path| path == "/no/such/file") {
        return without_ca_certificates_https_is_off();
    }
    let mut command = alone(TEST);
    command.env("SSL_CERT_FILE", "/no/such/file").env("SSL_CERT_DIR", "/no/such/folder");
    let said = said(&mut command);
    assert!(
        said.contains("spanwright: otlp is off: requests to `https://collector.test"),
        "{said}"
    );
}

pub(crate) fn otlp_by_tls_takes_the_files_of_the_variables() {
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "localhost", true);
    let client = authority.identity("client.test");
    let file = |name: &str, text: &str| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).expect("the folder of the build is writable");
        path.display().to_string()
    };
    let endpoint = format!("https://localhost:{}", server.address().port());
    let telemetry = config(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such/file"),
        ("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", &file("otlp-ca.pem", &authority.pem())),
        ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &file("otlp-client.pem", &client.certificate)),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", &file("otlp-key.pem", &client.key)),
    ]);
    let telemetry = telemetry.install().expect("a service starts");
    leaf();
    let report = telemetry.shutdown(LONG);
    assert_eq!(report.destinations[0].tally.delivered, 1, "{report}");
    assert_eq!(server.log().all()[0].path, "/v1/traces");
}

pub(crate) fn every_remote_destination_goes_by_the_proxy() {
    let sink = OtlpSink::start();
    let telemetry = config(&[
        ("HTTP_PROXY", &sink.endpoint()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector.test:4318"),
        ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs/dup"),
        ("ROLLBAR_ACCESS_TOKEN", "0123456789"),
        ("ROLLBAR_ENDPOINT", "http://rollbar.test"),
        ("CLOUDWATCH_LOG_GROUP", "cruddur"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ENDPOINT_URL_LOGS", "http://logs.test"),
        ("AWS_ACCESS_KEY_ID", "AKID"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    let telemetry = telemetry.install().expect("a service starts");
    tracing::info!("hello");
    assert!(failing().is_err());
    let _ = telemetry.shutdown(LONG);
    let received = sink.received();
    for start in [
        "http://collector.test:4318/v1/traces",
        "http://collector.test:4318/v1/logs",
        "http://rollbar.test/api/1/item/",
        "http://logs.test/",
    ] {
        assert!(received.iter().any(|it| it.path.starts_with(start)), "{start}");
    }
}

pub(crate) fn the_daemon_and_a_local_collector_are_reached_without_the_proxy() {
    let (sink, daemon) = (OtlpSink::start(), support::xray_daemon::XrayDaemon::start());
    let proxy = ConnectProxy::start(None);
    let telemetry = config(&[
        ("ALL_PROXY", &proxy.address()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint()),
        ("AWS_XRAY_DAEMON_ADDRESS", &daemon.address().to_string()),
        ("SPANWRIGHT_XRAY_TRANSPORT", "tcp-acked"),
        ("SPANWRIGHT_XRAY_SAMPLING", "as-spans"),
    ]);
    let telemetry = telemetry.install().expect("a service starts");
    let kind = spanwright::record::SpanKind::Server;
    drop(spanwright::Span::build("GET /home").kind(kind).start());
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_eq!(report.destinations.iter().map(|it| it.tally.delivered).sum::<u64>(), 2, "{report}");
    assert_eq!(proxy.heads(), [""; 0]);
}

pub(crate) fn a_time_without_end_in_any_setting_loses_nothing() {
    use std::time::Duration;

    use opentelemetry_sdk::trace::InMemorySpanExporter;
    use spanwright::opentelemetry::{Destination, Limits};
    use spanwright::pipeline::{Backoff, GatherSettings, Settings};
    use spanwright::{export, secret::Secret, xray};

    const MAX: Duration = Duration::MAX;
    let (sink, daemon) = (OtlpSink::start(), support::xray_daemon::XrayDaemon::start());
    let endpoint = export::otlp::Endpoint::base(&sink.endpoint()).expect("an address");
    let otlp = export::otlp::Settings { timeout: MAX, ..export::otlp::Settings::new(endpoint) };
    let endpoint = export::rollbar::Endpoint::new(&sink.endpoint()).expect("an address");
    let rollbar = export::rollbar::Settings::new(Secret::new("0123456789"));
    let rollbar = export::rollbar::Settings { timeout: MAX, endpoint, ..rollbar };
    let address = xray::Address::parse(&daemon.address().to_string()).expect("an address");
    let gather = GatherSettings {
        grace: MAX,
        max_age: MAX,
        max_wait: MAX,
        heartbeat: Some(MAX),
        ..GatherSettings::default()
    };
    let pace = Some(xray::Pace { per: MAX, ..xray::Pace::default() });
    let sampling = xray::Sampling::AsSpans;
    let segments = xray::Settings { gather, pace, sampling, ..xray::Settings::new(address) };
    let pipeline = Settings {
        max_batch_age: MAX,
        backoff: Backoff { initial: MAX, max: MAX },
        give_up_after: MAX,
        ..Settings::default()
    };
    let limits = Limits { max_batch_age: MAX, export_timeout: MAX, ..Limits::default() };
    let telemetry = config(&[])
        .otlp(otlp)
        .rollbar(rollbar)
        .xray(segments)
        .pipeline(pipeline)
        .exporter(Destination::new(InMemorySpanExporter::default()).limits(limits))
        .change_reports(|reports| reports.hold = MAX)
        .install()
        .expect("nothing else is installed");
    let kind = spanwright::record::SpanKind::Server;
    spanwright::Span::build("GET /home").kind(kind).start().in_scope(|| drop(failing()));
    assert!(telemetry.flush(MAX).in_time);
    let report = telemetry.shutdown(MAX);
    assert!(report.in_time, "{report}");
    daemon.wait_for(1);
    let lost: u64 = report.destinations.iter().map(|it| it.tally.lost()).sum();
    assert_eq!((report.destinations.len(), lost, daemon.documents().len()), (4, 0, 1), "{report}");
}
