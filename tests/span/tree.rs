//! Who is whose parent.

use proptest::prelude::*;
use spanwright::record::{SpanContext, SpanId, SpanKind, TraceFlags, TraceId};
use spanwright::span::Parent;
use spanwright::testing::{self, Capture};
use spanwright::{Span, SpanRef, current, traced};

use super::{assert_tree, check};

#[traced]
fn leaf() {}

#[traced]
fn branch() {
    leaf();
    leaf();
}

#[traced(parent = parent)]
fn under(parent: Parent) {
    leaf();
}

fn remote(flags: TraceFlags) -> SpanContext {
    SpanContext {
        trace_id: TraceId::from_u128(0xABC),
        span_id: SpanId::from_u64(0xDEF),
        flags,
        is_remote: true,
    }
}

#[test]
fn nested_calls_become_a_tree() {
    check("root\n  branch\n    leaf\n    leaf\n  leaf\nleaf\n", || {
        Span::new("root").in_scope(|| {
            branch();
            leaf();
        });
        leaf();
    });
}

#[test]
fn all_spans_of_a_tree_share_its_trace_and_its_root() {
    let spans = testing::capture(|| Span::new("root").in_scope(branch));
    let root = spans.last().expect("the root ends last");
    assert_eq!((root.parent_span_id, root.context.span_id), (None, root.local_root_id));
    for span in &spans {
        assert_eq!(span.context.trace_id, root.context.trace_id);
        assert_eq!(span.local_root_id, root.context.span_id);
    }
}

#[test]
fn a_span_made_by_hand_keeps_name_and_kind_however_many_are_open() {
    check("first [Client]\n", || {
        let open = |_| Span::build("first").kind(SpanKind::Client).start();
        let mut open: Vec<_> = (0..70_000).map(open).collect();
        drop(open.swap_remove(0));
        std::mem::forget(open);
    });
}

#[test]
fn a_span_made_by_hand_keeps_a_name_of_any_length() {
    for length in [0, 1, 144, 145, 152, 153, 10_000] {
        let name = "n".repeat(length);
        check(&format!("{name} [Client]\n"), || {
            drop(Span::build(&name).kind(SpanKind::Client).start());
        });
    }
}

#[test]
fn a_root_begins_a_trace_of_its_own_whatever_is_current() {
    let spans = testing::capture(|| {
        let outer = Span::new("outer");
        let _entered = outer.enter();
        drop(Span::root("inner"));
        under(Parent::Root);
    });
    assert_tree("outer\ninner\nunder\n  leaf\n", &spans);
    let traces: std::collections::HashSet<_> = spans.iter().map(|it| it.context.trace_id).collect();
    assert_eq!(traces.len(), 3);
}

#[test]
fn a_parent_given_by_hand_need_not_be_current_nor_run_any_more() {
    check("first\n  second [Client]\n  under\n    leaf\nlater\n", || {
        let first = Span::new("first");
        let reference = *first;
        drop(Span::build("second").kind(SpanKind::Client).parent(&first).start());
        first.end();
        under(reference.into());
        assert!(current().is_none());
        drop(Span::new("later"));
    });
}

#[test]
fn a_parent_in_another_process_gives_its_trace_and_flags_on() {
    let spans = testing::capture(|| {
        under(Parent::from(remote(TraceFlags::SAMPLED.with(TraceFlags::RANDOM))));
    });
    assert_tree("under\n  leaf\n", &spans);
    let [leaf, under] = &spans[..] else { panic!("two spans") };
    assert_eq!(under.parent_span_id, Some(SpanId::from_u64(0xDEF)));
    assert!(under.parent_is_remote && !leaf.parent_is_remote);
    assert_eq!(leaf.context.trace_id, TraceId::from_u128(0xABC));
    assert_eq!(leaf.context.flags, TraceFlags::SAMPLED.with(TraceFlags::RANDOM));
}

#[test]
fn a_remote_parent_with_the_id_of_a_child_hides_nothing() {
    let caller = SpanContext { span_id: SpanId::from_u64(2), ..remote(TraceFlags::SAMPLED) };
    check("under\n  leaf\n", || under(Parent::from(caller)));
    let caller = SpanContext { span_id: SpanId::from_u64(1), ..remote(TraceFlags::SAMPLED) };
    check("under\n  leaf\n", || under(Parent::from(caller)));
}

proptest! {
    #[test]
    fn a_tree_has_every_span_once(
        spans in prop::collection::vec((1..12_u64, 0..14_u64, any::<bool>(), 0..5_u64), 0..12),
    ) {
        let first = testing::capture(|| drop(Span::new("step"))).remove(0);
        let span = |(number, &(id, parent, is_remote, start)): (usize, &(u64, u64, bool, u64))| {
            let mut span = first.clone();
            span.name = format!("span-{number}").into();
            span.context.span_id = SpanId::from_u64(id);
            span.parent_span_id = Some(SpanId::from_u64(parent)).filter(|id| id.is_valid());
            span.parent_is_remote = is_remote;
            span.start_unix_ns = start;
            span
        };
        let spans: Vec<_> = spans.iter().enumerate().map(span).collect();
        let text = testing::tree(&spans);
        let mut lines: Vec<_> = text.lines().map(str::trim_start).collect();
        let mut names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
        lines.sort_unstable();
        names.sort_unstable();
        prop_assert_eq!(lines, names);
    }
}

#[test]
fn a_parent_that_names_nothing_is_no_parent() {
    for parent in [Parent::Remote(SpanContext::INVALID), Parent::Local(SpanRef::default())] {
        let spans = testing::capture(|| drop(Span::build("alone").parent(parent).start()));
        assert_tree("alone\n", &spans);
        assert!(spans[0].context.is_valid(), "{parent:?}");
        assert_eq!((spans[0].parent_span_id, spans[0].parent_is_remote), (None, false));
    }
}

#[test]
fn captures_side_by_side_see_their_own_spans_only() {
    let (inner, spans) = Capture::default().run(|| {
        leaf();
        let inner = testing::capture(branch);
        leaf();
        inner
    });
    assert_tree("leaf\nleaf\n", &spans);
    assert_tree("branch\n  leaf\n  leaf\n", &inner);
}

#[test]
fn a_span_that_outlives_its_capture_does_not_turn_up_in_the_next() {
    let (span, _) = Capture::default().run(|| Span::new("left over"));
    let spans = testing::capture(|| {
        span.set_attribute("late", true);
        span.end();
        leaf();
    });
    assert_tree("leaf\n", &spans);
}
