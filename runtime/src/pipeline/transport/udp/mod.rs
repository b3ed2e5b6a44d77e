//! Requests as datagrams: each part of a body is one.
//!
//! Nothing acknowledges a datagram, so the reply says that it was sent, never that it was delivered.
//! What can be known is used:
//! - A closed port refuses it: on this host at once, from elsewhere soon. So the socket is connected,
//!   and a request of which anything was refused fails as a whole, to be sent again; that is harmless
//!   where what is sent has an id of its own.
//! - The [`Pace`] bounds the rate, in bytes of the receiving kernel.
//! - Where the receiver is on this host, its kernel's counters say how much it has not read, and how
//!   much was dropped. The sender waits while the receiver's buffer is full; a receiver that does not
//!   read fails the request, to be sent again. In another network namespace
//!   (containers) and on other hosts there are no counters.

mod connection;
mod flow;
mod names;
mod pace;
mod sockets;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;

use self::connection::{Connection, Failure, Patience};
use self::names::Names;
use self::pace::Bucket;
use super::daemon::HostPort;
use super::{Transport, TransportError};
use crate::export::{Reply, Request, Sent};
use crate::pipeline::worker::now;

pub use names::Lookup;
pub(crate) use names::system;
pub use pace::{Pace, truesize};
pub(crate) use sockets::{Counters, are_listed, counters};

/// The longest datagram: 65,535 bytes less the headers of UDP and IPv4.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc768>, <https://www.rfc-editor.org/rfc/rfc791#section-3.1>.
pub const MAX_DATAGRAM_BYTES: usize = 65_507;

/// Settings of a sender of datagrams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Destination.
    pub to: HostPort,
    /// Rate, and the most bytes that may wait unread in the receiver's buffer; `None` for as fast as
    /// the system takes them.
    pub pace: Option<Pace>,
    /// Time after which a name is looked up again; after an error it is in any case.
    pub refresh: Duration,
    /// Time to wait for a refusal after the last datagram of a request, where the receiver's kernel
    /// cannot be asked. Where a request has many datagrams that costs nothing: the bucket of the pace
    /// fills meanwhile.
    pub linger: Duration,
    /// Longest time that one datagram waits for a receiver on this host to read; then the request
    /// fails, to be sent again.
    pub read_patience: Duration,
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
    patience: Patience,
    pace: Option<Pace>,
    bucket: Bucket,
    connected: Option<Connection>,
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
            read_patience: Duration::from_secs(2),
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
        let Settings { to, pace, refresh, linger, read_patience } = settings;
        let names = Names::new(to, refresh, lookup);
        let patience = Patience { linger, read: read_patience };
        let line = Line { names, patience, pace, bucket: Bucket::new(pace), connected: None };
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
        if let Some(last) = &self.connected {
            // The one that works, while it is one of the receiver's.
            addresses.sort_by_key(|address| *address != last.peer);
        }
        let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match self.send_to(address, datagrams).await {
                Ok(sent) => return Ok(Reply { sent: Some(sent), ..status(200) }),
                Err(error) if error.is_too_large() => return Ok(status(413)),
                // The receiver is there, so no other address is better.
                Err(Failure::ReceiverFull { queued_bytes }) => {
                    return Err(TransportError::ReceiverFull { queued_bytes });
                }
                Err(Failure::Io(error)) => failure = error,
            }
            self.connected = None;
        }
        self.names.distrust();
        Err(unreachable(failure))
    }

    async fn send_to(&mut self, address: SocketAddr, datagrams: &[Bytes]) -> Result<Sent, Failure> {
        let connection = match self.connected.take() {
            Some(connection) if connection.peer == address => connection,
            _ => Connection::open(address, self.pace).await?,
        };
        let connection = self.connected.insert(connection);
        connection.send(datagrams, &mut self.bucket, self.patience).await
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { names, bucket, .. } = self;
        let connected = self.connected.as_ref().map(|connection| connection.peer);
        f.debug_struct("Line")
            .field("names", names)
            .field("bucket", bucket)
            .field("connected", &connected)
            .finish_non_exhaustive()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn unreachable(error: io::Error) -> TransportError {
    TransportError::Connect(error.to_string())
}

fn status(status: u16) -> Reply {
    Reply { status, ..Reply::default() }
}
