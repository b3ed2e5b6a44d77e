//! Traces that nobody records, and code without telemetry.

use std::cell::Cell;

use spanwright::record::SpanContext;
use spanwright::sample::{Ratio, Sampler};
use spanwright::testing::Capture;
use spanwright::{FutureExt, Span, ToAttribute, current, record, traced};

use super::{assert_tree, block_on, only, value};

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.set(EVALUATED.get() + 1);
    EVALUATED.get()
}

struct Counted;

impl ToAttribute for Counted {
    fn to_attribute(&self, sink: spanwright::Sink<'_>) {
        sink.i64(evaluated().into());
    }
}

#[traced(fields(entry = evaluated()), ok(fields(exit = evaluated())))]
fn work() -> Result<SpanContext, ()> {
    record!(body = evaluated());
    current().set_attribute("handle", Counted);
    current().add_event("event", &[("counted", &Counted)]);
    Ok(current().context())
}

#[traced(fields(entry = evaluated()))]
async fn task() {
    let _ = work();
}

#[test]
fn an_unsampled_trace_records_nothing_and_evaluates_nothing() {
    let (context, spans) = Capture::default().sampler(Sampler::AlwaysOff).run(|| {
        block_on(task());
        block_on(task().in_span(Span::new("by hand")));
        work()
    });
    assert_tree("", &spans);
    assert_eq!(EVALUATED.get(), 0);
    let context = context.expect("the work succeeds");
    assert!(context.is_valid() && !context.flags.is_sampled());
}

#[test]
fn where_nothing_is_installed_nothing_is_recorded_and_nothing_evaluated() {
    block_on(task());
    let context = work().expect("the work succeeds");
    assert_eq!((context, EVALUATED.get()), (SpanContext::INVALID, 0));
    assert!(Span::new("by hand").is_none());
}

#[test]
fn a_sampled_trace_evaluates_each_expression_once() {
    let span = only(|| _ = work());
    for (key, expected) in [("entry", 1_i64), ("body", 2), ("handle", 3), ("exit", 5)] {
        assert_eq!(value(&span, key), Some(&expected.into()), "{key}");
    }
    assert_eq!(span.events[0].attributes[0].value, 4_i64.into());
}

#[traced]
fn leaf() {}

#[traced(kind = "consumer")]
fn job() {
    leaf();
}

#[test]
fn every_span_of_a_sampled_trace_says_how_many_it_stands_for() {
    let expected = "root SampleRate=4\n  leaf SampleRate=4\n  job [Consumer] SampleRate=4\n    \
                    leaf SampleRate=4\n  late SampleRate=4\n";
    let quarter = Sampler::Ratio(Ratio::new(0.25).expect("a share"));
    for sampler in [quarter.clone(), quarter.parent_based()] {
        let ((), spans) = Capture::default().sampler(sampler).run(|| {
            let root = Span::new("root");
            let late = root.in_scope(|| {
                leaf();
                job();
                Span::new("late")
            });
            drop(root);
            drop(late);
        });
        assert_tree(expected, &spans);
    }
}
