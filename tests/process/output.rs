//! Standard streams that are full and not read, or closed.

use std::fs::File;
use std::io::{Read as _, Write as _, pipe, stderr, stdout};
use std::os::fd::OwnedFd;
use std::process::exit;
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{dup, dup2_stderr, dup2_stdout};
use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::loss::{LossReason, Tally};
use spanwright::{Config, Span, Telemetry, diagnostics, xray_subsegment};
use support::xray_daemon::XrayDaemon;

use crate::Case;
use crate::support::{LONG, assert_ok, assert_spans, at_once, in_child};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "unread_stderr_holds_up_neither_install_nor_a_call",
        run: calls,
        check: |sink, run| assert_spans(sink, run, &["root"]),
    },
    Case {
        name: "exit_does_not_wait_long_for_an_unread_stderr",
        run: |endpoint| {
            at_once(|| {
                in_child(|| {
                    let stderr = Unread::stderr();
                    let telemetry = install(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
                    std::mem::forget((stderr, telemetry));
                    exit(0);
                });
            });
        },
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "lines_beyond_the_queue_are_counted_and_announced",
        run: lines_beyond_the_queue,
        check: |_, run| assert_ok(run),
    },
    Case {
        name: "lines_for_a_closed_stderr_are_counted_and_announced",
        run: |_| {
            let closed = Unread::stderr();
            let kept = closed.close();
            diagnostics::say("lost");
            assert!(diagnostics::flush(LONG));
            dup2_stderr(kept).expect("it is open");
            // The announcement of the lost line was lost, too, and is no line of its own.
            assert_eq!(diagnostics::unwritten_lines(), 1);
            diagnostics::say("written");
            assert!(diagnostics::flush(LONG));
        },
        check: |_, run| {
            assert_ok(run);
            let printed = String::from_utf8_lossy(&run.stderr);
            let lines: Vec<_> = printed.lines().collect();
            let expected = [
                "spanwright: lines not written because standard error was full or closed: 1",
                "spanwright: written",
            ];
            assert_eq!(lines, expected);
        },
    },
    Case {
        name: "warnings_of_install_are_on_stderr_when_the_process_exits",
        run: |_| {
            let telemetry = install(&[("OTEL_SDK_DISABLED", "true")]);
            std::mem::forget(telemetry);
            exit(0);
        },
        check: |_, run| {
            assert_ok(run);
            let printed = String::from_utf8_lossy(&run.stderr);
            assert_eq!(printed.matches("OTEL_TRACES_SAMPLER").count(), 1, "{printed}");
        },
    },
    Case {
        name: "unread_stdout_holds_up_the_console_alone",
        run: console,
        check: |sink, run| assert_spans(sink, run, &["first", "second"]),
    },
    Case {
        name: "forked_child_prints_though_threads_of_its_parent_are_stuck",
        run: fork,
        check: |_, run| {
            assert_ok(run);
            let printed = String::from_utf8_lossy(&run.stderr);
            assert!(printed.starts_with("spanwright: line of the child\n"), "{printed}");
            assert!(!printed.contains("OTEL_TRACES_SAMPLER"), "{printed}");
            let printed = String::from_utf8_lossy(&run.stdout);
            assert!(printed.contains("span of the child"), "{printed}");
        },
    },
];

/// Replaces standard output or standard error.
type Replace = fn(&OwnedFd) -> nix::Result<()>;

/// A standard stream that was replaced by a full pipe that nothing reads.
pub(crate) struct Unread {
    reader: File,
    original: OwnedFd,
    replace: Replace,
}

impl Unread {
    pub(crate) fn stderr() -> Self {
        Self::new(dup(stderr()), |fd| dup2_stderr(fd))
    }

    pub(crate) fn stdout() -> Self {
        Self::new(dup(stdout()), |fd| dup2_stdout(fd))
    }

    fn new(original: nix::Result<OwnedFd>, replace: Replace) -> Self {
        let original = original.expect("the stream is open");
        let (reader, mut writer) = pipe().expect("the system has a pipe");
        let set = |writer: &_, flags| {
            fcntl(writer, FcntlArg::F_SETFL(flags)).expect("the pipe is open");
        };
        set(&writer, OFlag::O_NONBLOCK);
        for len in [4096, 1] {
            while writer.write(&vec![b'\n'; len]).is_ok() {}
        }
        set(&writer, OFlag::empty());
        replace(&OwnedFd::from(writer)).expect("the pipe is open");
        Self { reader: File::from(OwnedFd::from(reader)), original, replace }
    }

    /// Puts the original stream back; what waits for the pipe goes on waiting.
    pub(crate) fn restore(&self) {
        (self.replace)(&self.original).expect("it is open");
    }

    /// Closes the reading end; returns the original stream.
    fn close(self) -> OwnedFd {
        self.original
    }

    /// Reads until `last` has come; everything but the filling.
    fn read_until(&mut self, last: &str) -> String {
        let mut text = String::new();
        let mut buffer = [0; 4096];
        while !text.contains(last) {
            let len = self.reader.read(&mut buffer).expect("the pipe is open");
            assert!(len > 0, "{last:?} is missing: {text}");
            text.push_str(std::str::from_utf8(&buffer[..len]).expect("only ASCII is written"));
        }
        text.trim_start().to_owned()
    }
}

