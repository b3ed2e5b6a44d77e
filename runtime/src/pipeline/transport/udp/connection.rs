//! A socket connected to one address of the receiver.
//!
//! A connected socket is told of refusals by ICMP; an error is reported by the next call on it.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_send_buffer_size;
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use super::flow::Flow;
use super::pace::{Bucket, Pace, truesize};
use super::sockets;
use crate::export::Sent;
use crate::pipeline::worker::now;

/// Size the send buffer is raised to, as far as the system allows: the default of some is less
/// than one long datagram.
const SEND_BUFFER_BYTES: usize = 1024 * 1024;

/// Longest time the system may have no room for a datagram.
const SEND_PATIENCE: Duration = Duration::from_secs(1);

/// Times to wait while a request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a refusal after the last datagram.
    pub(super) linger: Duration,
    /// For the receiver to read, before each datagram.
    pub(super) read: Duration,
}

/// A connected socket and what is known of its receiver.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    socket: UdpSocket,
    /// True if the receiver's socket is listed by our kernel, unless it is in another network
    /// namespace.
    is_same_host: bool,
    flow: Flow,
}

/// Reasons why a request was not sent as a whole.
#[derive(Debug)]
pub(super) enum Failure {
    /// The network refused a datagram, or the socket cannot be used.
    Io(io::Error),
    /// The receiver's buffer stays full.
    ReceiverFull { queued_bytes: u64 },
}

impl Failure {
    /// True if no request with a datagram of this size can be sent.
    pub(super) fn is_too_large(&self) -> bool {
        matches!(self, Self::Io(error) if Errno::from_io_error(error) == Some(Errno::MSGSIZE))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Connection {
    /// Opens a socket and connects it, which sends nothing.
    pub(super) async fn open(peer: SocketAddr, pace: Option<Pace>) -> io::Result<Self> {
        let any: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        // With what the system gives, short datagrams still go.
        let _ = set_socket_send_buffer_size(&socket, SEND_BUFFER_BYTES);
        socket.connect(peer).await?;
        // The source address of what goes to an address of this host is that address.
        let is_same_host = peer.ip().is_loopback() || socket.local_addr()?.ip() == peer.ip();
        Ok(Self { peer, socket, is_same_host, flow: Flow::new(pace) })
    }

    /// Sends datagrams as the receiver reads them, and waits for a refusal of the last.
    pub(super) async fn send(
        &mut self,
        datagrams: &[Bytes],
        bucket: &mut Bucket,
        patience: Patience,
    ) -> Result<Sent, Failure> {
        // A refusal that comes this late is of a request whose outcome is settled.
        let _ = self.socket.take_error();
        self.flow.begin();
        self.observe_if_due();
        for datagram in datagrams {
            let cost = truesize(datagram.len());
            self.make_room(cost, patience.read).await?;
            let wait = bucket.take(cost, now()).saturating_sub(self.flow.slack());
            if !wait.is_zero() {
                sleep(wait).await;
            }
            timeout(SEND_PATIENCE, self.socket.send(datagram))
                .await
                .unwrap_or_else(|elapsed| Err(elapsed.into()))?;
            self.flow.sent(cost);
            self.refusal()?;
        }
        self.finish(patience.linger).await
    }

    /// Waits until the receiver has room for a datagram of this cost.
    async fn make_room(&mut self, cost: usize, patience: Duration) -> Result<(), Failure> {
        if self.flow.admits(cost) {
            return Ok(());
        }
        let begun = now();
        self.observe_if_due();
        while !self.flow.admits(cost) {
            if now().saturating_duration_since(begun) >= patience {
                return Err(Failure::ReceiverFull { queued_bytes: self.flow.queued_bytes() });
            }
            sleep(self.flow.next_wait()).await;
            self.refusal()?;
            self.observe_if_due();
        }
        Ok(())
    }

    /// Counts what the kernel dropped, or waits for a refusal where it cannot be asked.
    async fn finish(&mut self, linger: Duration) -> Result<Sent, Failure> {
        if self.flow.is_known() {
            self.observe();
        }
        // A socket that is still listed has not refused anything.
        if !self.flow.is_known() && !linger.is_zero() {
            sleep(linger).await;
        }
        self.refusal()?;
        Ok(Sent { dropped: self.flow.dropped() })
    }

    fn observe_if_due(&mut self) {
        if self.flow.until_due(now()).is_zero() {
            self.observe();
        }
    }

    /// Reads the counters of the receiver, if it is on this host.
    fn observe(&mut self) {
        if self.is_same_host {
            self.flow.observe(sockets::counters(self.peer), now());
        }
    }

    /// Returns what the network said of the datagrams sent so far.
    fn refusal(&self) -> io::Result<()> {
        self.socket.take_error()?.map_or(Ok(()), Err)
    }
}
