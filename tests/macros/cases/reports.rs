//! E: failures that are reported, of functions of every shape.

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use spanwright::report_errors as renamed;
use spanwright::{Severity, report_errors, traced, xray_subsegment};

use super::errors::{Answer, Explosive, Failure, Layer, Nothing, OnlyDebug, fail, layer};
use super::{Pending, block_on};
use crate::{check, check_reports};

#[report_errors]
fn early(way: u32) -> Result<u32, Failure> {
    fail(way == 1, "question mark")?;
    if way == 2 {
        return Err(Failure("return"));
    }
    if way == 3 { Err(Failure("tail")) } else { Ok(way) }
}

#[test]
fn r01_every_way_to_fail_is_reported_and_success_is_not() {
    let expected = "error early: Failure(failed: question mark)\n\
                    error early: Failure(failed: return)\n\
                    error early: Failure(failed: tail)\n";
    check_reports(expected, || {
        assert_eq!(early(0), Ok(0));
        assert_eq!(early(1), Err(Failure("question mark")));
        assert_eq!(early(2), Err(Failure("return")));
        assert_eq!(early(3), Err(Failure("tail")));
    });
}

#[report_errors(custom(polls, cause = err.0))]
async fn late(polls: u32) -> Result<u32, Failure> {
    Pending(polls).await;
    fail(polls > 1, "late")?;
    Ok(polls)
}

#[test]
fn r02_an_error_after_several_polls_is_reported() {
    check_reports("error late: Failure(failed: late) polls=3 cause=late\n", || {
        assert_eq!(block_on(late(3)), Err(Failure("late")));
        assert_eq!(block_on(late(1)), Ok(1));
    });
}

#[report_errors(custom(before = *sum))]
fn add(sum: &mut u32, n: u32) -> Result<(), &'static str> {
    *sum += n;
    if *sum > 3 { Err("overflow") } else { Ok(()) }
}

#[report_errors(custom(before = *sum))]
async fn add_later(sum: &mut u32, n: u32) -> Result<(), &'static str> {
    *sum += n;
    if *sum > 3 { Err("overflow later") } else { Ok(()) }
}

#[test]
fn r03_an_argument_changed_before_a_failure_stays_changed() {
    let expected = "error add: (overflow) before=2\n\
                    error add_later: (overflow later) before=7\n";
    check_reports(expected, || {
        let mut sum = 1;
        assert!(add(&mut sum, 1).is_ok());
        assert!(add(&mut sum, 5).is_err());
        assert!(block_on(add_later(&mut sum, 1)).is_err());
        assert_eq!(sum, 8);
    });
}

#[report_errors(none, custom(len = list.len()))]
fn last(list: &mut Vec<u32>) -> Option<&mut u32> {
    list.push(1);
    list.last_mut()
}

#[report_errors]
async fn last_later(list: &mut Vec<u32>) -> Result<&mut u32, Failure> {
    list.push(1);
    Pending(1).await;
    list.last_mut().ok_or(Failure("empty"))
}

#[test]
fn r04_references_out_of_mutable_arguments_are_returned() {
    check_reports("", || {
        let mut list = Vec::new();
        *last(&mut list).expect("just pushed") += 1;
        *block_on(last_later(&mut list)).expect("just pushed") += 2;
        assert_eq!(list, [2, 3]);
    });
}

type Outcome<T> = Result<T, Failure>;

#[report_errors]
fn aliased() -> Outcome<u32> {
    Err(Failure("alias"))
}

#[report_errors]
fn qualified() -> std::io::Result<()> {
    Err(std::io::ErrorKind::NotFound.into())
}

mod shadowed {
    //! A module in which the usual names mean something else.
    use spanwright::report_errors;

    #[derive(Debug, PartialEq)]
    pub(super) struct Result<T>(pub(super) T);
    pub(super) use std::result::Result as Outcome;
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

    #[report_errors(custom(#[when(n > 0)] n), panics)]
    pub(super) fn shadowing(n: u32) -> Result<u32> {
        Ok(n)
    }

    #[report_errors(custom(#[when(*err > 1)] err), ignore(7))]
    pub(super) async fn shadowing_later(n: u32) -> Outcome<(), u32> {
        Outcome::Err(n)
    }
}

