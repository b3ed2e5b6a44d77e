//! C: closures that a function returns, whose parameters get their types from its signature.

use std::fmt::Display;
use std::future::{Future, ready};

use spanwright::{report_errors, traced, xray_subsegment};

use super::block_on;
use crate::check;

#[traced(fields(extra))]
fn counter(extra: usize) -> impl Fn(&str) -> usize {
    move |text| text.len() + extra
}

#[xray_subsegment(metadata(extra))]
#[report_errors(panics)]
#[traced]
fn early(extra: usize) -> impl FnMut(&mut Vec<u8>) -> &mut u8 + Send + 'static {
    let mut calls = extra;
    if extra > 1 {
        return move |list| {
            calls += 1;
            list.push(0);
            &mut list[calls]
        };
    }
    unreachable!("the case is greater")
}

#[traced]
fn in_a_block(is_loud: bool) -> impl FnOnce(String) -> String + use<> {
    {
        let sign = if is_loud { "!" } else { "." };
        move |text| text + sign
    }
}

#[traced(ok(fields(len = ok("abc"))))]
fn looked_at() -> impl Fn(&str) -> usize {
    |text| text.len() + 1
}

#[traced]
fn pair(by: &usize) -> (impl Fn(&str) -> usize + use<'_>, u8) {
    (move |text| text.len() * by, 1)
}

#[traced]
fn asynchronous(extra: usize) -> impl AsyncFn(&str) -> usize {
    async move |text| ready(text.len()).await + extra
}

#[traced(fields(extra))]
async fn later(extra: usize) -> impl Fn(&str) -> usize {
    if extra > 9 {
        return move |text| text.len() + extra;
    }
    unreachable!("the case is greater")
}

#[traced]
async fn later_pair() -> (impl Fn(&str) -> usize, impl Fn(&[u8]) -> usize) {
    (|text| text.len() + 1, |bytes| bytes.len() + 1)
}

struct Request<'a>(&'a str);
struct Response(usize);

trait Handler: Fn(Request<'_>) -> Response {}

impl<F: Fn(Request<'_>) -> Response> Handler for F {}

#[traced]
fn handler() -> impl Handler {
    |request| Response(request.0.len())
}

#[traced]
fn written_out() -> impl for<'a> Fn(&'a str, Request<'a>) -> &'a str {
    |text, request| if text.is_empty() { request.0 } else { text }
}

struct Table<T>(Vec<T>);

impl<T: Display> Table<T> {
    /// The bounds name parameters of the impl and of the method, and a lifetime.
    #[expect(clippy::type_complexity, reason = "the bounds are the case")]
    #[traced(fields(rows = self.0.len()))]
    fn finder<'a, K>(&'a self, key: K) -> impl Fn(&dyn Fn(&T, &K) -> bool, &[T]) -> Option<&'a T>
    where
        K: 'a,
    {
        move |is_match, more| {
            let _ = more.len();
            self.0.iter().find(|row| is_match(row, &key))
        }
    }
}

#[test]
fn c01_returned_closures_know_the_types_of_their_parameters() {
    let expected = "counter extra=1\nearly\nin_a_block\nlooked_at len=4\npair\nasynchronous\nhandler\n\
                    written_out\nfinder rows=2\n";
    check(expected, || {
        assert_eq!(counter(1)("ab"), 3);
        assert_eq!(early(2)(&mut vec![1, 2, 3, 4]), &4);
        assert_eq!(in_a_block(true)("a".to_owned()), "a!");
        assert_eq!(looked_at()("a"), 2);
        assert_eq!((pair(&2).0)("ab"), 4);
        assert_eq!(block_on(asynchronous(1)("ab")), 3);
        assert_eq!(handler()(Request("abc")).0, 3);
        assert_eq!(written_out()("", Request("a")), "a");
        let table = Table(vec!["a".to_owned(), "bc".to_owned()]);
        assert!(table.finder(2)(&|row, len| row.len() == *len, &[]).is_some());
    });
}

#[test]
fn c02_closures_from_async_functions_know_them_too() {
    check("later extra=10\nlater_pair\n", || {
        assert_eq!(block_on(later(10))("ab"), 12);
        let (text, bytes) = block_on(later_pair());
        assert_eq!(text("ab") + bytes(&[1]), 5);
    });
}

#[traced]
fn made() -> impl Future<Output = Box<dyn Fn(&str) -> usize>> {
    async { Box::new(|text: &str| text.len()) as Box<dyn Fn(&str) -> usize> }
}

#[test]
fn c03_boxed_closures_of_futures_are_coerced() {
    check("made\n", || assert_eq!(block_on(made())("a"), 1));
}
