//! How a call ended, judged by the type of what it returned.
//!
//! Generated code calls a method on a wrapped reference with several `&` before it; the compiler
//! tries the trait with the most references first, so the most specific one that fits wins,
//! whatever the type is called. In a generic function the declared bounds decide. The names of these
//! methods are reserved, since a trait in the user's scope may have a method of any other name.
//! In: a reference to what was returned. Out: the outcome, and the error's type and message,
//! its sources included.
//! Never: consumes or changes the value; lets a panic of an error's `Display` out.

use std::any::type_name;
use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::ops::{ControlFlow, Deref};

use super::callsite::Callsite;
use super::chain::Chain;
use super::frame::{Attachment, Frame};
use super::returned::ValueJudge;
use super::sink::{Recorder, Sink, record_display_at};
use super::words::Key;
use crate::guard::guard;
use crate::record::{Level, Outcome, Severity};
use crate::type_name;

/// What a call returned, taken apart by reference.
#[derive(Debug)]
pub enum Split<'a, T: ?Sized, E: ?Sized> {
    /// It succeeded.
    Ok(&'a T),
    /// It failed.
    Err(&'a E),
    /// It had nothing to return.
    None,
}

/// A type that says whether a call succeeded.
///
/// Implemented by `Result`, `Option` and `ControlFlow`. An annotated function that returns another
/// type which implements it is judged by that implementation.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot fail",
    label = "needs a type that can fail",
    note = "return a `Result`, a `ControlFlow` or a type that implements \
            `spanwright::span::Fallible`, or remove the argument that looks at an error",
    note = "to report panics only, write `#[report_errors(panics)]`"
)]
pub trait Fallible {
    /// What success carries.
    type Ok: ?Sized;
    /// What failure carries.
    type Err: ?Sized;

    /// True if [`split`](Self::split) cannot panic; known for the types of the standard library.
    #[doc(hidden)]
    const CANNOT_PANIC: bool = false;

    /// Takes the value apart.
    fn split(&self) -> Split<'_, Self::Ok, Self::Err>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;
    const CANNOT_PANIC: bool = true;

    #[inline]
    fn split(&self) -> Split<'_, T, E> {
        match self {
            Ok(value) => Split::Ok(value),
            Err(error) => Split::Err(error),
        }
    }
}

impl<T> Fallible for Option<T> {
    type Ok = T;
    type Err = Infallible;
    const CANNOT_PANIC: bool = true;

    #[inline]
    fn split(&self) -> Split<'_, T, Infallible> {
        self.as_ref().map_or(Split::None, Split::Ok)
    }
}

impl<B, C> Fallible for ControlFlow<B, C> {
    type Ok = C;
    type Err = B;
    const CANNOT_PANIC: bool = true;

    #[inline]
    fn split(&self) -> Split<'_, C, B> {
        match self {
            Self::Continue(value) => Split::Ok(value),
            Self::Break(value) => Split::Err(value),
        }
    }
}

/// The wrapped result of a call; `(&&Judge(&value)).__spanwright_split()`.
#[derive(Debug)]
pub struct Judge<'a, T: ?Sized>(pub &'a T);

/// The way for types that say whether a call succeeded.
pub trait ViaFallible {
    /// The value taken apart.
    type Parts;

    /// Takes the value apart.
    fn __spanwright_split(&self) -> Self::Parts;
}

/// The way for every other type: the call succeeded.
pub trait ViaPlain {
    /// The value as a success.
    type Parts;

    /// Takes the value as a success.
    fn __spanwright_split(&self) -> Self::Parts;
}

macro_rules! judge {
    ($($judge:ident),*) => {$(
        impl<'a, T: Fallible + ?Sized> ViaFallible for &$judge<'a, T> {
            type Parts = Split<'a, T::Ok, T::Err>;

            #[inline]
            fn __spanwright_split(&self) -> Self::Parts {
                if T::CANNOT_PANIC {
                    return self.0.split();
                }
                let name = format_args!("`Fallible::split` of `{}`", type_name::<T>());
                guard(name, || self.0.split()).unwrap_or(Split::None)
            }
        }

        impl<'a, T: ?Sized> ViaPlain for $judge<'a, T> {
            type Parts = Split<'a, T, Infallible>;

            #[inline]
            fn __spanwright_split(&self) -> Self::Parts {
                Split::Ok(self.0)
            }
        }
    )*};
}

judge!(Judge, ValueJudge);

