//! Guards that make spans current, left in any order.

use std::pin::pin;
use std::task::Poll;

use proptest::prelude::*;
use spanwright::record::{Outcome, SpanContext};
use spanwright::span::{Entered, EnteredSpan};
use spanwright::{Span, SpanRef, current, testing, traced};

use super::{check, only, pause, poll};

/// One thing that code does with guards.
#[derive(Clone, Debug)]
enum Step {
    /// Enters one of the spans.
    Enter(usize),
    /// Drops one of the guards that are there, wherever it was made.
    Leave(usize),
    /// Runs steps in something that ends before the next step.
    Run(Within, Vec<Step>),
}

#[derive(Clone, Copy, Debug)]
enum Within {
    Function,
    Future,
    Scope(usize),
    Carried(usize),
}

const SPANS: usize = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let within = prop_oneof![
        Just(Within::Function),
        Just(Within::Future),
        (0..SPANS).prop_map(Within::Scope),
        (0..SPANS).prop_map(Within::Carried),
    ];
    let leaf = prop_oneof![(0..SPANS).prop_map(Step::Enter), (0..8_usize).prop_map(Step::Leave)];
    let step = leaf.prop_recursive(4, 40, 6, move |step| {
        let steps = prop::collection::vec(step.clone(), 0..6);
        prop_oneof![2 => step, 1 => (within.clone(), steps).prop_map(|(w, s)| Step::Run(w, s))]
    });
    prop::collection::vec(step, 0..12)
}

/// The guards that are there, and a model of what must be current.
struct World {
    spans: [SpanRef; SPANS],
    guards: Vec<(usize, Entered<'static>)>,
    /// Open scopes, the newest last: guards by number, and functions, polls and closures.
    open: Vec<(Option<usize>, SpanContext)>,
    made: usize,
}

impl World {
    fn run(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Enter(span) => self.enter(*span),
                Step::Leave(at) => self.leave(*at),
                Step::Run(within, steps) => self.run_within(*within, steps),
            }
            self.assert_current();
        }
    }

    fn enter(&mut self, span: usize) {
        let span = self.spans[span];
        self.guards.push((self.made, span.enter()));
        self.open.push((Some(self.made), span.context()));
        self.made += 1;
    }

    fn leave(&mut self, at: usize) {
        if !self.guards.is_empty() {
            let (number, guard) = self.guards.swap_remove(at % self.guards.len());
            drop(guard);
            self.open.retain(|(open, _)| *open != Some(number));
        }
    }

    fn run_within(&mut self, within: Within, steps: &[Step]) {
        match within {
            Within::Function => function(self, steps),
            Within::Future => assert!(poll(pin!(future(self, steps))).is_ready()),
            Within::Scope(span) => {
                let span = self.spans[span];
                span.in_scope(|| self.body(steps));
            }
            Within::Carried(span) => {
                let span = self.spans[span];
                span.carry(|| self.body(steps))();
            }
        }
        self.close_body();
    }

    /// Runs steps with another span current, until [`World::close_body`].
    fn body(&mut self, steps: &[Step]) {
        self.open.push((None, current().context()));
        let bodies = self.bodies();
        self.run(steps);
        assert_eq!(self.bodies(), bodies);
    }

    fn bodies(&self) -> usize {
        self.open.iter().filter(|(guard, _)| guard.is_none()).count()
    }

    fn close_body(&mut self) {
        let at = self.open.iter().rposition(|(guard, _)| guard.is_none());
        self.open.truncate(at.expect("the body is open"));
    }

    fn assert_current(&self) {
        let newest = self.open.last().map_or(SpanContext::INVALID, |(_, context)| *context);
        assert_eq!(current().context().span_id, newest.span_id);
    }
}

#[traced]
fn function(world: &mut World, steps: &[Step]) {
    world.body(steps);
}

#[traced]
async fn future(world: &mut World, steps: &[Step]) {
    world.body(steps);
}

