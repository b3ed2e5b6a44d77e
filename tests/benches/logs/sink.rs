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
    let events = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&events);
    let server = HttpServer::start(move |received| {
        let mut starts = received.body.split(|byte| *byte == b'{');
        // What is elsewhere in earnest must not keep a processor from the service.
        while let Some(count) = some(starts.by_ref().take(1_000)) {
            counter.fetch_add(count, Ordering::Relaxed);
            std::thread::yield_now();
        }
        Answer::status(200).body("{}")
    });
    println!("{}", server.url());
    drop(std::io::stdin().read_to_end(&mut Vec::new()));
    println!("{}", events.load(Ordering::Relaxed));
}

/// How many of some pieces are events; `None` where there is no piece.
fn some<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Option<u64> {
    let (mut all, mut count) = (0, 0);
    for piece in pieces {
        all += 1;
        count += u64::from(piece.starts_with(EVENT));
    }
    (all > 0).then_some(count)
}

/// A sink that runs until it is stopped.
pub(crate) struct Sink {
    pub(crate) url: String,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Sink {
    /// Starts the process, as nice as that: what is elsewhere in earnest may take what others leave.
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
