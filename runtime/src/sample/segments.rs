//! The decision whether a request has a segment, made apart from that about its spans.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Input;

/// Decides which requests have segments, where the caller did not.
///
/// Called on the application's threads at the begin of a request: it must not block or panic.
pub trait DecideSegments: fmt::Debug + Send + Sync + 'static {
    /// Decides on one request, at a time since the Unix epoch.
    fn decide(&self, input: &Input<'_>, now: Duration) -> SegmentDecision;
}

/// What becomes of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentDecision {
    /// Whether it has a segment.
    pub is_sampled: bool,
    /// The rule that decided so.
    pub rule: Option<Arc<str>>,
}
