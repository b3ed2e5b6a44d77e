//! What benches have to do with processes: a destination in one of its own, and the memory of this one.

use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A destination that counts what comes, until it is stopped.
pub(crate) struct Sink {
    pub(crate) url: String,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Sink {
    /// Starts this program with the word `sink`, as nice as that: what is elsewhere in earnest may take
    /// what others leave.
    pub(crate) fn start(nice: u8) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new("nice")
            .args(["-n", &nice.to_string()])
            .arg(program)
            .arg("sink")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let input = process.stdin.take();
        let mut output = BufReader::new(process.stdout.take().expect("the output is a pipe"));
        let url = line(&mut output);
        Self { url, process, input, output }
    }

    /// Stops it and says how much came.
    pub(crate) fn stop(mut self) -> u64 {
        self.input = None;
        let count = line(&mut self.output).parse().unwrap_or(0);
        drop(self.process.wait());
        count
    }
}

fn line(output: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("the sink speaks");
    line.trim().to_owned()
}

/// The process of a sink: says where it is, lives until its input ends, says how much came.
pub(crate) fn serve<N: Display>(url: &str, count: impl FnOnce() -> N) {
    println!("{url}");
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
    println!("{}", count());
}

/// Memory of this process in megabytes, by the name that the system has for it, `VmRSS` or at most
/// `VmHWM`; 0 where it does not tell.
///
/// Source: <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>.
pub(crate) fn memory_mb(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1024.0
}
