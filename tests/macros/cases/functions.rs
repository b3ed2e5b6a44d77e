//! F: shapes of functions.

use std::any::type_name;
use std::convert::Infallible;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

use spanwright::traced;

use super::block_on;
use crate::check;

#[traced]
fn plain() -> u32 {
    7
}

#[test]
fn f01_a_plain_function_is_named_after_itself() {
    check("plain\n", || assert_eq!(plain(), 7));
}

#[traced(fields(left = %left))]
fn largest<'a, T, U>(left: &'a T, right: &'a U) -> &'a T
where
    T: PartialOrd<U> + Display + ?Sized,
    U: ?Sized,
{
    assert!(left > right);
    left
}

#[test]
fn f02_generics_and_where_clauses_are_kept() {
    check("largest left=2\n", || assert_eq!(largest(&2, &1), &2));
}

struct Store {
    tenant: &'static str,
    rows: Vec<u32>,
}

impl Store {
    #[traced]
    fn rows(&self) -> &[u32] {
        &self.rows
    }

    #[traced(fields(self.tenant))]
    fn shared(self: Arc<Self>) -> usize {
        self.rows.len()
    }

    #[traced]
    fn shadowed(mut self: &Self, other: &'static Self) -> usize {
        self = other;
        self.rows.len()
    }

    #[traced]
    fn push(&mut self, row: u32) -> &mut u32 {
        self.rows.push(row);
        self.rows.last_mut().expect("just pushed")
    }

    #[traced]
    fn emptied(mut self) -> Self {
        self.rows.clear();
        self
    }

    #[traced(fields(self.tenant))]
    fn into_rows(self: Box<Self>) -> Vec<u32> {
        self.rows
    }

    #[traced]
    async fn later(self: Pin<&mut Self>) -> usize {
        self.rows.len()
    }
}

fn store() -> Store {
    Store { tenant: "acme", rows: vec![1, 2] }
}

#[test]
fn f03_a_method_does_not_capture_itself() {
    check("rows\n", || assert_eq!(store().rows(), [1, 2]));
}

#[test]
fn f04_every_form_of_self_is_traced() {
    static EMPTY: Store = Store { tenant: "none", rows: Vec::new() };
    let expected = "shared tenant=acme\nshadowed\npush\nemptied\ninto_rows tenant=acme\nlater\n";
    check(expected, || {
        assert_eq!(Arc::new(store()).shared(), 2);
        assert_eq!(store().shadowed(&EMPTY), 0);
        assert_eq!(store().push(3), &mut 3);
        assert!(store().emptied().rows.is_empty());
        assert_eq!(Box::new(store()).into_rows(), [1, 2]);
        assert_eq!(block_on(Pin::new(&mut store()).later()), 2);
    });
}

#[async_trait::async_trait]
trait Job {
    async fn run(&self, times: u32) -> String;
}

#[derive(Clone)]
struct Typed<T>(T);

#[async_trait::async_trait]
impl<T: Clone + Debug + Send + Sync> Job for Typed<T> {
    #[traced(fields(ty = short(type_name::<Self>()), copy = ?Self::clone(self).0, times))]
    async fn run(&self, times: u32) -> String {
        format!("{:?}", self.0).repeat(times as usize)
    }
}

fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

#[test]
fn f05_fields_name_self_under_async_trait() {
    check("run ty=Typed<u8> copy=1 times=2\n", || {
        assert_eq!(block_on(Typed(1_u8).run(2)), "11");
    });
}

trait Make: Sized {
    const NAME: &'static str;

    fn make() -> Option<Self>;
}

impl Make for u16 {
    const NAME: &'static str = "u16::make";

    #[traced(name = Self::NAME, fields({Self::NAME} = type_name::<Self>()))]
    fn make() -> Option<Self> {
        Some(Self::MAX)
    }
}

#[test]
fn f06_a_function_without_a_receiver_may_name_self() {
    check("u16::make u16::make=u16\n", || assert_eq!(u16::make(), Some(u16::MAX)));
}

trait Shape {
    fn sides(&self) -> u32;
}

impl dyn Shape + '_ {
    #[traced(fields(sides = self.sides()))]
    fn doubled(&self) -> u32 {
        self.sides() * 2
    }
}

impl<T: Shape> Shape for &T {
    #[traced]
    fn sides(&self) -> u32 {
        (**self).sides()
    }
}

struct Square<'a>(&'a str);

impl Shape for Square<'_> {
    #[traced(fields(name = self.0))]
    fn sides(&self) -> u32 {
        4
    }
}

