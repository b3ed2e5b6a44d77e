//! The rules of redaction: one setting for all signals and destinations.

use super::Config;
use crate::redact::Redaction;

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
}
