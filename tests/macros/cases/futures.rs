//! Y: futures.

use std::cell::Cell;
use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use spanwright::traced;

use super::{Pending, block_on};
use crate::check;

#[traced]
fn leaf() {}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[traced(fields(n))]
async fn steps(n: u32) -> u32 {
    leaf();
    Pending(1).await;
    leaf();
    n
}

#[test]
fn y01_a_span_is_current_only_while_its_future_is_polled() {
    let expected = "steps n=1\n  leaf\n  leaf\nsteps n=2\n  leaf\n  leaf\nleaf\n";
    check(expected, || {
        let (mut first, mut second) = (pin!(steps(1)), pin!(steps(2)));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(second.as_mut()).is_pending());
        leaf();
        assert_eq!(poll(second), Poll::Ready(2));
        assert_eq!(poll(first), Poll::Ready(1));
    });
}

#[traced]
async fn outer() -> u32 {
    Pending(2).await;
    let n = steps(1).await;
    leaf();
    n
}

#[test]
fn y02_nested_futures_have_the_right_parent() {
    check("outer\n  steps n=1\n    leaf\n    leaf\n  leaf\n", || assert_eq!(block_on(outer()), 1));
}

#[async_trait::async_trait]
trait Service {
    async fn call(&mut self, request: String) -> Result<usize, String>;

    #[traced(name = "Service::twice")]
    async fn twice(&mut self, request: String) -> Result<usize, String>
    where
        Self: Send,
    {
        Pending(1).await;
        Ok(self.call(request.clone()).await? + self.call(request).await?)
    }
}

struct Counting(usize);

#[async_trait::async_trait]
impl Service for Counting {
    #[traced(fields(request, before = self.0), ok(fields(count = *ok)))]
    async fn call(&mut self, request: String) -> Result<usize, String> {
        leaf();
        if request.is_empty() {
            return Err("empty".to_owned());
        }
        Pending(1).await;
        self.0 += request.len();
        Ok(self.0)
    }
}

#[test]
fn y03_async_trait_methods_are_futures_too() {
    let expected = "call request=ab before=0 count=2\n  leaf\n\
                    call request= before=2 error.type=_OTHER -> error !empty\n  leaf\n";
    check(expected, || {
        let mut service = Counting(0);
        assert_eq!(block_on(service.call("ab".to_owned())), Ok(2));
        assert!(block_on(service.call(String::new())).is_err());
    });
}

struct Stacked;

#[async_trait::async_trait]
impl Service for Stacked {
    /// The attribute above another one, whose lint it must not hide.
    #[traced]
    #[expect(unused_variables, reason = "`request` is not used")]
    async fn call(&mut self, request: String) -> Result<usize, String> {
        Ok(1)
    }

    #[expect(unused_mut, reason = "the attribute is below another one here")]
    #[traced]
    async fn twice(&mut self, request: String) -> Result<usize, String> {
        let mut request = request;
        self.call(request).await
    }
}

#[test]
fn y04_the_attribute_works_above_and_below_others_and_on_default_methods() {
    let expected = "Service::twice\n  call request=a before=0 count=1\n    leaf\n\
                    \x20 call request=a before=1 count=2\n    leaf\n\
                    twice\n  call\n";
    check(expected, || {
        assert_eq!(block_on(Counting(0).twice("a".to_owned())), Ok(3));
        assert_eq!(block_on(Stacked.twice("a".to_owned())), Ok(1));
    });
}

trait Fetch {
    fn fetch(&self, id: u32) -> impl Future<Output = Option<u32>> + Send;

    #[traced]
    async fn leading(&self) -> Option<u32> {
        self.fetch(1).await
    }
}

impl Fetch for [u32] {
    #[traced(fields(id))]
    async fn fetch(&self, id: u32) -> Option<u32> {
        Pending(1).await;
        self.get(id as usize).copied()
    }
}

#[test]
fn y05_native_async_methods_of_traits_are_traced() {
    check("leading\n  fetch id=1\nfetch id=9 -> none\n", || {
        assert_eq!(block_on([5, 6].leading()), Some(6));
        assert_eq!(block_on([5, 6].fetch(9)), None);
    });
}

