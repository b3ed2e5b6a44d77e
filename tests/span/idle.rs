//! An idle process makes no wake-ups: what the kernel says our threads wait for.
//!
//! A binary of its own, as its threads are looked at. Only Linux tells.
#![cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::fs;
use std::path::Path;
use std::time::Duration;

use spanwright::config::Environment;
use spanwright::record::SpanKind;
use spanwright::{Config, Span};
use support::otlp_sink::OtlpSink;

/// Long enough for anything that happens at all.
const LONG: Duration = Duration::from_secs(20);

/// The system calls that threads of ours wait in, by name of thread.
fn waits() -> Vec<(String, Vec<u64>)> {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux lists threads");
    let ours = tasks.filter_map(|task| {
        let task = task.ok()?.path();
        let name = fs::read_to_string(task.join("comm")).ok()?.trim().to_owned();
        name.starts_with("spanwright").then(|| (name, system_call(&task)))
    });
    ours.collect()
}

/// The number of the system call a thread is in, and its arguments; empty while it runs.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_syscall.5.html>.
fn system_call(task: &Path) -> Vec<u64> {
    let text = fs::read_to_string(task.join("syscall")).unwrap_or_default();
    let words = text.split_whitespace().map(|word| match word.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => word.parse().ok(),
    });
    words.collect::<Option<_>>().unwrap_or_default()
}

/// `futex`, and the forms of `epoll_wait`: each has its timeout for the fourth argument.
///
/// Source: the kernel's `syscall_64.tbl` and `asm-generic/unistd.h`.
const FUTEX: u64 = if cfg!(target_arch = "x86_64") { 202 } else { 98 };
const EPOLL: [u64; 2] = if cfg!(target_arch = "x86_64") { [232, 281] } else { [22, 22] };

/// Whether a system call waits until somebody else ends it.
fn waits_for_ever(call: &[u64]) -> bool {
    match *call {
        [FUTEX, _, _, _, timeout, ..] => timeout == 0,
        [number, _, _, _, timeout_ms, ..] if EPOLL.contains(&number) => {
            timeout_ms & 0xFFFF_FFFF == 0xFFFF_FFFF
        }
        _ => false,
    }
}

/// Returns once these threads of ours wait without a timeout, so that no time can wake them.
fn wait_until_idle(names: &[&str]) {
    let begin = fastant::Instant::now();
    loop {
        let waits = waits();
        // A thread that has only just begun has no name yet.
        let is_idle =
            |wanted: &&str| waits.iter().any(|(name, call)| name == wanted && waits_for_ever(call));
        if names.iter().all(is_idle) {
            return;
        }
        assert!(begin.elapsed() < LONG, "still awake: {waits:x?}");
        std::thread::yield_now();
    }
}

/// The kernel keeps 15 bytes of a name.
const COLLECTOR: &str = "spanwright-coll";
const IO: &str = "spanwright-io";

/// Installs telemetry that only carries context on.
fn install_without_destination() {
    let environment = [("OTEL_SDK_DISABLED", "true")].into_iter().collect::<Environment>();
    let config = Config::from_environment(&environment).expect("the variable is right");
    let telemetry = config.install().expect("nothing is installed");
    let caller = [("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")];
    let incoming = spanwright::extract(&caller.as_slice());
    let request = Span::build("GET").kind(SpanKind::Server).incoming(&incoming).start();
    let mut headers = 0;
    request.in_scope(|| spanwright::inject(|_, _| headers += 1));
    assert_eq!((headers, waits()), (1, vec![]), "context is carried on by no thread");
    let report = telemetry.shutdown(LONG);
    assert!(report.in_time, "{report}");
}

#[test]
fn an_idle_process_waits_without_a_timeout_and_wakes_for_a_span() {
    install_without_destination();
    let sink = OtlpSink::start();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint())];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::from_environment(&environment).expect("the endpoint is one");
    let telemetry = config.install().expect("nothing else is installed");
    wait_until_idle(&[COLLECTOR, IO]);
    for requests in 1..=2 {
        Span::new("work").end();
        // Nobody flushes: the span itself wakes the collector, and the batch's age sends it.
        sink.server.wait_for(requests);
        // The I/O thread will wake once more, when the connection has not been used for long.
        wait_until_idle(&[COLLECTOR]);
    }
    let report = telemetry.shutdown(LONG);
    assert_eq!((report.in_time, report.spans.delivered), (true, 2), "{report}");
}
