//! Text that must never be printed, and what it is usually called.

use std::fmt;

/// The keys of a query whose values are never recorded: those of the conventions, and the usual ones.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/>.
pub(crate) const QUERY_KEYS: [&str; 12] = [
    "AWSAccessKeyId",
    "Signature",
    "sig",
    "X-Amz-Credential",
    "X-Amz-Security-Token",
    "X-Amz-Signature",
    "X-Goog-Signature",
    "password",
    "token",
    "access_token",
    "api_key",
    "secret",
];

/// A text that prints as `…` wherever it is formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Hands the text out, for the one place that sends it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_an_ellipsis() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "… …");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
