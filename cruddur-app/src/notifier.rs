//! Tells somebody outside about new messages.
//!
//! In: a message that is stored. Out: one `POST` request, if anybody wants to know.
//! Never: fails what it tells about, waits longer than [`TIMEOUT`], sends the text of a message.

use std::{io, time::Duration};

use serde::Serialize;

use crate::{
    model::Timestamp,
    settings::Webhook,
    telemetry::{HttpClient, observed},
};

/// How long the answer to a new message may be held up.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Who is told, and how. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Notifier(Option<Hook>);

#[derive(Clone, Debug)]
struct Hook {
    client: HttpClient,
    webhook: Webhook,
}

/// What is told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename = "message_created")]
pub(crate) struct MessageCreated<'a> {
    pub(crate) message_uuid: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) receiver: &'a str,
    pub(crate) created_at: Timestamp,
}

impl Notifier {
    /// Makes a notifier for an address, or one that tells nobody.
    ///
    /// # Errors
    /// When the system has no certificates.
    pub(crate) fn new(webhook: Option<&Webhook>) -> io::Result<Self> {
        let Some(webhook) = webhook.cloned() else { return Ok(Self(None)) };
        let mut builder = reqwest::Client::builder().timeout(TIMEOUT);
        if webhook.url().scheme() == "http" {
            // Reading the certificates of the system would be for nothing.
            builder = builder.tls_certs_only([]);
        }
        let client = observed(builder.build().map_err(io::Error::other)?);
        Ok(Self(Some(Hook { client, webhook })))
    }

    /// Tells about a message. That nobody listens, or says no, is in the span of the request.
    pub(crate) async fn tell(&self, message: &MessageCreated<'_>) {
        let Some(Hook { client, webhook }) = &self.0 else { return };
        let Ok(json) = serde_json::to_string(message) else { return };
        let request = client.post(webhook.url().clone()).header("content-type", "application/json");
        let told = request.body(json).send().await.is_ok_and(|answer| answer.status().is_success());
        spanwright::record!(app.notified = told);
    }
}
