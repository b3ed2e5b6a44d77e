//! Text that must never be printed, and the one list of keys that name such a text.

pub(crate) mod keys;

use std::fmt;
use std::sync::LazyLock;

use self::keys::Keys;

/// Keys that name a secret where no setting says otherwise.
#[cfg_attr(
    not(any(feature = "actix", feature = "http-client")),
    expect(dead_code, reason = "for the access log")
)]
pub(crate) fn default_keys() -> &'static Keys {
    static KEYS: LazyLock<Keys> = LazyLock::new(Keys::default);
    &KEYS
}

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
