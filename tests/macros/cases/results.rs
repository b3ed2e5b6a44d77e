//! R: results, errors and panics.

use std::error::Error;
use std::fmt::Display;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use spanwright::traced;

use super::errors::{Answer, Explosive, Failure, Layer, Nothing, OnlyDebug, fail, layer};
use super::{Pending, block_on};
use crate::check;

#[traced(name = "early", ok(fields(n = *ok)), err(fields(cause = err.0)))]
fn early(way: u32) -> Result<u32, Failure> {
    fail(way == 1, "question mark")?;
    if way == 2 {
        return Err(Failure("return"));
    }
    if way == 3 { Err(Failure("tail")) } else { Ok(way) }
}

#[test]
fn r01_every_way_to_fail_is_seen() {
    let expected = "early n=0\n\
        early error.type=macros::cases::errors::Failure cause=question mark -> error !failed: question mark\n\
        early error.type=macros::cases::errors::Failure cause=return -> error !failed: return\n\
        early error.type=macros::cases::errors::Failure cause=tail -> error !failed: tail\n";
    check(expected, || {
        assert_eq!(early(0), Ok(0));
        assert_eq!(early(1), Err(Failure("question mark")));
        assert_eq!(early(2), Err(Failure("return")));
        assert_eq!(early(3), Err(Failure("tail")));
    });
}

#[traced(err(fields(cause = err.0)))]
async fn late(polls: u32) -> Result<u32, Failure> {
    Pending(polls).await;
    fail(polls > 1, "late")?;
    Ok(polls)
}

#[test]
fn r02_an_error_after_several_polls_is_seen() {
    let expected = "late error.type=macros::cases::errors::Failure cause=late -> error !failed: late\n\
                    late\n";
    check(expected, || {
        assert_eq!(block_on(late(3)), Err(Failure("late")));
        assert_eq!(block_on(late(1)), Ok(1));
    });
}

#[traced(fields(before = *sum))]
fn add(sum: &mut u32, n: u32) -> Result<(), &'static str> {
    *sum += n;
    if *sum > 3 { Err("overflow") } else { Ok(()) }
}

#[traced(fields(before = *sum))]
async fn add_later(sum: &mut u32, n: u32) -> Result<(), &'static str> {
    *sum += n;
    if *sum > 3 { Err("overflow") } else { Ok(()) }
}

#[test]
fn r03_an_argument_changed_before_a_failure_stays_changed() {
    let expected = "add before=1\nadd before=2 error.type=_OTHER -> error !overflow\n\
                    add_later before=7 error.type=_OTHER -> error !overflow\n";
    check(expected, || {
        let mut sum = 1;
        assert!(add(&mut sum, 1).is_ok());
        assert!(add(&mut sum, 5).is_err());
        assert!(block_on(add_later(&mut sum, 1)).is_err());
        assert_eq!(sum, 8);
    });
}

#[traced(fields(len = list.len()))]
fn last(list: &mut Vec<u32>) -> Option<&mut u32> {
    list.push(1);
    list.last_mut()
}

#[traced]
async fn last_later(list: &mut Vec<u32>) -> Result<&mut u32, Failure> {
    list.push(1);
    Pending(1).await;
    list.last_mut().ok_or(Failure("empty"))
}

#[traced]
fn reborrowed<'a>(mut list: &'a mut [u32], skip: usize) -> &'a mut [u32] {
    list = &mut list[skip..];
    list
}

#[test]
fn r04_references_out_of_mutable_arguments_are_returned() {
    check("last len=0\nlast_later\nreborrowed\n", || {
        let mut list = Vec::new();
        *last(&mut list).expect("just pushed") += 1;
        *block_on(last_later(&mut list)).expect("just pushed") += 2;
        reborrowed(&mut list, 1)[0] += 1;
        assert_eq!(list, [2, 4]);
    });
}

type Outcome<T> = Result<T, Failure>;

#[traced]
fn aliased() -> Outcome<u32> {
    Err(Failure("alias"))
}

#[traced]
fn qualified() -> std::io::Result<()> {
    Err(std::io::ErrorKind::NotFound.into())
}

mod shadowed {
    //! A module in which the usual names mean something else.
    use spanwright::traced;

    #[derive(Debug, PartialEq)]
    pub(super) struct Result<T>(pub(super) T);
    #[derive(Debug, PartialEq)]
    pub(super) struct Option;
    #[expect(non_snake_case, reason = "shadows the variant")]
    pub(super) fn Ok<T>(value: T) -> Result<T> {
        Result(value)
    }
    #[expect(non_snake_case, dead_code, reason = "shadows the variant")]
    pub(super) fn Err() {}
    #[expect(non_upper_case_globals, dead_code, reason = "shadows the variant")]
    pub(super) const None: u32 = 1;
    #[expect(non_camel_case_types, dead_code, reason = "shadows the primitive")]
    pub(super) struct bool;