proptest! {
    #[test]
    fn current_is_the_newest_that_is_open_in_any_order(steps in steps()) {
        testing::capture(|| {
            let spans = [Span::new("a"), Span::new("b"), Span::new("c")];
            let mut world = World {
                spans: spans.each_ref().map(|span| **span),
                guards: Vec::new(),
                open: Vec::new(),
                made: 0,
            };
            world.run(&steps);
            while !world.guards.is_empty() {
                world.leave(0);
                world.assert_current();
            }
            assert!(current().is_none());
        });
    }
}

#[test]
fn guards_dropped_in_the_order_they_were_made_leave_nothing() {
    check("a\nb\n  below b\nnext\n", || {
        let (a, b) = (Span::new("a"), Span::root("b"));
        let (in_a, in_b) = (a.enter(), b.enter());
        drop(in_a);
        drop(Span::new("below b"));
        drop(in_b);
        assert!(current().is_none());
        drop(Span::new("next"));
    });
    check("a\nb\n", || {
        let (a, b) = (Span::new("a"), Span::root("b"));
        let _ = (a.enter(), b.enter());
        assert!(current().is_none());
    });
}

#[traced]
fn makes_a_guard() -> EnteredSpan {
    Span::new("made").entered()
}

#[traced]
fn takes_a_guard(guard: Entered<'static>) {
    drop(guard);
    drop(Span::new("inner"));
}

#[test]
fn a_guard_that_outlives_its_function_has_no_effect() {
    check("makes_a_guard\n  made\nnext\n", || {
        let guard = makes_a_guard();
        assert!(current().is_none());
        drop(Span::new("next"));
        drop(guard);
        assert!(current().is_none());
    });
}

#[test]
fn a_guard_dropped_in_a_function_is_not_current_behind_it() {
    check("outer\n  takes_a_guard\n    inner\nnext\n", || {
        let outer = Span::new("outer");
        takes_a_guard((*outer).enter());
        assert!(current().is_none());
        drop(Span::new("next"));
    });
}

#[traced]
async fn holds_a_guard() {
    let span = Span::new("held");
    let _entered = span.enter();
    pause().await;
    drop(Span::new("after"));
}

#[test]
fn a_guard_held_across_an_await_leaves_nothing_to_others() {
    check("holds_a_guard\n  held\n  after\nbetween\n", || {
        let mut future = pin!(holds_a_guard());
        assert_eq!(poll(future.as_mut()), Poll::Pending);
        assert!(current().is_none());
        drop(Span::root("between"));
        assert_eq!(poll(future.as_mut()), Poll::Ready(()));
        assert!(current().is_none());
    });
}

#[test]
fn an_entered_span_ends_with_its_guard_or_goes_on() {
    check("owned\n  inner\nsecond\n", || {
        let entered = Span::new("owned").entered();
        entered.set_name("owned");
        drop(Span::new("inner"));
        drop(entered);
        assert!(current().is_none());
        let mut second = Span::new("second").entered().exit();
        assert!(current().is_none());
        second.set_outcome(Outcome::Ok);
    });
    let span = only(|| {
        let mut span = Span::new("failed").entered().exit();
        span.set_outcome(Outcome::Error);
    });
    assert_eq!(span.outcome, Outcome::Error);
}

#[test]
fn guards_that_are_forgotten_do_not_pile_up() {
    check("outer\n", || {
        let outer = Span::new("outer");
        for _ in 0..200_000 {
            outer.in_scope(|| std::mem::forget(outer.enter()));
        }
        assert!(current().is_none());
        let _entered = outer.enter();
        assert_eq!(current().context(), outer.context());
    });
}

#[test]
fn a_span_entered_twice_is_current_until_it_is_left_twice() {
    check("a\n  first\n  second\n", || {
        let a = Span::new("a");
        let (outer, inner) = (a.enter(), a.enter());
        drop(outer);
        drop(Span::new("first"));
        let again = a.enter();
        drop(inner);
        drop(Span::new("second"));
        drop(again);
        assert!(current().is_none());
    });
}