/// Installs with these variables and one that makes a warning.
fn install(variables: &[(&str, &str)]) -> Telemetry {
    let warned = [("OTEL_TRACES_SAMPLER", "sometimes")];
    let environment: Environment = variables.iter().copied().chain(warned).collect();
    let config = Config::from_environment(&environment).expect("warnings are no errors");
    let config = config.change_logging(|logging| logging.has_subscriber = false);
    config.install().expect("nothing else is installed")
}

fn tally<'a>(report: &'a Report, destination: &str) -> &'a Tally {
    let mut found = report.destinations.iter().filter(|it| it.destination == destination);
    &found.next_back().unwrap_or_else(|| panic!("no {destination} in {report}")).tally
}

#[xray_subsegment]
fn subsegment() {}

fn calls(endpoint: &str) {
    let stderr = Unread::stderr();
    let daemon = XrayDaemon::start();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("AWS_XRAY_DAEMON_ADDRESS", &*daemon.address().to_string()),
        ("AWS_XRAY_CONTEXT_MISSING", "RUNTIME_ERROR"),
    ];
    let telemetry = at_once(|| install(&variables));
    at_once(subsegment);
    Span::root("root").end();
    let report = at_once(|| telemetry.shutdown(LONG));
    stderr.restore();
    assert!(report.in_time, "{report}");
    assert_eq!((report.missing_segments, tally(&report, "otlp").delivered), (1, 1), "{report}");
    assert_eq!(report.unwritten_lines, 0, "they fit into the queue: {report}");
}

fn lines_beyond_the_queue(endpoint: &str) {
    let mut stderr = Unread::stderr();
    let telemetry = install(&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]);
    for number in 0..1_000 {
        diagnostics::say(format_args!("line {number} {}", "x".repeat(200)));
    }
    assert!(!diagnostics::flush(Duration::ZERO));
    let report = telemetry.flush(LONG);
    let lost = report.unwritten_lines;
    assert!((600..1_000).contains(&lost), "64 KiB are 300 such lines: {report}");
    assert!(report.to_string().contains("diagnostic lines not written"), "{report}");
    let first = stderr.read_until(&format!("line {} ", 999 - lost));
    assert!(first.contains("OTEL_TRACES_SAMPLER"), "{first}");
    diagnostics::say("the last");
    let rest = stderr.read_until("the last\n");
    stderr.restore();
    let notice = format!("because standard error was full or closed: {lost}\n");
    assert!(rest.ends_with(&format!("{notice}spanwright: the last\n")), "{rest}");
    assert_eq!(telemetry.shutdown(LONG).unwritten_lines, lost);
}

fn console(endpoint: &str) {
    const SHORT: Duration = Duration::from_millis(50);
    let mut stdout = Unread::stdout();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("SPANWRIGHT_CONSOLE", "1")];
    let telemetry = install(&variables);
    Span::root("first").end();
    // OTLP is delivered without the console.
    let report = loop {
        let report = at_once(|| telemetry.flush(SHORT));
        if tally(&report, "otlp").delivered == 1 {
            break report;
        }
    };
    assert!(!report.in_time, "{report}");
    assert_eq!(tally(&report, "console").pending(), 1, "{report}");
    let reader = thread::spawn(move || {
        stdout.read_until("first");
        stdout
    });
    let report = telemetry.flush(LONG);
    let stdout = reader.join().expect("it is written");
    assert_eq!((report.in_time, tally(&report, "console").delivered), (true, 1), "{report}");
    stdout.restore();

    let _unread = Unread::stdout();
    Span::root("second").end();
    let report = at_once(|| telemetry.shutdown(Duration::from_secs(1)));
    let console = tally(&report, "console");
    assert_eq!((console.delivered, console.lost_to(LossReason::Shutdown)), (1, 1), "{report}");
    assert_eq!(tally(&report, "otlp").delivered, 2, "{report}");
}

fn fork(_: &str) {
    let streams = [Unread::stderr(), Unread::stdout()];
    let console = [("SPANWRIGHT_CONSOLE", "1"), ("NO_COLOR", "1")];
    let telemetry = install(&console);
    Span::root("span of the parent").end();
    assert!(!telemetry.flush(Duration::from_millis(50)).in_time);
    // As a thread does that prints meanwhile.
    let locks = (stdout().lock(), stderr().lock());
    let streams = &streams;
    thread::scope(|scope| {
        let child = || {
            in_child(|| {
                streams.iter().for_each(Unread::restore);
                let environment: Environment = console.into_iter().collect();
                let config = Config::from_environment(&environment).expect("they are right");
                let telemetry = config.install().expect("the parent has its own");
                Span::root("span of the child").end();
                let report = telemetry.shutdown(LONG);
                assert!(report.in_time, "{report}");
                assert_eq!(report.unwritten_lines, 0, "{report}");
                diagnostics::say("line of the child");
            });
        };
        scope.spawn(child).join().expect("the child ends well");
    });
    drop(locks);
    streams.iter().for_each(Unread::restore);
}