#[test]
fn r05_results_are_known_by_their_type_not_by_their_name() {
    let expected = "error aliased: Failure(failed: alias)\n\
                    error qualified: Error(entity not found)\n\
                    error shadowing_later: u32(8) err=8\n";
    check_reports(expected, || {
        assert!(aliased().is_err());
        assert!(qualified().is_err());
        assert_eq!(shadowed::shadowing(2), shadowed::Result(2));
        assert!(block_on(shadowed::shadowing_later(7)).is_err());
        assert!(block_on(shadowed::shadowing_later(8)).is_err());
    });
}

#[report_errors]
fn generic<E: Error + 'static>(error: E) -> Result<(), E> {
    Err(error)
}

#[report_errors]
fn displayed<E: Display>(error: E) -> Result<(), E> {
    Err(error)
}

#[report_errors]
fn bare<E>(error: E) -> Result<(), E> {
    Err(error)
}

#[report_errors]
fn any() -> anyhow::Result<()> {
    Err(anyhow::Error::new(Failure("inner")).context("outer"))
}

#[report_errors]
fn dynamic() -> Result<(), Box<dyn Error + Send + Sync>> {
    Err(Failure("boxed"))?;
    Ok(())
}

#[report_errors]
fn only_debug() -> Result<(), OnlyDebug> {
    Err(OnlyDebug)
}

#[report_errors]
fn nothing() -> Result<(), Nothing> {
    Err(Nothing)
}

#[test]
fn r06_an_error_is_described_as_well_as_its_type_allows() {
    let expected = "\
        error generic: Failure(failed: g)\n\
        error displayed: (text)\n\
        error bare: Failure()\n\
        error any: (outer) <- (failed: inner)\n\
        error dynamic: (failed: boxed)\n\
        error only_debug: OnlyDebug(OnlyDebug)\n\
        error nothing: Nothing()\n";
    check_reports(expected, || {
        assert!(generic(Failure("g")).is_err());
        assert!(displayed("text").is_err());
        assert!(bare(Failure("b")).is_err());
        assert!(any().is_err());
        assert!(dynamic().is_err());
        assert!(only_debug().is_err());
        assert!(nothing().is_err());
    });
}

#[report_errors]
fn layered() -> Result<(), Layer> {
    Err(layer("request", layer("query", Failure("down"))))
}

#[test]
fn r07_the_source_chain_is_reported_in_full_and_in_order() {
    check_reports("error layered: Layer(request) <- (query) <- (failed: down)\n", || {
        assert!(layered().is_err());
    });
}

#[report_errors(level = "warning")]
#[traced(level = "debug", err(level = "error"))]
fn warned() -> Result<(), Failure> {
    Err(Failure("w"))
}

#[report_errors(level = |err| if err.0 == "a" { Severity::Info } else { Severity::Critical })]
async fn judged(text: &'static str) -> Result<(), Failure> {
    Err(Failure(text))
}

fn severity(error: &Failure) -> Severity {
    if error.0.is_empty() { Severity::Debug } else { Severity::Warning }
}

#[report_errors(level = severity, context = format!("{err:?}"))]
fn judged_by_path(text: &'static str) -> Result<(), Failure> {
    Err(Failure(text))
}

#[test]
fn r08_the_level_of_a_report_is_its_own() {
    let expected = "warning warned: Failure(failed: w)\n\
                    info judged: Failure(failed: a)\n\
                    critical judged: Failure(failed: b)\n\
                    debug judged_by_path: Failure(failed: ) context=Failure(\"\")\n";
    check_reports(expected, || {
        assert!(warned().is_err());
        assert!(block_on(judged("a")).is_err());
        assert!(block_on(judged("b")).is_err());
        assert!(judged_by_path("").is_err());
    });
    let spans = "warned error.type=macros::cases::errors::Failure @exception -> error !failed: w\n";
    check(spans, || assert!(warned().is_err()));
}

#[report_errors]
#[traced(name = "asked", ret)]
fn returned(n: u32) -> Result<u32, Failure> {
    if n == 0 { Err(Failure("zero")) } else { Ok(n) }
}

