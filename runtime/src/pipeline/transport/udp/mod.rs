//! Requests as datagrams.
//!
//! In: requests, each part of whose body is one datagram. Out: status 200 when nothing speaks
//! against their arrival, 413 for what no datagram can carry.
//! Never: sends faster than the receiver can read (see [`Pace`]), looks into a datagram.
//!
//! Nobody acknowledges a datagram, but a closed port refuses it: on this machine at once, from
//! elsewhere soon. So the socket is connected, and a request of which anything was refused fails
//! as a whole, to be sent again; that is harmless where what is sent has an id of its own.

mod names;
mod pace;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::net::UdpSocket;
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use self::names::Names;
use self::pace::Bucket;
use super::daemon::HostPort;
use super::{Transport, TransportError};
use crate::export::{Reply, Request};
use crate::pipeline::worker::now;

pub use names::Lookup;
pub(crate) use names::system;
pub use pace::{Pace, truesize};

/// The longest datagram: 65,535 bytes less the headers of UDP and IPv4.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc768>, <https://www.rfc-editor.org/rfc/rfc791#section-3.1>.
pub const MAX_DATAGRAM_BYTES: usize = 65_507;

/// What the send buffer is raised to, as far as the system allows: the default of some is less
/// than one long datagram.
const SEND_BUFFER_BYTES: usize = 1024 * 1024;

/// How long the system may have no room for a datagram.
const SEND_PATIENCE: Duration = Duration::from_secs(1);

/// How datagrams are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to.
    pub to: HostPort,
    /// How fast; `None` for as fast as the system takes them.
    pub pace: Option<Pace>,
    /// How long a looked up name is good for; after an error it is looked up in any case.
    pub refresh: Duration,
    /// How long a refusal is waited for after the last datagram of a request. Where a request has
    /// many datagrams that costs nothing: meanwhile the next ones earn their pace.
    pub linger: Duration,
}

/// A sender of datagrams.
///
/// One request goes out after the other, however many are under way.
#[derive(Debug)]
pub struct Client {
    line: Mutex<Line>,
}

struct Line {
    names: Names,
    bucket: Bucket,
    linger: Duration,
    connected: Option<(SocketAddr, UdpSocket)>,
}

impl Settings {
    /// The defaults: [`Pace::default`], a name is good for a minute, and a refusal from the next
    /// machine or container comes within a millisecond.
    pub fn new(to: HostPort) -> Self {
        Self {
            to,
            pace: Some(Pace::default()),
            refresh: Duration::from_mins(1),
            linger: Duration::from_millis(1),
        }
    }
}

impl Client {
    /// Takes the settings in; opens no socket and looks up no name.
    pub fn new(settings: Settings) -> Self {
        Self::with_lookup(settings, system())
    }

    /// The same with a look-up of names other than the system's.
    pub fn with_lookup(settings: Settings, lookup: Lookup) -> Self {
        let Settings { to, pace, refresh, linger } = settings;
        let names = Names::new(to, refresh, lookup);
        let line = Line { names, bucket: Bucket::new(pace), linger, connected: None };
        Self { line: Mutex::new(line) }
    }
}

impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        if request.body.iter().any(|part| part.len() > MAX_DATAGRAM_BYTES) {
            return Ok(status(413));
        }
        self.line.lock().await.send(&request.body).await
    }
}

impl Line {
    /// Tries the addresses of the receiver until one does not refuse.
    async fn send(&mut self, datagrams: &[Bytes]) -> Result<Reply, TransportError> {
        let mut addresses = self.names.addresses(now()).await.map_err(unreachable)?.to_vec();
        if let Some((last, _)) = &self.connected {
            // The one that works, while it is one of the receiver's.
            addresses.sort_by_key(|address| address != last);
        }
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match self.send_to(address, datagrams).await {
                Ok(()) => return Ok(status(200)),
                Err(error) if is_too_large(&error) => return Ok(status(413)),
                Err(error) => failure = error,
            }
            self.connected = None;
        }
        self.names.distrust();
        Err(unreachable(failure))
    }

    async fn send_to(&mut self, address: SocketAddr, datagrams: &[Bytes]) -> io::Result<()> {
        let socket = match self.connected.take() {
            Some((peer, socket)) if peer == address => socket,
            _ => connect(address).await?,
        };
        let (_, socket) = self.connected.insert((address, socket));
        // A refusal that comes this late is of a request whose fate is settled.
        let _ = socket.take_error();
        for datagram in datagrams {
            let wait = self.bucket.take(truesize(datagram.len()), now());
            if !wait.is_zero() {
                sleep(wait).await;
            }
            timeout(SEND_PATIENCE, socket.send(datagram)).await??;
            refusal(socket)?;
        }
        if !self.linger.is_zero() {
            sleep(self.linger).await;
        }
        refusal(socket)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, bucket, .. } = self;
        let connected = self.connected.as_ref().map(|(address, _)| address);
        f.debug_struct("Line")
            .field("names", names)
            .field("bucket", bucket)
            .field("connected", &connected)
            .finish_non_exhaustive()
    }
}

async fn connect(address: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // With what the system gives, short datagrams still go.
    let _ = set_socket_send_buffer_size(&socket, SEND_BUFFER_BYTES);
    socket.connect(address).await?;
    Ok(socket)
}

/// What the network said about the datagrams sent so far.
fn refusal(socket: &UdpSocket) -> io::Result<()> {
    socket.take_error()?.map_or(Ok(()), Err)
}

fn is_too_large(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::MSGSIZE)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn unreachable(error: io::Error) -> TransportError {
    TransportError::Connect(error.to_string())
}

fn status(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}
