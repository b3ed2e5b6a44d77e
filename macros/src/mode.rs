//! Whether expansions record: the only place that asks for features.
//!
//! In: the features of this crate. Out: who there is to record for. Never: a feature of the crate that
//! uses the attributes.

/// Who there is in this build to record for; nobody means that expansions only keep what they
/// would record type-checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mode {
    /// Destinations that take spans.
    pub(crate) spans: bool,
    /// Destinations that take segments: AWS X-Ray.
    pub(crate) segments: bool,
    /// Destinations that take errors.
    pub(crate) errors: bool,
}

/// Decided by the features of this crate, never by those of the crate that uses it.
pub(crate) const MODE: Mode = Mode {
    spans: cfg!(all(feature = "spans", not(feature = "off"))),
    segments: cfg!(all(feature = "segments", not(feature = "off"))),
    errors: cfg!(all(feature = "errors", not(feature = "off"))),
};