#[test]
fn f07_impls_on_trait_objects_references_and_borrowing_types_are_traced() {
    let expected = "sides\n  sides name=s\ndoubled sides=4\n  sides name=s\n  sides name=s\n";
    check(expected, || {
        assert_eq!(Shape::sides(&&Square("s")), 4);
        let shape: &dyn Shape = &Square("s");
        // A field is worked out with the span current.
        assert_eq!(shape.doubled(), 8);
    });
}

#[traced(fields(deep = DEEP))]
fn visit<const DEEP: bool, const N: usize>(items: [u32; N]) -> usize {
    if DEEP { items.len() } else { 0 }
}

#[test]
fn f08_const_generics_are_kept() {
    check("visit deep=true\n", || assert_eq!(visit::<true, 3>([1, 2, 3]), 3));
}

#[traced(fields(%title))]
fn each(title: &impl Display, mut visit: impl FnMut(&str) + Send) -> impl Display {
    visit(&title.to_string());
    format!("<{title}>")
}

#[test]
fn f09_impl_trait_arguments_are_kept() {
    let mut seen = String::new();
    let expected = "each title=t\n";
    check(expected, || assert_eq!(each(&"t", |text| seen.push_str(text)).to_string(), "<t>"));
    assert_eq!(seen, "t");
}

#[traced]
fn evens(to: u32) -> impl Iterator<Item = u32> + Clone {
    (0..to).filter(|it| it % 2 == 0)
}

#[traced(ok(fields(hint = ok.size_hint().0)))]
fn parsed(text: &str) -> ::std::result::Result<impl ExactSizeIterator<Item = u8> + '_, String> {
    if text.is_empty() {
        return Err("empty".to_owned());
    }
    Ok(text.bytes())
}

#[traced]
fn nested() -> Vec<Option<Box<impl Display>>> {
    vec![Some(Box::new(1))]
}

#[traced(ok(fields(n = ok.to_string())))]
async fn opaque(fail: bool) -> Result<impl Display, std::io::Error> {
    if fail { Err(std::io::ErrorKind::NotFound.into()) } else { Ok(5) }
}

