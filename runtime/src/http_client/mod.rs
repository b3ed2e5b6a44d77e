//! Requests that go out: one client span each, and headers that carry the trace on.
//!
//! In: requests of `reqwest`. Out: the same answers and errors, a span for each.
//! Never: changes what a request does, fails one, waits for anything but the answer.
//!
//! ```no_run
//! # async fn run() -> Result<(), reqwest::Error> {
//! use spanwright::http_client::Client;
//!
//! let client = Client::default();
//! let answer = client.get("https://cruddur.example/api/health-check").send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! The span has the method as its name, and the attributes of the stable conventions; a status of
//! 400 or more, or no answer, is an error. It begins when the request is sent and ends when the
//! headers of the answer are there: what is read of the body later is no part of it. Redirects that
//! `reqwest` follows are part of the one span, and get the same headers. For another client,
//! [`inject_into_for`](crate::inject_into_for) writes the headers.
//!
//! Headers of the installed formats that a request has already, for instance because it forwards
//! those of another request, are replaced: a `tracestate` never stays beside the `traceparent` of
//! another trace. A host that is not one of the
//! [propagation targets](crate::Config::propagation_targets) gets the request as it is. A middleware does
//! not see the redirects that `reqwest` follows: a client that was built elsewhere needs
//! [`redirect_policy`], or it sends the headers on to any host that a target redirects to.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span>.

mod carrier;
mod client;
mod middleware;
mod observe;
mod redirect;
mod request_facts;

pub use client::{Client, RequestBuilder};
pub use middleware::Tracing;
pub use redirect::redirect_policy;
