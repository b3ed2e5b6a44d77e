//! S: futures behind aliases and associated types, bounds that a future keeps, deep chains.

use std::future::{Future, Ready, ready};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::task::{Context, Poll};

use spanwright::{report_errors, traced};

use super::{Pending, block_on};
use crate::{check, check_reports};

#[traced]
fn leaf() {}

#[traced(fields(n))]
fn shared(n: u32) -> impl Future<Output = u32> + Send + Sync {
    async move {
        Pending(1).await;
        leaf();
        n
    }
}

#[traced]
fn captured<'a>(
    text: &'a str,
    _other: &str,
) -> impl Future<Output = usize> + Send + Sync + Unpin + UnwindSafe + use<'a> {
    let _ = &text;
    ready(text.len())
}

#[traced]
fn unwinding() -> impl Future<Output = u32> + UnwindSafe + RefUnwindSafe + 'static {
    ready(1)
}

#[test]
fn s01_a_future_keeps_auto_traits_and_lifetimes() {
    fn sync<F: Future + Send + Sync>(future: F) -> F {
        future
    }
    let expected = "shared n=1\n  leaf\ncaptured\nunwinding\n";
    check(expected, || {
        assert_eq!(block_on(sync(shared(1))), 1);
        assert_eq!(block_on(captured("ab", "")), 2);
        assert_eq!(block_on(unwinding()), 1);
    });
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type Local<T> = Pin<Box<dyn Future<Output = T>>>;

/// An alias of the same name as that of the `futures` crate, for another type.
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + Sync + 'a>>;

#[traced(fields(text), ok(fields(len = ok.len())))]
fn aliased<'a>(text: &'a mut String) -> Boxed<'a, Option<&'a str>> {
    leaf();
    text.push('!');
    if text.len() > 3 {
        return Box::pin(ready(None));
    }
    Box::pin(async move {
        Pending(1).await;
        leaf();
        Some(text.as_str())
    })
}

#[traced(ok(fields(doubled = ok * 2)))]
fn local(n: u32) -> Local<u32> {
    Box::pin(async move { n })
}

#[traced(ok(fields(n = *ok)), err(fields(len = err.len())))]
fn own_alias(n: u32) -> BoxFuture<'static, u32> {
    Box::pin(ready(if n > 1 { Err("too much".to_owned()) } else { Ok(n) }))
}

#[test]
fn s02_a_boxed_future_behind_an_alias_is_covered() {
    let expected = "aliased text=a len=2\n  leaf\n  leaf\naliased text=abc -> none\n  leaf\n\
                    local doubled=4\n\
                    own_alias n=1\n\
                    own_alias error.type=_OTHER len=8 -> error !too much\n";
    check(expected, || {
        assert_eq!(block_on(aliased(&mut "a".to_owned())), Some("a!"));
        assert_eq!(block_on(aliased(&mut "abc".to_owned())), None);
        assert_eq!(block_on(local(2)), 2);
        assert_eq!(block_on(own_alias(1)), Ok(1));
        assert!(block_on(own_alias(2)).is_err());
    });
}

/// The trait of a service as the `tower` crate has it, in small.
trait Service<Request> {
    type Response;
    type Error;
    type Future: Future<Output = Result<Self::Response, Self::Error>>;

    fn call(&mut self, request: Request) -> Self::Future;
}

struct Len;

impl Service<String> for Len {
    type Response = usize;
    type Error = String;
    type Future = Boxed<'static, Result<usize, String>>;

    #[traced(fields(request), ok(fields(len = *ok)))]
    fn call(&mut self, request: String) -> Self::Future {
        Box::pin(async move {
            Pending(1).await;
            leaf();
            if request.is_empty() { Err("empty".to_owned()) } else { Ok(request.len()) }
        })
    }
}

struct Logged<S>(S);

impl<S, R> Service<R> for Logged<S>
where
    S: Service<R, Error = String>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = String;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    #[traced(name = "Logged::call")]
    #[report_errors]
    fn call(&mut self, request: R) -> Self::Future {
        Box::pin(self.0.call(request))
    }
}