#[test]
fn f10_opaque_results_are_judged_by_what_they_are() {
    let expected = "evens\n\
                    parsed hint=2\n\
                    parsed error.type=_OTHER -> error !empty\n\
                    nested\n\
                    opaque n=5\n\
                    opaque error.type=std::io::error::Error -> error !entity not found\n";
    check(expected, || {
        assert_eq!(evens(5).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(parsed("ab").map(Iterator::count), Ok(2));
        assert!(parsed("").is_err());
        assert_eq!(nested().len(), 1);
        assert!(block_on(opaque(false)).is_ok());
        assert!(block_on(opaque(true)).is_err());
    });
}

#[traced]
fn shown() -> &'static dyn Display {
    &"text"
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[traced]
fn prepared(fail: bool) -> Result<Boxed<u32>, String> {
    if fail {
        return Err("no".to_owned());
    }
    Ok(Box::pin(async { 3 }))
}

#[traced]
fn closure(n: u32) -> Box<dyn Fn(u32) -> u32> {
    if n == 0 {
        return Box::new(|it| it);
    }
    Box::new(move |it| it + n)
}

#[test]
fn f11_results_are_coerced_to_trait_objects() {
    let expected = "shown\nprepared\nprepared error.type=_OTHER -> error !no\n\
                    closure\n";
    check(expected, || {
        assert_eq!(shown().to_string(), "text");
        assert_eq!(prepared(false).map(block_on), Ok(3));
        assert!(prepared(true).is_err());
        assert_eq!(closure(1)(1), 2);
    });
}

#[traced]
fn stop(code: u32) -> ! {
    std::panic::resume_unwind(Box::new(code))
}

#[traced(fields(code))]
async fn stop_later(code: u32) -> ! {
    if code > 1 {
        std::panic::resume_unwind(Box::new(code));
    }
    super::Pending(1).await;
    std::panic::resume_unwind(Box::new(code))
}

#[traced]
fn uninhabited(code: u32) -> Infallible {
    match stop(code) {}
}

#[traced]
async fn uninhabited_later(code: u32) -> Infallible {
    super::Pending(1).await;
    std::panic::resume_unwind(Box::new(code))
}

#[test]
fn f12_functions_that_never_return_are_traced() {
    let expected = "stop error.type=panic -> panic !panicked\n\
                    stop_later code=1 error.type=panic -> panic !panicked\n\
                    stop_later code=2 error.type=panic -> panic !panicked\n\
                    uninhabited error.type=panic -> panic !panicked\n\
                    \x20 stop error.type=panic -> panic !panicked\n\
                    uninhabited_later error.type=panic -> panic !panicked\n";
    check(expected, || {
        assert!(catch_unwind(|| stop(1)).is_err());
        assert!(catch_unwind(|| block_on(stop_later(1))).is_err());
        assert!(catch_unwind(|| block_on(stop_later(2))).is_err());
        assert!(catch_unwind(|| uninhabited(3)).is_err());
        assert!(catch_unwind(|| block_on(uninhabited_later(4))).is_err());
    });
}

#[traced]
#[expect(clippy::unused_unit, reason = "the case is the unit that is written out")]
fn unit() -> () {}

#[traced]
async fn empty() {}

#[traced]
fn ends_in_semicolon(sum: &mut u32) {
    *sum += 1;
}

#[traced]
#[expect(clippy::semicolon_if_nothing_returned, reason = "the case is the missing one")]
fn ends_in_macro(sum: u32) {
    assert_eq!(sum, 1)
}

#[traced]
async fn ends_in_await() {
    empty().await;
}

#[test]
fn f13_functions_without_a_result_may_end_in_anything() {
    let expected = "unit\nempty\nends_in_semicolon\nends_in_macro\nends_in_await\n  empty\n";
    check(expected, || {
        unit();
        block_on(empty());
        let mut sum = 0;
        ends_in_semicolon(&mut sum);
        ends_in_macro(sum);
        block_on(ends_in_await());
    });
}

mod keywords {
    //! Every keyword before `fn`.
    #![expect(unsafe_code, reason = "the case is about the keyword")]

    use spanwright::traced;

    /// Adds.
    ///
    /// # Safety
    /// Always safe.
    #[traced]
    pub(super) unsafe fn unsafely(n: u32) -> u32 {
        n + 1
    }

    /// Adds.
    ///
    /// # Safety
    /// Always safe.
    #[traced(fields(n))]
    pub(crate) async unsafe fn unsafely_later(n: u32) -> u32 {
        n + 1
    }

    #[traced]
    pub(super) extern "C" fn foreign(n: u32) -> u32 {
        n + 1
    }

    #[test]
    fn f14_keywords_and_visibility_are_kept_in_order() {
        crate::check("unsafely\nunsafely_later n=1\nforeign\n", || {
            // SAFETY: the functions are safe, see their docs.
            unsafe {
                assert_eq!(unsafely(1), 2);
                assert_eq!(crate::cases::block_on(unsafely_later(1)), 2);
            }
            assert_eq!(foreign(1), 2);
        });
    }
}

#[traced]
fn captured<'a, T: Clone>(value: &'a T, _other: &str) -> impl Fn() -> T + use<'a, T> {
    move || value.clone()
}

#[test]
fn f15_precise_capturing_is_kept() {
    check("captured\n", || {
        let get = captured(&1, &String::from("dropped before the call"));
        assert_eq!(get(), 1);
    });
}