#[test]
fn r09_r10_a_span_and_a_report_share_their_place_and_nothing_else() {
    check_reports("error asked: Failure(failed: zero)\n", || {
        assert!(returned(1).is_ok());
        assert!(returned(0).is_err());
    });
    let spans = "asked return=1\n\
                 asked error.type=macros::cases::errors::Failure @exception -> error !failed: zero\n";
    check(spans, || {
        assert!(returned(1).is_ok());
        assert!(returned(0).is_err());
    });
}

#[derive(Debug)]
struct Unavailable(Failure);

impl Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unavailable")
    }
}

impl Error for Unavailable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl From<Failure> for Unavailable {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

#[report_errors(level = "warning", title = "Store", custom(key = "store", id))]
fn store(id: u32) -> Result<u32, Failure> {
    Err(Failure("down"))
}

#[report_errors(person(id))]
async fn service(id: u32) -> Result<u32, Unavailable> {
    Pending(1).await;
    Ok(store(id)?)
}

#[report_errors(level = "critical", title = "Handler", custom(key = "handler", route = "/"))]
#[traced]
#[xray_subsegment]
fn handler(id: u32) -> impl Future<Output = Result<u32, anyhow::Error>> {
    async move { Ok(service(id).await?) }
}

#[test]
fn r11_one_failure_is_one_report_whatever_it_passes() {
    let expected = "warning handler > service > store: Unavailable(unavailable) <- Failure(failed: down) \
                    title=Store person=7// key=store id=7 route=/\n";
    check_reports(expected, || assert!(block_on(handler(7)).is_err()));
}

#[derive(Debug)]
enum Refusal {
    NotFound(u32),
    Invalid { code: u32 },
    Broken,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Refusal {
    fn is_ours(&self) -> bool {
        matches!(self, Self::Broken)
    }
}

#[report_errors(ignore(Refusal::NotFound(0 | 1), Refusal::Invalid { code } if *code < 10))]
fn refuse(refusal: Refusal) -> Result<(), Refusal> {
    Err(refusal)
}

#[report_errors(when = |err| !err.is_ours(), ignore(Refusal::NotFound(_)))]
async fn refuse_later(refusal: Refusal) -> Result<(), Refusal> {
    Err(refusal)
}

#[report_errors(when = Refusal::is_ours)]
fn refuse_by_path(refusal: Refusal) -> Result<(), Refusal> {
    Err(refusal)
}

#[test]
fn r12_what_is_no_error_is_not_reported() {
    let expected = "error refuse: Refusal(NotFound(2))\n\
                    error refuse: Refusal(Invalid { code: 10 })\n\
                    error refuse_later: Refusal(Invalid { code: 1 })\n\
                    error refuse_by_path: Refusal(Broken)\n";
    check_reports(expected, || {
        for refusal in [Refusal::NotFound(1), Refusal::NotFound(2)] {
            assert!(refuse(refusal).is_err());
        }
        assert!(refuse(Refusal::Invalid { code: 9 }).is_err());
        assert!(refuse(Refusal::Invalid { code: 10 }).is_err());
        for refusal in [Refusal::Broken, Refusal::NotFound(1), Refusal::Invalid { code: 1 }] {
            assert!(block_on(refuse_later(refusal)).is_err());
        }
        assert!(refuse_by_path(Refusal::Broken).is_err());
        assert!(refuse_by_path(Refusal::NotFound(1)).is_err());
    });
}

#[report_errors]
fn answer(answer: Answer) -> Answer {
    answer
}

#[report_errors(none)]
fn answer_or_none(answer: Answer) -> Answer {
    answer
}

#[test]
fn r12_a_type_of_the_users_judges_itself() {
    let expected = "error answer: Answer(Broken)\nerror answer_or_none: (returned `None`)\n";
    check_reports(expected, || {
        for given in [Answer::Found(1), Answer::Missing, Answer::Broken] {
            assert_eq!(answer(given), given);
        }
        assert_eq!(answer_or_none(Answer::Missing), Answer::Missing);
    });
}

#[report_errors(panics, person(id), title = "Lost")]
fn panics(id: u32) -> Result<u32, Failure> {
    std::panic::panic_any(format!("way {id}"))
}

#[report_errors(panics, custom(id))]
async fn panics_later(id: u32) -> Result<u32, Failure> {
    Pending(1).await;
    panics(id)
}

#[report_errors(panics, custom(id))]
fn panics_without_result(id: u32) {
    std::panic::panic_any(format!("way {id}"))
}

#[report_errors(panics, custom(id))]
async fn panics_without_end(id: u32) -> ! {
    Pending(1).await;
    std::panic::panic_any(format!("way {id}"))
}

#[test]
fn r13_a_panic_is_reported_once_and_goes_on_unchanged() {
    fn text(call: impl FnOnce()) -> Option<String> {
        catch_unwind(AssertUnwindSafe(call)).err()?.downcast_ref().cloned()
    }
    let expected = "critical panics: panic!(way 1) title=Lost person=1//\n\
                    critical panics_later > panics: panic!(way 2) title=Lost person=2// id=2\n\
                    critical panics_without_result: panic!(way 3) id=3\n\
                    critical panics_without_end: panic!(way 4) id=4\n";
    check_reports(expected, || {
        assert_eq!(text(|| drop(panics(1))).as_deref(), Some("way 1"));
        assert_eq!(text(|| drop(block_on(panics_later(2)))).as_deref(), Some("way 2"));
        assert_eq!(text(|| panics_without_result(3)).as_deref(), Some("way 3"));
        assert_eq!(text(|| block_on(panics_without_end(4))).as_deref(), Some("way 4"));
    });
}

fn explode<T>() -> T {
    std::panic::resume_unwind(Box::new("value"))
}

#[report_errors(
    title = explode::<String>(), fingerprint = %err, custom(first = 1, boom = explode::<u32>()),
    level = |_| explode(),
)]
fn survives() -> Result<u32, Explosive> {
    Err(Explosive)
}

