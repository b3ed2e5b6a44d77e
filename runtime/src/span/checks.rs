//! Requirements of attribute arguments on the types of a function, checked by the compiler.
//!
//! Generated code calls these where nothing runs, with the place of the argument that requires them,
//! so that the message is about that argument. A bound that a type does not meet is reported through
//! a trait of this module, which says what to write instead.

use std::fmt;
use std::ops::ControlFlow;

use super::outcome::Fallible;

/// The wrapped result of a call; `(&&ResultProbe(&value)).__spanwright_can_fail()`.
#[derive(Debug)]
pub struct ResultProbe<'a, T: ?Sized>(pub &'a T);

/// Implemented by no type: `None` is reported only with the argument `none`.
#[diagnostic::on_unimplemented(
    message = "`None` of `{Self}` is not treated as an error",
    label = "add `none` to report it: `#[report_errors(none)]`"
)]
pub trait NoneIsError {}

/// Implemented by no type: an `Option` carries no error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error to look at",
    label = "needs the error of a `Result`, but this function returns an `Option`: remove the \
             argument, or return a `Result`"
)]
pub trait CarriesError {}

/// Implemented by no type: the type has no `None`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no `None`",
    label = "remove `none`: errors are reported without it"
)]
pub trait HasNone {}

/// The way for `Option`.
pub trait ViaOption {
    /// The type of the result.
    type Value: ?Sized;

    /// Compiles for no type.
    fn __spanwright_can_fail(&self)
    where
        Self::Value: NoneIsError;

    /// Compiles for no type.
    fn __spanwright_has_error(&self)
    where
        Self::Value: CarriesError;
}

/// The way for `Result` and `ControlFlow`, which have no `None`.
pub trait ViaResult {
    /// The type of the result.
    type Value: ?Sized;

    /// Compiles for no type.
    fn __spanwright_has_none(&self)
    where
        Self::Value: HasNone;
}

/// The way for every other type.
pub trait ViaAny {
    /// The type of the result.
    type Value: ?Sized;

    /// Compiles for types that can fail.
    fn __spanwright_can_fail(&self)
    where
        Self::Value: Fallible;

    /// Compiles for types that can fail.
    fn __spanwright_has_error(&self)
    where
        Self::Value: Fallible;

    /// Compiles for types that can fail.
    fn __spanwright_has_none(&self)
    where
        Self::Value: Fallible;
}

impl<T> ViaOption for &ResultProbe<'_, Option<T>> {
    type Value = Option<T>;

    #[inline]
    fn __spanwright_can_fail(&self)
    where
        Option<T>: NoneIsError,
    {
    }

    #[inline]
    fn __spanwright_has_error(&self)
    where
        Option<T>: CarriesError,
    {
    }
}

impl<T, E> ViaResult for &ResultProbe<'_, Result<T, E>> {
    type Value = Result<T, E>;

    #[inline]
    fn __spanwright_has_none(&self)
    where
        Result<T, E>: HasNone,
    {
    }
}

impl<B, C> ViaResult for &ResultProbe<'_, ControlFlow<B, C>> {
    type Value = ControlFlow<B, C>;

    #[inline]
    fn __spanwright_has_none(&self)
    where
        ControlFlow<B, C>: HasNone,
    {
    }
}

impl<T: ?Sized> ViaAny for ResultProbe<'_, T> {
    type Value = T;

    #[inline]
    fn __spanwright_can_fail(&self)
    where
        T: Fallible,
    {
    }

    #[inline]
    fn __spanwright_has_error(&self)
    where
        T: Fallible,
    {
    }

    #[inline]
    fn __spanwright_has_none(&self)
    where
        T: Fallible,
    {
    }
}

/// A type that `err(Display)` and `ret(Display)` can format.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Display`",
    label = "cannot format `{Self}` with `Display`",
    note = "write `Debug` instead, or implement `std::fmt::Display`"
)]
pub trait IsDisplay: fmt::Display {}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display + ?Sized> IsDisplay for T {}

/// A type that `err(Debug)` and `ret(Debug)` can format.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Debug`",
    label = "cannot format `{Self}` with `Debug`",
    note = "write `Display` instead, or add `#[derive(Debug)]`"
)]
pub trait IsDebug: fmt::Debug {}

#[diagnostic::do_not_recommend]
impl<T: fmt::Debug + ?Sized> IsDebug for T {}

/// A parameter that is `Copy`, so that the body cannot move it.
#[diagnostic::on_unimplemented(
    message = "an argument of type `{Self}` is moved into the body",
    label = "moved before the result is known",
    note = "record it at the call, in `fields(..)`, or in the body: `spanwright::record!(key = value)`"
)]
pub trait OutlivesBody: Copy {}

#[diagnostic::do_not_recommend]
impl<T: Copy> OutlivesBody for T {}

/// Compiles for values that implement `Display`; the opaque type keeps it to one message.
#[inline]
pub const fn as_display<T: IsDisplay + ?Sized>(value: &T) -> impl fmt::Display {
    value
}

/// Compiles for values that implement `Debug`; the opaque type keeps it to one message.
#[inline]
pub const fn as_debug<T: IsDebug + ?Sized>(value: &T) -> impl fmt::Debug {
    value
}

/// Compiles for parameters that the body cannot take away.
#[inline]
pub const fn outlives_body<T: OutlivesBody>(_parameter: &T) {}
