//! Code of the application that panics where telemetry calls it costs one record, which is counted.

use std::io::Write as _;
use std::panic::{catch_unwind, set_hook};
use std::process::Output;
use std::sync::{Arc, Mutex};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::{LossReason, Tally};
use spanwright::opentelemetry::Destination;
use spanwright::propagate::{Composite, TraceContext};
use spanwright::record::{Level, Processor, Severity, SpanKind, SpanRecord};
use spanwright::report::Edit;
use spanwright::sample::{Decide, Decision, Input, Sampler};
use spanwright::{Config, Sink, Span, Telemetry, ToAttribute, current, report_message, traced};
use support::otlp_sink::OtlpSink;
use support::xray_daemon::XrayDaemon;

use crate::named::Broken;
use crate::support::{LONG, assert_ok, config};
use crate::{Case, named};

pub(crate) const CASES: &[Case] = &[
    Case { name: "sampler_that_panics_costs_its_trace", run: sampler, check: is_ok },
    Case { name: "attribute_that_panics_costs_itself", run: attributes, check: is_ok },
    Case { name: "propagator_that_panics_costs_its_own_headers", run: propagators, check: is_ok },
    Case { name: "edit_that_panics_costs_one_report", run: edit, check: is_ok },
    Case { name: "processor_that_panics_costs_the_others_nothing", run: processors, check: is_ok },
    Case { name: "exporter_that_panics_everywhere_ends_no_thread", run: exporter, check: is_ok },
    Case {
        name: "sampler_that_panics_loses_no_span_that_is_recorded_or_none",
        run: sampler_without_loss,
        check: is_ok,
    },
    Case {
        name: "records_that_every_processor_panics_at_are_lost",
        run: no_processor_left,
        check: is_ok,
    },
    Case { name: "code_that_panics_is_named", run: named::run, check: named::check },
    Case {
        name: "panic_payload_that_panics_when_dropped_goes_no_further",
        run: payload,
        check: is_ok,
    },
];

fn is_ok(_: &OtlpSink, run: &Output) {
    assert_ok(run);
}

/// Prints no panic that is on purpose; any other one, on whichever thread, fails the case.
pub(super) fn quiet() {
    set_hook(Box::new(|info| {
        let text = info.payload_as_str().unwrap_or(ON_PURPOSE);
        if text != ON_PURPOSE {
            let _ = writeln!(std::io::stderr(), "{info}");
            std::process::exit(102);
        }
    }));
}

const ON_PURPOSE: &str = "on purpose";

pub(super) fn fail() -> ! {
    panic!("{ON_PURPOSE}")
}

fn end(telemetry: Telemetry) -> Report {
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    let of_destinations = report.destinations.iter().map(|it| it.tally);
    for tally in
        of_destinations.chain([report.spans, report.amendments, report.logs, report.errors])
    {
        let settled = tally.delivered + tally.sent + tally.rejected + tally.lost();
        assert_eq!(tally.accepted, settled, "{report}");
    }
    report
}

/// Accepted, delivered, lost to a panic.
fn sums(tally: &Tally) -> (u64, u64, u64) {
    (tally.accepted, tally.delivered, tally.lost_to(LossReason::WorkerPanicked))
}

fn of<'a>(report: &'a Report, destination: &str) -> &'a Tally {
    let found = report.destinations.iter().find(|it| it.destination == destination);
    &found.unwrap_or_else(|| panic!("no {destination} in {report}")).tally
}

/// Panics for spans named `broken`.
#[derive(Debug)]
struct BrokenSampler;

impl Decide for BrokenSampler {
    fn decide(&self, input: &Input<'_>) -> Decision {
        if input.name == "broken" { fail() } else { Decision::RECORD }
    }
}

fn sampler(endpoint: &str) {
    quiet();
    let config = config(endpoint).sampler(Sampler::Custom(Arc::new(BrokenSampler)));
    let telemetry = config.install().expect("nothing else is installed");
    let broken = Span::root("broken");
    assert_eq!(broken.in_scope(|| 7), 7);
    assert!(!broken.is_recording());
    drop(broken);
    Span::root("whole").end();
    assert_eq!(sums(&end(telemetry).spans), (2, 1, 1));
}

