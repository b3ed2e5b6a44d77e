//! How spans end: once, and with what happened.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use spanwright::record::{Outcome, Status};
use spanwright::testing;
use spanwright::{FutureExt, Span, current, traced};

use super::{assert_tree, block_on, check, only, pause, poll};

/// Panics without a word on standard error.
fn quietly() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[traced]
fn panics() {
    quietly();
}

#[traced]
fn passes_on() -> u32 {
    panics();
    1
}

#[traced]
async fn panics_later() {
    pause().await;
    quietly();
}

#[traced]
fn leaf() {}

#[traced]
async fn waits_twice() {
    pause().await;
    leaf();
    pause().await;
}

fn caught(run: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

#[test]
fn a_panic_ends_each_span_on_its_way_once() {
    check(
        "passes_on error.type=panic -> panic !panicked\n  panics error.type=panic -> panic !panicked\nleaf\n",
        || {
            caught(|| _ = passes_on());
            assert!(current().is_none());
            leaf();
        },
    );
}

#[test]
fn a_panic_in_a_future_is_the_outcome_however_the_future_is_dropped() {
    let expected = "panics_later error.type=panic -> panic !panicked\n";
    check(expected, || caught(|| block_on(panics_later())));
    check(expected, || {
        let mut future = Box::pin(panics_later());
        assert!(poll(future.as_mut()).is_pending());
        caught(|| _ = poll(future.as_mut()));
        drop(future);
    });
    let expected = "by hand error.type=panic -> panic !panicked\n  panics_later error.type=panic -> panic !panicked\n";
    check(expected, || {
        caught(|| block_on(panics_later().in_span(Span::new("by hand"))));
    });
    check(expected, || {
        let mut future = Box::pin(panics_later().in_span(Span::new("by hand")));
        assert!(poll(future.as_mut()).is_pending());
        caught(|| _ = poll(future.as_mut()));
        drop(future);
    });
}

#[test]
fn a_span_that_a_panic_leaves_ends_as_a_panic() {
    let expected = "by hand error.type=panic -> panic !panicked\n";
    check(expected, || {
        caught(|| {
            let span = Span::new("by hand");
            let _entered = span.enter();
            quietly();
        });
    });
    check(expected, || {
        caught(|| {
            let _entered = Span::new("by hand").entered();
            quietly();
        });
    });
    check(expected, || caught(|| Span::new("by hand").in_scope(|| quietly())));
}

#[test]
fn a_span_that_is_not_entered_is_cancelled_by_a_panic() {
    check("by hand -> cancelled\n", || {
        caught(|| {
            let _span = Span::new("by hand");
            quietly();
        });
    });
}

#[test]
fn a_panic_that_is_caught_is_not_the_outcome() {
    check("by hand\n", || {
        let span = Span::new("by hand");
        caught(|| span.in_scope(|| quietly()));
        caught(|| {
            let _entered = span.enter();
            quietly();
        });
    });
}

#[traced]
fn makes_a_future(panics: bool) -> impl Future<Output = ()> {
    if panics {
        quietly();
    }
    pause()
}

#[traced]
fn makes_a_box() -> std::pin::Pin<Box<dyn Future<Output = ()>>> {
    Box::pin(pause())
}

/// Drops a future that is pending because another one panics.
fn beside_a_panic(sibling: impl Future<Output = ()>) {
    let panics = async { quietly() };
    caught(|| _ = poll(pin!(futures_util::future::join(sibling, panics))));
}

#[test]
fn a_pending_future_is_cancelled_by_the_panic_of_a_sibling() {
    check("waits_twice -> cancelled\n", || beside_a_panic(waits_twice()));
    check("makes_a_future -> cancelled\n", || beside_a_panic(makes_a_future(false)));
    check("makes_a_box -> cancelled\n", || beside_a_panic(makes_a_box()));
    let expected = "by hand -> cancelled\n";
    check(expected, || beside_a_panic(pause().in_span(Span::new("by hand"))));
    check(expected, || {
        beside_a_panic(async {
            let span = Span::new("by hand");
            pause().await;
            span.end();
        });
    });
}

#[test]
fn a_future_not_polled_yet_is_cancelled_by_the_panic_of_a_sibling() {
    let first = |sibling: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        caught(|| _ = poll(pin!(futures_util::future::join(async { quietly() }, sibling))));
    };
    check("", || first(Box::pin(waits_twice())));
    check("makes_a_box -> cancelled\n", || first(Box::pin(makes_a_box())));
    check("by hand -> cancelled\n", || {
        first(Box::pin(pause().in_span(Span::new("by hand"))));
    });
}

#[test]
fn a_panic_before_a_function_returns_its_future_is_a_panic() {
    check("makes_a_future error.type=panic -> panic !panicked\n", || {
        caught(|| drop(makes_a_future(true)));
    });
}

/// Works while it is dropped.
struct Tidy;

impl Drop for Tidy {
    fn drop(&mut self) {
        leaf();
    }
}

#[test]
fn what_runs_in_destructors_during_a_panic_does_not_panic_itself() {
    check("by hand error.type=panic -> panic !panicked\n  leaf\n", || {
        caught(|| {
            let span = Span::new("by hand");
            let _entered = span.enter();
            let _tidy = Tidy;
            quietly();
        });
    });
}

#[test]
fn a_future_dropped_before_it_is_ready_was_cancelled() {
    check("waits_twice -> cancelled\n  leaf\n", || {
        let mut future = Box::pin(waits_twice());
        assert!(poll(future.as_mut()).is_pending());
        assert!(poll(future.as_mut()).is_pending());
        drop(future);
    });
    check("by hand -> cancelled\n", || drop(pause().in_span(Span::new("by hand"))));
    check("", || drop(waits_twice()));
}

#[test]
fn destructors_of_a_cancelled_future_belong_to_its_span() {
    let holding = || async {
        let _tidy = Tidy;
        pause().await;
    };
    check("by hand -> cancelled\n  leaf\n", || {
        let mut future = Box::pin(holding().in_span(Span::new("by hand")));
        assert!(poll(future.as_mut()).is_pending());
        drop(future);
    });
    check("owner\n  leaf\n", || {
        let span = Span::new("owner");
        let mut future = Box::pin(holding().in_context(*span));
        assert!(poll(future.as_mut()).is_pending());
        drop(future);
    });
}

#[test]
fn a_span_ends_when_its_future_is_ready_and_not_when_it_is_dropped() {
    let spans = testing::capture(|| {
        let mut first = pin!(pause().in_span(Span::new("first")));
        assert!(poll(first.as_mut()).is_pending());
        assert!(poll(first.as_mut()).is_ready());
        leaf();
    });
    assert_tree("first\nleaf\n", &spans);
    assert_eq!(spans[0].name, "first", "it ended before the leaf began");
}

#[test]
fn an_outcome_said_by_hand_stays() {
    for outcome in [Outcome::Error, Outcome::None, Outcome::Cancelled] {
        let span = only(|| {
            let mut span = Span::new("by hand");
            span.set_outcome(outcome);
            drop(pause().in_span(span));
        });
        assert_eq!(span.outcome, outcome);
    }
    let span = only(|| Span::new("by hand").end());
    assert_eq!((span.outcome, span.status), (Outcome::Ok, Status::Unset));
}