    #[traced(fields(#[when(n > 0)] n), ok(fields(value = ok.0)))]
    pub(super) fn shadowing(n: u32) -> Result<u32> {
        Ok(n)
    }

    #[traced(enabled = n > 0)]
    pub(super) async fn shadowing_later(n: u32) -> Option {
        let _ = n;
        Option
    }
}

#[test]
fn r05_results_are_known_by_their_type_not_by_their_name() {
    let expected = "aliased error.type=macros::cases::errors::Failure -> error !failed: alias\n\
                    qualified error.type=std::io::error::Error -> error !entity not found\n\
                    shadowing n=2 value=2\nshadowing_later\n";
    check(expected, || {
        assert!(aliased().is_err());
        assert!(qualified().is_err());
        assert_eq!(shadowed::shadowing(2), shadowed::Result(2));
        assert_eq!(block_on(shadowed::shadowing_later(1)), shadowed::Option);
    });
}

#[traced]
fn generic<E: Error + 'static>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced]
fn displayed<E: Display>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced]
fn bare<E>(error: E) -> Result<(), E> {
    Err(error)
}

#[traced]
fn any() -> anyhow::Result<()> {
    Err(anyhow::Error::new(Failure("inner")).context("outer"))
}

#[traced]
fn dynamic() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(Failure("boxed"))?;
    Ok(())
}

#[traced]
fn only_debug() -> Result<(), OnlyDebug> {
    Err(OnlyDebug)
}

#[traced]
fn nothing() -> Result<(), Nothing> {
    Err(Nothing)
}

#[traced(err(Debug))]
fn by_debug() -> Result<(), Failure> {
    Err(Failure("debug"))
}

#[traced(err(Display))]
fn by_display() -> Result<(), Failure> {
    Err(Failure("display"))
}

#[test]
fn r06_an_error_is_described_as_well_as_its_type_allows() {
    let expected = "\
        generic error.type=macros::cases::errors::Failure -> error !failed: g\n\
        displayed error.type=_OTHER -> error !text\n\
        bare error.type=macros::cases::errors::Failure -> error !\n\
        any error.type=_OTHER -> error !outer: failed: inner\n\
        dynamic error.type=_OTHER -> error !failed: boxed\n\
        only_debug error.type=macros::cases::errors::OnlyDebug -> error !OnlyDebug\n\
        nothing error.type=macros::cases::errors::Nothing -> error !\n\
        by_debug error.type=macros::cases::errors::Failure -> error !Failure(\"debug\")\n\
        by_display error.type=macros::cases::errors::Failure -> error !failed: display\n";
    check(expected, || {
        assert!(generic(Failure("g")).is_err());
        assert!(displayed("text").is_err());
        assert!(bare(Failure("b")).is_err());
        assert!(any().is_err());
        assert!(dynamic().is_err());
        assert!(only_debug().is_err());
        assert!(nothing().is_err());
        assert!(by_debug().is_err());
        assert!(by_display().is_err());
    });
}

#[traced]
fn layered() -> Result<(), Layer> {
    Err(layer("request", layer("query", layer("connect: failed: down", Failure("down")))))
}

#[traced]
fn boxed_layers() -> Result<(), Box<dyn Error>> {
    Err(layer("outer", Layer("inner", None)).into())
}

#[traced]
fn contexts() -> anyhow::Result<()> {
    Err(anyhow::Error::new(layer("first", Failure("down"))).context("second").context("third"))
}

#[traced]
fn deep() -> Result<(), Layer> {
    Err((0..20).fold(Layer("end", None), |below, number| {
        layer(if number % 2 == 0 { "a" } else { "b" }, below)
    }))
}

#[test]
fn r07_the_source_chain_is_reported_in_full_and_in_order() {
    let expected = format!(
        "layered error.type=macros::cases::errors::Layer -> error !request: query: connect: failed: down\n\
         boxed_layers error.type=_OTHER -> error !outer: inner\n\
         contexts error.type=_OTHER -> error !third: second: first: failed: down\n\
         deep error.type=macros::cases::errors::Layer -> error !b{}\n",
        ": a: b".repeat(8)
    );
    check(&expected, || {
        assert!(layered().is_err());
        assert!(boxed_layers().is_err());
        assert!(contexts().is_err());
        assert!(deep().is_err());
    });
}

#[traced(level = "debug", err(level = "warn"))]
fn warned() -> Result<(), Failure> {
    Err(Failure("w"))
}

#[traced(err(event))]
async fn told() -> Result<(), Failure> {
    Err(Failure("t"))
}

