//! A loopback HTTP/1.1 server that keeps what it gets and answers by a script.
//!
//! Plain threads and blocking sockets: usable from tests with and without a runtime.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::read::GzDecoder;

use crate::watched::Watched;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// The body as it came over the wire.
    pub raw_body: Vec<u8>,
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Answers at once.
    Reply {
        /// The status.
        status: u16,
        /// Headers besides `Content-Length`.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// Answers 200 without a body, but only after a while.
    Slow(Duration),
    /// Never answers; the connection stays open.
    Hang,
    /// Breaks the connection with a TCP reset.
    Reset,
    /// Writes these bytes and closes the connection.
    Raw(Vec<u8>),
}

type Handler = dyn Fn(Received) -> Answer + Send + Sync;

/// The server; stops when it is dropped.
pub struct HttpServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    handler: Box<Handler>,
    state: Watched<State>,
}

#[derive(Default)]
struct State {
    stopped: bool,
    served: usize,
    accepted: usize,
    connections: Vec<TcpStream>,
}

/// What a scripted server has got so far.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Watched<Vec<Received>>>);

impl Answer {
    /// A reply with this status.
    pub fn status(status: u16) -> Self {
        Self::Reply { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with a header; nothing changes unless it is a reply.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Reply { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same with a body; nothing changes unless it is a reply.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        if let Self::Reply { body, .. } = &mut self {
            *body = bytes.into();
        }
        self
    }
}

impl Received {
    /// The first header of this name, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Log {
    pub(crate) fn push(&self, received: Received) {
        self.0.lock().push(received);
    }

    /// Everything so far, in the order it arrived.
    pub fn all(&self) -> Vec<Received> {
        self.0.lock().clone()
    }
}

impl HttpServer {
    /// Starts a server that asks `handler` about each request.
    ///
    /// # Panics
    /// The system has no port to give.
    pub fn start(handler: impl Fn(Received) -> Answer + Send + Sync + 'static) -> Self {
        Self::on(loopback(), handler)
    }

    /// The same on a listener of the caller's.
    ///
    /// # Panics
    /// The listener has no address.
    pub fn on(
        listener: TcpListener,
        handler: impl Fn(Received) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared { handler: Box::new(handler), state: Watched::default() });
        let accepting = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || accept(&listener, &accepting)));
        Self { address, shared, accepting }
    }

    /// Starts a server that plays the answers one by one, then `otherwise` for ever.
    pub fn scripted(script: Vec<Answer>, otherwise: Answer) -> (Self, Log) {
        Self::scripted_on(loopback(), script, otherwise)
    }

    /// The same on a listener of the caller's.
    pub fn scripted_on(
        listener: TcpListener,
        script: Vec<Answer>,
        otherwise: Answer,
    ) -> (Self, Log) {
        let log = Log::default();
        let kept = log.clone();
        let script = Watched::new(VecDeque::from(script));
        let server = Self::on(listener, move |received| {
            // The order of the log is the order of the script.
            let mut script = script.lock();
            kept.0.lock().push(received);
            script.pop_front().unwrap_or_else(|| otherwise.clone())
        });
        (server, log)
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.state.lock().accepted
    }

    /// Blocks until this many requests have arrived.
    ///
    /// # Panics
    /// They do not come.
    pub fn wait_for(&self, requests: usize) {
        let (state, is_there) = self.shared.state.wait(|state| state.served >= requests);
        assert!(is_there, "expected {requests} requests, found {}", state.served);
    }
}

fn loopback() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports")
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.shared.state.change(|state| {
            state.stopped = true;
            for connection in state.connections.drain(..) {
                // The other end may be gone already.
                let _ = connection.shutdown(Shutdown::Both);
            }
        });
        // Wakes the accepting thread, which then sees the mark.
        let _ = TcpStream::connect(self.address);
        // The port is free when this returns.
        let _ = self.accepting.take().map(JoinHandle::join);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let mut state = shared.state.lock();
        if state.stopped {
            return;
        }
        state.accepted += 1;
        state.connections.extend(stream.try_clone());
        drop(state);
        let shared = Arc::clone(shared);
        // A connection that breaks is the client's to notice.
        thread::spawn(move || drop(converse(stream, &shared)));
    }
}

fn converse(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream.try_clone()?);
    while let Some(received) = receive(&mut reader)? {
        let answer = (shared.handler)(received);
        shared.state.change(|state| state.served += 1);
        match answer {
            Answer::Reply { status, headers, body } => {
                stream.write_all(&reply(status, &headers, &body))?;
            }
            Answer::Slow(delay) => {
                if wait_for_stop(shared, Some(delay)) {
                    return Ok(());
                }
                stream.write_all(&reply(200, &[], &[]))?;
            }
            Answer::Hang => {
                wait_for_stop(shared, None);
                return Ok(());
            }
            Answer::Reset => {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
                // The reset goes out when the last handle is closed.
                let peer = stream.peer_addr()?;
                let is_other = |other: &TcpStream| other.peer_addr().is_ok_and(|it| it != peer);
                shared.state.lock().connections.retain(is_other);
                return Ok(());
            }
            Answer::Raw(bytes) => {
                stream.write_all(&bytes)?;
                return stream.shutdown(Shutdown::Both);
            }
        }
    }
    Ok(())
}

/// Waits until the server stops, or for a while; whether it stopped.
fn wait_for_stop(shared: &Shared, delay: Option<Duration>) -> bool {
    let delay = delay.unwrap_or(Duration::from_hours(1));
    shared.state.wait_within(delay, |state| state.stopped).1
}

/// Reads one request; `None` at the end of the connection.
pub(crate) fn receive(reader: &mut impl BufRead) -> io::Result<Option<Received>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let find = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
    let length = find("content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut raw_body = vec![0; length];
    reader.read_exact(&mut raw_body)?;
    let mut body = Vec::new();
    if find("content-encoding").is_some_and(|(_, value)| value == "gzip") {
        GzDecoder::new(raw_body.as_slice()).read_to_end(&mut body)?;
    } else {
        body.clone_from(&raw_body);
    }
    Ok(Some(Received { method, path, headers, body, raw_body }))
}

pub(crate) fn reply(status: u16, headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").expect("writing to memory cannot fail");
    }
    head.push_str("\r\n");
    let mut reply = head.into_bytes();
    reply.extend_from_slice(body);
    reply
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpServer").field("address", &self.address).finish_non_exhaustive()
    }
}
