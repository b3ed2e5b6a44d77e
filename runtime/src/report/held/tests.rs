//! Failures on their way out, without a clock.

use super::*;
use crate::record::{Level, ReportId};
use crate::report::raw_stack::RawStack;

const NOW: Duration = Duration::from_secs(100);
const LATER: Duration = Duration::from_secs(101);

static INNER: Source = source("inner", 1);
static OUTER: Source = source("outer", 2);

const fn source(name: &'static str, line: u32) -> Source {
    Source { name, target: "", function: name, file: "app.rs", line, level: Level::Info }
}

/// The third call of its task, for instance.
fn scope(number: u64) -> Scope {
    Scope::of_test(number)
}

fn causes(errors: &[(&'static str, &str)]) -> Vec<Cause> {
    let cause = |(type_name, message): &(&'static str, &str)| Cause {
        type_name: (!type_name.is_empty()).then_some((*type_name).into()),
        message: (*message).to_owned(),
    };
    errors.iter().map(cause).collect()
}

fn draft(id: u128, errors: &[(&'static str, &str)]) -> Draft {
    Draft {
        id: ReportId::from_random(id),
        unix_ns: 0,
        noticed: 10,
        nature: Nature::Error,
        causes: causes(errors),
        said: Said::default(),
        path: vec![&INNER],
        stack: RawStack::default(),
        place: None,
        span: SpanRef::NONE,
        user: None,
        request: None,
        thread: None,
        is_confirmed: true,
        uncounted: None,
    }
}

fn leaving(scope: Scope, above: Scope, errors: &[(&'static str, &str)]) -> Leaving {
    Leaving {
        scope,
        above,
        begun_after: 9,
        now: NOW,
        until: LATER,
        source: &OUTER,
        causes: causes(errors),
        span: SpanRef::NONE,
        confirms: true,
    }
}

/// Whether what leaves the call is the failure that waits for it.
fn is_known(inner: &[(&'static str, &str)], outer: &[(&'static str, &str)]) -> bool {
    let mut held = Held::default();
    held.hold(draft(1, inner), scope(1), LATER);
    held.pass(leaving(scope(1), Scope::NONE, outer), Said::default()).is_none()
}

#[test]
fn an_error_that_leaves_the_call_above_is_the_same_one_however_it_was_converted() {
    let inner = [("Db", "connection refused")];
    assert!(is_known(&inner, &inner));
    assert!(is_known(&inner, &[("App", "no feed: connection refused")]));
    assert!(is_known(&inner, &[("App", "no feed"), ("Db", "connection refused")]));
    assert!(is_known(&inner, &[("App", "unavailable")]));
    assert!(is_known(&[("", "")], &[("App", "unavailable")]));
    assert!(is_known(&[("Mute", "")], &[("Mute", "")]));
}

#[test]
fn an_error_of_the_same_type_that_says_something_else_is_another_one() {
    assert!(!is_known(&[("App", "first failed")], &[("App", "second failed")]));
}

#[test]
fn an_error_that_says_the_same_of_another_cause_is_another_one() {
    let inner = [("Store", "the store is odd"), ("Parse", "not a number")];
    assert!(is_known(&inner, &[("App", "the store is odd")]));
    assert!(!is_known(&inner, &[("App", "the store is odd"), ("Parse", "nothing to parse")]));
}

#[test]
fn what_passes_keeps_its_place_and_gains_what_is_around_it() {
    let mut held = Held::default();
    held.hold(draft(1, &[("Db", "refused")]), scope(2), LATER);
    let title = |title: &str| Said { title: Some(title.to_owned()), ..Said::default() };
    let outer = leaving(scope(2), scope(1), &[("App", "no feed")]);
    assert!(held.pass(outer, title("Feed")).is_none());
    let outermost = leaving(scope(1), Scope::NONE, &[("App", "no feed")]);
    assert!(held.pass(outermost, title("Request")).is_none());
    let all = held.all();
    let [draft] = &all[..] else { panic!("one failure, not {}", all.len()) };
    let messages: Vec<_> = draft.causes.iter().map(|cause| cause.message.as_str()).collect();
    assert_eq!(messages, ["no feed", "refused"]);
    assert_eq!(draft.said.title.as_deref(), Some("Feed"));
    assert_eq!(draft.path, [&INNER, &OUTER, &OUTER]);
}

#[test]
fn of_two_failures_below_the_one_that_is_said_passes_and_the_other_stays() {
    let mut held = Held::default();
    held.hold(draft(1, &[("Db", "users are gone")]), scope(1), LATER);
    held.hold(draft(2, &[("Db", "cruds are gone")]), scope(1), LATER);
    let outer = leaving(scope(1), Scope::NONE, &[("App", "users are gone")]);
    assert!(held.pass(outer, Said::default()).is_none());
    let paths: Vec<_> = held.all().iter().map(|draft| draft.path.len()).collect();
    assert_eq!(paths, [2, 1]);
}

#[test]
fn a_failure_of_a_task_is_known_in_the_call_that_waited_for_it() {
    let mut held = Held::default();
    held.hold(draft(1, &[("Db", "connection refused")]), Scope::NONE, LATER);
    let outer = || leaving(scope(7), Scope::NONE, &[("App", "task: connection refused")]);
    let unrelated = leaving(scope(7), Scope::NONE, &[("App", "unavailable")]);
    assert!(held.pass(unrelated, Said::default()).is_some());
    // It began when the task had failed already.
    let late = Leaving { begun_after: 10, ..outer() };
    assert!(held.pass(late, Said::default()).is_some());
    // The same function again is another request.
    let again = Leaving { source: &INNER, ..outer() };
    assert!(held.pass(again, Said::default()).is_some());
    assert!(held.pass(outer(), Said::default()).is_none());
    assert_eq!(held.all().len(), 1);
}

#[test]
fn what_is_told_already_is_not_told_again() {
    let mut held = Held::default();
    held.hold(draft(1, &[("Db", "refused")]), scope(2), NOW);
    assert_eq!(held.due(NOW).len(), 1);
    let outer = leaving(scope(2), scope(1), &[("App", "refused")]);
    assert!(held.pass(outer, Said::default()).is_none());
    let outermost = leaving(scope(1), Scope::NONE, &[("Top", "refused")]);
    assert!(held.pass(outermost, Said::default()).is_none());
    assert_eq!(held.all().len(), 0);
}

#[test]
fn what_fails_long_after_and_says_something_else_is_another_failure() {
    for is_told in [true, false] {
        let mut held = Held::default();
        if is_told {
            held.hold(draft(1, &[("Db", "refused")]), scope(2), LATER);
            assert_eq!(held.due(LATER).len(), 1);
        } else {
            held.settle(scope(2), &causes(&[("Db", "refused")]), LATER);
        }
        let hidden = leaving(scope(2), scope(1), &[("App", "unavailable")]);
        let late = Leaving { now: LATER, ..leaving(scope(2), scope(1), &[("App", "shut down")]) };
        assert!(held.pass(late, Said::default()).is_some(), "{is_told}");
        assert!(held.pass(hidden, Said::default()).is_none(), "{is_told}");
    }
}

#[test]
fn what_says_the_same_minutes_after_is_another_failure() {
    let fails_at = |now| {
        let mut held = Held::default();
        held.settle(scope(2), &causes(&[("Db", "refused")]), LATER);
        let same = leaving(scope(2), scope(1), &[("Db", "refused")]);
        held.pass(Leaving { now, ..same }, Said::default()).is_some()
    };
    assert_eq!([LATER, LATER + MAX_AGE].map(fails_at), [false, true]);
}

#[test]
fn however_much_a_failure_says_little_of_it_is_remembered() {
    let mut held = Held::default();
    let message = "no".repeat(8 << 10);
    held.settle(scope(2), &causes(&[("Db", &message)]), LATER);
    assert_eq!(held.settled[&scope(2)].message.len(), MAX_SETTLED_BYTES);
    let outer = [("App", &*format!("no feed: {message}"))];
    let late = Leaving { now: LATER, ..leaving(scope(2), scope(1), &outer) };
    assert!(held.pass(late, Said::default()).is_none());
}

#[test]
fn what_was_counted_is_known_too() {
    let mut held = Held::default();
    held.settle(scope(2), &causes(&[("Db", "refused")]), LATER);
    let outer = || leaving(scope(2), scope(1), &[("App", "refused")]);
    assert!(held.pass(outer(), Said::default()).is_none());
    assert!(held.pass(outer(), Said::default()).is_some());
}

#[test]
fn memory_is_bounded_however_much_fails() {
    let mut held = Held::default();
    let mut displaced = Vec::new();
    for id in 0..20_000 {
        held.hold(draft(id, &[("Db", "refused")]), scope(1), LATER);
        displaced.extend(held.overflow().into_iter().map(|draft| draft.id));
        assert!(held.bytes <= MAX_DRAFT_BYTES);
    }
    assert_eq!(displaced[0], ReportId::from_random(0));
    assert_eq!(displaced.len() + held.drafts.len(), 20_000);
    assert_eq!(held.deadlines.len(), held.drafts.len());
    let places: usize = held.places.values().map(BTreeSet::len).sum();
    assert_eq!(places, held.drafts.len());
    for number in 1..=20_000 {
        held.settle(scope(number), &causes(&[("Db", "refused")]), LATER);
    }
    assert!(held.settled.len() <= MAX_SETTLED && held.order.len() <= 2 * MAX_SETTLED);
}

#[test]
fn a_panic_gains_what_the_calls_say_that_it_leaves() {
    let mut held = Held::default();
    let panic =
        Draft { nature: Nature::Panic, is_confirmed: false, ..draft(1, &[("panic", "boom")]) };
    held.hold(panic, scope(2), LATER);
    let said = Said { title: Some("Import".to_owned()), ..Said::default() };
    held.unwind(&leaving(scope(2), scope(1), &[]), said);
    let all = held.all();
    assert!(all[0].is_confirmed);
    assert_eq!(all[0].said.title.as_deref(), Some("Import"));
    assert_eq!(all[0].causes.len(), 1);
}

/// A failure with an attribute of 64 KiB.
fn heavy(id: u128) -> Draft {
    let mut draft = draft(id, &[("Db", "refused")]);
    draft.said.custom.push(crate::record::Attribute::new("text", "x".repeat(64 * 1024)));
    draft
}

#[test]
fn failures_wait_up_to_a_number_of_bytes() {
    let mut held = Held::default();
    for id in 1..=200 {
        held.hold(heavy(id), scope(1_000), LATER);
        held.overflow();
    }
    let kept = held.all();
    assert!((30..=64).contains(&kept.len()), "{} drafts of 64 KiB wait", kept.len());
    assert_eq!(kept.last().map(|draft| draft.id), Some(ReportId::from_random(200)));
}

#[test]
fn what_a_waiting_failure_gains_counts() {
    let mut held = Held::default();
    for id in 1..=100_u64 {
        held.hold(draft(id.into(), &[("Db", "refused")]), scope(1_000 + id), LATER);
    }
    for id in 1..=100_u64 {
        let mut said = Said::default();
        said.custom.push(crate::record::Attribute::new("text", "x".repeat(64 * 1024)));
        let outer = leaving(scope(1_000 + id), scope(2_000 + id), &[("Db", "refused")]);
        assert!(held.pass(outer, said).is_none());
        held.overflow();
    }
    let kept = held.all().len();
    assert!((30..=64).contains(&kept), "{kept} drafts of 64 KiB wait");
}

#[test]
fn failure_is_compared_with_those_of_its_place_alone() {
    let mut held = Held::default();
    for id in 0..1_000_u64 {
        let scope = scope(1_000 + id / 100);
        held.hold(draft(id.into(), &[("Db", "refused")]), scope, LATER);
        held.hold(draft(id.into(), &[("Db", "refused")]), Scope::NONE, LATER);
    }
    let numbers = |place| held.at(place).map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!(numbers(Place::Call(scope(1))), [0; 0]);
    assert_eq!(numbers(Place::Call(scope(1_000))).len(), MAX_COMPARED);
    assert_eq!(held.in_tasks(SpanRef::NONE).count(), 2 * MAX_COMPARED);
    // The newest are compared.
    assert_eq!(numbers(Place::Call(scope(1_009)))[0], 1_999);
}
