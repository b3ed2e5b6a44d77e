//! Whether expansions record: the only place that asks for features.

/// Whether expansions record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mode {
    /// They record: some destination is compiled in.
    Live,
    /// They only keep what they would record type-checked.
    Off,
}

/// Decided by the features of this crate, never by those of the crate that uses it.
pub(crate) const MODE: Mode =
    if cfg!(all(feature = "live", not(feature = "off"))) { Mode::Live } else { Mode::Off };
