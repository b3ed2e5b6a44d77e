//! Stands in for events of the log in a build where nobody makes any.

/// Nobody asks.
pub(super) const fn set_taken(_by_processors: bool, _by_spans: bool) {}
