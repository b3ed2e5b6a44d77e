//! The socket of the daemon, with a buffer of the size that a daemon has.
//!
//! The real buffer of the socket is as large as the system allows, and a thread does nothing but
//! empty it. Which datagrams a daemon would have missed is worked out from when each arrived, by
//! the kernel's clock: so it does not depend on when a busy machine lets the thread run.

use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::cmsg_space;
use nix::sys::socket::sockopt::ReceiveTimestamp;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use socket2::SockRef;
use spanwright::pipeline::transport::udp::truesize;

/// The daemon's own buffer: what is longer is cut.
const MAX_BYTES: usize = 64 * 1024;

/// How long the thread waits for a datagram before it looks whether it shall stop.
const LOOK_UP: Duration = Duration::from_millis(20);

/// The room in front of a daemon, in bytes as the kernel counts them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    pub(super) max_bytes: usize,
    pub(super) drain_bytes_per_ms: usize,
    /// In thousandths of a byte, so that nothing is rounded.
    held: usize,
    /// When `held` was right, in microseconds.
    at_us: i64,
}

impl Room {
    pub(super) fn new(max_bytes: usize, drain_bytes_per_ms: usize) -> Self {
        Self { max_bytes, drain_bytes_per_ms, held: 0, at_us: 0 }
    }

    /// Whether a datagram of `len` bytes, arrived then, finds room.
    fn admits(&mut self, len: usize, arrived_us: i64) -> bool {
        let passed_us = usize::try_from(arrived_us - self.at_us).unwrap_or(0);
        self.held = self.held.saturating_sub(passed_us.saturating_mul(self.drain_bytes_per_ms));
        self.at_us = arrived_us;
        let after = self.held + truesize(len) * 1000;
        let fits = after <= self.max_bytes * 1000;
        if fits {
            self.held = after;
        }
        fits
    }
}

/// A thread that empties a socket.
pub(super) struct Receiver {
    socket: Arc<UdpSocket>,
    is_stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Hands each datagram to `take`: its bytes, or `None` when there was no room for it.
    pub(super) fn start(
        socket: UdpSocket,
        mut room: Room,
        mut take: impl FnMut(Option<&[u8]>) + Send + 'static,
    ) -> Self {
        // Only as much as the system allows, which is no less than a daemon has.
        SockRef::from(&socket)
            .set_recv_buffer_size(8 * 1024 * 1024)
            .expect("a socket has a buffer");
        setsockopt(&socket, ReceiveTimestamp, &true).expect("a kernel stamps what arrives");
        socket.set_read_timeout(Some(LOOK_UP)).expect("the timeout is not zero");
        let (socket, is_stopping) = (Arc::new(socket), Arc::new(AtomicBool::new(false)));
        let (reading, shall_stop) = (Arc::clone(&socket), Arc::clone(&is_stopping));
        let thread = thread::spawn(move || {
            let mut buffer = vec![0; MAX_BYTES];
            loop {
                // Asked before the read: what came until then is in the socket.
                let is_last_look = shall_stop.load(Ordering::Acquire);
                match receive(&reading, &mut buffer) {
                    Ok((len, arrived_us)) => {
                        let fits = room.admits(len, arrived_us);
                        take(fits.then_some(&buffer[..len]));
                    }
                    Err(_) if is_last_look => return,
                    Err(_) => {}
                }
            }
        });
        Self { socket, is_stopping, thread: Some(thread) }
    }

    /// Refuses what comes from now on, hands out what came before, and closes the socket.
    pub(super) fn stop(mut self) {
        // A socket connected to somebody else is none for everybody else: the kernel refuses them.
        let nobody = SocketAddr::new(self.local().ip(), 9);
        self.socket.connect(nobody).expect("connecting a datagram socket sends nothing");
        self.is_stopping.store(true, Ordering::Release);
        let thread = self.thread.take().expect("a receiver is stopped once");
        thread.join().expect("the thread only reads");
    }

    fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound socket has an address")
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
    }
}

/// The length of a datagram, and when it arrived in microseconds.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, i64)> {
    let mut space = cmsg_space!(TimeVal);
    let mut parts = [IoSliceMut::new(buffer)];
    let message =
        recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty())?;
    let stamp = message.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::ScmTimestamp(stamp) => Some(stamp.num_microseconds()),
        _ => None,
    });
    let missing = || io::Error::other("the kernel did not stamp a datagram");
    Ok((message.bytes, stamp.ok_or_else(missing)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_overflows_the_room_where_the_daemon_was_measured_to_lose() {
        // What arrives at once, of documents of these sizes with their headers.
        for (len, admitted) in [(630, 138), (8_230, 12), (30_030, 6), (60_030, 3)] {
            let mut room = Room::new(212_992, 24_000);
            assert_eq!((0..1000).filter(|_| room.admits(len, 7)).count(), admitted, "{len}");
        }
    }

    #[test]
    fn the_room_is_drained_at_its_pace() {
        let mut room = Room::new(3072, 1536);
        let found = [0, 0, 0, 999, 1000, 1001, 9000, 9000, 9000].map(|at| room.admits(600, at));
        assert_eq!(found, [true, true, false, false, true, false, true, true, false]);
    }
}
