//! Telemetry and the life of its process: forks, exits, threads that the system refuses.
//!
//! A binary without the usual main function. Each case runs in a process of its own, which is this
//! program once more with the name of the case and the endpoint of a sink that outlives it.

mod exit;
mod faults;
mod fork;
mod named;
mod output;
mod own_threads;
mod panics;
mod runtimes;
mod support;
mod threads;

use std::process::{Command, Output};

use ::support::otlp_sink::OtlpSink;

/// One behaviour.
struct Case {
    name: &'static str,
    /// The part in the process of its own.
    run: fn(endpoint: &str),
    /// The check of the starting process.
    check: fn(&OtlpSink, &Output),
}

/// Ends a case that hangs.
const TIMEOUT_SECONDS: u32 = 60;

fn main() {
    let groups = [
        exit::CASES,
        faults::CASES,
        fork::CASES,
        output::CASES,
        own_threads::CASES,
        panics::CASES,
        runtimes::CASES,
        threads::CASES,
    ];
    let cases = || groups.iter().copied().flatten();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [name, endpoint] = &arguments[..]
        && let Some(case) = cases().find(|case| case.name == name)
    {
        nix::unistd::alarm::set(TIMEOUT_SECONDS);
        return (case.run)(endpoint);
    }
    let is_wanted = |case: &&Case| arguments.iter().all(|word| case.name.contains(word.as_str()));
    for case in cases().filter(is_wanted) {
        let sink = OtlpSink::start();
        let program = std::env::current_exe().expect("the system knows the program");
        let run = Command::new(program).args([case.name, &sink.endpoint()]).output();
        let run = run.expect("the program runs once more");
        let printed = String::from_utf8_lossy(&run.stderr);
        assert!(!printed.contains("assertion"), "{}: {printed}", case.name);
        (case.check)(&sink, &run);
        support::print(&format!("{} ... ok", case.name));
    }
}
