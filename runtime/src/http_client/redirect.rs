//! Redirects of requests that carry context.

use reqwest::Url;
use reqwest::redirect::{Attempt, Policy};

use crate::headers::leaves_targets;

/// Redirect policy that keeps context within the
/// [propagation targets](crate::Config::propagation_targets).
///
/// `reqwest` sends the headers of a request to each host that it is redirected to, except for those that
/// it knows as credentials. With this policy, a redirect of a request that carries context to a host
/// which is not a target is not followed: the caller gets the response with the redirect. Other redirects
/// are followed as by default, up to ten. [`Client::default`](super::Client) has this policy; a client
/// that is built elsewhere needs it if there are targets.
///
/// ```
/// # fn main() -> Result<(), reqwest::Error> {
/// use spanwright::http_client::{Client, redirect_policy};
///
/// let client = reqwest::Client::builder().redirect(redirect_policy()).build()?;
/// let client = Client::new(client);
/// # Ok(())
/// # }
/// ```
pub fn redirect_policy() -> Policy {
    let default = Policy::default();
    Policy::custom(
        move |attempt| {
            if is_leaving(&attempt) { attempt.stop() } else { default.redirect(attempt) }
        },
    )
}

fn is_leaving(attempt: &Attempt<'_>) -> bool {
    fn host(url: &Url) -> (&str, Option<u16>) {
        (url.host_str().unwrap_or_default(), url.port_or_known_default())
    }
    let first = attempt.previous().first();
    first.is_some_and(|first| leaves_targets(host(first), host(attempt.url())))
}
