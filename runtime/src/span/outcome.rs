//! How a call ended, judged by the type of what it returned.
//!
//! Generated code calls a method on a wrapped reference with several `&` before it; the compiler
//! tries the trait with the most references first, so the most specific one that fits wins,
//! whatever the type is called. In a generic function the declared bounds decide.
//! In: a reference to what was returned. Out: the outcome, and the error's type and message,
//! its sources included.
//! Never: consumes or changes the value; lets a panic of an error's `Display` out.

use std::any::type_name;
use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::chain::Chain;
use super::frame::Frame;
use super::sink::{Recorder, Sink, record_display_at};
use super::words::Key;
use crate::record::{Level, Outcome};

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
/// `Result`, `Option` and `ControlFlow` implement it; implement it for your own result types and
/// annotated functions that return them are judged by it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot fail: it does not say whether a call failed",
    label = "cannot fail",
    note = "`Result` and `ControlFlow` can, `Option` where `none` says so, and types of yours that \
            implement `spanwright::span::Fallible`; with `panics` panics alone are reported"
)]
pub trait Fallible {
    /// What success carries.
    type Ok: ?Sized;
    /// What failure carries.
    type Err: ?Sized;

    /// Takes the value apart.
    fn split(&self) -> Split<'_, Self::Ok, Self::Err>;
}

impl<T, E> Fallible for Result<T, E> {
    type Ok = T;
    type Err = E;

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

    #[inline]
    fn split(&self) -> Split<'_, T, Infallible> {
        self.as_ref().map_or(Split::None, Split::Ok)
    }
}

impl<B, C> Fallible for ControlFlow<B, C> {
    type Ok = C;
    type Err = B;

    #[inline]
    fn split(&self) -> Split<'_, C, B> {
        match self {
            Self::Continue(value) => Split::Ok(value),
            Self::Break(value) => Split::Err(value),
        }
    }
}

/// Wraps what a call returned; `(&&Judge(&value)).split()`.
#[derive(Debug)]
pub struct Judge<'a, T: ?Sized>(pub &'a T);

/// The way for types that say whether a call succeeded.
pub trait ViaFallible {
    /// The value taken apart.
    type Parts;

    /// Takes the value apart.
    fn split(&self) -> Self::Parts;
}

/// The way for every other type: the call succeeded.
pub trait ViaPlain {
    /// The value as a success.
    type Parts;

    /// Takes the value as a success.
    fn split(&self) -> Self::Parts;
}

impl<'a, T: Fallible + ?Sized> ViaFallible for &Judge<'a, T> {
    type Parts = Split<'a, T::Ok, T::Err>;

    #[inline]
    fn split(&self) -> Self::Parts {
        self.0.split()
    }
}

impl<'a, T: ?Sized> ViaPlain for Judge<'a, T> {
    type Parts = Split<'a, T, Infallible>;

    #[inline]
    fn split(&self) -> Self::Parts {
        Split::Ok(self.0)
    }
}

/// Is told how a call failed.
pub trait Describe {
    /// An error of this type, with its sources.
    fn error(&mut self, type_name: &'static str, error: &(dyn Error + 'static));

    /// Something of this type that says no more than this.
    fn text(&mut self, type_name: &'static str, text: &dyn fmt::Display);
}

/// A span that failed has its error's type, and what it and its sources say.
impl<const WORDS: usize> Describe for Frame<WORDS> {
    fn error(&mut self, type_name: &'static str, error: &(dyn Error + 'static)) {
        fail_chain(self, type_name, error);
    }

    fn text(&mut self, type_name: &'static str, text: &dyn fmt::Display) {
        fail(self, type_name, text);
    }
}

/// Wraps an error; `(&&&&&&ErrorProbe(error)).describe(&mut frame)`.
#[derive(Debug)]
pub struct ErrorProbe<'a, E: ?Sized>(pub &'a E);

