//! Spans over threads, and at the end of threads.

use std::cell::RefCell;
use std::thread;

use spanwright::testing;
use spanwright::{Span, current, traced};

use super::{assert_tree, check};

#[traced]
fn leaf() {}

#[test]
fn a_thread_begins_with_no_span() {
    check("root\n", || {
        let root = Span::new("root");
        let _entered = root.enter();
        thread::spawn(|| assert!(current().is_none())).join().expect("the thread does not panic");
    });
}

#[test]
fn carried_work_runs_under_the_span_and_leaves_none_behind() {
    check("root\n  leaf\n  leaf\n", || {
        let root = Span::new("root");
        thread::scope(|scope| {
            let work = root.carry(leaf);
            scope.spawn(move || {
                work();
                assert!(current().is_none());
            });
        });
        root.in_scope(leaf);
    });
}

#[test]
fn a_guard_makes_a_span_current_and_restores_what_was() {
    check("outer\n  inner\n    leaf\n  leaf\n", || {
        let outer = Span::new("outer");
        let entered = outer.enter();
        {
            let inner = Span::new("inner");
            let _entered = inner.enter();
            assert_eq!(current().context(), inner.context());
            leaf();
        }
        leaf();
        drop(entered);
        assert!(current().is_none());
    });
}

#[test]
fn a_span_may_end_on_another_thread_than_it_began() {
    let spans = testing::capture(|| {
        let span = Span::new("moved");
        span.set_attribute("begun", true);
        let end = move || {
            span.set_attribute("ended", true);
        };
        thread::spawn(end).join().expect("the thread does not panic");
    });
    assert_tree("moved begun=true ended=true\n", &spans);
}

/// Works when its thread ends.
struct Last(Option<spanwright::SpanRef>);

impl Drop for Last {
    fn drop(&mut self) {
        if let Some(span) = self.0 {
            span.in_scope(leaf);
        }
    }
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last(None)) };
}

#[test]
fn spans_of_the_destructors_at_the_end_of_a_thread_arrive() {
    for is_first in [true, false] {
        check("root\n  leaf\n  leaf\n", || {
            let root = Span::new("root");
            let reference = *root;
            let work = move || {
                // Destructors run in the opposite order of the first uses.
                if is_first {
                    LAST.with_borrow_mut(|last| last.0 = Some(reference));
                    reference.in_scope(leaf);
                } else {
                    reference.in_scope(leaf);
                    LAST.with_borrow_mut(|last| last.0 = Some(reference));
                }
            };
            thread::spawn(work).join().expect("the thread does not panic");
        });
    }
}
