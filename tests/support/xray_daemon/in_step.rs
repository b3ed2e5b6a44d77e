//! A sender that does not run away from the double.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spanwright::export::{Reply, Request};
use spanwright::pipeline::transport::{Transport, TransportError};
use tokio::task::spawn_blocking;

use super::{Shared, XrayDaemon};

/// Sends a request of datagrams only when the double has read the one before.
///
/// A busy machine may let the double's thread wait for longer than a socket's buffer lasts. What
/// is lost then says nothing about the sender; what a daemon would have lost is worked out from
/// when each datagram arrived, and this changes nothing about the datagrams of one request.
pub struct InStep<T> {
    transport: T,
    daemon: Arc<Shared>,
    sent: AtomicUsize,
}

impl<T: Transport> InStep<T> {
    /// Takes a transport whose datagrams go to this double, and nobody else's do.
    pub fn new(transport: T, daemon: &XrayDaemon) -> Self {
        Self { transport, daemon: Arc::clone(&daemon.shared), sent: AtomicUsize::new(0) }
    }
}

impl<T: Transport> Transport for InStep<T> {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let is_udp = request.url.reveal().starts_with("udp:");
        let datagrams = request.body.len();
        let reply = self.transport.send(request).await?;
        if is_udp && reply.status == 200 {
            let sent = self.sent.fetch_add(datagrams, Ordering::Relaxed) + datagrams;
            let daemon = Arc::clone(&self.daemon);
            let waiting = spawn_blocking(move || daemon.wait_for_datagrams(sent));
            waiting.await.map_err(|error| TransportError::Garbage(error.to_string()))?;
        }
        Ok(reply)
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for InStep<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InStep").field("transport", &self.transport).finish_non_exhaustive()
    }
}
