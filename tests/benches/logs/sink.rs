//! A CloudWatch Logs in a process of its own, which takes everything and counts events.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support::http_server::{Answer, HttpServer};

/// How every event of a request begins, behind its brace; in a message, quotes are escaped.
const EVENT: &[u8] = b"\"timestamp\":";

/// The process: prints its address, counts until its input ends, prints the count.
pub(crate) fn serve() {
    let counted = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&counted);
    let server = HttpServer::start(move |received| {
        let starts = received.body.split(|byte| *byte == b'{');
        let events = starts.filter(|start| start.starts_with(EVENT)).count();
        counter.fetch_add(events as u64, Ordering::Relaxed);
        Answer::status(200).body("{}")
    });
    println!("{}", server.url());
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
    println!("{}", counted.load(Ordering::Relaxed));
}

/// A sink that runs until it is stopped.
pub(crate) struct Sink {
    pub(crate) url: String,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Sink {
    /// Starts the process.
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        // What is elsewhere in earnest takes only what others leave.
        let mut process = Command::new("nice")
            .args(["-n", "19"])
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

    /// Stops it and says how many events came.
    pub(crate) fn stop(mut self) -> u64 {
        self.input = None;
        let count = line(&mut self.output).parse().unwrap_or(0);
        drop(self.process.wait());
        count
    }
}

fn line(output: &mut impl BufRead) -> String {
    let mut line = String::new();
    output.read_line(&mut line).expect("the sink speaks");
    line.trim().to_owned()
}
