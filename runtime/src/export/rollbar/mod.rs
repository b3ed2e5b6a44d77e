//! Rollbar: errors as items.

/// Placeholder until merge.
#[derive(Clone, Debug)]
pub struct Settings;
