//! Futures of annotated functions: one type around the function's own future.
//!
//! A layer of its own would cost each caller type depth and memory, so one enum holds the
//! parameters until the first poll, and the future with its span from then on.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::scoped::{Polling, Running, polled_after_ready};

pin_project! {
    /// A future that runs in a span, a report, or both.
    ///
    /// `B` begins the call at the first poll, in `R`, which is inert until then, and makes the future
    /// `F`. `J` judges the output and ends the call. The future is dropped with the span current, so
    /// that destructors belong to the span. What the call runs in is never moved: reading a span right
    /// after it was moved costs as much as recording it.
    #[project = CoveredProjection]
    enum Covered<B, R, F, J>
    where
        R: Running,
    {
        /// Not polled yet.
        Unpolled { begin: Option<(B, J)> },
        /// Polled; without a future once that was ready.
        Polled { #[pin] future: Option<F>, running: R, judge: Option<J> },
    }

    impl<B, R, F, J> PinnedDrop for Covered<B, R, F, J>
    where
        R: Running,
    {
        fn drop(this: Pin<&mut Self>) {
            if let CoveredProjection::Polled { mut future, running, .. } = this.project()
                && future.is_some()
            {
                let _attached = running.attach();
                future.set(None);
            }
        }
    }
}

/// Covers the future of an `async fn`, whose call begins at the first poll.
#[inline]
pub fn lazy<B, R, F, J>(begin: B, judge: J) -> impl Future<Output = F::Output>
where
    B: FnOnce(&mut R) -> F,
    R: Running,
    F: Future,
    J: FnOnce(F::Output, &mut R) -> F::Output,
{
    Covered::Unpolled { begin: Some((begin, judge)) }
}

/// Covers a future that a plain function made, whose call began before it.
#[inline]
pub fn eager<R, F, J>(running: R, future: F, judge: J) -> impl Future<Output = F::Output>
where
    R: Running,
    F: Future,
    J: FnOnce(F::Output, &mut R) -> F::Output,
{
    Covered::<fn(&mut R) -> F, R, F, J>::Polled {
        future: Some(future),
        running,
        judge: Some(judge),
    }
}

impl<B, R, F, J> Future for Covered<B, R, F, J>
where
    B: FnOnce(&mut R) -> F,
    R: Running,
    F: Future,
    J: FnOnce(F::Output, &mut R) -> F::Output,
{
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        if let CoveredProjection::Unpolled { begin } = self.as_mut().project() {
            let Some((begin, judge)) = begin.take() else { polled_after_ready() };
            self.set(Self::Polled { future: None, running: R::default(), judge: Some(judge) });
            if let CoveredProjection::Polled { mut future, running, .. } = self.as_mut().project() {
                future.set(Some(begin(running)));
            }
        }
        let CoveredProjection::Polled { mut future, running, judge } = self.project() else {
            polled_after_ready();
        };
        let Some(polled) = future.as_mut().as_pin_mut() else { polled_after_ready() };
        let output = {
            let _polling = running.is_running().then(|| Polling::begin(running));
            let output = polled.poll(context);
            if output.is_ready() {
                future.set(None);
            }
            output
        };
        let Poll::Ready(output) = output else { return Poll::Pending };
        let Some(judge) = judge.take() else { polled_after_ready() };
        Poll::Ready(judge(output, running))
    }
}

/// Nothing to run in: a build that records nothing.
impl Running for () {
    type Attached = ();

    #[inline]
    fn is_running(&self) -> bool {
        false
    }

    #[inline]
    fn attach(&self) {}

    fn note_panic(&mut self) {}
}

/// A span and a report around one call.
impl<A: Running, B: Running> Running for (A, B) {
    type Attached = (B::Attached, A::Attached);

    #[inline]
    fn is_running(&self) -> bool {
        self.0.is_running() || self.1.is_running()
    }

    #[inline]
    fn attach(&self) -> Self::Attached {
        let first = self.0.attach();
        (self.1.attach(), first)
    }

    #[cold]
    fn note_panic(&mut self) {
        self.1.note_panic();
        self.0.note_panic();
    }
}
