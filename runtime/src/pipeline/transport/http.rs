//! Requests over HTTP/1.1, all of them `POST`.
//!
//! Redirects are not followed: a body with credentials goes where the settings say, or nowhere.
//!
//! The status of an answer decides, whatever becomes of its body: at most [`MAX_REPLY_BYTES`] of it are read,
//! and the connection is closed where that is not all, or where the rest is late, broken or garbage.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error as _;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use reqwest::header::{
    AsHeaderName, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};

use super::retry_after::retry_after;
use super::{Proxies, Transport, TransportError, tls};
use crate::diagnostics;
use crate::export::{PemFile, Reply, Request, TlsFiles, address};
use crate::pipeline::settings::FOR_EVER;

/// Largest part of an answer's body that is read, in bytes; the rest is dropped.
///
/// Source: <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>, 4 MiB.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// The most of the address of a redirect that is shown, in characters.
const MAX_LOCATION_CHARS: usize = 200;

/// How long an unused connection is kept: less than the minute after which common servers and load
/// balancers close it, so that a request does not meet a closing connection.
const IDLE: Duration = Duration::from_secs(45);

/// Settings of a client.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Time limit of one request, from connecting to the last byte of the answer; a year or more is none.
    pub timeout: Duration,
    /// Certificates, where requests go to `https://` addresses; `None` where none do. Reading those of the
    /// system costs some milliseconds and fails where there are none.
    pub tls: Option<TlsFiles>,
    /// Proxies for remote hosts.
    pub proxies: Proxies,
}

impl Settings {
    /// Settings without TLS and without a proxy.
    pub fn new(timeout: Duration) -> Self {
        Self { timeout, tls: None, proxies: Proxies::default() }
    }
}

/// Reasons why a client cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A file with certificates cannot be used.
    #[error("{file} cannot be used: {problem}")]
    File {
        /// The variable that names it, and its path.
        file: PemFile,
        /// The reason.
        problem: String,
    },
    /// The certificates of the files cannot be used together.
    #[error("TLS cannot be set up with {files}: {problem}")]
    Files {
        /// Variables and paths.
        files: String,
        /// The reason.
        problem: String,
    },
    /// The system's certificates cannot be used.
    #[error(
        "TLS cannot be set up: {0}; a system without CA certificates needs the package `ca-certificates`, or a file of them that SSL_CERT_FILE names"
    )]
    System(String),
}

impl ClientError {
    pub(super) fn file(file: &PemFile, problem: &dyn fmt::Display) -> Self {
        Self::File { file: file.clone(), problem: problem.to_string() }
    }
}

/// An HTTP client with its own pool of connections.
pub struct Client {
    client: reqwest::Client,
    timeout: Duration,
}

