//! The cases: functions of every shape, each called once.
//!
//! In: `crate::check`, which knows whether spans are to be seen. Never: depends on a feature.

mod arguments;
mod attributes;
mod borrowed;
mod classes;
mod closures;
mod edition_lints;
mod errors;
mod functions;
mod futures;
mod reports;
mod results;
mod shapes;
mod xray;

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Polls a future until it is ready.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

/// A future that is pending a number of times first.
struct Pending(u32);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}
