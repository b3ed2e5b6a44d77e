//! Requests as text on standard output.

use std::io;

use tokio::sync::oneshot;

use super::{Transport, TransportError};
use crate::export::{Reply, Request};
use crate::output::{Receipt, STDOUT};

/// Writes the body of each request to standard output; the answer, of status 200, comes once it is written.
///
/// A thread of its own writes, so a standard output that is not read holds up only the console. A request
/// that is abandoned before its turn is not written. Lines of up to 4,096 bytes stay whole beside those of
/// other threads and processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdout;

impl Transport for Stdout {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let (outcome, written) = oneshot::channel();
        STDOUT
            .write(request.body.concat(), outcome)
            .map_err(|refusal| io::Error::other(refusal.to_string()))?;
        match written.await {
            Ok(written) => written?,
            // The thread that writes never ends.
            Err(lost) => return Err(io::Error::other(lost).into()),
        }
        Ok(Reply { status: 200, ..Reply::default() })
    }
}

impl Receipt for oneshot::Sender<io::Result<()>> {
    fn is_wanted(&self) -> bool {
        !self.is_closed()
    }

    fn settle(self: Box<Self>, written: io::Result<()>) {
        // An abandoned request has no use for it.
        let _ = self.send(written);
    }
}
