//! What hangs does not hold the process up.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_sdk::trace::InMemorySpanExporter;
use spanwright::Telemetry;
use spanwright::loss::LossReason;
use spanwright::opentelemetry::{Destination, Limits};
use spanwright::record::{Processor, SpanRecord};
use support::http_server::Answer;
use support::otlp_sink::OtlpSink;
use support::rig::A_MOMENT;

use super::{LONG, Names, assert_sums, config, leaf};

const SHORT: Duration = Duration::from_millis(50);

pub(crate) fn shutdown_keeps_its_deadline_while_the_destination_hangs() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let telemetry = config(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())])
        .install()
        .expect("nothing else is installed");
    leaf();
    leaf();
    let begin = fastant::Instant::now();
    let report = telemetry.shutdown(SHORT);
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    assert_sums(&report);
    let tally = report.destinations[0].tally;
    assert_eq!((tally.accepted, tally.lost_to(LossReason::Shutdown)), (2, 2), "{report}");
    assert!(!report.in_time && !report.destinations[0].in_time, "{report}");
    let text = report.to_string();
    assert!(text.starts_with("not in time; spans collected "), "{text}");
    assert!(text.ends_with("otlp: accepted 2, delivered 0, rejected 0, lost 2 (shutdown 2)"));
}

/// Telemetry with a destination that hangs and, behind it, one that works.
fn beside_a_hanging_one(sink: &OtlpSink) -> (Telemetry, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let limits = Limits { max_batch_age: LONG, ..Limits::default() };
    let telemetry = config(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint())])
        .exporter(Destination::new(exporter.clone()).limits(limits))
        .install()
        .expect("nothing else is installed");
    (telemetry, exporter)
}

pub(crate) fn a_destination_that_hangs_takes_no_time_from_the_others() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let (telemetry, _exporter) = beside_a_hanging_one(&sink);
    leaf();
    let report = telemetry.flush(A_MOMENT);
    let in_time: Vec<_> = report.destinations.iter().map(|it| it.in_time).collect();
    assert_eq!(in_time, [false, true], "{report}");
    leaf();
    let report = telemetry.shutdown(A_MOMENT);
    let delivered: Vec<_> = report.destinations.iter().map(|it| it.tally.delivered).collect();
    assert_eq!(delivered, [0, 2], "{report}");
    assert!(report.destinations[1].in_time, "{report}");
    assert_sums(&report);
}

pub(crate) fn an_interrupt_ends_a_shutdown_at_once_and_the_report_says_what_was_lost() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let (telemetry, _exporter) = beside_a_hanging_one(&sink);
    leaf();
    let begin = fastant::Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = runtime.block_on(telemetry.shutdown_until(LONG, async {
        tokio::task::spawn_blocking(move || sink.server.wait_for(1)).await.expect("it comes");
    }));
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    assert_sums(&report);
    let lost = report.destinations[0].tally.lost_to(LossReason::Shutdown);
    assert!(!report.in_time && lost == 1, "{report}");

    let (telemetry, _exporter) = beside_a_hanging_one(&OtlpSink::start());
    leaf();
    let report = runtime.block_on(telemetry.shutdown_until(LONG, std::future::ready(())));
    assert!(!report.in_time, "{report}");
    assert_eq!(report.destinations[0].tally.accepted, 1, "what was under way is counted: {report}");
    assert_sums(&report);

    let telemetry = config(&[]).processor(Names::default()).install().expect("it can be again");
    leaf();
    assert!(telemetry.flush(LONG).in_time, "an abort is over with its installation");
    let never = std::future::pending();
    let report = runtime.block_on(telemetry.shutdown_until(LONG, never));
    assert!(report.in_time, "{report}");
}

pub(crate) fn an_abort_ends_every_wait_while_a_processor_hangs() {
    let (telemetry, release) = hanging();
    let abort = telemetry.abort_handle();
    let begin = fastant::Instant::now();
    let flushed = std::thread::scope(|scope| {
        scope.spawn(|| abort.abort());
        telemetry.flush(LONG)
    });
    assert!(!flushed.in_time, "{flushed}");
    let report = telemetry.shutdown(LONG);
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    assert!(!report.in_time, "{report}");
    assert_sums(&report);
    abort.abort();
    drop(release);
}

/// Hangs until the other end is dropped.
struct Hanging(Mutex<Receiver<()>>);

impl Processor<SpanRecord> for Hanging {
    fn process(&self, _: &Arc<[SpanRecord]>) {
        let _ = self.0.lock().expect("nobody panics while holding it").recv();
    }
}

/// Telemetry whose only processor hangs until the other end is dropped, and one span on its way to it.
fn hanging() -> (Telemetry, Sender<()>) {
    let (release, released) = channel();
    let hanging = Hanging(Mutex::new(released));
    let telemetry = config(&[]).processor(hanging).install().expect("nothing else is installed");
    leaf();
    (telemetry, release)
}

pub(crate) fn flush_keeps_its_deadline_while_a_processor_hangs() {
    let (telemetry, release) = hanging();
    let report = telemetry.flush(SHORT);
    assert!(!report.in_time, "{report}");
    assert_eq!(report.spans.pending(), 1, "{report}");
    drop(release);
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_sums(&report);
}

pub(crate) fn shutdown_counts_what_a_hanging_processor_holds() {
    let (telemetry, release) = hanging();
    let report = telemetry.shutdown(SHORT);
    assert!(!report.in_time, "{report}");
    assert_sums(&report);
    drop(release);
}
