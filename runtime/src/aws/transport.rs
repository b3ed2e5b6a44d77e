//! The way of a destination's requests to a service of AWS.
//!
//! In: requests without a signature. Out: answers, also those of the steps that a request needs
//! before it can be taken.
//! Never: retries, but with other credentials than those that were not taken; signs twice, since a
//! signature is as old as its request; knows what a step is for.
//!
//! ```text
//! request ─ sign ─ POST ─▶ reply ── nothing is missing ──────────────────────▶ reply
//!                            └─ steps ─ each: sign ─ POST ─▶ done ─▶ request again
//!                                                       └─▶ stop ─▶ reply of the step
//! ```

use std::fmt;
use std::time::{Duration, SystemTime};

use super::client::http_client;
use super::signer::Signer;
use super::{CallError, Credentials, Provider, SettingsError, Target};
use crate::export::{Prepare, Refusal, Reply, Request, Step, StepOutcome};
use crate::pipeline::transport::{self, TransportError, http};

/// Signs each request when it is sent.
pub struct Transport<P = ()> {
    signer: Signer,
    http: http::Client,
    clock: fn() -> SystemTime,
    prepare: P,
}

impl<P: Prepare> Transport<P> {
    /// Makes a transport; opens no connection and looks for no credentials.
    ///
    /// `timeout` is for one request or step, from connecting to the last byte; `clock` tells the time
    /// that signatures hold; `prepare` what requests need before they are taken, `()` for nothing.
    ///
    /// # Errors
    /// [`SettingsError::Http`] when the system has no certificates.
    pub fn new(
        target: Target,
        provider: Provider,
        timeout: Duration,
        clock: fn() -> SystemTime,
        prepare: P,
    ) -> Result<Self, SettingsError> {
        let http = http_client(&target, &provider, timeout)?;
        Ok(Self { signer: Signer { target, provider }, http, clock, prepare })
    }

    /// Sends a request, and once more where who signed was not taken and somebody else can: keys end,
    /// and are mended where they come from.
    async fn exchange(&self, request: Request) -> Result<Reply, TransportError> {
        let (reply, refused) = self.attempt(request.clone()).await?;
        if reply.is_success() || !Refusal::of(&reply).is_of_credentials() {
            return Ok(reply);
        }
        let provider = &self.signer.provider;
        provider.forget(&refused).await;
        let found = provider.credentials((self.clock)()).await.map_err(unsigned)?;
        if found == refused { Ok(reply) } else { Ok(self.attempt(request).await?.0) }
    }

    async fn attempt(&self, mut request: Request) -> Result<(Reply, Credentials), TransportError> {
        let signed_by = self.signer.sign(&mut request, (self.clock)()).await.map_err(unsigned)?;
        Ok((transport::Transport::send(&self.http, request).await?, signed_by))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` wants")]
fn unsigned(error: CallError) -> TransportError {
    TransportError::Unsigned(error.to_string())
}

impl<P: Prepare> transport::Transport for Transport<P> {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        // The parts of the body are shared.
        let reply = self.exchange(request.clone()).await?;
        let steps = self.prepare.steps(&request, &reply);
        if steps.is_empty() {
            return Ok(reply);
        }
        let mut skipped = Vec::new();
        for Step { name, request } in steps {
            let reply = self.exchange(request).await?;
            match self.prepare.outcome(name, &reply) {
                StepOutcome::Done => {}
                StepOutcome::Skip => skipped.push(name),
                StepOutcome::Stop => return Ok(Reply { stopped_at: Some(name), skipped, ..reply }),
            }
        }
        Ok(Reply { skipped, ..self.exchange(request).await? })
    }
}

impl<P> fmt::Debug for Transport<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("signer", &self.signer).finish_non_exhaustive()
    }
}
