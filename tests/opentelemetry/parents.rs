//! Who is whose parent.

use std::sync::mpsc::channel;
use std::thread;

use opentelemetry::trace::{FutureExt as _, Span as _, SpanId, TraceContextExt, Tracer as _};
use opentelemetry::{Context, KeyValue};
use spanwright::opentelemetry::{context, span_of};
use spanwright::span::Parent;
use spanwright::testing::{capture, tree};
use spanwright::{FutureExt, Span};

use crate::{annotated, remote, tracer};

#[test]
fn a_span_of_the_api_is_the_child_of_our_current_span() {
    let spans = capture(|| {
        Span::new("ours").in_scope(|| {
            tracer().start("theirs").end();
            annotated(|| tracer().start("deeper").end());
        });
    });
    assert_eq!(tree(&spans), "ours\n  theirs\n  annotated\n    deeper\n");
    assert!(spans.iter().all(|span| !span.parent_is_remote));
}

#[test]
fn our_span_is_the_child_of_the_span_in_the_attached_context() {
    let spans = capture(|| {
        tracer().in_span("theirs", |_| {
            annotated(|| Span::new("ours").end());
        });
        annotated(|| {});
    });
    assert_eq!(tree(&spans), "theirs\n  annotated\n    ours\nannotated\n");
    let root = spans.iter().find(|span| span.name == "theirs").map(|span| span.local_root_id);
    let below = spans.iter().find(|span| span.name == "ours").map(|span| span.local_root_id);
    assert_eq!(below, root);
}

#[test]
fn both_sides_may_take_turns_and_the_last_one_is_the_parent() {
    let spans = capture(|| {
        annotated(|| {
            tracer().in_span("a", |_| {
                annotated(|| {
                    tracer().in_span("b", |_| annotated(|| {}));
                    Span::new("c").in_scope(|| tracer().start("d").end());
                });
                tracer().start("e").end();
            });
            Span::new("f").end();
        });
    });
    let expected = "annotated\n  a\n    annotated\n      b\n        annotated\n      c\n        d\n    e\n  f\n";
    assert_eq!(tree(&spans), expected);
}

#[test]
fn a_context_given_by_hand_decides_wherever_it_is_used() {
    let spans = capture(|| {
        let outer = Context::new().with_span(tracer().start("outer"));
        tracer().in_span("other", |_| {
            annotated(|| {
                tracer().start_with_context("by hand", &outer).end();
                Span::build("ours by hand").parent(&outer).start().end();
                Span::build("root").parent(Parent::Root).start().end();
            });
        });
    });
    let expected = "outer\n  by hand\n  ours by hand\nother\n  annotated\nroot\n";
    assert_eq!(tree(&spans), expected);
}

#[test]
fn a_context_without_a_span_leaves_our_current_span_the_parent() {
    let spans = capture(|| {
        annotated(|| {
            tracer().start_with_context("one", &Context::new()).end();
            let _attached = Context::current().with_value(5_u8).attach();
            annotated(|| {});
        });
    });
    assert_eq!(tree(&spans), "annotated\n  one\n  annotated\n");
}

#[test]
fn only_values_added_to_an_attached_context_change_no_parent() {
    let spans = capture(|| {
        tracer().in_span("a", |_| {
            annotated(|| {
                let _attached = Context::current_with_value(5_u8).attach();
                tracer().start("b").end();
                annotated(|| {});
            });
        });
    });
    assert_eq!(tree(&spans), "a\n  annotated\n    b\n    annotated\n");
}

#[test]
fn contexts_detached_out_of_order_leave_nothing_current() {
    let spans = capture(|| {
        let first = Context::current_with_span(tracer().start("first")).attach();
        let second = Context::current_with_span(tracer().start("second")).attach();
        drop(first);
        annotated(|| {});
        drop(second);
        assert!(spanwright::current().is_none());
        annotated(|| {});
    });
    assert_eq!(tree(&spans), "first\n  second\n    annotated\nannotated\n");
}