#[traced(fields(n), ok(fields(doubled = *ok)))]
fn returned(n: u32) -> impl Future<Output = u32> {
    async move {
        leaf();
        Pending(1).await;
        n * 2
    }
}

#[traced(fields(n))]
fn prepared(n: u32) -> impl Future<Output = Result<u32, String>> + Send + 'static {
    leaf();
    let n = n + 1;
    if n == 0 {
        unreachable!("n is small");
    }
    async move {
        Pending(1).await;
        leaf();
        if n > 2 { Err(format!("{n} is too much")) } else { Ok(n) }
    }
}

#[traced(fields(text))]
fn boxed<'a>(text: &'a mut String) -> Pin<Box<dyn Future<Output = &'a str> + Send + 'a>> {
    text.push('!');
    if text.len() > 3 {
        return Box::pin(std::future::ready("too long"));
    }
    Box::pin(async move {
        Pending(1).await;
        leaf();
        text.as_str()
    })
}

/// Nothing in the body says what the error is: the signature must.
#[traced(ok(fields(len = ok.len())))]
fn told<'a>(
    text: &'a str,
) -> impl Future<Output = Result<&'a str, Box<dyn Error + Send + Sync>>> + Send + 'a {
    async move { Ok(text) }
}

#[traced(ok(fields(shown = %ok)))]
fn opaque() -> impl Future<Output = Result<impl Display, String>> {
    std::future::ready(Ok(1))
}

#[test]
fn y06_a_returned_future_is_what_the_span_covers() {
    let expected = "returned n=1 doubled=2\n  leaf\n\
                    prepared n=1\n  leaf\n  leaf\n\
                    prepared n=2 error.type=_OTHER -> error !3 is too much\n\
                    \x20 leaf\n  leaf\n\
                    boxed text=a\n  leaf\nboxed text=abc\n\
                    told len=2\nopaque shown=1\n";
    check(expected, || {
        assert_eq!(block_on(returned(1)), 2);
        assert_eq!(block_on(prepared(1)), Ok(2));
        assert!(block_on(prepared(2)).is_err());
        assert_eq!(block_on(boxed(&mut "a".to_owned())), "a!");
        assert_eq!(block_on(boxed(&mut "abc".to_owned())), "too long");
        assert!(block_on(told("ab")).is_ok());
        assert!(block_on(opaque()).is_ok());
    });
}

struct Client {
    base: u32,
}

impl Client {
    async fn request(&self, n: u32) -> u32 {
        Pending(2).await;
        leaf();
        self.base + n
    }

    #[traced(fields(self.base, n))]
    fn delegated(&self, n: u32) -> impl Future<Output = u32> + '_ {
        self.request(n)
    }

    #[traced]
    fn unpinned(&self) -> impl Future<Output = u32> + Unpin {
        std::future::ready(self.base)
    }

    #[traced]
    fn compound(&self) -> (impl Future<Output = u32> + '_, u32) {
        (self.request(1), 1)
    }
}

#[test]
fn y07_a_future_that_is_not_an_async_block_is_covered_and_a_compound_one_is_a_value() {
    let expected = "delegated base=1 n=2\n  leaf\nunpinned\ncompound\nleaf\n";
    check(expected, || {
        let client = Client { base: 1 };
        assert_eq!(block_on(client.delegated(2)), 3);
        assert_eq!(block_on(client.unpinned()), 1);
        let (future, n) = client.compound();
        assert_eq!(block_on(future) + n, 3);
    });
}

#[traced(fields(value = cell.get(), shown = %format_args!("<{}>", cell.get())))]
async fn unshared(cell: Cell<u32>) -> u32 {
    Pending(1).await;
    cell.get()
}

#[test]
fn y08_a_future_stays_send() {
    fn send<F: Future + Send>(future: F) -> F {
        future
    }
    check("unshared value=1 shown=<1>\nprepared n=0\n  leaf\n  leaf\n", || {
        assert_eq!(block_on(send(unshared(Cell::new(1)))), 1);
        assert_eq!(block_on(send(prepared(0))), Ok(1));
    });
}

struct Destroyed;

impl Drop for Destroyed {
    fn drop(&mut self) {
        leaf();
    }
}

