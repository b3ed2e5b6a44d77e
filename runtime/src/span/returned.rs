//! A returned value judged by its type: a boxed future is covered, any other value is a result.
//!
//! Generated code asks `(&&&Returned(&value)).__spanwright_kind()`; autoref picks the most
//! specific trait that fits, whatever alias or associated type the function's signature names.

use std::marker::PhantomData;
use std::pin::Pin;

use super::covered::eager;
use super::scoped::Running;

/// A reference to the value that a call returned.
#[derive(Debug)]
pub struct Returned<'a, T: ?Sized>(pub &'a T);

/// A boxed future, `D` being the trait object in the box.
#[derive(Debug)]
pub struct BoxedFuture<D: ?Sized>(PhantomData<fn(&D)>);

/// A future of a type that no wrapper can have.
#[derive(Debug)]
pub struct NamedFuture<F>(PhantomData<fn(F)>);

/// Any other value.
#[derive(Debug)]
pub struct Value<T>(PhantomData<fn(T)>);

/// The kind of a boxed future.
pub trait ViaBoxedFuture {
    /// The kind.
    type Kind;

    /// Returns the kind.
    fn __spanwright_kind(&self) -> Self::Kind;
}

/// The kind of any other future.
pub trait ViaNamedFuture {
    /// The kind.
    type Kind;

    /// Returns the kind.
    fn __spanwright_kind(&self) -> Self::Kind;
}

/// The kind of any other value.
pub trait ViaValue {
    /// The kind.
    type Kind;

    /// Returns the kind.
    fn __spanwright_kind(&self) -> Self::Kind;
}

macro_rules! boxed {
    ($($future:ty, $($auto:ident)*;)*) => {$(
        impl<'f, T> ViaBoxedFuture for &&Returned<'_, Pin<Box<$future>>> {
            type Kind = BoxedFuture<$future>;

            #[inline]
            fn __spanwright_kind(&self) -> Self::Kind {
                BoxedFuture(PhantomData)
            }
        }

        impl<'f, T: 'f> BoxedFuture<$future> {
            /// Covers the future, in a box of the same type.
            #[inline]
            pub fn finish<R, J>(
                self,
                future: Pin<Box<$future>>,
                running: R,
                judge: J,
            ) -> Pin<Box<$future>>
            where
                R: Running $(+ $auto)* + 'f,
                J: FnOnce(T, &mut R) -> T $(+ $auto)* + 'f,
            {
                Box::pin(eager(running, future, judge))
            }
        }
    )*};
}

boxed! {
    dyn Future<Output = T> + 'f,;
    dyn Future<Output = T> + Send + 'f, Send;
    dyn Future<Output = T> + Sync + 'f, Sync;
    dyn Future<Output = T> + Send + Sync + 'f, Send Sync;
}

/// Futures that can be put into another of the same type: none but boxed ones.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a future that cannot be covered by a span or a report: its type would change",
    label = "stands for `{Self}`",
    note = "make it `Pin<Box<dyn Future<Output = ..>>>` or return `impl Future<Output = ..>`; or move \
            the attribute to the `async fn` that does the work"
)]
pub trait Coverable {}

impl<F> NamedFuture<F> {
    /// Compiles for no future.
    #[expect(clippy::unused_self, reason = "the kind chooses the method")]
    pub fn finish<R, J>(self, future: F, _: R, _: J) -> F
    where
        F: Future + Coverable,
        J: FnOnce(F::Output, &mut R) -> F::Output,
    {
        future
    }
}

impl<T> Value<T> {
    /// Judges the value with the span current, and ends the call.
    #[expect(clippy::unused_self, reason = "the kind chooses the method")]
    #[inline]
    pub fn finish<R, J>(self, value: T, mut running: R, judge: J) -> T
    where
        R: Running,
        J: FnOnce(T, &mut R) -> T,
    {
        let _attached = running.attach();
        judge(value, &mut running)
    }
}

impl<F: Future> ViaNamedFuture for &Returned<'_, F> {
    type Kind = NamedFuture<F>;

    #[inline]
    fn __spanwright_kind(&self) -> Self::Kind {
        NamedFuture(PhantomData)
    }
}

impl<T> ViaValue for Returned<'_, T> {
    type Kind = Value<T>;

    #[inline]
    fn __spanwright_kind(&self) -> Self::Kind {
        Value(PhantomData)
    }
}
