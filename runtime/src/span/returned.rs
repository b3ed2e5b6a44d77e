//! A returned value judged by its type: a boxed future is covered, any other value is a result.
//!
//! Generated code asks `(&&&&Returned(&value)).__spanwright_kind()`; autoref picks the most
//! specific trait that fits, whatever alias or associated type the function's signature names.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::pin::Pin;

use super::covered::eager;
use super::outcome::Split;
use super::scoped::Running;

/// A reference to the value that a call returned.
#[derive(Debug)]
pub struct Returned<'a, T: ?Sized>(pub &'a T);

/// A future in the box `B`, a trait object that a wrapper can stand for.
#[derive(Debug)]
pub struct BoxedFuture<B>(PhantomData<fn(B)>);

/// A future `F` in the box `B`, of a type that no wrapper can have.
#[derive(Debug)]
pub struct OtherBox<B, F: ?Sized>(PhantomData<fn(B, &F)>);

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

/// The kind of any other future in a box.
pub trait ViaOtherBox {
    /// The kind.
    type Kind;

    /// Returns the kind.
    fn __spanwright_kind(&self) -> Self::Kind;
}

/// The kind of a future that is in no box.
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
        boxed!(Pin<Box<$future>>, $future, |future| future, Box::pin, $($auto)*);
        boxed!(Box<$future>, $future, Box::into_pin, Box::new, $($auto)*);
    )*};
    ($boxed:ty, $future:ty, $pinned:expr, $boxing:path, $($auto:ident)*) => {
        impl<'f, T> ViaBoxedFuture for &&&Returned<'_, $boxed> {
            type Kind = BoxedFuture<$boxed>;

            #[inline]
            fn __spanwright_kind(&self) -> Self::Kind {
                BoxedFuture(PhantomData)
            }
        }

        impl<'f, T: 'f> BoxedFuture<$boxed> {
            /// Covers the future, in a box of the same type.
            #[inline]
            pub fn finish<R, J>(self, future: $boxed, running: R, judge: J) -> $boxed
            where
                R: Running $(+ $auto)* + 'f,
                J: FnOnce(T, &mut R) -> T $(+ $auto)* + 'f,
            {
                let pinned: fn($boxed) -> Pin<Box<$future>> = $pinned;
                $boxing(eager(running, pinned(future), judge))
            }
        }
    };
}

boxed! {
    dyn Future<Output = T> + 'f,;
    dyn Future<Output = T> + Send + 'f, Send;
    dyn Future<Output = T> + Sync + 'f, Sync;
    dyn Future<Output = T> + Unpin + 'f,;
    dyn Future<Output = T> + Send + Sync + 'f, Send Sync;
    dyn Future<Output = T> + Send + Unpin + 'f, Send;
    dyn Future<Output = T> + Sync + Unpin + 'f, Sync;
    dyn Future<Output = T> + Send + Sync + Unpin + 'f, Send Sync;
}

/// Implemented by no type: a span or a report cannot cover the future without changing its type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a future that cannot be covered by a span or a report: its type would change",
    label = "stands for `{Self}`",
    note = "make it `Pin<Box<dyn Future<Output = ..>>>` or return `impl Future<Output = ..>`; or move \
            the attribute to the `async fn` that does the work"
)]
pub trait Coverable {}

/// Implemented by no type: the name of the returned type hides a boxed future.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is a boxed future under the name of a type of the standard library",
    label = "stands for `{Self}`",
    note = "rename the type alias, or write `Pin<Box<dyn Future<Output = ..>>>` in the signature"
)]
pub trait NotBoxedFuture {}

/// The wrapped value of a call whose type is called like a value of the standard library; a
/// [`Judge`](super::outcome::Judge) that compiles for no boxed future.
#[derive(Debug)]
pub struct ValueJudge<'a, T: ?Sized>(pub &'a T);

impl<D: Future + ?Sized> ValueJudge<'_, Pin<Box<D>>> {
    /// Compiles for no type.
    #[inline]
    pub fn __spanwright_split(&self) -> Split<'_, Pin<Box<D>>, Infallible>
    where
        Pin<Box<D>>: NotBoxedFuture,
    {
        Split::Ok(self.0)
    }
}

impl<D: Future + ?Sized> ValueJudge<'_, Box<D>> {
    /// Compiles for no type.
    #[inline]
    pub fn __spanwright_split(&self) -> Split<'_, Box<D>, Infallible>
    where
        Box<D>: NotBoxedFuture,
    {
        Split::Ok(self.0)
    }
}

impl<B, D: Future + ?Sized> OtherBox<B, D> {
    /// Compiles for no future.
    #[expect(clippy::unused_self, reason = "the kind chooses the method")]
    pub fn finish<R, J>(self, future: B, _: R, _: J) -> B
    where
        B: Coverable,
        J: FnOnce(D::Output, &mut R) -> D::Output,
    {
        future
    }
}

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

impl<D: Future + ?Sized> ViaOtherBox for &&Returned<'_, Pin<Box<D>>> {
    type Kind = OtherBox<Pin<Box<D>>, D>;

    #[inline]
    fn __spanwright_kind(&self) -> Self::Kind {
        OtherBox(PhantomData)
    }
}

impl<D: Future + ?Sized> ViaOtherBox for &&Returned<'_, Box<D>> {
    type Kind = OtherBox<Box<D>, D>;

    #[inline]
    fn __spanwright_kind(&self) -> Self::Kind {
        OtherBox(PhantomData)
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