#[test]
fn s03_an_associated_future_is_covered() {
    let expected = "Logged::call\n  call request=ab len=2\n    leaf\n\
                    Logged::call error.type=_OTHER @exception -> error !empty\n\
                    \x20 call request= error.type=_OTHER -> error !empty\n    leaf\n";
    check(expected, || {
        assert_eq!(block_on(Logged(Len).call("ab".to_owned())), Ok(2));
        assert!(block_on(Logged(Len).call(String::new())).is_err());
    });
}

#[report_errors]
fn reported(fail: bool) -> BoxFuture<'static, u32> {
    Box::pin(async move {
        Pending(1).await;
        if fail { Err("late".to_owned()) } else { Ok(1) }
    })
}

#[test]
fn s04_the_failure_of_a_boxed_future_is_reported() {
    check_reports("error reported: (late)\n", || {
        assert_eq!(block_on(reported(false)), Ok(1));
        assert!(block_on(reported(true)).is_err());
    });
}

struct Page {
    rows: usize,
}

type Answer = Result<Page, String>;

#[traced(ok(fields(rows = ok.rows)), ret(fields(all = ret.rows)))]
fn page(rows: usize) -> Page {
    leaf();
    Page { rows }
}

#[traced(ok(fields(rows = ok.rows)))]
fn answer(rows: usize) -> Answer {
    if rows == 0 {
        return Err("no rows".to_owned());
    }
    Ok(page(rows))
}

/// A future of a type of its own, named as such, is a value.
#[traced]
fn named() -> Ready<u32> {
    ready(1)
}

#[test]
fn s05_a_value_of_any_other_type_stays_a_value() {
    let expected = "page all=1 rows=1\n  leaf\nanswer rows=2\n  page all=2 rows=2\n    leaf\n\
                    answer error.type=_OTHER -> error !no rows\nnamed\n";
    check(expected, || {
        assert_eq!(page(1).rows, 1);
        assert!(answer(2).is_ok());
        assert!(answer(0).is_err());
        assert_eq!(block_on(named()), 1);
    });
}

