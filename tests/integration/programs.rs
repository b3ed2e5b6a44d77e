//! The programs beside the test: the service, the collector, and what plays X-Ray.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use reqwest::Client;
use serde_json::Value;
use support::http_server::{Answer, Received};

/// The header that the collector puts on what it sends, as one in front of Honeycomb does.
pub(crate) const TEAM: (&str, &str) = ("x-honeycomb-team", "not-a-key");

/// Where the service sends its spans.
pub(crate) const OTLP: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// A rotel that passes on what it receives.
pub(crate) struct Collector {
    process: Process,
    // A pipe that nobody holds would end the process at its next line.
    _lines: Lines<BufReader<ChildStdout>>,
}

impl Collector {
    /// Starts it between a port of its own and the address of whoever takes the spans, and blocks
    /// until it says that it is there.
    pub(crate) fn start(program: &Path, ports: [u16; 2], sink: &str) -> Self {
        let [http, grpc] = ports.map(|port| format!("127.0.0.1:{port}"));
        let header = format!("{}={}", TEAM.0, TEAM.1);
        let mut command = Command::new(program);
        command
            .args(["start", "--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
            .args(["--otlp-exporter-endpoint", sink, "--otlp-exporter-custom-headers", &header])
            .args(["--batch-timeout", "50ms"])
            .env_clear()
            .stdout(Stdio::piped());
        let mut process = Process::start(&mut command);
        let stdout = process.0.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let is_up = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Starting"));
        assert!(is_up, "the collector ended before it began");
        Self { process, _lines: lines }
    }

    /// Asks it to pass on what it holds and to end, and blocks until it has.
    pub(crate) fn stop(mut self) {
        self.process.terminate();
    }

    /// Ends it with everything it holds.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }
}

/// Cruddur on a new database.
pub(crate) struct Service {
    /// `http://127.0.0.1:port`.
    pub(crate) url: String,
    process: Process,
    lines: Lines<BufReader<ChildStderr>>,
    _folder: Folder,
}

impl Service {
    /// Starts it with these variables, and blocks until it listens.
    pub(crate) fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new(name);
        let mut command = Command::new(program());
        command
            .env_clear()
            .envs([("BIND_ADDRESS", "127.0.0.1"), ("PORT", "0")])
            .env("CRUDDUR_DATA_DIR", &folder.0)
            .envs(variables.iter().copied())
            .stderr(Stdio::piped());
        let mut process = Process::start(&mut command);
        let mut lines = BufReader::new(process.0.stderr.take().expect("it is piped")).lines();
        let mut words = lines.by_ref().map_while(Result::ok);
        let started = words.find(|line| line.contains("listens on")).expect("it says where");
        let url = started.split(' ').find(|word| word.starts_with("http://"));
        Self { url: url.expect("it says where").to_owned(), process, lines, _folder: folder }
    }

    /// Stops it in order, and returns what it says about its telemetry.
    pub(crate) fn stop(mut self) -> String {
        self.process.terminate();
        let mut lines = self.lines.map_while(Result::ok);
        lines.find(|line| line.starts_with("telemetry: ")).expect("it reports")
    }
}

/// A moto that plays the services of X-Ray and CloudWatch Logs.
pub(crate) struct Moto {
    url: String,
    process: Process,
    // A pipe that nobody holds would end the process at its next line.
    _lines: Lines<BufReader<ChildStderr>>,
}

impl Moto {
    /// Starts it on a free port, and blocks until it listens.
    pub(crate) fn start(program: &Path) -> Self {
        Self::start_at(program, 0)
    }

    /// The same on this port.
    pub(crate) fn start_at(program: &Path, port: u16) -> Self {
        let mut command = Command::new(program);
        let port = port.to_string();
        command.args(["-H", "127.0.0.1", "-p", &port]).env_clear().stderr(Stdio::piped());
        let mut process = Process::start(&mut command);
        let mut lines = BufReader::new(process.0.stderr.take().expect("it is piped")).lines();
        let mut words = lines.by_ref().map_while(Result::ok);
        let started = words.find(|line| line.contains("Running on")).expect("it says where");
        let url = started.split(' ').find(|word| word.starts_with("http://"));
        Self { url: url.expect("it says where").to_owned(), process, _lines: lines }
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it with everything it holds.
    pub(crate) fn kill(mut self) {
        self.process.kill();
    }

    /// What it answers to a call of the X-Ray API.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = ask(format!("{}{path}", self.url), body.to_string().into()).await;
        serde_json::from_slice(&answer).expect("an answer is JSON")
    }

    /// Answers the daemon's requests by handing them on, as the daemon itself does.
    pub(crate) fn answering(&self) -> impl Fn(&Received) -> Answer + Send + Sync + use<> {
        let url = self.url.clone();
        move |request: &Received| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let answer = ask(format!("{url}{}", request.path), request.body.clone());
            let answer = runtime.expect("a runtime can be built").block_on(answer);
            Answer::status(200).header("content-type", "application/json").body(answer)
        }
    }
}

/// Sends a request that is signed as far as moto looks: it tells one service from another by that.
async fn ask(url: String, body: Vec<u8>) -> Vec<u8> {
    let signature = "AWS4-HMAC-SHA256 Credential=none/20260101/us-east-1/xray/aws4_request, \
                     SignedHeaders=host, Signature=none";
    let client = Client::builder().no_proxy().build().expect("a plain client can be built");
    let answer = client.post(url).header("authorization", signature).body(body).send();
    let answer = answer.await.expect("moto answers");
    assert_eq!(answer.status(), 200);
    answer.bytes().await.expect("the body arrives whole").into()
}

/// The service's program: cargo puts it into the folder above that of this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let folder = test.parent().and_then(Path::parent).expect("cargo runs tests from two folders");
    let program = folder.join("cruddur-app");
    assert!(program.is_file(), "the service is not built: run `cargo build -p cruddur-app`");
    program
}

/// The address of a collector at a port.
pub(crate) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Ports that nobody listens on.
pub(crate) fn free_ports() -> [u16; 2] {
    // Both are held until both are known.
    let listeners =
        [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there are ports"));
    listeners.map(|listener| listener.local_addr().expect("it is bound").port())
}

/// A process that does not outlive its test.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().expect("the program can be run"))
    }

    fn terminate(&mut self) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.expect("kill is everywhere").success());
        let status = self.0.wait().expect("it is our child");
        assert!(status.success(), "{status}");
    }

    fn kill(&mut self) {
        self.0.kill().expect("it is our child");
        self.0.wait().expect("it is our child");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail for a process that has ended, which is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A new folder that is gone with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // What an aborted run has left.
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).expect("the folder of the build is writable");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