macro_rules! via {
    ($(#[doc = $doc:literal] $name:ident;)*) => {$(
        #[doc = $doc]
        pub trait $name {
            /// Says what is known of the error.
            fn describe(&self, to: &mut impl Describe);
        }
    )*};
}

via! {
    #[doc = "The way for errors of a known type."] ViaError;
    #[doc = "The way for wrappers of a sendable error, such as `anyhow::Error`."] ViaAsRefSend;
    #[doc = "The way for wrappers of an error."] ViaAsRef;
    #[doc = "The way for what only formats for users."] ViaDisplay;
    #[doc = "The way for what only formats for programmers."] ViaDebug;
    #[doc = "The way for everything else."] ViaNothing;
}

impl<E: Error + 'static> ViaError for &&&&&ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), self.0);
    }
}

impl<E: AsRef<dyn Error + Send + Sync>> ViaAsRefSend for &&&&ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), self.0.as_ref());
    }
}

impl<E: AsRef<dyn Error>> ViaAsRef for &&&ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.error(type_name::<E>(), self.0.as_ref());
    }
}

impl<E: fmt::Display + ?Sized> ViaDisplay for &&ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &self.0);
    }
}

impl<E: fmt::Debug + ?Sized> ViaDebug for &ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &format_args!("{:?}", self.0));
    }
}

impl<E: ?Sized> ViaNothing for ErrorProbe<'_, E> {
    fn describe(&self, to: &mut impl Describe) {
        to.text(type_name::<E>(), &"");
    }
}

/// Marks a span as failed and records the type and the message of its error.
#[cold]
pub fn fail<const WORDS: usize>(
    frame: &mut Frame<WORDS>,
    error_type: &str,
    message: &(impl fmt::Display + ?Sized),
) {
    frame.set_outcome(Outcome::Error);
    record_display_at(frame, Key::ERROR_TYPE, error_type);
    // An error that panics while it formats has cost its message, not the call.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        record_display_at(frame, Key::FAILURE, message);
    }));
}

/// Marks a span as failed and records the type and the message of its error, and what it came from.
#[cold]
fn fail_chain<const WORDS: usize>(frame: &mut Frame<WORDS>, error_type: &str, error: &dyn Error) {
    fail(frame, error_type, &Chain(error));
    if frame.is_segment() && error.source().is_some() {
        // As above.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let messages: Vec<_> = Chain(error).messages().collect();
            if let Some(buffer) = frame.buffer() {
                Sink::new(buffer, Key::ERRORS).strs(&messages);
            }
        }));
    }
}

/// Adds an `exception` event to a span that failed, with the error's type and message.
pub fn error_event<const WORDS: usize>(frame: &mut Frame<WORDS>, level: Level) {
    record_display_at(frame, Key::EXCEPTION, level.as_str());
}

/// Runs the part of generated code that evaluates the user's attribute expressions; a panic there
/// costs the attributes that follow, not the call.
#[inline]
pub fn guard_attributes(record: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(record));
}

/// Asks a function of the user's about an error; that the type stands here lets a closure leave it
/// out.
pub fn classify<E: ?Sized, R>(error: &E, judge: impl FnOnce(&E) -> R) -> R {
    judge(error)
}

/// Asks a function of the user's whether an error is to be reported; it is, if the function panics.
pub fn asks<E: ?Sized>(error: &E, judge: impl FnOnce(&E) -> bool) -> bool {
    catch_unwind(AssertUnwindSafe(|| judge(error))).unwrap_or(true)
}

/// Takes a result whose type can say that a call failed.
#[inline]
pub const fn fallible<T: Fallible + ?Sized>(_result: &T) {}

/// Calls the body of an annotated function; that it takes an `FnOnce` lets the body return
/// references out of `&mut` arguments.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the body must not become a call of its own")]
pub fn call<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Ends a statement of generated code that is type-checked and never runs.
#[cold]
pub fn unreachable() -> ! {
    unreachable!("generated code that never runs")
}
