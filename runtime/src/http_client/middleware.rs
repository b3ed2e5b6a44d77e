//! The same spans for clients of `reqwest-middleware`.
//!
//! In: the request as it passes the chain. Out: what the rest of the chain answers.
//! Never: keeps anything between two requests.

use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::observe::observe;

/// A middleware that makes a span of each request that passes it.
///
/// Put it last, so that it is next to the client: behind a middleware that retries, every try is a
/// span of its own. Redirects are followed by the client below it, with the headers of the request: build
/// it with [`redirect_policy`](super::redirect_policy) if there are propagation targets.
///
/// ```
/// # fn main() -> Result<(), reqwest::Error> {
/// let client = reqwest::Client::builder().redirect(spanwright::http_client::redirect_policy());
/// let client = reqwest_middleware::ClientBuilder::new(client.build()?)
///     .with(spanwright::http_client::Tracing)
///     .build();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

#[async_trait::async_trait]
impl Middleware for Tracing {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        observe(request, |request| next.run(request, extensions)).await
    }
}
