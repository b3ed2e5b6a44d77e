//! Makes in AWS what the service needs there: a group and a sampling rule of X-Ray, a log group.
//!
//! In: the variables of the process, and `aws/json/xray.json`, which is built in. Out: a line for
//! each thing; made, changed, or as it should be already.
//! Never: removes anything, shows a secret.

#[cfg(all(feature = "xray", feature = "cloudwatch"))]
mod run;
#[cfg(not(all(feature = "xray", feature = "cloudwatch")))]
#[path = "not_built.rs"]
mod run;

use std::time::Duration;

pub use run::run;

/// How [`run`] goes about it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether requests are shown and none is sent; no credentials are needed then.
    pub is_dry_run: bool,
    /// How long to wait before a call that was throttled is made again; each further wait is twice
    /// as long.
    pub first_pause: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { is_dry_run: false, first_pause: Duration::from_millis(500) }
    }
}