#[test]
fn r08_an_error_event_is_asked_for() {
    let expected = "warned error.type=macros::cases::errors::Failure @exception -> error !failed: w\n\
         told error.type=macros::cases::errors::Failure @exception -> error !failed: t\n";
    check(expected, || {
        assert!(warned().is_err());
        assert!(block_on(told()).is_err());
    });
}

#[traced(ret)]
fn returned(n: u32) -> Result<u32, Failure> {
    if n == 0 { Err(Failure("zero")) } else { Ok(n) }
}

#[traced(ret(Display))]
async fn shown() -> &'static str {
    "text"
}

#[traced(ret(fields(ok = ret.is_ok())), ok(fields(n = *ok)))]
fn whole(n: u32) -> Result<u32, Failure> {
    if n == 0 { Err(Failure("zero")) } else { Ok(n) }
}

#[test]
fn r10_an_error_is_not_recorded_as_a_return_value() {
    let expected = "\
        returned return=1\n\
        returned error.type=macros::cases::errors::Failure -> error !failed: zero\n\
        shown return=text\n\
        whole ok=true n=1\n\
        whole ok=false error.type=macros::cases::errors::Failure -> error !failed: zero\n";
    check(expected, || {
        assert!(returned(1).is_ok());
        assert!(returned(0).is_err());
        assert_eq!(block_on(shown()), "text");
        assert!(whole(1).is_ok());
        assert!(whole(0).is_err());
    });
}

#[traced(ok(fields(n = *ok)))]
fn judged(answer: Answer) -> Answer {
    answer
}

#[test]
fn r12_a_type_of_the_users_judges_itself() {
    let expected = "judged n=1\njudged -> none\n\
                    judged error.type=macros::cases::errors::Answer -> error !Broken\n";
    check(expected, || {
        for answer in [Answer::Found(1), Answer::Missing, Answer::Broken] {
            assert_eq!(judged(answer), answer);
        }
    });
}

#[traced]
fn panics(payload: u32) -> Result<u32, Failure> {
    std::panic::resume_unwind(Box::new(payload))
}

#[traced]
async fn panics_later(payload: u32) -> Result<u32, Failure> {
    Pending(1).await;
    std::panic::resume_unwind(Box::new(payload))
}

#[traced]
fn panics_without_result(payload: u32) {
    std::panic::resume_unwind(Box::new(payload))
}

#[test]
fn r13_a_panic_is_recorded_and_goes_on_unchanged() {
    fn payload(call: impl FnOnce()) -> Option<u32> {
        catch_unwind(AssertUnwindSafe(call)).err()?.downcast_ref().copied()
    }
    check(
        "panics error.type=panic -> panic !panicked\npanics_later error.type=panic -> panic !panicked\npanics_without_result error.type=panic -> panic !panicked\n",
        || {
            assert_eq!(payload(|| drop(panics(1))), Some(1));
            assert_eq!(payload(|| drop(block_on(panics_later(2)))), Some(2));
            assert_eq!(payload(|| panics_without_result(3)), Some(3));
        },
    );
}

fn explode() -> u32 {
    std::panic::resume_unwind(Box::new("value"))
}

#[traced(fields(first = 1, boom = explode()), enabled = true, ok(fields(later = explode())))]
fn survives(fails: bool) -> Result<u32, Explosive> {
    if fails { Err(Explosive) } else { Ok(1) }
}

#[traced(fields(boom = %Explosive))]
async fn survives_later() -> u32 {
    1
}

#[traced(enabled = explode() > 0)]
fn survives_condition() -> u32 {
    1
}

#[test]
fn r14_a_panic_in_an_attribute_is_not_the_callers() {
    let expected = "survives first=1\n\
                    survives first=1 error.type=macros::cases::errors::Explosive -> error !\n\
                    survives_later\n";
    check(expected, || {
        assert!(survives(false).is_ok());
        assert!(survives(true).is_err());
        assert_eq!(block_on(survives_later()), 1);
        assert_eq!(survives_condition(), 1);
    });
}

#[traced(ok(fields(n = *ok)))]
fn option(n: u32) -> Option<u32> {
    (n > 0).then_some(n)
}

#[traced]
fn flow(stop: bool) -> ControlFlow<u32> {
    if stop { ControlFlow::Break(1) } else { ControlFlow::Continue(()) }
}

#[test]
fn r15_none_and_break_are_outcomes() {
    let expected = "option n=1\noption -> none\nflow\nflow error.type=u32 -> error !1\n";
    check(expected, || {
        assert_eq!((option(1), option(0)), (Some(1), None));
        assert!(flow(false).is_continue());
        assert!(flow(true).is_break());
    });
}

#[test]
#[traced]
fn r16_a_test_that_returns_a_result_may_be_traced() -> Result<(), Failure> {
    fail(false, "")
}
