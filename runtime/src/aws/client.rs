//! Signs a call, sends it, and reads the answer.
//!
//! In: calls, each with the time it is made at. Out: the body of a success, or what went wrong.
//! Never: retries; whoever calls knows whether it is worth it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::signer::Signer;
use super::{Call, CallError, Provider, Refusal, SettingsError, Target};
use crate::export::TlsFiles;
use crate::pipeline::transport::{TransportError, http};

/// A client that reaches `target` by the proxies of `provider`.
pub(super) fn http_client(
    target: &Target,
    provider: &Provider,
    timeout: Duration,
) -> Result<http::Client, SettingsError> {
    let tls = target.endpoint.is_encrypted().then(TlsFiles::default);
    let settings = http::Settings { timeout, tls, proxies: provider.proxies().clone() };
    http::Client::new(&settings).map_err(SettingsError::Http)
}

/// A service that can be called.
#[derive(Debug)]
pub struct Client {
    signer: Signer,
    http: http::Client,
}

/// The success of a call.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status, 200 to 299.
    pub status: u16,
    /// The body, JSON where the operation has an answer.
    pub body: Bytes,
}

impl Client {
    /// Makes a client; opens no connection and looks for no credentials.
    ///
    /// `timeout` is for one call, from connecting to the last byte. Calls go by the proxies of the provider.
    ///
    /// # Errors
    /// [`SettingsError::Http`] when the system has no certificates.
    pub fn new(
        target: Target,
        provider: Provider,
        timeout: Duration,
    ) -> Result<Self, SettingsError> {
        let http = http_client(&target, &provider, timeout)?;
        Ok(Self { signer: Signer { target, provider }, http })
    }

    /// Makes a call at the time `now`, which the signature holds.
    ///
    /// Must run in a Tokio runtime with time and I/O. Never blocks its thread.
    ///
    /// # Errors
    /// [`CallError`]; no status but 200 to 299 is a success, and no body that is not whole.
    pub async fn call(&self, call: &Call, now: SystemTime) -> Result<Answer, CallError> {
        let operation = call.operation();
        let target = &self.signer.target;
        let mut request = target.request(call);
        self.signer.sign(&mut request, now).await?;

        let failed = |source: TransportError| CallError::Transport {
            operation,
            host: target.endpoint.host().to_owned(),
            source,
        };
        let fetched = self.http.fetch(request).await.map_err(failed)?;
        if (200..300).contains(&fetched.status) {
            if let Some(problem) = fetched.problem {
                return Err(failed(problem));
            }
            return Ok(Answer { status: fetched.status, body: fetched.body });
        }
        let error_type = fetched.header("x-amzn-errortype");
        let refusal = Refusal::read(fetched.status, error_type, &fetched.body);
        Err(CallError::Refused { operation, refusal })
    }
}
