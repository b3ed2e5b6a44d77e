//! A double of the X-Ray daemon with the service behind it, on loopback.
//!
//! Datagrams: header check and receive buffer of the daemon, version 3.6.6. TCP on the same port
//! number: `/TraceSegments` and the two paths of sampling, anything else is 404. What the real one
//! would send on, this one keeps.

mod datagram;
mod in_step;
mod proxy;
mod receive;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use serde_json::Value;

use self::receive::{Receiver, Room};
use crate::http_server::{Answer, HttpServer, Received};
use crate::watched::Watched;

pub use datagram::{Dropped, HEADER, document, find_id};
pub use in_step::InStep;

/// How often two free ports of the same number are looked for.
const ATTEMPTS: usize = 100;

/// Says which documents the service does not process, by error code; `None` for those it does.
pub type Judge = Arc<dyn Fn(&Value) -> Option<&'static str> + Send + Sync>;

/// Answers the requests of one path.
type Handler = Arc<dyn Fn(&Received) -> Answer + Send + Sync>;

/// How the double behaves.
#[derive(Clone)]
pub struct Settings {
    /// Where it listens.
    pub ip: IpAddr,
    /// The receive buffer, in bytes as the kernel counts them.
    pub receive_buffer_bytes: usize,
    /// How fast it is read, in the same bytes.
    pub drain_bytes_per_ms: usize,
    /// Which documents the service refuses.
    pub judge: Judge,
}

/// The double; stops when it is dropped.
pub struct XrayDaemon {
    settings: Settings,
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Option<(Receiver, HttpServer)>,
}

/// By which way a document came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a datagram.
    Udp,
    /// In a request to `/TraceSegments`.
    Tcp,
}

/// A segment document that the service processed.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// By which way it came.
    pub way: Way,
    /// Its id as the daemon finds it: the first `"id":"…"` without blanks.
    pub id: Option<String>,
    /// Its trace id, found in the same manner.
    pub trace_id: Option<String>,
    /// The document as it came.
    pub text: String,
    /// The document.
    pub json: Value,
}

/// A document that the service did not process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unprocessed {
    /// Its id as the daemon finds it.
    pub id: Option<String>,
    /// Why.
    pub error_code: &'static str,
}

struct Shared {
    judge: Judge,
    state: Watched<State>,
}

#[derive(Default)]
struct State {
    /// Documents as they came; they are read when somebody asks, not while more arrive.
    arrived: Vec<(Way, String)>,
    /// All that came, whatever became of them.
    datagrams: usize,
    dropped: Vec<Dropped>,
    overflowed: usize,
    requests: Vec<Received>,
    scripts: HashMap<String, VecDeque<Answer>>,
    handlers: HashMap<String, Handler>,
}

impl Default for Settings {
    /// The buffer that Linux gives by default, read a little faster than 15,000 small documents a
    /// second: the daemon kept up with 9,400 on a machine of two cores, and took up 120 of a burst
    /// within some 5 ms. Everything that is JSON is processed.
    fn default() -> Self {
        Self {
            ip: Ipv4Addr::LOCALHOST.into(),
            receive_buffer_bytes: 212_992,
            drain_bytes_per_ms: 24_000,
            judge: Arc::new(|_| None),
        }
    }
}