macro_rules! getter {
    ($(#[$meta:meta])* $name:ident, $ty:ty, $value:expr, $body:block) => {
        $(#[$meta])*
        #[traced(name = "made", fields(value = $value, shown = %shown))]
        fn $name(shown: $ty) -> $ty $body
    };
}

getter!(
    #[must_use]
    made,
    u32,
    1 + 1,
    { 3 }
);

macro_rules! fields_of {
    ($name:literal, $level:literal) => {
        #[traced(name = $name, level = $level, ok(fields(n = ok.len())))]
        async fn made_later(text: &str) -> Option<&str> {
            text.get(1..)
        }
    };
}

fields_of!("made later", "debug");

macro_rules! adder {
    ($vis:vis fn $name:ident($pattern:pat, $argument:ident: $ty:ty) -> $ret:ty; $sum:expr) => {
        #[traced(fields($argument, twice = $argument * 2))]
        $vis fn $name($pattern: (u32, u32), $argument: $ty) -> $ret {
            $sum
        }
    };
}

adder!(pub(crate) fn added((a, b), c: u32) -> Option<u32>; a.checked_add(b)?.checked_add(c));

#[test]
fn f16_functions_made_by_macros_are_traced() {
    check("made value=2 shown=1\nmade later n=2\nadded c=3 twice=6\n", || {
        assert_eq!(made(1), 3);
        assert_eq!(block_on(made_later("abc")), Some("bc"));
        assert_eq!(added((1, 2), 3), Some(6));
    });
}

#[traced]
fn inner(n: u32) -> u32 {
    #![expect(unused_variables, reason = "the attribute must reach the body")]
    //! A doc comment inside.
    let unused = n;
    1
}

#[traced]
async fn inner_later() -> u32 {
    #![expect(unused_variables, reason = "the attribute must reach the body")]
    let unused = 1;
    1
}

#[test]
fn f17_inner_attributes_apply_to_the_body() {
    check("inner\ninner_later\n", || assert_eq!(inner(1) + block_on(inner_later()), 2));
}

mod other {
    //! Names that shadow those of the signature.
    pub(super) struct Row(pub(super) u32);
    pub(super) type Result = Row;
    pub(super) fn helper() -> Result {
        Row(1)
    }
}

type Row = u32;

#[traced(fields(size = size_of::<Row>()), ok(fields(row = *ok)))]
fn shadowing(add: Row) -> Result<Row, String> {
    use self::other::*;
    const BASE: u32 = 10;
    fn nested(row: &Row) -> u32 {
        row.0 + BASE
    }
    Ok(nested(&helper()) + add)
}

#[test]
fn f18_items_in_the_body_shadow_nothing_outside() {
    check("shadowing size=4 row=12\n", || assert_eq!(shadowing(1), Ok(12)));
}

/// Documented.
#[must_use]
#[inline(never)]
#[traced]
#[cfg(not(windows))]
#[deprecated = "the attribute must be kept"]
#[expect(clippy::let_and_return, reason = "the attribute must be kept")]
fn decorated() -> u32 {
    let x = 1;
    x
}

#[test]
fn f19_other_attributes_are_kept() {
    #[expect(deprecated, unused_must_use, reason = "both must be said of the call")]
    fn call() {
        decorated();
    }
    check("decorated\n", call);
}

#[traced(fields(n))]
fn countdown(n: u32) -> u32 {
    if n == 0 { 0 } else { countdown(n - 1) }
}

#[traced(fields(n))]
async fn countdown_later(n: u32) -> u32 {
    if n == 0 { 0 } else { Box::pin(countdown_later(n - 1)).await }
}

#[test]
fn f20_recursion_nests() {
    check("countdown n=1\n  countdown n=0\n", || assert_eq!(countdown(1), 0));
    check("countdown_later n=1\n  countdown_later n=0\n", || {
        assert_eq!(block_on(countdown_later(1)), 0);
    });
}

trait Greet {
    fn name(&self) -> String;

    #[traced(fields(name = self.name()))]
    fn greet(&self) -> String {
        format!("hi {}", self.name())
    }
}

impl Greet for str {
    fn name(&self) -> String {
        self.to_owned()
    }
}

#[test]
fn f21_default_methods_are_traced() {
    check("greet name=a\n", || assert_eq!("a".greet(), "hi a"));
}

#[traced]
#[track_caller]
fn place() -> &'static Location<'static> {
    Location::caller()
}

#[test]
fn f22_track_caller_still_names_the_caller() {
    check("place\n", || {
        let line = line!() + 1;
        assert_eq!(place().line(), line);
    });
}

#[traced(fields(r#type, kind = r#type))]
fn r#match(r#type: u32) -> u32 {
    r#type
}

#[traced(include(r#async))]
async fn r#yield(r#async: &str) -> &str {
    r#async
}

#[test]
fn f23_raw_identifiers_lose_their_mark_only_in_names() {
    check("match type=1 kind=1\nyield async=a\n", || {
        assert_eq!(r#match(1), 1);
        assert_eq!(block_on(r#yield("a")), "a");
    });
}

#[traced]
fn tail_borrows(cell: std::cell::RefCell<Vec<u32>>) -> usize {
    cell.borrow().len()
}

#[traced]
async fn tail_borrows_later(cell: std::cell::RefCell<Vec<u32>>) -> usize {
    cell.borrow().len()
}

#[test]
fn f23_temporaries_of_the_last_expression_may_borrow_a_parameter_in_every_edition() {
    check("tail_borrows\ntail_borrows_later\n", || {
        assert_eq!(tail_borrows(vec![1].into()), 1);
        assert_eq!(block_on(tail_borrows_later(vec![1].into())), 1);
    });
}

#[test]
fn f22_a_panic_unwinds_out_of_a_tracked_function() {
    #[traced]
    #[track_caller]
    fn fail() -> u32 {
        std::panic::resume_unwind(Box::new(()))
    }
    check("fail error.type=panic -> panic !panicked\n", || {
        assert!(catch_unwind(AssertUnwindSafe(fail)).is_err());
    });
}