#[report_errors(when = |_| explode(), ignore(2), custom(n, late = u32::clone(err)))]
async fn survives_questions(n: u32) -> Result<u32, u32> {
    Err(n)
}

#[report_errors(ignore(n if explode::<u32>() > *n))]
fn survives_patterns(n: u32) -> Result<u32, u32> {
    Err(n)
}

#[test]
fn r14_a_panic_in_an_attribute_is_not_the_callers_and_means_to_report() {
    let expected = "error survives: Explosive() first=1\n\
                    error survives_questions: u32(1) n=1 late=1\n\
                    error survives_patterns: u32(3)\n";
    check_reports(expected, || {
        assert!(survives().is_err());
        assert_eq!(block_on(survives_questions(1)), Err(1));
        assert_eq!(block_on(survives_questions(2)), Err(2));
        assert_eq!(survives_patterns(3), Err(3));
    });
}

#[report_errors(none, custom(n))]
fn option(n: u32) -> Option<u32> {
    (n > 0).then_some(n)
}

#[report_errors]
fn flow(stop: bool) -> ControlFlow<u32> {
    if stop { ControlFlow::Break(1) } else { ControlFlow::Continue(()) }
}

#[test]
fn r15_none_is_reported_where_it_is_said_and_break_always() {
    let expected = "error option: (returned `None`) n=0\nerror flow: u32(1)\n";
    check_reports(expected, || {
        assert_eq!((option(1), option(0)), (Some(1), None));
        assert!(flow(false).is_continue());
        assert!(flow(true).is_break());
    });
}

#[test]
#[report_errors]
fn r16_a_test_that_returns_a_result_may_be_reported() -> Result<(), Failure> {
    fail(false, "")
}

struct Store<'a, T> {
    name: &'a str,
    item: T,
}

const AREA: &str = "stores";

impl<'a, T: Debug + Clone> Store<'a, T>
where
    T: Send,
{
    const TITLE: &'static str = "Store";

    #[report_errors(
        title = Self::TITLE, context = AREA, fingerprint = concat!("a", "b"),
        person(username = self.name), custom(self.name, ?item = self.item, len = self.name.len()),
    )]
    fn get<const FAIL: bool>(&self) -> Result<&'a str, Failure> {
        if FAIL { Err(Failure("const")) } else { Ok(self.name) }
    }

    #[report_errors(custom(name = self.name))]
    fn shared(self: Arc<Self>) -> Result<T, Failure> {
        fail(self.name.is_empty(), "shared")?;
        Ok(self.item.clone())
    }

    #[report_errors(custom(kind = std::any::type_name::<T>()))]
    fn owned(self, fails: bool) -> Result<impl Iterator<Item = T>, Failure> {
        fail(fails, "owned")?;
        Ok(std::iter::once(self.item))
    }
}