impl Client {
    /// Builds a client. Opens no connection; reads files with certificates, if there are any.
    ///
    /// # Errors
    /// [`ClientError`]: certificates are missing or cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, ClientError> {
        let Settings { timeout, tls, proxies } = settings;
        let timeout = (*timeout).min(FOR_EVER);
        let builder = reqwest::Client::builder()
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none());
        let failed = |error: reqwest::Error| {
            let (files, problem) = (tls.as_ref().map(tls::names), causes(&error));
            match files.filter(|files| !files.is_empty()) {
                Some(files) => ClientError::Files { files, problem },
                None => ClientError::System(problem),
            }
        };
        let builder = proxies.apply(builder).map_err(failed)?;
        let builder = match tls {
            Some(files) => tls::with_files(builder, files)?,
            None if proxies.need_tls() => builder,
            None => builder.tls_certs_only([]),
        };
        Ok(Self { client: builder.build().map_err(failed)?, timeout })
    }

    /// Sends the request and waits for the answer with all its headers and the start of its body.
    pub(crate) async fn fetch(&self, request: Request) -> Result<Fetched, TransportError> {
        self.exchange(request).await.map_err(|failure| match failure {
            Failure::Ours(error) => error,
            Failure::Client(error) => classify(error, self.timeout),
        })
    }

    async fn exchange(&self, request: Request) -> Result<Fetched, Failure> {
        let mut headers = HeaderMap::with_capacity(request.headers.len());
        for header in &request.headers {
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_bytes(header.value.reveal().as_bytes());
            let (Ok(name), Ok(mut value)) = (name, value) else {
                let problem = format!("header `{}` cannot be sent", header.name);
                return Err(TransportError::Request(problem).into());
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let body = match <[Bytes; 1]>::try_from(request.body) {
            Ok([whole]) => whole.into(),
            Err(parts) => reqwest::Body::wrap(Parts(parts.into())),
        };
        let request = self.client.post(request.url.reveal()).headers(headers).body(body);
        let mut answer = request.send().await?;

        let status = answer.status().as_u16();
        let headers = std::mem::take(answer.headers_mut());
        let (body, problem) = self.read(answer, status).await;
        Ok(Fetched { status, headers, body, problem })
    }

    /// Reads a body as far as it can be read and may be long; a problem ends it. Dropping what is left closes
    /// the connection.
    async fn read(
        &self,
        mut answer: reqwest::Response,
        status: u16,
    ) -> (Bytes, Option<TransportError>) {
        let mut body = BytesMut::new();
        loop {
            let chunk = match answer.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return (body.freeze(), None),
                Err(error) => return (body.freeze(), Some(classify(error, self.timeout))),
            };
            let room = MAX_REPLY_BYTES - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() > room {
                let limit_bytes = MAX_REPLY_BYTES;
                let problem = TransportError::ReplyTooLarge { status, limit_bytes };
                return (body.freeze(), Some(problem));
            }
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: u16,
    headers: HeaderMap,
    /// All of the body, or its start where there is a `problem`.
    pub(crate) body: Bytes,
    /// The reason why the body is not whole.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for calls whose body counts"))]
    pub(crate) problem: Option<TransportError>,
}

impl Fetched {
    /// The first header of this name, if it is text.
    pub(crate) fn header(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The answer, as exporters judge it.
    pub(crate) fn into_reply(self) -> Reply {
        let after = self.header(RETRY_AFTER);
        Reply {
            status: self.status,
            retry_after: after.and_then(|after| retry_after(after, self.header(DATE))),
            headers: self.texts(),
            body: self.body,
            ..Reply::default()
        }
    }

    /// The address that a redirect names, without its secrets.
    fn redirects_to(&self) -> Option<String> {
        let location = self.header(LOCATION).filter(|_| (300..400).contains(&self.status))?;
        Some(diagnostics::shorten(&address::printable(location), MAX_LOCATION_CHARS))
    }

    /// Every header that is text.
    fn texts(&self) -> Vec<(String, String)> {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        self.headers.iter().filter_map(text).collect()
    }
}

impl Transport for Client {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let fetched = self.fetch(request).await?;
        match fetched.redirects_to() {
            Some(location) => Err(TransportError::Redirect { status: fetched.status, location }),
            None => Ok(fetched.into_reply()),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A body in parts whose whole length is known, so that it is not sent in chunks.
struct Parts(VecDeque<Bytes>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|part| part.len() as u64).sum())
    }
}

enum Failure {
    Ours(TransportError),
    Client(reqwest::Error),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Ours(error)
    }
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error)
    }
}

fn classify(error: reqwest::Error, timeout: Duration) -> TransportError {
    // The address may hold credentials.
    let error = error.without_url();
    let text = causes(&error);
    if error.is_timeout() {
        TransportError::Timeout(timeout)
    } else if error.is_builder() {
        TransportError::Request(text)
    } else if error.is_connect() {
        TransportError::Connect(text)
    } else if is_broken_connection(&error) {
        TransportError::Reset(text)
    } else {
        TransportError::Garbage(text)
    }
}

/// Looks for an I/O error, or for the words of the HTTP library where it has no public type.
fn is_broken_connection(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(current) = cause {
        if current.is::<io::Error>() || current.to_string().contains("connection closed") {
            return true;
        }
        cause = current.source();
    }
    false
}

/// The last cause: the outer ones only say that a request failed.
fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(current) = cause {
        text = current.to_string();
        cause = current.source();
    }
    text
}
