//! Every destination, and what it got.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::trace::InMemorySpanExporter;
use spanwright::config::Environment;
use spanwright::opentelemetry::Destination as SdkDestination;
use spanwright::record::{Processor, SpanKind};
use spanwright::report::Panics;
use spanwright::secret::Secret;
use spanwright::{Config, Span};
use support::cloudwatch_server::{ACCESS_KEY_ID, CloudwatchServer, REGION, SECRET_ACCESS_KEY};
use support::http_server::{Answer, HttpServer, Log};
use support::otlp_sink::OtlpSink;
use support::rig::LONG;
use support::xray_daemon::XrayDaemon;

use super::Cell;
use super::places::mark;

/// What a destination got.
pub(crate) struct Destination {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    /// Places of which it must have got something.
    pub(crate) places: Vec<&'static str>,
}

/// The destinations of the network.
pub(crate) struct Doubles {
    otlp: OtlpSink,
    xray: XrayDaemon,
    cloudwatch: CloudwatchServer,
    rollbar: (HttpServer, Log),
}

impl Doubles {
    pub(crate) fn start() -> Self {
        Self {
            otlp: OtlpSink::start(),
            xray: XrayDaemon::start(),
            cloudwatch: CloudwatchServer::start().in_real_time(),
            rollbar: HttpServer::scripted(Vec::new(), Answer::status(200)),
        }
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", self.otlp.endpoint()),
            ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs/dup".to_owned()),
            ("AWS_XRAY_DAEMON_ADDRESS", self.xray.address().to_string()),
            ("SPANWRIGHT_XRAY_SAMPLING", "as-spans".to_owned()),
            ("CLOUDWATCH_LOG_GROUP", "cruddur".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ENDPOINT_URL_LOGS", self.cloudwatch.url()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
            ("ROLLBAR_ACCESS_TOKEN", "0123456789abcdef".to_owned()),
            ("ROLLBAR_ENDPOINT", self.rollbar.0.url()),
            ("SPANWRIGHT_CONSOLE", "1".to_owned()),
            ("NO_COLOR", "1".to_owned()),
        ]
    }

    /// Runs the program once more with these destinations; what each of them got.
    pub(crate) fn received(self, argument: &str) -> Vec<Destination> {
        let program = std::env::current_exe().expect("the program has a path");
        let run = Command::new(program).arg(argument).envs(self.variables()).output();
        let run = run.expect("the program runs once more");
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.success(), "{said}");
        let of_sink = |path: &str| {
            let received = self.otlp.received();
            let bodies = received.into_iter().filter(|request| request.path == path);
            bodies.flat_map(|request| request.body).collect()
        };
        let documents = self.xray.documents();
        let documents: Vec<_> = documents.iter().map(|it| it.json.to_string()).collect();
        let events = self.cloudwatch.bodies("PutLogEvents");
        let items = self.rollbar.1.all().into_iter().flat_map(|item| item.body);
        let (errors, spans) = (&["message", "error text"][..], &["attribute", "status"][..]);
        let destination = |name, bytes, places: &[&'static str]| Destination {
            name,
            bytes,
            places: places.into(),
        };
        let mut all = vec![
            destination("otlp traces", of_sink("/v1/traces"), spans),
            destination("otlp logs", of_sink("/v1/logs"), errors),
            destination("xray", documents.concat().into_bytes(), spans),
            destination("cloudwatch", events.concat(), &["log message", "log field"]),
            destination("rollbar", items.collect(), errors),
            destination("console", run.stdout, spans),
        ];
        for (name, places) in [
            ("span processor", spans),
            ("log processor", &["log message"]),
            ("error processor", errors),
            ("SDK exporter", spans),
        ] {
            let start = format!("{name}: ");
            let lines = said.lines().filter_map(|line| line.strip_prefix(&start));
            all.push(destination(name, lines.collect::<String>().into_bytes(), places));
        }
        all
    }
}

/// Records every cell and delivers all; processors print what they got to standard error.
pub(crate) fn send(cells: &[Cell]) {
    // The panic hook of the language prints what it is given; that is no export.
    std::panic::set_hook(Box::new(|_| {}));
    let (spans, logs, errors) = (Dump::default(), Dump::default(), Dump::default());
    let exporter = InMemorySpanExporter::default();
    let config = Config::from_environment(&Environment::of_process()).expect("all is right");
    let config = config
        .change_reports(|reports| {
            (reports.per_kind_per_minute, reports.per_minute) = (10_000, 10_000);
            reports.panics = Panics::Annotated;
        })
        .change_redaction(|redaction| {
            let configured = cells.iter().filter(|cell| cell.kind.is_configured);
            configured.fold(redaction, |rules, cell| rules.secret(Secret::new(&*cell.value)))
        });
    let config = config
        .processor(spans.clone())
        .log_processor(logs.clone())
        .error_processor(errors.clone())
        .exporter(SdkDestination::new(exporter.clone()));
    let telemetry = config.install().expect("nothing else is installed");
    for (number, cell) in cells.iter().enumerate() {
        record(cell);
        // Within what a ring, a queue and a datagram's socket hold.
        if number % 20 == 19 {
            assert!(telemetry.flush(LONG).in_time);
        }
    }
    assert!(telemetry.flush(LONG).in_time);
    print("SDK exporter", &format!("{:?}", exporter.get_finished_spans()));
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time && report.spans.lost() + report.logs.lost() == 0, "{report}");
    for (name, dump) in
        [("span processor", spans), ("log processor", logs), ("error processor", errors)]
    {
        print(name, &dump.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Prints what a processor or an exporter got, for the program that started this one.
fn print(name: &str, text: &str) {
    writeln!(io::stderr(), "{name}: {text}").expect("standard error is open");
}

/// A request of its own for each cell.
fn record(cell: &Cell) {
    let text = (cell.kind.text)(&cell.value);
    let request = Span::build("GET /cell").kind(SpanKind::Server).start();
    let mark = mark(cell.place.name);
    request.set_attribute("cell", &mark);
    request.set_annotation("cell", &mark);
    request.in_scope(|| {
        tracing::info!(cell = mark, "a cell");
        report_cell(&mark);
        (cell.place.record)(*request, &text);
    });
}

/// A report whose custom values name the cell.
fn report_cell(mark: &str) {
    let report = spanwright::report::Builder::message("a cell");
    let _ = report.custom("cell", mark.to_owned()).send();
}

/// The `Debug` output of all that a processor gets.
#[derive(Clone, Default)]
struct Dump(Arc<Mutex<String>>);

impl<R: std::fmt::Debug + 'static> Processor<R> for Dump {
    fn process(&self, records: &Arc<[R]>) {
        let mut text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // On one line: `Debug` escapes the ends of lines. Writing to a string does not fail.
        let _ = write!(text, "{records:?}");
    }
}
