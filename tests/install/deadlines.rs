//! What hangs does not hold the process up.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::Telemetry;
use spanwright::loss::LossReason;
use spanwright::record::{Processor, SpanRecord};
use support::http_server::Answer;
use support::otlp_sink::OtlpSink;

use super::{LONG, assert_sums, config, leaf};

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
