//! Both ways to the X-Ray daemon: datagrams, and requests that it passes on and answers.
//!
//! In: requests whose URL begins with `udp:` or `http:`. Out: what the way of that name answers.
//! Never: chooses the way; that is the dialect's, which knows what is in a request.

mod address;
mod reach;

pub use address::{Address, HostPort, VARIABLE};
pub(crate) use reach::{connect, resolve};

use super::{Transport, TransportError, http, udp};
use crate::export::{Reply, Request};

/// Sends each request by the way that the scheme of its URL names.
#[derive(Debug)]
pub struct Client {
    /// Datagrams. Where they go is its own setting; host and port of a URL say nothing here.
    pub udp: udp::Client,
    /// HTTP to the daemon's TCP port, without TLS and without a proxy.
    pub http: http::Client,
}

impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let scheme = request.url.reveal().split(':').next().unwrap_or_default();
        match scheme {
            "udp" => self.udp.send(request).await,
            "http" => self.http.send(request).await,
            other => {
                let problem = format!("the daemon is reached by `udp` or `http`, not by `{other}`");
                Err(TransportError::Request(problem))
            }
        }
    }
}
