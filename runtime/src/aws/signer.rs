//! Who signs requests to one service.
//!
//! In: a request, the time. Out: the same request with its signature.
//! Never: reads a clock; keeps a signature, which belongs to one moment.

use std::time::SystemTime;

use super::{CallError, Credentials, Parts, Provider, Scope, Target, sign};
use crate::export::Request;

/// Signs for a service in a region.
#[derive(Debug)]
pub(super) struct Signer {
    pub(super) target: Target,
    pub(super) provider: Provider,
}

impl Signer {
    /// Adds the headers that sign a request at the time `now`; who has signed. May look for credentials
    /// first.
    pub(super) async fn sign(
        &self,
        request: &mut Request,
        now: SystemTime,
    ) -> Result<Credentials, CallError> {
        let credentials = self.provider.credentials(now).await?;
        let scope = Scope {
            credentials: &credentials,
            region: self.target.region.as_str(),
            service: self.target.service.name(),
            time: now,
        };
        let parts = Parts {
            method: "POST",
            url: &request.url,
            headers: &request.headers,
            body: &request.body,
        };
        let signature = sign(&parts, &scope)?;
        request.headers.extend(signature);
        Ok(credentials)
    }
}
