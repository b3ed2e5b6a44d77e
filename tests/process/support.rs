//! Helpers of the cases.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Output;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, alarm, fork};
use spanwright::config::Environment;
use spanwright::install::Report;
use spanwright::{Config, Span, Telemetry};
use support::otlp_sink::OtlpSink;

/// Long enough for anything that happens at all.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// More than a busy machine needs for work without a wait, and less than the shortest wait that could
/// be mistaken for it: the drop of telemetry waits for five seconds.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(4);

/// Ends a forked process that hangs.
const CHILD_SECONDS: u32 = 20;

/// Prints a line of a test's result.
pub(crate) fn print(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Settings whose spans go to the sink.
pub(crate) fn config(endpoint: &str) -> Config {
    // Only what waits for a destination that hangs comes near the time limit of a request.
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000")];
    let environment: Environment = variables.into_iter().collect();
    let mut config = Config::from_environment(&environment).expect("the variables are right");
    config = config.change_logging(|logging| logging.has_subscriber = false);
    config
}

pub(crate) fn install(endpoint: &str) -> Telemetry {
    config(endpoint).install().expect("nothing else is installed in this process")
}

/// Installs, makes one span of this name, and proves that nothing else is counted and it arrives.
pub(crate) fn deliver(name: &str, endpoint: &str) {
    let telemetry = install(endpoint);
    Span::root(name).end();
    assert_delivered(&telemetry.shutdown(LONG), 1);
}

pub(crate) fn assert_delivered(report: &Report, spans: u64) {
    assert!(report.in_time, "{report}");
    assert_eq!((report.spans.accepted, report.spans.delivered), (spans, spans), "{report}");
    assert_eq!(report.destinations[0].tally.delivered, spans, "{report}");
}

/// Runs `child` in a forked process until it ends, and proves that it ended well.
pub(crate) fn in_child(child: impl FnOnce()) {
    assert_eq!(status_of(child), 0, "the child has failed, or hung");
}

/// Runs `child` in a forked process; its exit code, or the negative number of the signal that ended it.
pub(crate) fn status_of(child: impl FnOnce()) -> i32 {
    #[expect(unsafe_code, reason = "a fork is unsafe where other threads hold locks")]
    // SAFETY: what a child may do after a fork is what these tests are about.
    match unsafe { fork() }.expect("the system has room for a process") {
        ForkResult::Child => {
            alarm::set(CHILD_SECONDS);
            let is_ok = catch_unwind(AssertUnwindSafe(child)).is_ok();
            std::process::exit(if is_ok { 0 } else { 101 })
        }
        ForkResult::Parent { child } => match waitpid(child, None).expect("the child is our own") {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => -(signal as i32),
            other => panic!("not an end: {other:?}"),
        },
    }
}

/// Runs something that must not wait.
pub(crate) fn at_once<R>(run: impl FnOnce() -> R) -> R {
    let (result, took) = timed(run);
    assert!(took < AT_ONCE, "it took {took:?}");
    result
}

/// Runs something and measures how long it takes.
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
pub(crate) fn timed<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    let begin = Instant::now();
    let result = run();
    (result, begin.elapsed())
}

/// Proves that the run ended well.
pub(crate) fn assert_ok(run: &Output) {
    assert!(run.status.success(), "{}\n{}", run.status, String::from_utf8_lossy(&run.stderr));
}

/// Proves that the run ended well and the sink has exactly these spans, no two with one id.
pub(crate) fn assert_spans(sink: &OtlpSink, run: &Output, expected: &[&str]) {
    let printed = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{printed}");
    let spans = sink.spans().concat();
    let mut names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, expected, "{printed}");
    let mut ids: Vec<_> = spans.iter().map(|span| span.span_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), spans.len(), "two spans have one id: {spans:?}");
}

/// Proves besides that no two spans are of one trace.
pub(crate) fn assert_traces(sink: &OtlpSink, run: &Output, expected: &[&str]) {
    assert_spans(sink, run, expected);
    let mut traces: Vec<_> = sink.spans().concat().into_iter().map(|span| span.trace_id).collect();
    traces.sort_unstable();
    traces.dedup();
    assert_eq!(traces.len(), expected.len(), "two processes have made one trace id");
}