/// A receiver of what is known of the error of a call.
pub trait Describe {
    /// Takes an error of the type `type_name`, with its sources.
    ///
    /// The error may borrow from the call; only its sources are `'static`, by [`Error::source`].
    fn error(&mut self, type_name: &'static str, error: &dyn Error);

    /// Takes the text of a value of the type `type_name` that has no sources.
    fn text(&mut self, type_name: &'static str, text: &dyn fmt::Display);
}

/// A span that failed has its error's type, and what it and its sources say.
impl<const WORDS: usize, A: Attachment> Describe for Frame<WORDS, A> {
    fn error(&mut self, type_name: &'static str, error: &dyn Error) {
        fail_chain(self, type_name, error);
    }

    fn text(&mut self, type_name: &'static str, text: &dyn fmt::Display) {
        fail_by(self, type_name, &error_type(type_name), text);
    }
}

/// Value of `error.type` for an error whose type the compiler calls so.
fn error_type(type_name: &'static str) -> Cow<'static, str> {
    type_name::of_type(type_name).unwrap_or(Cow::Borrowed(type_name::OTHER))
}

/// A wrapped error; `(&&&&&&&ErrorProbe(error)).__spanwright_describe(&mut frame)`.
///
/// No way requires `'static`: the compiler chooses a way without regard to lifetimes, so a way
/// with such a bound would be chosen for an error that borrows, and then refused.
#[derive(Debug)]
pub struct ErrorProbe<'a, E: ?Sized>(pub &'a E);

macro_rules! via {
    ($(#[doc = $doc:literal] $name:ident;)*) => {$(
        #[doc = $doc]
        pub trait $name {
            /// Hands the type name, message and sources of the error to `to`.
            fn __spanwright_describe(&self, to: &mut impl Describe);
        }
    )*};
}

via! {
    #[doc = "The way for types that implement `Error`."] ViaError;
    #[doc = "The way for pointers to an error: `Box<dyn Error + Send>`, `Rc<E>`, `anyhow::Error`."]
    ViaDeref;
    #[doc = "The way for types that lend a sendable error."] ViaAsRefSend;
    #[doc = "The way for types that lend an error."] ViaAsRef;
    #[doc = "The way for types that implement `Display`."] ViaDisplay;
    #[doc = "The way for types that implement `Debug`."] ViaDebug;
    #[doc = "The way for every other type."] ViaNothing;
}

// `&E` is sized and an error as well, which makes a trait object of it possible.
impl<E: Error + ?Sized> ViaError for &&&&&&ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), &self.0);
    }
}

impl<E: Deref<Target: Error>> ViaDeref for &&&&&ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        let error = &**self.0;
        to.error(type_name::<E>(), &error);
    }
}

impl<'e, E: AsRef<dyn Error + Send + Sync + 'e>> ViaAsRefSend for &&&&ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), self.0.as_ref());
    }
}

impl<'e, E: AsRef<dyn Error + 'e>> ViaAsRef for &&&ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), self.0.as_ref());
    }
}

impl<E: fmt::Display + ?Sized> ViaDisplay for &&ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &self.0);
    }
}

impl<E: fmt::Debug + ?Sized> ViaDebug for &ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &format_args!("{:?}", self.0));
    }
}

impl<E: ?Sized> ViaNothing for ErrorProbe<'_, E> {
    fn __spanwright_describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &"");
    }
}

/// Marks a span as failed and records the type and the message of its error.
#[cold]
pub fn fail<const WORDS: usize, A: Attachment>(
    frame: &mut Frame<WORDS, A>,
    error_type: &str,
    message: &(impl fmt::Display + ?Sized),
) {
    fail_by(frame, error_type, error_type, message);
}

/// Marks a span as failed; diagnostics call the type of the error `type_name`.
fn fail_by<const WORDS: usize, A: Attachment>(
    frame: &mut Frame<WORDS, A>,
    type_name: &str,
    error_type: &str,
    message: &(impl fmt::Display + ?Sized),
) {
    frame.set_outcome(Outcome::Error);
    record_display_at(frame, Key::ERROR_TYPE, error_type);
    // An error that panics while it formats has cost its message, not the call.
    let name = format_args!("`Display` or `source` of `{type_name}`");
    guard(name, || record_display_at(frame, Key::FAILURE, message));
}

/// Marks a span as failed and records the type and the message of its error, and what it came from.
#[cold]
fn fail_chain<const WORDS: usize, A: Attachment>(
    frame: &mut Frame<WORDS, A>,
    type_name: &'static str,
    error: &dyn Error,
) {
    fail_by(frame, type_name, &error_type(type_name), &Chain(error));
    if frame.is_segment() && error.source().is_some() {
        // As above.
        guard(format_args!("`Display` or `source` of `{type_name}`"), || {
            let messages: Vec<_> = Chain(error).messages().collect();
            if let Some(buffer) = frame.buffer() {
                Sink::new(buffer, Key::ERRORS).strs(&messages);
            }
        });
    }
}

/// Adds an `exception` event to a span that failed, with the error's type and message.
pub fn error_event<const WORDS: usize, A: Attachment>(frame: &mut Frame<WORDS, A>, level: Level) {
    record_display_at(frame, Key::EXCEPTION, level.as_str());
}

/// Runs the part of generated code that describes an error, whose type may convert it by code of the
/// application; a panic there costs the description, not the call.
#[inline]
pub fn guard_description(describe: impl FnOnce()) {
    guard("a conversion of an error", describe);
}

/// Runs a part of generated code that evaluates the argument `name` of the function with this
/// callsite. A panic in `parent` or `enabled` costs the span, a panic in `name` costs the name, not
/// the call.
#[inline]
pub fn guard_argument(name: &str, callsite: &'static Callsite, begin: impl FnOnce()) {
    guard(format_args!("`{name}` of `{}`", callsite.source.name), begin);
}

/// Returns the severity that a function of the user's gives an error; `None` if it panics.
pub fn severity_by<E: ?Sized>(error: &E, judge: impl FnOnce(&E) -> Severity) -> Option<Severity> {
    guard(format_args!("`level` for `{}`", type_name::<E>()), || judge(error))
}

/// Asks a function of the user's whether an error is to be reported; it is, if the function panics.
pub fn asks<E: ?Sized>(error: &E, judge: impl FnOnce(&E) -> bool) -> bool {
    guard(format_args!("`when` or `ignore` for `{}`", type_name::<E>()), || judge(error))
        .unwrap_or(true)
}

/// Calls the body of an annotated function; that it takes an `FnOnce` lets the body return
/// references out of `&mut` arguments.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the body must not become a call of its own")]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// The value of a branch of generated code that never runs.
#[cold]
pub fn never<R>() -> R {
    unreachable!("generated code that never runs")
}
