//! Spans from their begin to the processor, as code that makes them sees it.
//!
//! Every test captures for itself, so they run side by side. What concerns the process as a whole
//! is in binaries of its own.

mod attributes;
mod endings;
mod futures;
mod guards;
mod late;
mod levels;
mod reentrancy;
mod requests;
mod sampling;
mod segments;
mod threads;
mod tree;

use std::pin::{Pin, pin};
use std::sync::mpsc::channel;
use std::task::{Context, Poll, Waker};

use spanwright::record::{SpanRecord, Value};
use spanwright::testing;

/// Runs code and compares the spans it makes with `expected`, a tree as text.
#[track_caller]
fn check(expected: &str, run: impl FnOnce()) {
    assert_tree(expected, &testing::capture(run));
}

/// Compares spans with `expected`, a tree as text.
#[track_caller]
fn assert_tree(expected: &str, spans: &[SpanRecord]) {
    let found = testing::tree(spans);
    assert!(found == expected, "expected:\n{expected}\nfound:\n{found}");
}

/// The only span that code makes.
#[track_caller]
fn only(run: impl FnOnce()) -> SpanRecord {
    let mut spans = testing::capture(run);
    assert_eq!(spans.len(), 1, "{}", testing::tree(&spans));
    spans.remove(0)
}

/// The value of an attribute.
fn value<'a>(span: &'a SpanRecord, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key == key).map(|found| &found.value)
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls a future until it is ready.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return output;
        }
    }
}

/// Is pending once.
async fn pause() {
    let mut is_paused = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut is_paused, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Runs each step on the other of two threads than the one before: a message hands over, so each
/// step happens after the last.
fn in_turn(here: impl FnOnce(), there: impl FnOnce() + Send) {
    let (send, receive) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            there();
            send.send(()).expect("the test waits");
        });
        receive.recv().expect("the other thread answers");
        here();
    });
}