#[traced]
async fn abandoned() -> u32 {
    let _destroyed = Destroyed;
    Pending(9).await;
    1
}

#[traced]
fn abandoned_box() -> Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(async {
        abandoned().await;
    })
}

#[test]
fn y09_a_dropped_future_is_cancelled_and_its_destructors_belong_to_it() {
    let expected = "abandoned -> cancelled\n  leaf\n\
                    abandoned_box -> cancelled\n  abandoned -> cancelled\n    leaf\n";
    check(expected, || {
        assert!(poll(pin!(abandoned())).is_pending());
        assert!(poll(abandoned_box().as_mut()).is_pending());
        // Never polled, so it never began.
        drop(abandoned());
    });
}

#[test]
fn y10_a_span_ends_when_its_future_is_ready() {
    check("steps n=1\n  leaf\n  leaf\nleaf\n", || {
        let mut future = Box::pin(steps(1));
        while poll(future.as_mut()).is_pending() {}
        leaf();
        drop(future);
    });
}

#[test]
fn y11_a_future_may_move_to_another_thread() {
    check("steps n=4\n  leaf\n  leaf\n", || {
        let mut future = Box::pin(steps(4));
        assert!(poll(future.as_mut()).is_pending());
        let moved = std::thread::spawn(move || poll(future.as_mut()));
        assert_eq!(moved.join().expect("the thread does not panic"), Poll::Ready(4));
    });
}

#[test]
fn y12_an_async_fn_begins_at_its_first_poll_and_a_returned_future_at_the_call() {
    #[traced]
    fn make() -> (impl Future<Output = u32>, impl Future<Output = u32>) {
        (steps(1), returned(1))
    }
    check("make\n  returned n=1 doubled=2\n    leaf\nsteps n=1\n  leaf\n  leaf\n", || {
        let (lazy, eager) = make();
        assert_eq!(block_on(lazy) + block_on(eager), 3);
    });
}

#[traced]
async fn unawaited() -> u32 {
    1
}

#[test]
fn y14_a_future_that_is_not_awaited_is_still_reported() {
    #[expect(unused_must_use, reason = "the call below must be reported")]
    fn forget() {
        unawaited();
    }
    check("", forget);
}

#[traced]
async fn diverging() -> u32 {
    panic!("on purpose")
}

#[traced]
fn unreachable_tail(n: u32) -> u32 {
    if n < 9 {
        return n;
    }
    unreachable!("n is small")
}

#[traced]
async fn unreachable_tail_later(n: u32) -> Option<u32> {
    if n < 9 {
        return Some(n);
    }
    unreachable!("n is small")
}

#[test]
fn y15_bodies_that_end_in_a_panic_compile_without_a_warning() {
    check(
        "diverging error.type=panic @exception -> panic !panicked\nunreachable_tail\nunreachable_tail_later\n",
        || {
            assert!(catch_unwind(AssertUnwindSafe(|| block_on(diverging()))).is_err());
            assert_eq!(unreachable_tail(1), 1);
            assert_eq!(block_on(unreachable_tail_later(1)), Some(1));
        },
    );
}

/// A stream as the `futures` crate has it, in small.
trait Stream {
    type Item;
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>>;
}

struct Once(Option<u32>);

impl Stream for Once {
    type Item = u32;
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u32>> {
        leaf();
        Poll::Ready(self.0.take())
    }
}

#[traced(fields(n))]
fn stream(n: u32) -> impl Stream<Item = u32> + Unpin {
    Once(Some(n))
}

#[test]
fn y16_of_a_stream_only_the_making_is_traced() {
    check("stream n=1\nleaf\n", || {
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(Pin::new(&mut stream(1)).poll_next(&mut context), Poll::Ready(Some(1)));
    });
}

#[traced]
#[deny(clippy::large_futures)]
async fn yields_async() -> impl Future<Output = u32> {
    async { 2 }
}

#[test]
#[deny(clippy::async_yields_async, clippy::large_futures)]
fn y17_futures_that_give_futures_are_quiet() {
    check("yields_async\n", || {
        assert_eq!(block_on(async { yields_async().await.await }), 2);
    });
}
