//! A crate that passes spanwright on under another path, for the cases of `crate = ..`.

/// Spanwright under another name.
pub use spanwright as telemetry;
