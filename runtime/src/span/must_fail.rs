//! Whether the type of a result has something to report, asked by the compiler.
//!
//! In: a reference to what an annotated function returned. Out: nothing, or a message at the
//! function's type. Never: does anything at run time.

use super::outcome::Fallible;

/// Wraps what a call returned; `(&&MustFail(&value)).check()` compiles if the type can fail, and not
/// for an `Option`.
#[derive(Debug)]
pub struct MustFail<'a, T: ?Sized>(pub &'a T);

/// Implemented by nothing: `None` is a failure only where that is said.
#[diagnostic::on_unimplemented(
    message = "a `None` of `{Self}` is no failure unless that is said",
    label = "say it with `none`: `#[report_errors(none)]`"
)]
pub trait NoneIsFailure {}

/// The way for optional values.
pub trait ViaOption {
    /// The type of the value.
    type Value: ?Sized;

    /// Compiles for no type.
    fn check(&self)
    where
        Self::Value: NoneIsFailure;
}

/// The way for every other type.
pub trait ViaResult {
    /// The type of the value.
    type Value: ?Sized;

    /// Compiles for types that can fail.
    fn check(&self)
    where
        Self::Value: Fallible;
}

impl<T> ViaOption for &MustFail<'_, Option<T>> {
    type Value = Option<T>;

    #[inline]
    fn check(&self)
    where
        Option<T>: NoneIsFailure,
    {
    }
}

impl<T: ?Sized> ViaResult for MustFail<'_, T> {
    type Value = T;

    #[inline]
    fn check(&self)
    where
        T: Fallible,
    {
    }
}