impl XrayDaemon {
    /// Starts one that processes every document.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// Starts one with these settings.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn with(settings: Settings) -> Self {
        let (udp, tcp) = (0..ATTEMPTS)
            .find_map(|_| sockets(SocketAddr::new(settings.ip, 0)))
            .expect("loopback has free ports");
        let address = udp.local_addr().expect("a bound socket has an address");
        let judge = Arc::clone(&settings.judge);
        let shared = Shared { judge, state: Watched::default() };
        let mut daemon = Self { settings, address, shared: Arc::new(shared), running: None };
        daemon.run(udp, tcp);
        daemon
    }

    /// Host and port, the same for both protocols; a value of `AWS_XRAY_DAEMON_ADDRESS`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Refuses datagrams and connections from now on; what came before is read to the end.
    ///
    /// # Panics
    /// It is stopped already.
    pub fn stop(&mut self) {
        let (receiver, server) = self.running.take().expect("it runs");
        receiver.stop();
        drop(server);
    }

    /// Takes datagrams and connections at the same port again; knows all it knew.
    ///
    /// # Panics
    /// It runs, or the port is somebody else's by now.
    pub fn restart(&mut self) {
        assert!(self.running.is_none(), "it is stopped");
        let (udp, tcp) = sockets(self.address).expect("the port is still free");
        self.run(udp, tcp);
    }

    /// Plays the answers one by one for requests of this path, whatever else answers it.
    pub fn script(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.shared.state.lock().scripts.entry(path.to_owned()).or_default().extend(answers);
    }

    /// Answers all requests of this path from now on, instead of what the double does.
    pub fn answer(
        &self,
        path: &str,
        handler: impl Fn(&Received) -> Answer + Send + Sync + 'static,
    ) {
        self.shared.state.lock().handlers.insert(path.to_owned(), Arc::new(handler));
    }

    /// The documents processed so far, by either way, in the order they came.
    pub fn documents(&self) -> Vec<Document> {
        self.read().0
    }

    /// The documents the service refused so far, by either way, in the order they came.
    pub fn unprocessed(&self) -> Vec<Unprocessed> {
        self.read().1
    }

    /// Why datagrams were dropped so far, in the order they came.
    pub fn dropped(&self) -> Vec<Dropped> {
        self.shared.state.lock().dropped.clone()
    }

    /// How many datagrams found no room in the receive buffer.
    pub fn overflowed(&self) -> usize {
        self.shared.state.lock().overflowed
    }

    /// The requests over TCP so far, in the order they came.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.state.lock().requests.clone()
    }

    /// Blocks until this many documents have come, processed or not.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for(&self, documents: usize) {
        self.shared.wait("documents", documents, |state| state.arrived.len());
    }

    /// Blocks until this many requests have come over TCP.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for_requests(&self, requests: usize) {
        self.shared.wait("requests", requests, |state| state.requests.len());
    }

    /// Blocks until this many datagrams have come and met any end, lost ones included.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for_datagrams(&self, datagrams: usize) {
        self.shared.wait_for_datagrams(datagrams);
    }

    fn run(&mut self, udp: UdpSocket, tcp: TcpListener) {
        let Settings { receive_buffer_bytes, drain_bytes_per_ms, .. } = self.settings;
        let room = Room::new(receive_buffer_bytes, drain_bytes_per_ms);
        let shared = Arc::clone(&self.shared);
        let receiver = Receiver::start(udp, room, move |datagram| shared.take(datagram));
        let shared = Arc::clone(&self.shared);
        let server = HttpServer::on(tcp, move |request| proxy::answer(&shared, &request));
        self.running = Some((receiver, server));
    }

    fn read(&self) -> (Vec<Document>, Vec<Unprocessed>) {
        let arrived = self.shared.state.lock().arrived.clone();
        let (mut documents, mut unprocessed) = (Vec::new(), Vec::new());
        for (way, text) in arrived {
            match self.shared.process(way, text) {
                Ok(document) => documents.push(document),
                Err(refusal) => unprocessed.push(refusal),
            }
        }
        (documents, unprocessed)
    }
}

impl Shared {
    fn wait_for_datagrams(&self, datagrams: usize) {
        self.wait("datagrams", datagrams, |state| state.datagrams);
    }

    fn wait(&self, what: &str, expected: usize, count: impl Fn(&State) -> usize) {
        let (state, is_there) = self.state.wait(|state| count(state) >= expected);
        assert!(is_there, "expected {expected} {what}, found {}", count(&state));
    }

    fn take(&self, datagram: Option<&[u8]>) {
        self.state.change(|state| {
            state.datagrams += 1;
            match datagram.map(document) {
                Some(Ok(document)) => {
                    // What is no UTF-8 becomes U+FFFD, as in the daemon.
                    let text = String::from_utf8_lossy(document).into_owned();
                    state.arrived.push((Way::Udp, text));
                }
                Some(Err(reason)) => state.dropped.push(reason),
                None => state.overflowed += 1,
            }
        });
    }

    /// What the service does with a document.
    fn process(&self, way: Way, text: String) -> Result<Document, Unprocessed> {
        let id = find_id(&text, "id");
        let Ok(json @ Value::Object(_)) = serde_json::from_str(&text) else {
            return Err(Unprocessed { id, error_code: "ParseError" });
        };
        if let Some(error_code) = (self.judge)(&json) {
            return Err(Unprocessed { id, error_code });
        }
        let trace_id = find_id(&text, "trace_id");
        Ok(Document { way, id, trace_id, text, json })
    }
}

impl fmt::Debug for XrayDaemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("XrayDaemon").field("address", &self.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ip, receive_buffer_bytes, drain_bytes_per_ms, .. } = self;
        f.debug_struct("Settings")
            .field("ip", ip)
            .field("receive_buffer_bytes", receive_buffer_bytes)
            .field("drain_bytes_per_ms", drain_bytes_per_ms)
            .finish_non_exhaustive()
    }
}

/// Two sockets with the same port number; `None` when it is taken for one of them.
fn sockets(address: SocketAddr) -> Option<(UdpSocket, TcpListener)> {
    let udp = UdpSocket::bind(address).ok()?;
    let tcp = TcpListener::bind(udp.local_addr().ok()?).ok()?;
    Some((udp, tcp))
}
