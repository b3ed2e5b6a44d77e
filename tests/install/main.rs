//! Telemetry of the whole process, from its settings to its end.
//!
//! A process has one telemetry, so the sentences are told one after the other in one test.

mod deadlines;
mod destinations;
mod failures;
mod life;
mod processors;
mod redaction;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::Tally;
use spanwright::record::{Processor, SpanRecord};
use spanwright::{Config, traced};

/// Long enough for anything that happens at all.
const LONG: Duration = Duration::from_secs(20);

#[traced]
fn leaf() {}

/// Settings from these variables and no others.
fn config(variables: &[(&str, &str)]) -> Config {
    let environment: Environment = variables.iter().copied().collect();
    Config::from_environment(&environment).expect("the variables are right")
}

/// Keeps the names of finished spans.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Names {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nobody panics while holding it"))
    }
}

impl Processor<SpanRecord> for Names {
    fn process(&self, spans: &Arc<[SpanRecord]>) {
        let names = spans.iter().map(|span| span.name.to_string());
        self.0.lock().expect("nobody panics while holding it").extend(names);
    }
}

/// Proves that everything met its fate.
#[track_caller]
fn assert_sums(report: &Report) {
    let tallies = report.destinations.iter().map(|delivery| delivery.tally);
    for tally in tallies.chain([report.spans, report.amendments]) {
        let Tally { accepted, delivered, sent, rejected, .. } = tally;
        assert_eq!(accepted, delivered + sent + rejected + tally.lost(), "{report}");
    }
}

#[test]
fn telemetry_keeps_its_promises() {
    life::without_an_installation_no_context_is_carried_on();
    life::nothing_runs_where_nothing_is_configured();
    life::context_is_carried_on_where_nothing_is_recorded();
    life::idle_telemetry_does_not_replace_what_runs();
    life::nothing_runs_where_it_is_disabled();
    life::a_process_has_one_telemetry_at_a_time();
    life::a_drop_delivers();
    life::span_that_ends_after_the_shutdown_is_lost_and_counted();
    life::flush_takes_the_spans_of_every_thread();
    life::flush_and_shutdown_work_inside_runtimes();
    life::flush_and_shutdown_work_inside_a_worker_of_actix();
    failures::a_failure_is_an_event_of_its_span_unless_it_is_a_record_of_the_log();
    destinations::a_destination_without_its_files_is_off_and_the_others_run();
    destinations::a_process_whose_destinations_are_all_off_records_nothing();
    destinations::otlp_by_tls_takes_the_files_of_the_variables();
    destinations::every_remote_destination_goes_by_the_proxy();
    destinations::the_daemon_and_a_local_collector_are_reached_without_the_proxy();
    destinations::a_time_without_end_in_any_setting_loses_nothing();
    processors::a_processor_that_panics_costs_what_it_held_and_the_collector_goes_on();
    processors::spans_of_processors_are_not_recorded();
    redaction::hashes_by_a_key_are_the_same_in_every_process();
    deadlines::a_destination_that_hangs_takes_no_time_from_the_others();
    deadlines::an_interrupt_ends_a_shutdown_at_once_and_the_report_says_what_was_lost();
    deadlines::an_abort_ends_every_wait_while_a_processor_hangs();
    deadlines::shutdown_counts_what_a_hanging_processor_holds();
    deadlines::shutdown_keeps_its_deadline_while_the_destination_hangs();
    deadlines::flush_keeps_its_deadline_while_a_processor_hangs();
}
