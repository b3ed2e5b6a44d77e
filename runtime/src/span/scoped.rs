//! Futures that are polled with their span current.
//!
//! In: a future and the frame or span it runs in. Out: the same output; the span ends at `Ready`.
//! Never: keeps a span current across an await.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::current::Current;
use super::handle::{Span, SpanRef};
use super::scope::Scope;
use super::unwinding::Unwinding;
use crate::record::Outcome;

/// State that a future runs in: the frame of a span, a call whose failures are reported, or both. The
/// default is inert.
pub trait Running: Default {
    /// Restores what was there before.
    type Attached;

    /// Whether there is anything to run in.
    #[doc(hidden)]
    fn is_running(&self) -> bool;

    /// Makes it current on this thread until the guard is dropped.
    #[doc(hidden)]
    fn attach(&self) -> Self::Attached;

    /// Notes that a panic left the future.
    #[doc(hidden)]
    fn note_panic(&mut self);
}

/// Calls `body` with `frame` current: the part of a function that makes a future.
#[inline]
pub fn call_in<R>(frame: &mut impl Running, body: impl FnOnce() -> R) -> R {
    let _calling = Polling::begin(frame);
    body()
}

/// A poll, or the call that makes a future, while it runs.
pub(super) struct Polling<'a, R: Running> {
    // Dropped first: a panic is noticed where the poll was called.
    _attached: R::Attached,
    _noticing: Noticing<'a, R>,
}

/// Notices a panic on its way out.
struct Noticing<'a, R: Running> {
    frame: &'a mut R,
    unwinding: Unwinding,
}

impl<'a, R: Running> Polling<'a, R> {
    #[inline]
    pub(super) fn begin(frame: &'a mut R) -> Self {
        Self {
            _attached: frame.attach(),
            _noticing: Noticing { frame, unwinding: Unwinding::begin() },
        }
    }
}

impl<R: Running> Drop for Noticing<'_, R> {
    #[inline]
    fn drop(&mut self) {
        if self.unwinding.is_under_way() {
            self.frame.note_panic();
        }
    }
}

#[cold]
pub(super) fn polled_after_ready() -> ! {
    panic!("a future was polled after it was ready");
}

pin_project! {
    /// A future that runs in a span of its own; see [`Span::wrap`].
    #[derive(Debug)]
    #[must_use = "a future does nothing until it is polled"]
    pub struct InSpan<F> {
        span: Option<Span>,
        scope: Scope,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InSpan<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let Some(span) = this.span.as_mut() else { return };
            let _attached = (span.attach(), this.scope.attach());
            this.future.set(None);
            span.frame().settle_outcome(Outcome::Cancelled);
        }
    }
}

impl<F: Future> InSpan<F> {
    pub(super) fn new(span: Span, future: F) -> Self {
        Self { span: Some(span), scope: Scope::current(), future: Some(future) }
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let (Some(span), Some(future)) = (this.span.as_mut(), this.future.as_mut().as_pin_mut())
        else {
            polled_after_ready();
        };
        let _scope = this.scope.attach();
        let polling = Polling::begin(span.frame());
        let output = future.poll(cx);
        if output.is_ready() {
            this.future.set(None);
            drop(polling);
            drop(this.span.take());
        }
        output
    }
}

pin_project! {
    /// A future that is polled, and dropped, with a span current that it does not own; see
    /// [`FutureExt::in_current_span`].
    #[derive(Debug)]
    #[must_use = "a future does nothing until it is polled"]
    pub struct InContext<F> {
        context: Current,
        scope: Scope,
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _attached = (this.context.attach(), this.scope.attach());
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let Some(future) = this.future.as_pin_mut() else { polled_after_ready() };
        let _attached = (this.context.attach(), this.scope.attach());
        future.poll(cx)
    }
}

/// Hands spans over to futures, for instance before they are spawned as tasks.
///
/// ```
/// use spanwright::FutureExt;
/// # async fn work() {}
/// # fn spawn<F: Future>(_: F) {}
/// // The task goes on under the span that is current here.
/// spawn(work().in_current_span());
/// // The task runs in a span of its own.
/// spawn(work().in_span(spanwright::Span::new("work")));
/// ```
pub trait FutureExt: Future + Sized {
    /// Polls the future with the span current that is current now.
    fn in_current_span(self) -> InContext<Self> {
        self.in_context(super::current())
    }

    /// Polls the future with this span current, and leaves the span's end to its owner.
    fn in_context(self, span: SpanRef) -> InContext<Self> {
        InContext { context: span.to_current(), scope: Scope::current(), future: Some(self) }
    }

    /// Polls the future in this span, which ends when the future is ready.
    fn in_span(self, span: Span) -> InSpan<Self> {
        span.wrap(self)
    }
}

impl<F: Future> FutureExt for F {}