#[test]
fn f02_f03_f04_f08_f10_methods_and_generics_are_reported() {
    let expected = "error get: Failure(failed: const) title=Store fingerprint=ab context=stores \
                    person=/n/ name=n item=1 len=1\n\
                    error owned: Failure(failed: owned) kind=u8\n\
                    error shared: Failure(failed: shared) name=\n";
    check_reports(expected, || {
        let store = Store { name: "n", item: 1_u8 };
        assert_eq!(store.get::<false>(), Ok("n"));
        assert!(store.get::<true>().is_err());
        assert!(store.owned(true).is_err());
        assert!(Arc::new(Store { name: "", item: 1_u8 }).shared().is_err());
    });
}

/// Docs stay.
#[must_use = "it may have failed"]
#[expect(unsafe_code, reason = "a case of an unsafe function")]
#[report_errors(custom(r#type, n = %n))]
#[inline]
pub(crate) unsafe extern "Rust" fn marked(r#type: u32, n: u32) -> ControlFlow<u32, u32> {
    #![allow(unused_unsafe)]
    const LIMIT: u32 = 3;
    if n > LIMIT { ControlFlow::Break(r#type) } else { ControlFlow::Continue(n) }
}

macro_rules! reported {
    ($(#[$meta:meta])* $name:ident($argument:ident: $ty:ty) -> $result:ty $body:block) => {
        $(#[$meta])*
        fn $name($argument: $ty) -> $result $body
    };
}

reported! {
    #[report_errors(custom(n, err), ignore(1))]
    #[traced]
    made_by_a_macro(n: u32) -> Result<u32, u32> { Err(n) }
}

#[report_errors]
fn recursive(n: u32) -> Result<u32, Failure> {
    fail(n == 0, "bottom")?;
    recursive(n - 1)
}

#[test]
#[expect(unsafe_code, reason = "a case of an unsafe function")]
fn f14_f16_f17_f19_f20_f23_every_form_of_function_is_reported() {
    let expected = "error marked: u32(7) type=7 n=4\n\
                    error made_by_a_macro: u32(2) n=2 err=2\n\
                    error recursive > recursive > recursive: Failure(failed: bottom)\n";
    check_reports(expected, || {
        // SAFETY: the function asks for nothing.
        assert!(unsafe { marked(7, 4) }.is_break());
        assert!(made_by_a_macro(1).is_err());
        assert!(made_by_a_macro(2).is_err());
        assert!(recursive(2).is_err());
    });
}

#[report_errors(custom(a, d, name = &text, rest.len = rest.len()), panics)]
fn arguments(
    (a, (_, mut b)): (u32, (u32, u32)),
    Failure(text): Failure,
    _: u32,
    #[cfg(any())] gone: Missing,
    #[cfg(not(any()))] d: u32,
    rest: Vec<u32>,
    result: u32,
    __arg0: u32,
) -> Result<u32, u32> {
    b += a + d + result + __arg0;
    drop(rest);
    Err(b)
}

#[test]
fn a01_to_a07_arguments_are_what_they_were() {
    check_reports("error arguments: u32(22) a=1 d=5 name=t rest.len=2\n", || {
        let given = arguments((1, (2, 3)), Failure("t"), 3, 5, vec![1, 2], 6, 7);
        assert_eq!(given, Err(22));
    });
}

#[async_trait]
trait Feed: Send + Sync {
    async fn native(&self, n: u32) -> Result<u32, Failure>;

    #[report_errors(custom(n), level = "info")]
    async fn default(&self, n: u32) -> Result<u32, Failure> {
        self.native(n).await
    }
}

struct Home(u32);

#[async_trait]
impl Feed for Home {
    #[report_errors(custom(limit = self.0, n))]
    #[traced]
    async fn native(&self, n: u32) -> Result<u32, Failure> {
        Pending(n).await;
        fail(n > self.0, "async-trait")?;
        Ok(n)
    }
}

trait Plain {
    fn load(&self, n: u32) -> impl Future<Output = Result<u32, Failure>> + Send;
}

impl Plain for Home {
    #[report_errors(custom(n))]
    async fn load(&self, n: u32) -> Result<u32, Failure> {
        Pending(1).await;
        fail(n > self.0, "native")?;
        Ok(n)
    }
}

#[test]
fn y03_y05_methods_of_asynchronous_traits_are_reported() {
    let expected = "info default > native: Failure(failed: async-trait) limit=1 n=2\n\
                    error load: Failure(failed: native) n=3\n";
    check_reports(expected, || {
        assert!(block_on(Home(1).default(2)).is_err());
        assert!(block_on(Home(1).load(3)).is_err());
        assert_eq!(block_on(Home(1).load(1)), Ok(1));
    });
}

#[report_errors(custom(n, code = err.0))]
fn returned_future(n: u32) -> impl Future<Output = Result<u32, Failure>> {
    let next = n + 1;
    async move {
        Pending(1).await;
        fail(next > 1, "future")?;
        Ok(next)
    }
}

#[report_errors(custom(n))]
#[traced]
fn boxed_future(n: u32) -> Pin<Box<dyn Future<Output = Result<u32, Failure>> + Send>> {
    Box::pin(returned_future(n))
}

#[test]
fn y06_y07_futures_that_functions_return_are_reported() {
    let expected =
        "error boxed_future > returned_future: Failure(failed: future) n=1 code=future\n";
    check_reports(expected, || {
        assert!(block_on(boxed_future(1)).is_err());
        assert_eq!(block_on(boxed_future(0)), Ok(1));
    });
}

#[report_errors(panics)]
async fn endless(n: u32) -> Result<u32, Failure> {
    Pending(n).await;
    early(1)
}

#[test]
fn y09_a_future_that_is_dropped_reports_nothing() {
    use std::task::{Context, Waker};
    check_reports("", || {
        let mut future = Box::pin(endless(2));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
}

#[traced(name = "span")]
#[renamed(custom(n))]
fn nested(n: u32) -> Result<u32, u32> {
    Err(n)
}

#[renamed(title = "outside")]
#[cfg_attr(all(), traced)]
async fn conditional(n: u32) -> Result<u32, u32> {
    Err(n)
}

#[test]
fn under_another_name_and_through_conditions_it_is_the_same() {
    let expected = "error nested: u32(1) n=1\nerror conditional: u32(2) title=outside\n";
    check_reports(expected, || {
        assert_eq!(nested(1), Err(1));
        assert_eq!(block_on(conditional(2)), Err(2));
    });
}

#[report_errors(at = "boundary", custom(inner = true))]
fn recovered() -> Result<u32, Failure> {
    Err(Failure("inner"))
}

#[report_errors]
fn recovers(n: u32) -> Result<u32, Failure> {
    if n == 0 { Ok(recovered().unwrap_or(1)) } else { recovered() }
}

#[test]
fn a_boundary_reports_only_what_leaves_the_outermost() {
    let expected = "error recovers > recovered: Failure(failed: inner) inner=true\n\
                    error recovered: Failure(failed: inner) inner=true\n";
    check_reports(expected, || {
        assert_eq!(recovers(0), Ok(1));
        assert!(recovers(1).is_err());
        assert!(recovered().is_err());
    });
}

#[report_errors(
    title = format!("Order {id}"), fingerprint = %err.0.len(), context = place,
    person(%id, #[redact] email = mail, #[when(id > 1)] username = "u"),
    custom(
        text = "t", int = -1, float = 1.5, yes = true, list = [1, 2], big = u64::MAX, none = None::<u32>,
        some = Some('x'), "any key" = 1, {AREA} = 2, #[redact(last = 2)] mail, #[cfg(any())] gone = missing,
        #[when(err.0 == "a")] short = err.0, #[when(err.0 == "b")] other = err.0, ?err,
    ),
)]
fn valued(id: u32, place: &str, mail: &str) -> Result<(), Failure> {
    Err(Failure("a"))
}

#[test]
fn d01_to_d09_values_keep_their_type_and_their_conditions() {
    let expected = "error valued: Failure(failed: a) title=Order 2 fingerprint=1 context=here \
                    person=2/u/… text=t int=-1 float=1.5 yes=true list=[1, 2] \
                    big=18446744073709551615 some=x any key=1 stores=2 mail=…de short=a \
                    err=Failure(\"a\")\n";
    check_reports(expected, || assert!(valued(2, "here", "a@mail.de").is_err()));
}
