use std::future::{Future, ready};
use std::panic::UnwindSafe;
use std::pin::Pin;

use spanwright::traced;

type Guarded<T> = Pin<Box<dyn Future<Output = T> + Send + UnwindSafe>>;
type Result<T, E> = Pin<Box<dyn Future<Output = std::result::Result<T, E>>>>;
type Option<T> = Box<dyn Future<Output = T>>;

trait Fused: Future {}

impl<T> Fused for std::future::Ready<T> {}

#[traced]
fn guarded() -> Guarded<u32> {
    Box::pin(ready(1))
}

#[traced]
fn pinned() -> Pin<Box<dyn Fused<Output = u32>>> {
    Box::pin(ready(1))
}

#[traced]
fn boxed() -> Box<dyn Fused<Output = u32>> {
    Box::new(ready(1))
}

#[traced]
fn called_like_a_result() -> Result<u32, u32> {
    Box::pin(ready(Ok(1)))
}

#[traced]
fn called_like_an_option() -> Option<u32> {
    Box::new(ready(1))
}

fn main() {
    drop((guarded(), pinned(), boxed(), called_like_a_result(), called_like_an_option()));
}
