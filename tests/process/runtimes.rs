//! Telemetry beside a runtime of the application that has one thread, and after its end.

use spanwright::Span;
use tokio::runtime::Builder;

use crate::Case;
use crate::support::{LONG, assert_delivered, assert_spans, at_once, install};

pub(crate) const CASES: &[Case] = &[
    // https://github.com/open-telemetry/opentelemetry-rust/issues/3176
    Case {
        name: "flush_and_shutdown_work_on_the_only_thread_of_a_runtime",
        run: |endpoint| {
            let telemetry = install(endpoint);
            let runtime = Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(async {
                Span::root("flushed").end();
                assert!(at_once(|| telemetry.flush(LONG)).in_time);
                Span::root("shut down").end();
                assert_delivered(&at_once(|| telemetry.shutdown(LONG)), 2);
            });
        },
        check: |sink, run| assert_spans(sink, run, &["flushed", "shut down"]),
    },
    // https://github.com/open-telemetry/opentelemetry-rust/issues/1963
    Case {
        name: "telemetry_outlives_the_runtime_that_it_was_installed_in",
        run: |endpoint| {
            let runtime = Builder::new_current_thread().build().expect("a runtime");
            let telemetry = runtime.block_on(async { install(endpoint) });
            runtime.block_on(async { Span::root("inside").end() });
            drop(runtime);
            Span::root("behind").end();
            assert_delivered(&at_once(|| telemetry.shutdown(LONG)), 2);
        },
        check: |sink, run| assert_spans(sink, run, &["behind", "inside"]),
    },
];
