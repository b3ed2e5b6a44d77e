//! Telemetry beside a runtime of the application that has one thread, and after its end.

use std::net::TcpListener;
use std::time::Duration;

use spanwright::Span;
use tokio::runtime::Builder;

use crate::Case;
use crate::support::{LONG, assert_delivered, assert_ok, assert_spans, at_once, install};

const SHORT: Duration = Duration::from_millis(50);

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
    // https://github.com/kislyuk/watchtower/issues/132
    Case {
        name: "threads_that_flush_at_once_keep_their_deadlines",
        run: |_| {
            let hangs = TcpListener::bind("127.0.0.1:0").expect("the system has a free port");
            let endpoint = format!("http://{}", hangs.local_addr().expect("it is bound"));
            let telemetry = install(&endpoint);
            Span::root("held").end();
            at_once(|| {
                std::thread::scope(|scope| {
                    for _ in 0..8 {
                        scope.spawn(|| assert!(!telemetry.flush(SHORT).in_time));
                    }
                });
            });
            let report = at_once(|| telemetry.shutdown(SHORT));
            assert_eq!((report.destinations[0].tally.accepted, report.in_time), (1, false));
        },
        check: |_, run| assert_ok(run),
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
