//! Processors of the user's own that do what they should not.

use std::sync::Arc;

use spanwright::loss::LossReason;
use spanwright::record::{Processor, SpanRecord};
use spanwright::{Span, traced};

use super::{LONG, Names, assert_sums, config, leaf};

#[traced]
fn broken() {}

/// Panics at spans of one name.
struct Broken;

impl Processor<SpanRecord> for Broken {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        if spans.iter().any(|span| span.name == "broken") {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    }
}

pub(crate) fn a_processor_that_panics_costs_what_it_held_and_the_collector_goes_on() {
    let names = Names::default();
    let telemetry = config(&[]).processor(Broken).processor(names.clone()).install();
    let telemetry = telemetry.expect("nothing else is installed");
    let before = telemetry.flush(LONG).spans;
    broken();
    assert!(telemetry.flush(LONG).in_time);
    leaf();
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
    assert_sums(&report);
    let tallies = || report.destinations.iter().map(|it| (&*it.destination, it.tally));
    let lost: Vec<_> =
        tallies().map(|(name, it)| (name, it.lost_to(LossReason::WorkerPanicked))).collect();
    assert_eq!(lost, [("processor", 1), ("processor 2", 0)], "{report}");
    let new = (report.spans.delivered - before.delivered, report.spans.lost() - before.lost());
    assert_eq!(new, (2, 0));
    assert_eq!(names.take(), ["broken", "leaf"], "the other processor has seen both");
}

/// Makes a span of its own for every group.
struct Busy;

impl Processor<SpanRecord> for Busy {
    fn process(&self, _: &Arc<[SpanRecord]>) {
        leaf();
        drop(Span::root("root of the processor"));
    }
}

pub(crate) fn spans_of_processors_are_not_recorded() {
    let names = Names::default();
    let telemetry = config(&[]).processor(Busy).processor(names.clone()).install();
    let telemetry = telemetry.expect("nothing else is installed");
    leaf();
    for _ in 0..3 {
        assert!(telemetry.flush(LONG).in_time);
    }
    assert!(telemetry.shutdown(LONG).in_time);
    assert_eq!(names.take(), ["leaf"]);
}
