//! Code of the user's that makes spans, or fails, in the middle of ours.

use std::fmt;
use std::sync::Arc;

use spanwright::sample::{Decide, Decision, Input, Sampler};
use spanwright::testing::Capture;
use spanwright::{Span, ToAttribute, current, record, traced};

use super::{assert_tree, check};

#[traced(fields(from))]
fn leaf(from: &str) {}

/// Makes spans wherever it is asked.
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        leaf("display");
        current().set_attribute("inner", format_args!("{}", "nested"));
        f.write_str("busy")
    }
}

impl ToAttribute for Busy {
    fn to_attribute(&self, sink: spanwright::Sink<'_>) {
        leaf("sink");
        sink.display(self);
    }
}

#[traced(fields(busy = Busy))]
fn holder() {
    record!(later = Busy);
}

#[test]
fn a_value_may_make_spans_while_it_is_recorded() {
    let expected = "holder busy=busy inner=nested later=busy\n  leaf from=sink\n  \
                    leaf from=display\n  leaf from=sink\n  leaf from=display\n";
    check(expected, holder);
    check(
        "by hand inner=nested key=busy @event\n  leaf from=sink\n  leaf from=display\n  \
           leaf from=sink\n  leaf from=display\n",
        || {
            let span = Span::new("by hand");
            span.in_scope(|| {
                span.set_attribute("key", Busy).add_event("event", &[("key", &Busy)]);
            });
        },
    );
}

/// Panics in the middle of its text.
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half")?;
        std::panic::resume_unwind(Box::new("on purpose"))
    }
}

#[traced(fields(before = 1, broken = %Broken, after = 2))]
fn annotated() -> u32 {
    record!(broken = %Broken);
    7
}

#[test]
fn value_that_panics_costs_its_attribute_and_nothing_else() {
    check("annotated before=1 after=2\nleaf from=later\n", || {
        assert_eq!(annotated(), 7);
        leaf("later");
    });
}

#[test]
fn panic_in_the_middle_of_a_value_leaves_the_ring_whole() {
    check("by hand\nleaf from=later\n", || {
        let span = Span::new("by hand");
        span.set_attribute("key", format_args!("{Broken}"));
        drop(span);
        leaf("later");
    });
}

/// A rule that works while it decides.
#[derive(Debug)]
struct BusyRule;

impl Decide for BusyRule {
    fn decide(&self, _: &Input<'_>) -> Decision {
        leaf("rule");
        drop(Span::root("root of the rule"));
        Decision::RECORD
    }
}

#[test]
fn what_a_sampler_does_is_not_recorded() {
    let sampler = Sampler::Custom(Arc::new(BusyRule));
    let ((), spans) = Capture::default().sampler(sampler).run(|| leaf("code"));
    assert_tree("leaf from=code\n", &spans);
}
