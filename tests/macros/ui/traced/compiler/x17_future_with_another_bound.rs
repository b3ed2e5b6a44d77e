use std::future::{Future, ready};

use spanwright::traced;

#[traced]
fn cloned() -> impl Future<Output = u32> + Clone {
    ready(1)
}

fn main() {
    let _ = cloned();
}
