//! A double of CloudWatch Logs, on loopback.
//!
//! It refuses what the service refuses: requests that are not signed as they must be, groups and streams
//! that do not exist, batches that are too large, empty, out of order or too long in time. Events beyond
//! its times it rejects one by one. What it takes it keeps, over restarts, too.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>.

pub mod metrics;
mod rules;
mod signature;
mod store;

use std::collections::{HashMap, HashSet};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use spanwright::aws::Credentials;
use spanwright::diagnostics;
use spanwright::secret::Secret;

use crate::http_server::{Answer, HttpServer, Received};
use crate::turn::{Script, Turn};
use crate::watched::Watched;

pub use store::{Event, Store};

/// The region that signatures have to name.
pub const REGION: &str = "eu-west-1";

/// The only key that the service knows.
pub const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";

/// Its secret.
pub const SECRET_ACCESS_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// 2026-11-20T10:00:00Z: the time of day here, unless it is the real one.
pub const NOW_UNIX_MS: u64 = 1_795_168_800_000;

/// The time of day here, for whoever signs.
pub fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_UNIX_MS)
}

/// Keys that the service takes.
pub fn credentials() -> Credentials {
    Credentials::new(ACCESS_KEY_ID, &Secret::new(SECRET_ACCESS_KEY), None)
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The name of the error.
    pub code: &'static str,
    /// What it says to people.
    pub message: String,
}

/// An error of the service with this code.
pub fn refusal(code: &'static str) -> Turn {
    Turn::Instead(Refusal::new(code, "scripted").answer())
}

impl Refusal {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        let status = if code == "ServiceUnavailableException" { 503 } else { 400 };
        Self { status, code, message: message.into() }
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    fn answer(&self) -> Answer {
        let code = format!("com.amazonaws.logs#{}", self.code);
        reply(self.status, &json!({"__type": code, "message": self.message}))
    }
}

/// The double; stops when it is dropped.
#[derive(Debug)]
pub struct CloudwatchServer {
    server: Option<HttpServer>,
    address: SocketAddr,
    shared: Arc<Watched<State>>,
}

#[derive(Debug, Default)]
struct State {
    has_real_time: bool,
    scripts: HashMap<&'static str, Script>,
    denied: HashSet<&'static str>,
    poison: Option<&'static str>,
    received: Vec<Received>,
    refusals: Vec<Refusal>,
    store: Store,
}