fn sampler_without_loss(endpoint: &str) {
    quiet();
    let config = config(endpoint).sampler(Sampler::Custom(Arc::new(BrokenSampler)));
    let telemetry = config.level(Level::Error).install().expect("nothing else is installed");
    let request = Span::build("broken").kind(SpanKind::Server).start();
    assert!(!request.is_recording(), "its level is not recorded");
    drop(request);
    assert_eq!(sums(&end(telemetry).spans), (0, 0, 0));

    let daemon = XrayDaemon::start();
    let variables = [("AWS_XRAY_DAEMON_ADDRESS", daemon.address().to_string())];
    let config = Config::from_environment(&variables.into_iter().collect::<Environment>());
    let config = config.expect("the variable is right").processor(Quiet);
    let config = config.sampler(Sampler::Custom(Arc::new(BrokenSampler)));
    let telemetry = config.install().expect("the first one is shut down");
    let headers = [("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1")];
    let incoming = spanwright::extract(&headers.as_slice());
    let request = Span::build("broken").kind(SpanKind::Server).incoming(&incoming).start();
    assert!(request.is_segment(), "its caller has decided about segments");
    drop(request);
    assert_eq!(sums(&end(telemetry).spans), (1, 1, 0));
}

#[traced(fields(broken, #[redact(hash)] hidden = broken, whole = 1))]
fn annotated(broken: Broken) -> u32 {
    spanwright::record!(late = broken);
    current().set_attribute("typed", broken).set_attribute("formatted", format_args!("{broken}"));
    current().set_attribute(broken, 1).set_annotation("annotation", broken);
    current().add_event("event", &[("broken", &broken), ("whole", &2)]);
    current().add_link(current().context(), &[("broken", &broken)]);
    drop(Span::new("child"));
    7
}

fn attributes(endpoint: &str) {
    quiet();
    let spans = Arc::new(Mutex::new(Vec::new()));
    let config = config(endpoint).processor(Keep(Arc::clone(&spans)));
    let telemetry = config.install().expect("nothing else is installed");
    assert_eq!(annotated(Broken), 7);
    let report = end(telemetry);
    assert_eq!(sums(&report.spans), (2, 2, 0), "{report}");
    assert_eq!(report.amendments.lost(), 0, "{report}");
    let spans = spans.lock().expect("nobody panics");
    let span = spans.iter().find(|span| span.name == "annotated").expect("it has ended");
    assert!(span.attributes.iter().any(|it| it.key == "whole"), "{span:?}");
    let event = span.events.iter().find(|event| event.name == "event").expect("it was added");
    assert!(event.attributes.iter().any(|it| it.key == "whole"), "{event:?}");
    assert_eq!(span.links.len(), 1);
}

/// Keeps finished spans.
struct Keep(Arc<Mutex<Vec<SpanRecord>>>);

impl Processor<SpanRecord> for Keep {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        self.0.lock().expect("nobody panics").extend(spans.iter().cloned());
    }
}

fn propagators(endpoint: &str) {
    quiet();
    let composite = Composite::new(vec![Arc::new(Broken), Arc::new(TraceContext)]);
    let telemetry = config(endpoint).propagator(composite).install();
    let telemetry = telemetry.expect("nothing else is installed");
    let mut headers: Vec<(String, String)> = Vec::new();
    Span::root("work").in_scope(|| {
        spanwright::inject(|name, value| headers.push((name.to_owned(), value.to_owned())));
    });
    assert_eq!(headers.len(), 1, "{headers:?}");
    let incoming: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(spanwright::extract(&&incoming[..]).span.is_valid());
    assert_eq!(sums(&end(telemetry).spans), (1, 1, 0));
}

