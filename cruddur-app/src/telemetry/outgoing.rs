//! Calls of others as spans.

pub(crate) use spanwright::http_client::Client as HttpClient;

/// Each request of the client becomes a span, and its headers name it.
pub(crate) const fn observed(client: reqwest::Client) -> HttpClient {
    HttpClient::new(client)
}
