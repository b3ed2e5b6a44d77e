//! An item to a request.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>. The token goes into a header alone:
//! the one in the body is deprecated.

use super::settings::Settings;
use crate::export::{Batch, Header, Request};
use crate::secret::Secret;

/// What is the same in every request.
#[derive(Debug)]
pub(super) struct Framing {
    url: Secret,
    headers: Vec<Header>,
}

impl Framing {
    pub(super) fn new(settings: &Settings) -> Self {
        let user_agent = concat!("spanwright-rollbar-exporter-rust/", env!("CARGO_PKG_VERSION"));
        let header = |name: &'static str, value| Header { name: name.into(), value };
        Self {
            url: Secret::new(settings.endpoint.url()),
            headers: vec![
                header("content-type", Secret::new("application/json")),
                header("user-agent", Secret::new(user_agent)),
                header("x-rollbar-access-token", settings.access_token.clone()),
            ],
        }
    }

    /// A batch has one item, which is the body.
    pub(super) fn request(&self, batch: &Batch) -> Request {
        let body = vec![batch.bytes().clone()];
        Request { url: self.url.clone(), headers: self.headers.clone(), body }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_item_and_the_token_is_in_a_header_alone() {
        let framing = Framing::new(&Settings::new(Secret::new("0123secret")));
        let request = framing.request(&Batch::new(b"{}".to_vec(), vec![2]));
        assert_eq!(request.url.reveal(), "https://api.rollbar.com/api/1/item/");
        assert_eq!(request.body.concat(), b"{}");
        let headers = request.headers.iter();
        let headers: Vec<_> =
            headers.map(|header| (&*header.name, header.value.reveal())).collect();
        assert_eq!(headers[0], ("content-type", "application/json"));
        assert_eq!(headers[2], ("x-rollbar-access-token", "0123secret"));
        assert!(!format!("{framing:?}").contains("0123secret"));
    }
}