fn edit(endpoint: &str) {
    quiet();
    let config =
        config(endpoint).error_processor(Quiet).change_reports(|reports| {
            reports.edit = Some(Edit::new(|record| {
                if format!("{record:?}").contains("broken") { fail() } else { true }
            }));
        });
    let telemetry = config.install().expect("nothing else is installed");
    for text in ["broken", "whole"] {
        assert!(report_message(text, Severity::Warning).is_some());
    }
    assert_eq!(sums(&end(telemetry).errors), (2, 1, 1));
}

/// Takes everything.
struct Quiet;

impl<R> Processor<R> for Quiet {
    fn process(&self, _: &Arc<[R]>) {}
}

fn processors(endpoint: &str) {
    quiet();
    let config = config(endpoint).processor(Broken).processor(Quiet);
    let config = config.log_processor(Broken).log_processor(Quiet);
    let config = config.error_processor(Broken).error_processor(Quiet);
    let config = config.change_logging(|logging| logging.has_subscriber = true);
    let telemetry = config.install().expect("nothing else is installed");
    Span::root("work").in_scope(|| tracing::info!("an event of the log"));
    report_message("out of stock", Severity::Warning);
    let report = end(telemetry);
    for tally in [&report.spans, &report.logs, &report.errors, of(&report, "otlp")] {
        assert_eq!(sums(tally), (1, 1, 0), "{report}");
    }
    for kind in ["processor", "log processor", "error processor"] {
        assert_eq!(sums(of(&report, kind)), (1, 0, 1), "{kind}: {report}");
        assert_eq!(sums(of(&report, &format!("{kind} 2"))), (1, 1, 0), "{kind}: {report}");
    }
}

fn no_processor_left(_: &str) {
    quiet();
    let environment: Environment = [("SPANWRIGHT_LEVEL", "trace")].into_iter().collect();
    let config = Config::from_environment(&environment).expect("the variable is right");
    let config = config.processor(Broken).log_processor(Broken).error_processor(Broken);
    let telemetry = config.install().expect("nothing else is installed");
    Span::root("work").in_scope(|| tracing::info!("an event of the log"));
    report_message("out of stock", Severity::Warning);
    let report = end(telemetry);
    for tally in [&report.spans, &report.logs, &report.errors] {
        assert_eq!(sums(tally), (1, 0, 1), "{report}");
    }
}

/// Panics when it is dropped, too.
#[derive(Debug)]
struct Explosive(Broken);

impl Drop for Explosive {
    fn drop(&mut self) {
        fail()
    }
}

impl SpanExporter for Explosive {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        self.0.export(batch)
    }
}

fn exporter(endpoint: &str) {
    quiet();
    let config = config(endpoint).exporter(Destination::new(Broken).named("broken"));
    let config = config.exporter(Destination::new(Explosive(Broken)).named("explosive"));
    let telemetry = config.install().expect("nothing else is installed");
    for _ in 0..2 {
        Span::root("work").end();
        assert!(telemetry.flush(LONG).in_time);
    }
    let report = end(telemetry);
    for (name, expected) in [("broken", (2, 0, 2)), ("explosive", (2, 0, 2)), ("otlp", (2, 2, 0))] {
        assert_eq!(sums(of(&report, name)), expected, "{report}");
    }
}

/// Panics with what panics when it is dropped.
struct Twice;

impl Processor<SpanRecord> for Twice {
    fn process(&self, _: &Arc<[SpanRecord]>) {
        std::panic::panic_any(Explosive(Broken))
    }
}

impl ToAttribute for Twice {
    fn to_attribute(&self, _: Sink<'_>) {
        std::panic::panic_any(Explosive(Broken))
    }
}

fn payload(endpoint: &str) {
    quiet();
    let telemetry = config(endpoint).processor(Twice).install();
    let telemetry = telemetry.expect("nothing else is installed");
    for _ in 0..2 {
        let span = Span::root("work");
        assert!(catch_unwind(|| _ = span.set_attribute("twice", Twice)).is_ok());
        drop(span);
        assert!(telemetry.flush(LONG).in_time);
    }
    assert_eq!(sums(of(&end(telemetry), "otlp")), (2, 2, 0));
}
