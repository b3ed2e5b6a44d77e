//! Requests into something that takes bytes: standard output, a file, a buffer.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Transport, TransportError};
use crate::export::{Reply, Request};

/// Writes the body of each request; every write is an answer of status 200.
///
/// Writing happens on a thread of its own, so that a full pipe holds up nobody else.
pub struct Writer<W> {
    inner: Arc<Mutex<W>>,
}

impl<W: Write + Send + 'static> Writer<W> {
    /// Takes what to write to.
    pub fn new(inner: W) -> Self {
        Self { inner: Arc::new(Mutex::new(inner)) }
    }
}

impl<W: Write + Send + 'static> Transport for Writer<W> {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let inner = Arc::clone(&self.inner);
        let write = tokio::task::spawn_blocking(move || {
            // A writer that panicked once may work again; what it wrote is not ours to judge.
            let mut inner = inner.lock().unwrap_or_else(PoisonError::into_inner);
            for part in &request.body {
                inner.write_all(part)?;
            }
            inner.flush()
        });
        match write.await {
            Ok(written) => written?,
            Err(panic) => return Err(TransportError::Write(std::io::Error::other(panic))),
        }
        Ok(Reply { status: 200, ..Reply::default() })
    }
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