/// Functions that wait for each other, as many as there are names.
macro_rules! chain {
    ($(#[$attribute:meta])? $last:ident) => {
        $(#[$attribute])?
        pub(super) async fn $last() -> u32 {
            Pending(1).await;
            1
        }
    };
    ($(#[$attribute:meta])? $first:ident $second:ident $($rest:ident)*) => {
        $(#[$attribute])?
        pub(super) async fn $first() -> u32 {
            $second().await
        }
        chain!($(#[$attribute])? $second $($rest)*);
    };
}

mod bare {
    use super::Pending;

    chain!(a b c d e f g h i j);
}

mod annotated {
    use super::Pending;

    chain!(#[spanwright::traced] a b c d e f g h i j k l m n o p q r s t);
}

#[test]
fn s06_twenty_functions_may_wait_for_each_other() {
    let mut expected = String::new();
    for (depth, name) in ('a'..='t').enumerate() {
        expected.push_str(&"  ".repeat(depth));
        expected.push(name);
        expected.push('\n');
    }
    check(&expected, || assert_eq!(block_on(annotated::a()), 1));
}

#[test]
fn s07_a_span_adds_no_more_than_its_own_memory() {
    let (bare, annotated) = (bare::a(), annotated::k());
    let each = (size_of_val(&annotated) - size_of_val(&bare)) / 10;
    assert!(each <= MOST_BYTES);
}

/// The memory that a span without attributes takes in a future.
const MOST_BYTES: usize = 112;

#[expect(clippy::large_types_passed_by_value, reason = "their size is the case")]
#[traced]
async fn large(first: [u64; 64], second: [u64; 64]) -> u64 {
    Pending(1).await;
    first[0] + second[0]
}

#[expect(clippy::large_types_passed_by_value, reason = "their size is the case")]
async fn large_bare(first: [u64; 64], second: [u64; 64]) -> u64 {
    Pending(1).await;
    first[0] + second[0]
}

#[test]
fn s08_parameters_are_stored_no_more_often_than_without_a_span() {
    let annotated = size_of_val(&large([1; 64], [1; 64]));
    let bare = size_of_val(&large_bare([1; 64], [1; 64]));
    assert!(annotated <= bare + MOST_BYTES);
}

/// A future of a type of its own that is polled by hand.
struct ByHand(Boxed<'static, u32>);

impl Future for ByHand {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        self.0.as_mut().poll(context)
    }
}

#[traced]
fn wrapped() -> Option<ByHand> {
    Some(ByHand(Box::pin(ready(1))))
}

#[test]
fn s09_a_future_in_an_option_is_a_value() {
    check("wrapped\n", || assert_eq!(wrapped().map(block_on), Some(1)));
}

type Unpinned<'a, T> = Box<dyn Future<Output = T> + Send + Unpin + 'a>;
type Movable<T> = Pin<Box<dyn Future<Output = T> + Sync + Unpin>>;

mod aliases {
    //! Aliases that are called like types of the standard library, for other values.

    pub(super) type Result<T> = std::result::Result<T, String>;
    pub(super) type Vec = Option<u32>;
}

async fn doubled(n: u32) -> u32 {
    Pending(1).await;
    leaf();
    n * 2
}

#[traced(ok(fields(doubled = *ok)))]
fn unpinned(n: &u32) -> Unpinned<'_, u32> {
    Box::new(Box::pin(async move { doubled(*n).await }))
}

#[traced(ok(fields(doubled = *ok)))]
fn movable() -> Movable<u32> {
    Box::pin(ready(2))
}

#[traced(ok(fields(doubled = *ok)))]
fn only_boxed(n: u32) -> Box<dyn Future<Output = u32> + Send> {
    Box::new(doubled(n))
}

#[traced(fields(n), ok(fields(doubled = *ok)))]
fn boxed_opaque(n: &u32) -> Box<impl Future<Output = u32> + '_> {
    Box::new(async move { doubled(*n).await })
}

#[traced(ok(fields(doubled = *ok)))]
#[report_errors]
fn boxed_result(n: u32) -> Box<dyn Future<Output = aliases::Result<u32>>> {
    Box::new(async move { if n > 1 { Err("too much".to_owned()) } else { Ok(doubled(n).await) } })
}

#[traced(err(fields(len = err.len())))]
fn result(n: u32) -> aliases::Result<u32> {
    if n > 1 { Err("too much".to_owned()) } else { Ok(n) }
}

#[traced(ok(fields(n = *ok)))]
fn option(n: u32) -> aliases::Vec {
    n.checked_sub(1)
}

#[test]
fn s10_a_future_in_a_plain_box_is_covered() {
    let expected = "unpinned doubled=2\n  leaf\nmovable doubled=2\nonly_boxed doubled=4\n  leaf\n\
                    boxed_opaque n=3 doubled=6\n  leaf\n\
                    boxed_result error.type=_OTHER @exception -> error !too much\n\
                    result error.type=_OTHER len=8 -> error !too much\n\
                    option -> none\n";
    check(expected, || {
        assert_eq!(block_on(unpinned(&1)), 2);
        assert_eq!(block_on(movable()), 2);
        assert_eq!(block_on(Box::into_pin(only_boxed(2))), 4);
        assert_eq!(block_on(Box::into_pin(boxed_opaque(&3))), 6);
        assert!(block_on(Box::into_pin(boxed_result(2))).is_err());
        assert!(result(2).is_err());
        assert_eq!(option(0), None);
    });
}

/// A bound that every type has.
trait Captures<'a> {}

impl<T: ?Sized> Captures<'_> for T {}

#[traced(ok(fields(len = text.len(), n)))]
fn held(text: &str, n: usize) -> impl Future<Output = usize> + Send + Captures<'_> + '_ {
    async move { text.len() + n }
}

#[traced(ok(fields(len = text.len())))]
fn held_in_a_box<'a>(text: &'a str, _: &str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(ready(text.len()))
}

#[test]
fn s11_a_future_may_hold_arguments_that_outlive_it() {
    check("held len=2 n=1\nheld_in_a_box len=2\n", || {
        let text = String::from("ab");
        assert_eq!(block_on(held(&text, 1)), 3);
        assert_eq!(block_on(held_in_a_box(&text, "")), 2);
    });
}
