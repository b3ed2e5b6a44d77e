//! Failures to Rollbar, as items.
//!
//! In: [`ErrorRecord`]s. Out: one item each, one item a request.
//! Never: follows the environment by itself; sends more than Rollbar takes, or less without saying
//! so in the item.
//!
//! Wire format: <https://docs.rollbar.com/reference/create-item>.
//! Not supported: variables of frames, crash reports, the fields of clients that are no servers.

mod body;
mod custom;
mod encode;
mod endpoint;
mod failsafe;
mod frames;
mod incoming;
mod request;
mod settings;
#[cfg(test)]
mod testing;
mod text;
mod truncate;
mod verdict;
mod weigh;

pub use endpoint::Endpoint;
pub use settings::{ClientAddress, Personal, Server, Settings, SettingsError};

use std::borrow::Cow;

use crate::export::{Batch, EncodeError, Limits, Reply, Request, Verdict};
use crate::record::ErrorRecord;
use crate::secret::Secret;

/// Where items go.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const ENDPOINT: &str = "https://api.rollbar.com/api/1/item/";

/// Bounds of one request: an item of at most 1024 kB.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const LIMITS: Limits = Limits { items: 1, bytes: 1_048_576, overhead_bytes: 0 };

/// How large an item gets, in bytes: half of what is taken, as in Rollbar's client for JavaScript.
///
/// Source: <https://github.com/rollbar/rollbar.js/blob/master/src/truncation.js>.
const SOFT_MAX_BYTES: usize = 524_288;

/// How large an item gets, in bytes, that was too large for whoever answered: the limit of former
/// years, which stands on Rollbar's pages beside the one of today.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const SMALL_MAX_BYTES: usize = 131_072;

/// The longest `environment`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_ENVIRONMENT_CHARS: usize = 255;

/// The longest `code_version`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_CODE_VERSION_CHARS: usize = 40;

/// The longest `context`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_CONTEXT_CHARS: usize = 255;

/// The longest `title`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_TITLE_CHARS: usize = 255;

/// The longest `fingerprint`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_FINGERPRINT_CHARS: usize = 40;

/// The longest `person.id`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_PERSON_ID_CHARS: usize = 40;

/// The longest `person.username` and `person.email`, in characters.
///
/// Source: <https://docs.rollbar.com/reference/create-item>.
const MAX_ADDRESS_CHARS: usize = 255;

/// The longest `server.root`, in characters; ours, there is none in
/// <https://docs.rollbar.com/reference/create-item>.
const MAX_ROOT_CHARS: usize = 1_024;

/// Encodes failures and frames them.
#[derive(Debug)]
pub struct Exporter {
    encoder: encode::Encoder,
    framing: request::Framing,
    access_token: Secret,
}

impl Exporter {
    /// Takes the settings in.
    pub fn new(settings: &Settings) -> Self {
        Self {
            encoder: encode::Encoder::new(settings),
            framing: request::Framing::new(settings),
            access_token: settings.access_token.clone(),
        }
    }

    /// An answer as it may be told: some repeat the token that they refuse.
    fn told<'a>(&self, reply: &'a Reply) -> Cow<'a, Reply> {
        let token = self.access_token.reveal();
        let text = str::from_utf8(&reply.body).ok();
        match text.filter(|text| !token.is_empty() && text.contains(token)) {
            None => Cow::Borrowed(reply),
            Some(text) => {
                Cow::Owned(Reply { body: text.replace(token, "…").into(), ..reply.clone() })
            }
        }
    }
}

impl super::Exporter for Exporter {
    type Record = ErrorRecord;

    const NAME: &'static str = "rollbar";

    fn weigh(record: &ErrorRecord) -> usize {
        weigh::weigh(record)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn encode(&mut self, record: &ErrorRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encoder.encode(record, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        self.framing.request(batch)
    }

    fn reduce(&self, item: &[u8], reply: &Reply) -> Option<Vec<u8>> {
        failsafe::reduce(item, &self.told(reply))
    }

    fn verdict(&self, batch: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(batch, &self.told(reply))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::Exporter as _;

    #[test]
    fn a_token_that_an_answer_repeats_is_told_to_nobody() {
        let exporter = Exporter::new(&Settings::new(Secret::new("0123secret")));
        let item = br#"{"data":{"environment":"a","uuid":"b","body":{},"custom":{"c":"long enough to be told in a shorter form, however that form looks like in the end: as short as it gets, which is longer than one may think"}}}"#;
        let batch = Batch::new(item.to_vec(), vec![item.len()]);
        for status in [200, 401, 403, 404, 422, 429, 500] {
            let body = r#"{"err":1,"message":"access token not found: 0123secret"}"#;
            let reply = Reply { status, body: body.into(), ..Reply::default() };
            let told = format!("{:?}", exporter.verdict(&batch, &reply));
            assert!(told.contains("not found: …") && !told.contains("0123secret"), "{told}");
            let plainer = exporter.reduce(item, &reply).expect("there is a plainer form");
            let plainer = String::from_utf8_lossy(&plainer);
            assert!(!plainer.contains("0123secret"), "{plainer}");
        }
    }
}
