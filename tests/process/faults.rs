//! Faults of the process, in the rows that belong to every exporter: an unread standard error, a fork.
//!
//! The faults of a destination are in the tests of its exporter.

use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::LossReason;
use spanwright::record::{Severity, SpanKind};
use spanwright::{Config, Span, Telemetry, report_message};
use support::cloudwatch_server::{ACCESS_KEY_ID, CloudwatchServer, REGION, SECRET_ACCESS_KEY};
use support::http_server::Answer;
use support::otlp_sink::OtlpSink;
use support::rollbar_server::{self, RollbarServer};
use support::turn::Turn;
use support::xray_daemon::XrayDaemon;

use crate::Case;
use crate::output::Unread;
use crate::support::{LONG, assert_ok, at_once, in_child};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "every_exporter_delivers_beside_an_unread_stderr",
        run: unread_stderr,
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "every_exporter_delivers_in_a_forked_child_and_its_parent",
        run: fork,
        check: |_, run| assert_ok(run),
    },
];

/// Exporters, with the number of records that a refused request costs.
const EXPORTERS: [(&str, u64); 8] = [
    ("otlp", 1),
    ("otlp exceptions", 1),
    ("xray", 0),
    ("cloudwatch", 1),
    // It asks for a wait.
    ("rollbar", 0),
    ("console", 0),
    ("console errors", 0),
    ("console logs", 0),
];

/// Destinations of all exporters.
struct Servers {
    spans: OtlpSink,
    exceptions: OtlpSink,
    cloudwatch: CloudwatchServer,
    rollbar: RollbarServer,
    daemon: XrayDaemon,
}

impl Servers {
    /// Starts them; each that answers refuses as many requests as said.
    fn start(refusals: usize) -> Self {
        let refused = vec![Answer::status(400); refusals];
        let turns = vec![Turn::status(400); refusals];
        let cloudwatch = CloudwatchServer::start().in_real_time();
        Self {
            spans: OtlpSink::scripted(refused.clone()),
            exceptions: OtlpSink::scripted(refused),
            cloudwatch: cloudwatch.script("PutLogEvents", turns),
            rollbar: RollbarServer::scripted(vec![rollbar_server::rate_limit(1); refusals]),
            daemon: XrayDaemon::start(),
        }
    }

    fn install(&self) -> Telemetry {
        let variables = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("{}/v1/traces", self.spans.endpoint())),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", format!("{}/v1/logs", self.exceptions.endpoint())),
            ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs".into()),
            ("AWS_XRAY_DAEMON_ADDRESS", self.daemon.address().to_string()),
            ("SPANWRIGHT_XRAY_SAMPLING", "as-spans".into()),
            ("CLOUDWATCH_LOG_GROUP", "cruddur".into()),
            ("CLOUDWATCH_LOG_STREAM", "api".into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_ENDPOINT_URL_LOGS", self.cloudwatch.url()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.into()),
            ("ROLLBAR_ACCESS_TOKEN", "0123456789abcdef0123456789abcdef".into()),
            ("ROLLBAR_ENDPOINT", self.rollbar.endpoint()),
            ("SPANWRIGHT_CONSOLE", "1".into()),
            ("RUST_LOG", "process=info".into()),
            // A line at every installation.
            ("OTEL_TRACES_SAMPLER", "sometimes".into()),
        ];
        let environment: Environment = variables.into_iter().collect();
        let config = Config::from_environment(&environment).expect("warnings are no errors");
        config.install().expect("nothing else is installed in this process")
    }
}

/// Makes a record for every exporter.
fn work() {
    let request = Span::build("GET /home").kind(SpanKind::Server).start();
    request.in_scope(|| {
        tracing::info!("hello");
        report_message("out of stock", Severity::Warning);
    });
}

/// Proves that every exporter has delivered `delivered` records and lost none but the refused.
fn assert_all(report: &Report, delivered: u64, has_refusals: bool) {
    assert!(report.in_time, "{report}");
    for (name, refused) in EXPORTERS {
        let found = report.destinations.iter().find(|it| it.destination == name);
        let tally = found.unwrap_or_else(|| panic!("no {name} in {report}")).tally;
        let lost = if has_refusals { refused } else { 0 };
        assert_eq!(
            (tally.delivered + tally.sent, tally.lost()),
            (delivered - lost, lost),
            "{name}: {report}"
        );
        assert_eq!(tally.lost_to(LossReason::Refused), lost, "{name}: {report}");
    }
}

fn unread_stderr(_: &str) {
    let stderr = Unread::stderr();
    let servers = Servers::start(1);
    let telemetry = at_once(|| servers.install());
    work();
    let first = telemetry.flush(LONG);
    work();
    let report = telemetry.shutdown(LONG);
    stderr.restore();
    assert!(first.in_time, "{first}");
    assert_all(&report, 2, true);
    assert_eq!(report.unwritten_lines, 0, "{report}");
}

fn fork(_: &str) {
    let servers = Servers::start(0);
    let telemetry = servers.install();
    work();
    in_child(|| {
        let telemetry = servers.install();
        work();
        assert_all(&telemetry.shutdown(LONG), 1, false);
    });
    work();
    assert_all(&telemetry.shutdown(LONG), 2, false);
    servers.daemon.wait_for(3);
}