#[test]
fn a_context_of_another_process_is_the_remote_parent_of_what_begins_below() {
    let spans = capture(|| {
        let cx = Context::new().with_remote_span_context(remote(""));
        tracer().start_with_context("by hand", &cx).end();
        annotated(|| {
            let _attached = cx.attach();
            assert!(spanwright::current().is_none());
            annotated(|| tracer().start("theirs").end());
            Span::new("ours").end();
        });
        annotated(|| {});
    });
    for name in ["by hand", "annotated", "ours"] {
        let is_below = |span: &&_| {
            let span: &&spanwright::record::SpanRecord = span;
            span.name == name && span.parent_span_id.is_some()
        };
        let span = spans.iter().find(is_below).expect("each is there once");
        assert_eq!(span.parent_span_id.map(SpanId::from), Some(SpanId::from(0xb)), "{name}");
        assert!(span.parent_is_remote, "{name}");
        assert_eq!(span.context.trace_id.to_u128(), 0xa, "{name}");
    }
    let roots = spans.iter().filter(|span| span.parent_span_id.is_none());
    assert_eq!(roots.count(), 2);
    let theirs = spans.iter().find(|span| span.name == "theirs").expect("it ended");
    assert!(!theirs.parent_is_remote);
}

#[test]
fn a_future_with_a_context_runs_under_its_span() {
    let spans = capture(|| {
        let cx = Context::new().with_span(tracer().start("theirs"));
        let work = async {
            annotated(|| {});
            async { tracer().start("inner").end() }.in_span(Span::new("ours")).await;
        };
        let mut task = Box::pin(work.with_context(cx));
        let waker = std::task::Waker::noop();
        assert!(task.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready());
        assert!(spanwright::current().is_none());
    });
    assert_eq!(tree(&spans), "theirs\n  annotated\n  ours\n    inner\n");
}

#[test]
fn a_context_keeps_its_span_on_another_thread() {
    let spans = capture(|| {
        let cx = Context::new().with_span(tracer().start("theirs"));
        let (done, wait) = channel();
        thread::scope(|scope| {
            scope.spawn(move || {
                let _attached = cx.attach();
                annotated(|| {});
                done.send(()).expect("somebody waits");
            });
            wait.recv().expect("the thread works");
        });
    });
    let [first, second] = spans.as_slice() else { panic!("two spans: {spans:?}") };
    let (theirs, ours) = if first.name == "theirs" { (first, second) } else { (second, first) };
    assert_eq!(ours.parent_span_id, Some(theirs.context.span_id));
    assert_eq!(ours.local_root_id, theirs.context.span_id);
}

#[test]
fn the_context_for_their_code_speaks_for_our_current_span() {
    let spans = capture(|| {
        let span = Span::new("ours");
        span.in_scope(|| {
            let cx = context();
            assert_eq!(cx.span().span_context().span_id(), span.context().span_id.into());
            assert!(cx.span().is_recording());
            cx.span().set_attribute(KeyValue::new("rows", 3));
            cx.span().end();
            tracer().start_with_context("theirs", &cx).end();
            let _attached = cx.attach();
            annotated(|| {});
        });
        span.set_attribute("late", true);
    });
    assert_eq!(tree(&spans), "ours rows=3 late=true\n  theirs\n  annotated\n");
    assert!(!context().has_active_span());
}

#[test]
fn a_context_names_the_span_of_ours_it_holds() {
    capture(|| {
        let cx = Context::new().with_span(tracer().start("theirs"));
        assert_eq!(span_of(&cx).context(), cx.span().span_context().into());
        cx.span().end();
        assert_eq!(span_of(&cx).context(), cx.span().span_context().into());
        assert!(span_of(&Context::new()).is_none());
        assert!(span_of(&Context::new().with_remote_span_context(remote(""))).is_none());
        Span::new("ours").in_scope(|| {
            let ids = context().span().span_context().clone();
            let carried = Context::new().with_remote_span_context(ids);
            assert_eq!(span_of(&carried).context(), spanwright::current().context());
        });
    });
}
