//! The class of an error, given once for its type.

use std::any::type_name;
use std::rc::Rc;
use std::sync::Arc;

use super::outcome::ErrorProbe;
use crate::guard::guard;
use crate::record::ErrorClass;

/// Gives the class of each error of an application's error type.
///
/// Implemented once for the type, it holds for every function with
/// [`#[traced]`](macro@crate::traced), [`#[xray_subsegment]`](macro@crate::xray_subsegment) or
/// [`#[report_errors]`](macro@crate::report_errors) that returns the type as its error, also as `&E`,
/// `Box<E>`, `Rc<E>` or `Arc<E>`. Handlers of actix-web erase the type of their error: name it with
/// `spanwright::actix::Tracing::classify_errors`.
///
/// | class | outcome of the span | flags in X-Ray | report by default |
/// |---|---|---|---|
/// | [`Fault`](ErrorClass::Fault), or no class | error | `fault` | yes |
/// | [`Error`](ErrorClass::Error) | error | `error` | no; yes if `when = ..` is given and holds |
/// | [`Throttle`](ErrorClass::Throttle) | error | `error`, `throttle` | no; yes if `when = ..` is given and holds |
/// | [`Ignored`](ErrorClass::Ignored) | ok, without an exception | none | never |
///
/// An argument of an attribute overrides the class for that attribute: `class = ..` of
/// `#[xray_subsegment]`, `when = ..` of `#[report_errors]`; `ignore(..)` excludes further errors.
///
/// The class is found by the static type of the error. `anyhow::Error`, `Box<dyn Error>` and an error
/// that only has the classified one among its sources have no class: implement the trait for the outer
/// type, or give the class at the function, for instance
/// `class = |err| err.downcast_ref::<AppError>().map_or(ErrorClass::Fault, AppError::error_class)`.
///
/// ```
/// use spanwright::{ClassifyError, ErrorClass, report_errors, testing};
///
/// #[derive(Debug)]
/// enum AppError {
///     NotFound,
///     Database,
/// }
/// # impl std::fmt::Display for AppError {
/// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{self:?}") }
/// # }
///
/// impl ClassifyError for AppError {
///     fn error_class(&self) -> ErrorClass {
///         match self {
///             Self::NotFound => ErrorClass::Error,
///             Self::Database => ErrorClass::Fault,
///         }
///     }
/// }
///
/// #[report_errors]
/// fn load(id: u64) -> Result<(), AppError> {
///     Err(if id == 0 { AppError::NotFound } else { AppError::Database })
/// }
///
/// assert_eq!(testing::capture_errors(|| load(0).is_ok()).len(), 0);
/// assert_eq!(testing::capture_errors(|| load(1).is_ok()).len(), 1);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error class",
    label = "does not implement `spanwright::ClassifyError`"
)]
pub trait ClassifyError {
    /// Returns the class of this error.
    ///
    /// It is called when a recorded call has failed, on the thread of the call, and must not block.
    /// If it panics, the error has no class.
    fn error_class(&self) -> ErrorClass;
}

macro_rules! by_reference {
    ($($pointer:ty),*) => {$(
        impl<E: ClassifyError + ?Sized> ClassifyError for $pointer {
            fn error_class(&self) -> ErrorClass {
                (**self).error_class()
            }
        }
    )*};
}

by_reference!(&E, Box<E>, Rc<E>, Arc<E>);

/// The way for errors with a class; `(&&ErrorProbe(error)).__spanwright_class()`.
pub trait ViaClass {
    /// Returns the class of the error.
    fn __spanwright_class(&self) -> Option<ErrorClass>;
}

/// The way for every other type.
pub trait ViaNoClass {
    /// Returns `None`.
    fn __spanwright_class(&self) -> Option<ErrorClass>;
}

impl<E: ClassifyError + ?Sized> ViaClass for &ErrorProbe<'_, E> {
    fn __spanwright_class(&self) -> Option<ErrorClass> {
        let name = format_args!("`ClassifyError::error_class` of `{}`", type_name::<E>());
        guard(name, || self.0.error_class())
    }
}

impl<E: ?Sized> ViaNoClass for ErrorProbe<'_, E> {
    #[inline]
    fn __spanwright_class(&self) -> Option<ErrorClass> {
        None
    }
}

/// Returns the class that a function of the user's gives an error; `None` if it panics.
pub fn class_by<E: ?Sized>(
    error: &E,
    classify: impl FnOnce(&E) -> ErrorClass,
) -> Option<ErrorClass> {
    guard(format_args!("`class` for `{}`", type_name::<E>()), || classify(error))
}

/// True if an error of this class is reported by a function that has a condition of its own or not.
#[inline]
pub fn is_reported(class: Option<ErrorClass>, has_condition: bool) -> bool {
    match class {
        None | Some(ErrorClass::Fault) => true,
        Some(ErrorClass::Error | ErrorClass::Throttle) => has_condition,
        Some(ErrorClass::Ignored) => false,
    }
}
