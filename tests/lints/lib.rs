//! Functions of every shape, with and without attributes.

#![cfg_attr(
    feature = "quiet",
    expect(clippy::needless_return, reason = "as `implicit_return` wants")
)]
#![cfg_attr(
    all(feature = "forbid", not(feature = "quiet")),
    forbid(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)
)]

use std::error::Error;
use std::fmt::Display;
use std::future::{Future, ready};
use std::pin::Pin;

/// Something to work with.
#[derive(Debug)]
pub struct Order {
    id: u64,
    lines: Vec<u32>,
}

/// A boxed future behind an alias.
pub type Boxed<'order, T> = Pin<Box<dyn Future<Output = T> + Send + 'order>>;

/// A function without a result.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(order.id, extra, #[when(extra > 1)] more = extra * 2)))]
pub fn unit(order: &mut Order, extra: u32) {
    order.lines.push(extra);
}

/// A function whose complexity is as high as clippy lets it be.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(n, #[when(n > 1)] a = n, #[when(n > 2)] b = n, #[when(n > 3)] c = n)))]
#[cfg_attr(feature = "annotated", spanwright::xray_subsegment(annotations(#[when(n > 1)] d = n, #[when(n > 2)] e = n)))]
#[cfg_attr(feature = "annotated", spanwright::report_errors(panics, custom(#[when(n > 1)] f = n)))]
pub fn complex(n: u32, out: &mut Vec<u32>) {
    if n > 1 {
        out.push(1);
    }
    if n > 2 {
        out.push(2);
    }
    if n > 3 {
        out.push(3);
    }
    if n > 4 {
        out.push(4);
    }
    if n > 5 {
        out.push(5);
    }
    if n > 6 {
        out.push(6);
    }
    if n > 7 {
        out.push(7);
    }
    if n > 8 {
        out.push(8);
    }
    if n > 9 {
        out.push(9);
    }
    if n > 10 {
        out.push(10);
    }
    if n > 11 {
        out.push(11);
    }
    if n > 12 {
        out.push(12);
    }
    if n > 13 {
        out.push(13);
    }
    if n > 14 {
        out.push(14);
    }
    if n > 15 {
        out.push(15);
    }
    if n > 16 {
        out.push(16);
    }
    if n > 17 {
        out.push(17);
    }
    if n > 18 {
        out.push(18);
    }
    if n > 19 {
        out.push(19);
    }
    if n > 20 {
        out.push(20);
    }
    if n > 21 {
        out.push(21);
    }
    if n > 22 {
        out.push(22);
    }
    if n > 23 {
        out.push(23);
    }
    if n > 24 {
        out.push(24);
    }
}

/// A function with many values, whose own complexity is low.
///
/// # Errors
///
/// When there are too many.
#[cfg_attr(feature = "annotated", spanwright::traced(
    fields(
        order.id, n, #[when(n > 1)] a = n, #[when(n > 2)] b = n, #[when(n > 3)] c = n,
        #[when(n > 4)] d = n, #[when(n > 5)] e = n, #[when(n > 6)] f = n, #[when(n > 7)] g = n,
        #[when(n > 8)] h = n, #[when(n > 9)] i = n, #[when(n > 10)] j = n, #[when(n > 11)] k = n,
        #[when(n > 12)] l = n, #[when(n > 13)] m = n, #[when(n > 14)] o = n, #[when(n > 15)] p = n,
    ),
    ok(fields(sum = *ok, #[when(n > 1)] rows = n, #[when(n > 2)] twice = n)),
    err(fields(length = err.len()), level = "warn"), ret(fields(all = ret.is_ok())),
))]
#[cfg_attr(feature = "annotated", spanwright::xray_subsegment(annotations(tenant = n), metadata(n), class = "error"))]
#[cfg_attr(feature = "annotated", spanwright::report_errors(person(id = order.id), custom(code = err.len())))]
pub fn fallible(order: &Order, n: u32) -> Result<u32, String> {
    let sum = order.lines.iter().sum::<u32>();
    if sum > n {
        return Err(format!("{sum} is too much"));
    }
    return Ok(sum);
}

