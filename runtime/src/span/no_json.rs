//! Stands in for `json` in builds without a destination that takes metadata.

use std::fmt::Display;

use serde::Serialize;

/// An empty text: nobody takes it.
pub(super) const fn text<T: Serialize + ?Sized>(_: &T, _: &dyn Display) -> String {
    String::new()
}