impl CloudwatchServer {
    /// Starts without any group; the time of day is [`NOW_UNIX_MS`] and stands still.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::default();
        let server = Some(serve(listener, &shared));
        Self { server, address, shared }
    }

    /// The same with a group and a stream.
    pub fn with(group: &str, stream: &str) -> Self {
        let server = Self::start();
        server.shared.lock().store.create(group, stream);
        server
    }

    /// The time of day is the real one from now on.
    #[must_use]
    pub fn in_real_time(self) -> Self {
        self.shared.lock().has_real_time = true;
        self
    }

    /// Plays the turns for requests of this operation, one by one, before it does what the service does.
    #[must_use]
    pub fn script(self, operation: &'static str, turns: impl IntoIterator<Item = Turn>) -> Self {
        self.shared.lock().scripts.entry(operation).or_default().turns.extend(turns);
        self
    }

    /// Does this with requests of an operation when its script is over.
    #[must_use]
    pub fn otherwise(self, operation: &'static str, turn: Turn) -> Self {
        self.shared.lock().scripts.entry(operation).or_default().otherwise = turn;
        self
    }

    /// Refuses these operations for want of rights.
    #[must_use]
    pub fn deny(self, operations: &[&'static str]) -> Self {
        self.shared.lock().denied.extend(operations);
        self
    }

    /// Finds something wrong with every batch that has a message with this text.
    #[must_use]
    pub fn poison(self, text: &'static str) -> Self {
        self.shared.lock().poison = Some(text);
        self
    }

    /// Allows everything again.
    pub fn allow_all(&self) {
        self.shared.lock().denied.clear();
    }

    /// Creates a group and a stream from outside.
    pub fn create(&self, group: &str, stream: &str) {
        self.shared.lock().store.create(group, stream);
    }

    /// Deletes everything that it keeps.
    pub fn forget(&self) {
        self.shared.lock().store = Store::default();
    }

    /// The address of the service.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Kills the server; connections break and nobody listens.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it again at the same address, with all it has kept.
    ///
    /// # Panics
    /// Somebody has taken the port in between.
    pub fn restart(&mut self) {
        self.server = None;
        let listener = TcpListener::bind(self.address).expect("the port is still free");
        self.server = Some(serve(listener, &self.shared));
    }

    /// Every request so far, whatever the answer was.
    pub fn received(&self) -> Vec<Received> {
        self.shared.lock().received.clone()
    }

    /// The operations of all requests so far.
    pub fn operations(&self) -> Vec<String> {
        self.received().iter().map(|received| operation(received).to_owned()).collect()
    }

    /// The bodies of all requests of an operation.
    pub fn bodies(&self, wanted: &str) -> Vec<Vec<u8>> {
        let requests = self.received().into_iter();
        requests.filter(|it| operation(it) == wanted).map(|it| it.body).collect()
    }

    /// Why requests were refused so far, by the rules alone.
    pub fn refusals(&self) -> Vec<Refusal> {
        self.shared.lock().refusals.clone()
    }

    /// What it keeps.
    pub fn store(&self) -> Store {
        self.shared.lock().store.clone()
    }

    /// Blocks until this many requests of an operation have arrived.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for(&self, wanted: &str, requests: usize) {
        let count = |state: &State| {
            state.received.iter().filter(|received| operation(received) == wanted).count()
        };
        let (state, is_there) = self.shared.wait(|state| count(state) >= requests);
        assert!(is_there, "expected {requests} × {wanted}, found {}", count(&state));
    }

    /// Blocks until this many events are kept.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for_events(&self, events: usize) {
        let count = |state: &State| state.store.all_events().len();
        let (state, is_there) = self.shared.wait(|state| count(state) >= events);
        let (found, refusals) = (count(&state), &state.refusals);
        assert!(is_there, "expected {events} events, found {found}, {refusals:?}");
    }
}

fn serve(listener: TcpListener, shared: &Arc<Watched<State>>) -> HttpServer {
    let shared = Arc::clone(shared);
    HttpServer::on(listener, move |received| {
        // What checking a signature logs is nobody's log.
        diagnostics::suppress_thread();
        shared.change(|state| state.take_turn(received))
    })
}

impl State {
    fn take_turn(&mut self, received: Received) -> Answer {
        let script = self.scripts.get_mut(operation(&received));
        let turn = script.map(Script::turn).unwrap_or_default();
        let answer = turn.take(|| self.judge(&received));
        self.received.push(received);
        answer
    }

    fn judge(&mut self, received: &Received) -> Answer {
        match self.answer(received) {
            Ok(answer) => reply(200, &answer),
            Err(refusal) => {
                let answer = refusal.answer();
                self.refusals.push(refusal);
                answer
            }
        }
    }

    fn answer(&mut self, received: &Received) -> Result<Value, Refusal> {
        rules::protocol(received)?;
        let now = if self.has_real_time { real_time() } else { now() };
        signature::check(received, now)?;
        let operation = operation(received);
        if self.denied.contains(operation) {
            let message = format!("User is not authorized to perform: logs:{operation}");
            return Err(Refusal::new("AccessDeniedException", message));
        }
        let unreadable = |_| Refusal::new("SerializationException", "the body is not JSON");
        let is_bad = |text| str::from_utf8(&received.body).is_ok_and(|body| body.contains(text));
        if self.poison.is_some_and(is_bad) {
            return Err(Refusal::invalid("there is something wrong with an event"));
        }
        let body = serde_json::from_slice(&received.body).map_err(unreadable)?;
        self.store.take(operation, &body, now)
    }
}

/// The name behind the version in the target of a request.
fn operation(received: &Received) -> &str {
    let target = received.header("x-amz-target").unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
fn real_time() -> SystemTime {
    SystemTime::now()
}

fn reply(status: u16, body: &Value) -> Answer {
    let answer = Answer::status(status).header("content-type", "application/x-amz-json-1.1");
    let is_empty = body.as_object().is_none_or(serde_json::Map::is_empty);
    if is_empty { answer } else { answer.body(body.to_string()) }
}
