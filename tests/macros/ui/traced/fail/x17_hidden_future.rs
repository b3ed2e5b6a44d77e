use std::future::{Future, IntoFuture, ready};
use std::pin::Pin;

use spanwright::{report_errors, traced};

trait TryFuture: Future<Output = Result<u32, u32>> {}

impl<F: Future<Output = Result<u32, u32>>> TryFuture for F {}

#[traced]
fn opaque() -> impl Send + TryFuture {
    ready(Ok(1))
}

#[report_errors]
fn pinned() -> Pin<Box<impl self::TryFuture>> {
    Box::pin(ready(Ok(1)))
}

#[traced]
fn no_mistake() -> impl IntoFuture<Output = u32> {
    vec![1].into_iter().map(ready).next().unwrap()
}

trait HasFuture {}

impl HasFuture for u32 {}

#[traced]
fn no_future() -> impl HasFuture {
    1
}

fn main() {
    drop((opaque(), pinned(), no_mistake()));
    no_future();
}
