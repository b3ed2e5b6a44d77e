//! Stands in for the subscriber in a build without `tracing`.

use super::Settings;

/// There is nothing to filter.
#[expect(clippy::unnecessary_wraps, reason = "the other form can fail")]
pub(crate) const fn check(_filter: &str) -> Result<(), String> {
    Ok(())
}

/// Starts nothing.
pub(crate) const fn start(_settings: &Settings) {}

/// Runs `body` as it is.
#[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "captures are for tests"))]
pub(crate) fn with_subscriber<R>(body: impl FnOnce() -> R) -> R {
    body()
}
