//! Pending telemetry is sent before the process ends.

use std::net::TcpListener;
use std::panic::{catch_unwind, set_hook};
use std::process::{Output, abort, exit};
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::{Config, Span, Telemetry};
use support::otlp_sink::OtlpSink;

use crate::Case;
use crate::support::{assert_ok, in_child, install, status_of, timed};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "panic_is_sent_before_a_hook_that_exits_ends_the_process",
        run: |endpoint| {
            set_hook(Box::new(|_| exit(3)));
            panics(endpoint);
        },
        check: |sink, run| assert_sent(sink, run, Some(3)),
    },
    Case {
        name: "panic_is_sent_before_a_hook_that_aborts_ends_the_process",
        run: |endpoint| {
            set_hook(Box::new(|_| abort()));
            panics(endpoint);
        },
        check: |sink, run| assert_sent(sink, run, None),
    },
    Case {
        name: "pending_spans_are_sent_when_the_process_exits",
        run: |endpoint| {
            let _telemetry = install(endpoint);
            Span::root("pending").end();
            exit(0);
        },
        check: |sink, run| {
            assert_ok(run);
            assert_eq!(sink.spans().concat().len(), 1);
        },
    },
    Case {
        name: "pending_spans_are_sent_when_main_returns_and_telemetry_is_leaked",
        run: |endpoint| {
            std::mem::forget(install(endpoint));
            Span::root("pending").end();
        },
        check: |sink, run| {
            assert_ok(run);
            assert_eq!(sink.spans().concat().len(), 1);
        },
    },
    // https://github.com/getsentry/sentry-rust/issues/51
    Case {
        name: "error_that_leaves_main_is_sent_when_telemetry_is_dropped",
        run: |endpoint| {
            #[spanwright::report_errors]
            fn serve() -> Result<(), String> {
                Err("boom at the border".to_owned())
            }
            let _telemetry = install_with_reports(endpoint);
            if serve().is_err() {
                // As by `?`: what main owns is dropped.
                return;
            }
            unreachable!("it fails")
        },
        check: |sink, run| assert_sent(sink, run, Some(0)),
    },
    Case {
        name: "abort_outside_of_a_hook_and_a_raised_signal_end_the_process",
        run: |endpoint| {
            let _telemetry = install_with_reports(endpoint);
            let killed = status_of(|| {
                let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGABRT);
            });
            assert_eq!(killed, -nix::libc::SIGABRT);
            let hangs = Hangs::start();
            without_a_wait(|| {
                let status = status_of(|| {
                    let _telemetry = install_with_reports(&hangs.endpoint());
                    Span::root("lost").end();
                    abort();
                });
                assert_eq!(status, -nix::libc::SIGABRT);
            });
        },
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "exit_does_not_wait_long_for_a_destination_that_hangs",
        run: |_| {
            let hangs = Hangs::start();
            let _telemetry = install(&hangs.endpoint());
            Span::root("lost").end();
            // Ten times as long as an exit may wait, and less than the time limit of a request.
            nix::unistd::alarm::set(20);
            exit(0);
        },
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "exit_after_a_shutdown_does_not_wait",
        run: |_| {
            let hangs = Hangs::start();
            without_a_wait(|| {
                in_child(|| {
                    let telemetry = install(&hangs.endpoint());
                    Span::root("lost").end();
                    let _ = telemetry.shutdown(Duration::ZERO);
                });
            });
        },
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "caught_panics_do_not_wait_for_a_destination",
        run: |_| {
            set_hook(Box::new(|_| {}));
            let hangs = Hangs::start();
            let telemetry = install_with_reports(&hangs.endpoint());
            without_a_wait(|| assert!(catch_unwind(|| panic!("caught")).is_err()));
            let _ = telemetry.shutdown(Duration::ZERO);
        },
        check: |_, run| assert_ok(run),
    },
];

/// A destination that takes connections and never answers.
struct Hangs(TcpListener);

impl Hangs {
    fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("the system has a free port"))
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("it is bound"))
    }
}

/// Runs something ten times that must not wait for the destination. Each wait would take two seconds,
/// as long as what is pending is sent at the end of a process.
fn without_a_wait(mut run: impl FnMut()) {
    let ((), took) = timed(|| (0..10).for_each(|_| run()));
    assert!(took < Duration::from_secs(10), "{took:?}");
}

fn install_with_reports(endpoint: &str) -> Telemetry {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000"),
        ("OTEL_SEMCONV_EXCEPTION_SIGNAL_OPT_IN", "logs"),
    ];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("the variables are right");
    config.install().expect("nothing else is installed")
}

/// Ends the process by a panic in a thread that another one waits for.
fn panics(endpoint: &str) {
    let _telemetry = install_with_reports(endpoint);
    let worker = std::thread::spawn(|| {
        Span::root("unfinished").in_scope(|| panic!("boom at the border"));
    });
    let _ = worker.join();
}

fn assert_sent(sink: &OtlpSink, run: &Output, code: Option<i32>) {
    assert_eq!(run.status.code(), code, "{}", String::from_utf8_lossy(&run.stderr));
    let records = sink.log_records().concat();
    assert!(format!("{records:?}").contains("boom at the border"), "{records:?}");
}
