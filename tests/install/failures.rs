//! Failures, as the collector learns of them.

use spanwright::{report_errors, traced};
use support::otlp_sink::OtlpSink;

use super::{LONG, config};

#[traced]
#[report_errors]
fn failing() -> Result<u32, std::num::ParseIntError> {
    "many".parse()
}

pub(crate) fn a_failure_is_an_event_of_its_span_unless_it_is_a_record_of_the_log() {
    for (opted_in, events, records) in [("", 1, 0), ("logs", 0, 1), ("logs/dup", 1, 1)] {
        let sink = OtlpSink::start();
        let telemetry = config(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &sink.endpoint()),
            ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", opted_in),
        ]);
        let telemetry = telemetry.install().expect("nothing else is installed");
        assert!(failing().is_err());
        let report = telemetry.shutdown(LONG);
        assert!(report.in_time, "{report}");
        let spans: Vec<_> = sink.spans().into_iter().flatten().collect();
        let [span] = &spans[..] else { panic!("one call is one span: {spans:?}") };
        let names: Vec<_> = span.events.iter().map(|event| &*event.name).collect();
        assert_eq!(names, vec!["exception"; events], "{opted_in}");
        assert_eq!(sink.log_records().iter().flatten().count(), records, "{opted_in}");
    }
}
