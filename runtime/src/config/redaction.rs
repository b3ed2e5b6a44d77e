//! The rules of redaction, one setting for all signals and destinations, and the key of `#[redact(hash)]`.

use super::{Config, ConfigError, Environment};
use crate::redact::Redaction;
use crate::secret::Secret;

const VARIABLE: &str = "SPANWRIGHT_REDACTION_KEY";

/// The shortest key, in bytes: shorter ones can be guessed.
const MIN_BYTES: usize = 16;

impl Config {
    /// Sets the rules of redaction, which hide secrets in spans, log records and error reports before any
    /// destination, processor or exporter of an SDK gets them. The credentials of the configured
    /// destinations are always hidden.
    pub fn redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
        self
    }

    /// Changes the rules of redaction, for instance
    /// `change_redaction(|redaction| redaction.key("badge"))`.
    pub fn change_redaction(mut self, change: impl FnOnce(Redaction) -> Redaction) -> Self {
        self.redaction = change(self.redaction);
        self
    }

    /// Secret key of the hashes of `#[redact(hash)]`, instead of `SPANWRIGHT_REDACTION_KEY`.
    ///
    /// Services with the same key record the same hash for the same value, so that a user can be
    /// followed through all of them and across restarts. Without a key, every process has a random one
    /// of its own. A key is as secret as a password: who has it can find short values, such as telephone
    /// numbers, by trying all.
    ///
    /// # Errors
    /// The key has less than 16 bytes.
    pub fn redaction_key(mut self, key: Secret) -> Result<Self, ConfigError> {
        self.redaction_key = Some(checked(key)?);
        Ok(self)
    }

    /// Credentials of the destinations, which redaction hides.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let key = self.redaction_key.iter().cloned().collect();
        let others = [self.secrets_of_proxies(), key].concat();
        [self.secrets_of_otlp(), self.secrets_of_rollbar(), self.secrets_of_aws(), others].concat()
    }
}

pub(super) fn read(environment: &Environment) -> Result<Option<Secret>, ConfigError> {
    environment.get(VARIABLE).map(|key| checked(Secret::new(key))).transpose()
}

fn checked(key: Secret) -> Result<Secret, ConfigError> {
    if key.reveal().len() >= MIN_BYTES {
        return Ok(key);
    }
    let (found, expected) = (key.to_string(), "at least 16 bytes");
    Err(ConfigError::Value { variable: VARIABLE, found, expected })
}