/// A function that ends in an expression.
#[cfg_attr(feature = "annotated", spanwright::traced)]
#[must_use]
pub fn plain(order: &Order) -> u64 {
    order.id
}

/// A function that ends in `return`.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(id), ret))]
#[must_use]
pub fn returned(id: u64) -> u64 {
    return id;
}

/// A function that changes a parameter which is recorded.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(count), ok(fields(of = count))))]
#[must_use]
pub fn raised(mut count: u64, (mut first, second): (u64, u64)) -> u64 {
    count += 1;
    first += second;
    return count + first;
}

/// A function that gives an opaque value.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(id)))]
pub fn opaque(id: u64) -> impl Display {
    return id;
}

/// A function that gives a closure.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(id)))]
pub fn closure(id: u64) -> impl Fn(&str) -> String {
    return move |text| return format!("{text} {id}");
}

/// A function whose type decides whether it gives a future.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(order.id)))]
#[must_use]
pub fn aliased(order: &Order) -> Boxed<'_, u64> {
    return Box::pin(ready(order.id));
}

/// A function that gives a boxed future.
#[cfg_attr(feature = "annotated", spanwright::traced(name = id + 1, fields(id), ok(fields(sum = *ok, of = id))))]
#[must_use]
pub fn boxed(id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    return Box::pin(ready(id));
}

/// A function that gives a future.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(id)))]
pub fn future(id: u64) -> impl Future<Output = u64> + Send {
    return ready(id);
}

/// An asynchronous function.
///
/// # Errors
///
/// Never.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(order.id, limit), ok(fields(sum = *ok))))]
#[cfg_attr(feature = "annotated", spanwright::report_errors)]
pub async fn asynchronous(
    order: &Order,
    limit: u64,
    _unused: u64,
) -> Result<u64, Box<dyn Error + Send + Sync>> {
    let id = ready(order.id).await;
    return Ok(id.min(limit));
}

/// An asynchronous function that gives a future.
#[cfg_attr(feature = "annotated", spanwright::traced)]
pub async fn yields(id: u64) -> impl Future<Output = u64> {
    ready(()).await;
    return ready(id);
}

/// An asynchronous function without a result.
#[cfg_attr(feature = "annotated", spanwright::traced(fields(id)))]
pub async fn nothing(id: u64) {
    ready(id).await;
}

impl Order {
    /// A method.
    #[cfg_attr(feature = "annotated", spanwright::traced(fields(self.id, extra)))]
    #[must_use]
    pub fn method(mut self, mut extra: u64, (first, second): (u64, u64)) -> Self {
        extra += first + second;
        self.id += extra;
        return self;
    }
}

/// Lints that nothing below may allow again.
pub mod forbidden {
    #![forbid(clippy::all, clippy::pedantic, clippy::nursery, clippy::async_yields_async)]
    #![forbid(clippy::shadow_reuse, clippy::shadow_same, clippy::shadow_unrelated)]

    use std::future::{Future, ready};

    /// An asynchronous function that gives a future.
    #[cfg_attr(feature = "annotated", spanwright::traced(fields(id)))]
    pub async fn yields(id: u64) -> impl Future<Output = u64> {
        ready(()).await;
        ready(id)
    }

    /// An asynchronous function.
    #[cfg_attr(feature = "annotated", spanwright::traced(fields(id), ret))]
    pub async fn asynchronous(id: u64) -> u64 {
        ready(id).await
    }

    /// A function with a result.
    ///
    /// # Errors
    ///
    /// When there is none.
    #[cfg_attr(feature = "annotated", spanwright::traced(fields(id), err(event)))]
    #[cfg_attr(feature = "annotated", spanwright::xray_subsegment(annotations(id)))]
    #[cfg_attr(feature = "annotated", spanwright::report_errors(custom(id)))]
    pub fn fallible(id: u64) -> Result<u64, String> {
        id.checked_add(1).ok_or_else(|| String::from("too much"))
    }
}
