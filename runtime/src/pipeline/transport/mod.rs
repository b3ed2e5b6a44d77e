//! What moves bytes, and knows nothing about them.
//!
//! In: a [`Request`]. Out: a [`Reply`], or why there is none.
//! Never: retries, reads a body it moves.

#[cfg(feature = "xray")]
pub mod daemon;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
pub mod http;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
mod proxy;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
mod retry_after;
#[cfg(feature = "console")]
mod stdout;
#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
mod tls;
#[cfg(feature = "xray")]
pub mod udp;

use std::future::Future;
use std::time::Duration;

#[cfg(any(feature = "otlp", feature = "xray", feature = "aws", feature = "rollbar"))]
pub use proxy::Proxies;
#[cfg(feature = "console")]
pub use stdout::Stdout;

use crate::export::{Reply, Request};

/// Moves one request to its destination; several may be under way at once.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and waits for the answer. Dropping the future abandons the request.
    ///
    /// Runs on the I/O thread, which all destinations share: it must not block.
    fn send(&self, request: Request) -> impl Future<Output = Result<Reply, TransportError>> + Send;
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// Nobody took the connection: name, network, port, TLS.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// No complete answer came in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection broke before there was a status.
    #[error("connection lost: {0}")]
    Reset(String),
    /// What came back is not an answer of this protocol.
    #[error("unreadable answer, perhaps of another protocol: {0}")]
    Garbage(String),
    /// The answer is longer than what is read of one, in a call whose result is the body.
    #[error("answer of status {status} is longer than {limit_bytes} bytes")]
    ReplyTooLarge {
        /// The status of the answer.
        status: u16,
        /// The limit.
        limit_bytes: usize,
    },
    /// The answer names another address.
    #[error(
        "answer of status {status} redirects to {location}; redirects are not followed: set the endpoint \
         to that address"
    )]
    Redirect {
        /// The status of the answer.
        status: u16,
        /// The address without user, password and query.
        location: String,
    },
    /// The receiver of datagrams does not read them, so that more would be dropped.
    #[error("the receiver does not read: {queued_bytes} bytes wait in its socket's buffer")]
    ReceiverFull {
        /// Bytes that wait in its socket's buffer, as its kernel counts them.
        queued_bytes: u64,
    },
    /// There is nobody who signs the request.
    #[error("cannot sign: {0}")]
    Unsigned(String),
    /// The request cannot be sent at all.
    #[error("unusable request: {0}")]
    Request(String),
    /// Writing failed.
    #[error("cannot write: {0}")]
    Write(#[from] std::io::Error),
}

/// How long to wait before somebody who signs is looked for again: whoever gives credentials to
/// machines is asked by all of them.
const UNSIGNED_WAIT: Duration = Duration::from_secs(10);

impl TransportError {
    /// How long to wait before the same request is sent again; `None` leaves it to the backoff.
    pub const fn wait(&self) -> Option<Duration> {
        match self {
            Self::Unsigned(_) => Some(UNSIGNED_WAIT),
            // The transport has waited; the next attempt waits for the receiver again.
            Self::ReceiverFull { .. } => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    ///
    /// Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>: a request without an answer is
    /// retried.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Connect(_)
            | Self::Timeout(_)
            | Self::Reset(_)
            | Self::Garbage(_)
            | Self::ReceiverFull { .. }
            | Self::Unsigned(_) => true,
            Self::ReplyTooLarge { .. }
            | Self::Redirect { .. }
            | Self::Request(_)
            | Self::Write(_) => false,
        }
    }
}
