//! Expansion mode of the attributes: recording, or type-checked only.

/// The mode of an expansion.
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
