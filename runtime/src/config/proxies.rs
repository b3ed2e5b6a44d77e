//! Passwords of proxies, in a build that may have none.

use super::Config;
use crate::secret::Secret;

#[cfg(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar"))]
impl Config {
    pub(super) fn secrets_of_proxies(&self) -> Vec<Secret> {
        self.proxies.secrets()
    }
}

#[cfg(not(any(feature = "otlp", feature = "cloudwatch", feature = "rollbar")))]
impl Config {
    #[expect(clippy::unused_self, reason = "builds with a proxy have secrets")]
    pub(super) const fn secrets_of_proxies(&self) -> Vec<Secret> {
        Vec::new()
    }
}
