//! Futures of functions in a build that records nothing.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of the bare function, of a type that has the bounds of the covering future `C`.
    ///
    /// Auto traits and lifetimes are those of both, so that a function compiles whether it records
    /// or not.
    struct Unrecorded<F, C> {
        #[pin]
        future: F,
        covering: PhantomData<C>,
    }
}

/// Wraps a future in a type that has the bounds of what `cover` returns, without calling `cover`.
#[inline]
pub fn unrecorded<F, C>(future: F, _cover: impl FnOnce(F) -> C) -> impl Future<Output = F::Output>
where
    F: Future,
    C: Future<Output = F::Output>,
{
    Unrecorded { future, covering: PhantomData::<C> }
}

impl<F: Future, C> Future for Unrecorded<F, C> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(context)
    }
}
