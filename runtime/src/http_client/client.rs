//! A client whose requests are spans.
//!
//! In: what a request is made of. Out: the answer of `reqwest`.
//! Never: hides the client inside.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, IntoUrl, Method, Request, Response};

use super::observe::observe;
use super::redirect::redirect_policy;

/// A client of `reqwest` with a span around each request. Clones share its connections.
///
/// The default one follows redirects by [`redirect_policy`].
#[derive(Clone, Debug)]
pub struct Client(reqwest::Client);

/// A request that is being put together; see [`Client::request`].
#[derive(Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct RequestBuilder {
    client: Client,
    request: reqwest::RequestBuilder,
}

impl Client {
    /// Puts spans around the requests of a client that was built elsewhere; see [`redirect_policy`].
    pub const fn new(client: reqwest::Client) -> Self {
        Self(client)
    }

    /// The client inside, for a request without a span.
    pub const fn inner(&self) -> &reqwest::Client {
        &self.0
    }

    /// Begins a request.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder { client: self.clone(), request: self.0.request(method, url) }
    }

    /// Begins a `GET` request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Begins a `HEAD` request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Begins a `POST` request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Begins a `PUT` request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Begins a `PATCH` request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Begins a `DELETE` request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Sends a request in a span below the current one, with the headers that name it.
    ///
    /// # Errors
    /// As `reqwest` has them: no answer came. Any status is an answer.
    pub async fn execute(&self, request: Request) -> Result<Response, reqwest::Error> {
        observe(request, |request| self.0.execute(request)).await
    }
}

impl Default for Client {
    /// # Panics
    /// As `reqwest::Client::new`: TLS cannot be set up.
    fn default() -> Self {
        let client = reqwest::Client::builder().redirect(redirect_policy());
        Self(client.build().unwrap_or_default())
    }
}

impl From<reqwest::Client> for Client {
    fn from(client: reqwest::Client) -> Self {
        Self::new(client)
    }
}

impl RequestBuilder {
    /// Adds a header.
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N>,
        <HeaderName as TryFrom<N>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.map(|request| request.header(name, value))
    }

    /// Sets these headers.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.map(|request| request.headers(headers))
    }

    /// Sets the body.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.map(|request| request.body(body))
    }

    /// How long the request may take, to the end of the answer's body.
    pub fn timeout(self, timeout: Duration) -> Self {
        self.map(|request| request.timeout(timeout))
    }

    /// Does anything else that the builder of `reqwest` can.
    pub fn map(
        self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Self {
        Self { client: self.client, request: change(self.request) }
    }

    /// Sends the request in a span below the current one, with the headers that name it.
    ///
    /// # Errors
    /// As `reqwest` has them: the request cannot be sent, which makes no span, or no answer came.
    pub async fn send(self) -> Result<Response, reqwest::Error> {
        self.client.execute(self.request.build()?).await
    }
}
