//! S: subsegments, alone and together with spans.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

use spanwright::xray_subsegment as renamed;
use spanwright::{ErrorClass, record, traced, xray_subsegment};

use super::{Pending, block_on};
use crate::{check, check_segments, check_segments_with, check_with};

/// What a service answers: a segment, which subsegments lie in.
#[traced(kind = "server")]
fn request<R>(run: impl FnOnce() -> R) -> R {
    run()
}

/// Runs a request and compares what lies in its segment.
#[track_caller]
fn check_request(expected: &str, run: impl FnOnce()) {
    let lines = expected.lines().flat_map(|line| ["  ", line, "\n"]);
    let expected: String = std::iter::once("request\n").chain(lines).collect();
    check_segments(&expected, || request(run));
}

#[xray_subsegment]
fn plain() {}

#[xray_subsegment("mock-data", namespace = "remote")]
fn named(n: u32) -> u32 {
    plain();
    n
}

#[test]
fn s01_a_subsegment_lies_in_the_nearest_one_and_is_no_span() {
    check_request("plain\nmock-data (Remote)\n  plain\n", || {
        plain();
        assert_eq!(named(1), 1);
    });
    check("request [Server]\n", || request(|| assert_eq!(named(1), 1)));
}

#[traced]
fn between() {
    plain();
}

#[test]
fn s02_a_span_between_is_not_seen() {
    check_request("plain\n", between);
}

struct User {
    id: u64,
    handle: String,
}

#[xray_subsegment(annotations(
    user.id = user.id, handle = &user.handle, yes = true, float = 1.5, letter = 'x', none, some, %shown,
))]
fn annotated(user: &User, none: Option<u32>, some: Option<&str>, shown: impl Display) {}

#[test]
fn s03_annotations_keep_their_type_and_their_dots_become_underscores() {
    let expected =
        "annotated user_id=7 handle=crud yes=true float=1.5 letter=x some=text shown=2\n";
    check_request(expected, || {
        annotated(&User { id: 7, handle: "crud".to_owned() }, None, Some("text"), 2);
    });
}

#[derive(Debug)]
struct Filter {
    #[expect(dead_code, reason = "read by Debug")]
    limit: u32,
}

#[xray_subsegment(
    metadata(list, text = text.as_str(), ?filter, shown = %text, pair = (list.len(), true), map),
    metadata("billing", "cart size" = list.iter().sum::<u32>(), request.id = 1),
)]
fn detailed(list: &[u32], text: String, filter: &Filter, map: BTreeMap<&str, f64>) -> usize {
    text.len()
}

#[test]
fn s04_metadata_is_whatever_becomes_json() {
    let expected = "detailed [default: list=[1,2]] [default: text=\"a\\\"b\"] \
                    [default: filter=\"Filter { limit: 3 }\"] [default: shown=\"a\\\"b\"] \
                    [default: pair=[2,true]] [default: map={\"pi\":2.5}] \
                    [billing: cart size=3] [billing: request.id=1]\n";
    check_request(expected, || {
        let map = BTreeMap::from([("pi", 2.5)]);
        assert_eq!(detailed(&[1, 2], "a\"b".to_owned(), &Filter { limit: 3 }, map), 3);
    });
}

#[traced(name = "home", fields(#[annotation] user.id = id, limit), ok(fields(#[annotation] rows = *ok)))]
#[xray_subsegment(name = "activities_home", annotations(limit), class = "error")]
fn traced_first(id: u32, limit: u32) -> Result<u32, String> {
    if limit == 0 { Err("none".to_owned()) } else { Ok(id + limit) }
}

#[spanwright::xray_subsegment(name = "activities_home", annotations(limit), class = "error")]
#[expect(unused_mut, reason = "the attribute above and the one below are one")]
#[spanwright::traced(name = "home", fields(#[annotation] user.id = id, limit), ok(fields(#[annotation] rows = *ok)))]
fn subsegment_first(id: u32, limit: u32) -> Result<u32, String> {
    let mut id = id;
    if limit == 0 { Err("none".to_owned()) } else { Ok(id + limit) }
}

#[test]
fn s05_with_a_span_it_is_one_record_in_any_order() {
    let segments = "activities_home user.id=1 limit=2 rows=3\n\
                    activities_home user.id=1 limit=0 -> error !Error\n";
    let spans = "request [Server]\n  home aws.xray.annotations=[\"user.id\", \"rows\"] user.id=1 limit=2 \
                 rows=3\n  home aws.xray.annotations=[\"user.id\"] user.id=1 limit=0 \
                 error.type=_OTHER -> error !none\n";
    for call in [traced_first, subsegment_first] {
        let both = || {
            assert_eq!(call(1, 2), Ok(3));
            assert!(call(1, 0).is_err());
        };
        check_request(segments, both);
        check(spans, || request(both));
    }
}

#[traced(name = "span", fields(n))]
#[renamed("subsegment", annotations(n))]
fn nested(n: u32) -> u32 {
    plain();
    n
}

/// The one that expands first does not use what the other one needs.
#[traced]
#[renamed(annotations(n), metadata(list.len = list.len()))]
async fn nested_later(n: u32, list: Vec<u32>) -> Option<u32> {
    list.get(n as usize).copied()
}

#[traced]
#[cfg_attr(all(), xray_subsegment("by condition", annotations(n)))]
fn conditional(n: u32) {
    #![allow(unused_variables)]
}

macro_rules! forwarded {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        fn $name() {
            plain();
        }
    };
}

forwarded! { #[xray_subsegment("by macro", annotations(one = 1))] #[traced] forwarded }

#[test]
fn s06_through_conditions_and_macros_it_is_the_same() {
    check_request("by condition n=1\nby macro one=1\n  plain\n", || {
        conditional(1);
        forwarded();
    });
    check("request [Server]\n  conditional\n  forwarded\n", || {
        request(|| {
            conditional(1);
            forwarded();
        });
    });
}

#[test]
fn s06_under_another_name_it_nests() {
    check_request("subsegment n=1\n  plain\n", || assert_eq!(nested(1), 1));
    let expected = "nested_later n=0 [default: list.len=1]\n";
    check_request(expected, || assert_eq!(block_on(nested_later(0, vec![1])), Some(1)));
    check("request [Server]\n  span n=1\n", || request(|| assert_eq!(nested(1), 1)));
}

#[xray_subsegment(annotations(n), metadata(text), class = "throttle")]
async fn awaited(n: u32, text: String) -> Result<u32, String> {
    plain();
    Pending(2).await;
    plain();
    if n == 0 { Err(text) } else { Ok(n) }
}

#[traced]
#[xray_subsegment]
async fn outer(n: u32) -> Result<u32, String> {
    awaited(n, "a".to_owned()).await
}

#[test]
fn s07_futures_are_subsegments_too() {
    let expected = "outer\n  awaited n=1 [default: text=\"a\"]\n    plain\n    plain\n\
                    outer -> error\n  awaited n=0 [default: text=\"a\"] -> error !Throttle\n    \
                    plain\n    plain\n";
    check_request(expected, || {
        assert_eq!(block_on(outer(1)), Ok(1));
        assert!(block_on(outer(0)).is_err());
    });
}

#[xray_subsegment(metadata(n))]
fn future(n: u32) -> impl Future<Output = u32> + Send {
    async move {
        plain();
        n
    }
}

#[xray_subsegment(annotations(n), class = |err| if *err > 1 { ErrorClass::Fault } else { ErrorClass::Ignored })]
fn boxed(n: u32) -> Pin<Box<dyn Future<Output = Result<(), u32>> + Send>> {
    Box::pin(async move { if n > 0 { Err(n) } else { Ok(()) } })
}

#[test]
fn s08_returned_futures_are_subsegments_too() {
    let expected = "future [default: n=1]\n  plain\nboxed n=0\nboxed n=1 !Ignored\n\
                    boxed n=2 -> error !Fault\n";
    check_request(expected, || {
        assert_eq!(block_on(future(1)), 1);
        assert_eq!(block_on(boxed(0)), Ok(()));
        assert_eq!(block_on(boxed(1)), Err(1));
        assert_eq!(block_on(boxed(2)), Err(2));
    });
}

#[async_trait::async_trait]
trait Store {
    async fn load(&self, id: u32) -> Option<u32>;

    #[xray_subsegment("Store.twice")]
    async fn twice(&self, id: u32) -> Option<u32> {
        Some(self.load(id).await? + self.load(id).await?)
    }
}

struct Table<T> {
    name: &'static str,
    rows: Vec<T>,
}

impl<T: Copy + Display> Table<T> {
    const NAME: &'static str = "Table.get";

    #[xray_subsegment(name = Self::NAME, annotations(self.name, len = self.rows.len()), metadata("t", row = %self.rows[0]))]
    fn get<'a>(&'a self, index: usize) -> Option<&'a T>
    where
        T: Send,
    {
        self.rows.get(index)
    }
}

#[async_trait::async_trait]
impl Store for Table<u32> {
    #[traced(fields(id))]
    #[xray_subsegment(name = "Store.load", namespace = "aws", annotations(id, self.name))]
    async fn load(&self, id: u32) -> Option<u32> {
        Pending(1).await;
        self.get(id as usize).copied()
    }
}

#[test]
fn s09_methods_of_every_kind_are_subsegments() {
    let expected = "Store.twice\n  Store.load (Aws) id=1 name=rows\n    Table.get name=rows len=2 [t: row=\"5\"]\n  \
                    Store.load (Aws) id=1 name=rows\n    Table.get name=rows len=2 [t: row=\"5\"]\n\
                    Table.get name=rows len=2 [t: row=\"5\"] -> none\n";
    check_request(expected, || {
        let table = Table { name: "rows", rows: vec![5, 6] };
        assert_eq!(block_on(table.twice(1)), Some(12));
        assert_eq!(table.get(9), None);
    });
}

macro_rules! failing {
    ($($name:ident: $failure:literal),*) => {$(
        #[xray_subsegment(class = $failure)]
        fn $name() -> Result<(), &'static str> {
            Err("no")
        }
    )*};
}

failing! { fault: "fault", error: "error", throttle: "throttle", ignore: "ignored" }

#[xray_subsegment]
fn unsaid() -> Result<(), &'static str> {
    Err("no")
}

#[test]
fn s10_a_word_says_how_a_failure_counts() {
    let expected = "fault -> error !Fault\nerror -> error !Error\nthrottle -> error !Throttle\n\
                    ignore !Ignored\nunsaid -> error\n";
    check_request(expected, || {
        for call in [fault, error, throttle, ignore, unsaid] {
            assert_eq!(call(), Err("no"));
        }
    });
}

#[derive(Debug, PartialEq)]
enum Error {
    NotFound,
    Busy { strict: bool },
    Broken,
}

impl Error {
    fn failure(&self) -> ErrorClass {
        match self {
            Self::NotFound => ErrorClass::Error,
            Self::Busy { .. } => ErrorClass::Throttle,
            Self::Broken => panic!("no idea"),
        }
    }
}

type Answer<T> = Result<T, Error>;

#[xray_subsegment("path", class = Error::failure)]
fn by_path(error: Error) -> Answer<u32> {
    Err(error)
}

#[traced]
#[xray_subsegment("closure", class = |err| match err {
    Error::Busy { strict } if *strict == lenient => ErrorClass::Ignored,
    other => {
        if lenient {
            return other.failure();
        }
        ErrorClass::Fault
    }
})]
async fn by_closure(error: Error, lenient: bool) -> Answer<u32> {
    Err(error)
}

#[xray_subsegment("generic", class = |_err| ErrorClass::Error)]
fn generic<T, E: Display>(result: Result<T, E>) -> Result<T, E> {
    result
}

#[test]
fn s11_a_function_says_how_each_error_counts_and_a_panic_in_it_says_nothing() {
    let expected = "path -> error !Error\npath -> error\nclosure -> error !Ignored\n\
                    closure -> error !Throttle\ngeneric -> error !Error\ngeneric\n";
    check_request(expected, || {
        assert_eq!(by_path(Error::NotFound), Err(Error::NotFound));
        assert_eq!(by_path(Error::Broken), Err(Error::Broken));
        let busy = |strict| Error::Busy { strict };
        assert_eq!(block_on(by_closure(busy(true), true)), Err(busy(true)));
        assert_eq!(block_on(by_closure(busy(false), true)), Err(busy(false)));
        assert_eq!(generic::<u8, _>(Err("no")), Err("no"));
        assert_eq!(generic::<_, &str>(Ok(1)), Ok(1));
    });
}

#[xray_subsegment]
fn panicking() {
    panic!("at the disco");
}

#[test]
fn s12_a_panic_passes_and_the_subsegment_says_so() {
    check_request("panicking -> panic\n", || {
        assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    });
}

#[xray_subsegment(
    annotations(
        #[redact] user.password = password,
        #[redact(last = 4)] card,
        #[when(n > 1)] n,
        #[cfg(test)] on = true,
        #[cfg(not(test))] off = missing(),
        #[allow_sensitive] token,
    ),
    metadata(#[redact] secret = password, #[redact(last = 2)] ?card, #[when(n > 1)] many = [n; 2])
)]
fn marked(password: &str, card: &str, n: u32, token: &str) {}

#[test]
fn s13_marks_hold_for_annotations_and_metadata() {
    let expected = "marked user_password=… card=…5678 on=true token=t [default: secret=\"…\"] \
                    [default: card=\"…8\\\"\"]\n\
                    marked user_password=… card=…5678 n=2 on=true token=t [default: secret=\"…\"] \
                    [default: card=\"…8\\\"\"] [default: many=[2,2]]\n";
    check_request(expected, || {
        marked("secret", "4111123411115678", 1, "t");
        marked("secret", "4111123411115678", 2, "t");
    });
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.replace(EVALUATED.get() + 1)
}

#[xray_subsegment(
    annotations(a = evaluated()),
    metadata(b = evaluated()),
    class = |_| { evaluated(); ErrorClass::Fault },
)]
fn lonely() -> Result<(), u32> {
    record!(annotations(c = evaluated()), metadata("late", d = evaluated()));
    Err(1)
}

#[traced]
#[xray_subsegment(annotations(a = evaluated()), metadata(b = evaluated()))]
async fn lonely_span() -> u32 {
    1
}

#[test]
fn s14_nothing_is_evaluated_outside_of_a_segment() {
    check_segments("", || {
        assert_eq!(lonely(), Err(1));
        assert_eq!(block_on(lonely_span()), 1);
    });
    assert_eq!(EVALUATED.get(), 0);
    check("lonely_span\n", || assert_eq!(block_on(lonely_span()), 1));
    assert_eq!(EVALUATED.get(), 0);
}

#[xray_subsegment]
fn late(n: u32) -> u32 {
    let results = vec!["a"; n as usize];
    record!(annotations(n), metadata(results_size = results.len()));
    n
}

#[traced]
#[xray_subsegment]
fn later(n: u32) {
    record!(
        step = n,
        #[annotation]
        user.id = n,
        metadata("a", n, m = ?n),
        annotations(#[when(n > 1)] big = true, %n),
        metadata({ KEY } = n, #[redact] n),
    );
    record!(metadata(n = n + 1));
}

#[test]
fn s15_values_known_late_are_written_in_the_body() {
    let expected = "late n=3 [default: results_size=3]\n\
                    later user.id=2 big=true n=2 [a: n=2] [a: m=\"2\"] [default: const.key=2] \
                    [default: n=3]\n";
    check_request(expected, || {
        assert_eq!(late(3), 3);
        later(2);
    });
    check_segments("request at=1\n", || request(|| record!(annotations(at = 1))));
    check_segments("", || record!(annotations(nobody = 1), metadata(nobody = 1)));
}

const KEY: &str = "const.key";
const NAME: &str = "named by a constant";

#[xray_subsegment(name = NAME, annotations({ KEY } = 1), metadata({ KEY } = 2), crate = spanwright)]
fn constant() {}

#[test]
fn s16_names_and_keys_may_be_constants() {
    check_segments_with(
        |tree| {
            assert!(tree.contains(NAME) && tree.contains("=1") && tree.contains("const.key=2"));
        },
        || request(constant),
    );
}

#[traced(
    include(#[annotation] a),
    fields(#[annotation] %b, plain = 1),
    ok(fields(#[annotation] n = *ok)),
    err(fields(#[annotation] n = err.len())),
    ret(fields(#[annotation] is_ok = ret.is_ok())),
)]
#[xray_subsegment]
fn all_marked(a: Option<u32>, b: u32) -> Result<u32, String> {
    if b > 1 { Err("no".to_owned()) } else { Ok(b) }
}

#[traced(kind = "client", fields(#[annotation] db.system = "sqlite"))]
fn query() {}

#[test]
fn s17_a_marked_field_of_a_span_is_an_annotation_too() {
    let segments = "all_marked a=1 b=1 is_ok=true n=1\nall_marked b=2 is_ok=false n=2 -> error\n\
                    query db.system=sqlite\n";
    let run = || {
        assert_eq!(all_marked(Some(1), 1), Ok(1));
        assert!(all_marked(None, 2).is_err());
        query();
    };
    check_request(segments, run);
    check_with(
        |tree| {
            let expected = "\n  all_marked aws.xray.annotations=[\"a\", \"b\", \"is_ok\", \"n\"] a=1 b=1 \
                            plain=1 is_ok=true n=1\n";
            assert!(tree.contains(expected), "{}", tree);
        },
        || request(run),
    );
}

#[traced(ok(fields(rows = ok.len())))]
#[xray_subsegment(
    annotations(limit),
    ok(annotations(found = !ok.is_empty()), metadata(results_size = ok.len()), metadata("rows", all = ok)),
    ret(metadata(failed = ret.is_err(), #[when(ret.is_err())] ret = ?ret)),
    class = "error",
)]
async fn listed(limit: u32) -> Result<Vec<u32>, String> {
    if limit > 9 { Err("too many".to_owned()) } else { Ok((0..limit).collect()) }
}

#[xray_subsegment(ret(metadata(ret)))]
fn whole(n: u32) -> u32 {
    n
}

#[test]
fn s18_values_of_the_result_are_recorded_too() {
    let expected = "listed limit=2 found=true [default: failed=false] [default: results_size=2] \
                    [rows: all=[0,1]]\n\
                    listed limit=10 [default: failed=true] [default: ret=\"Err(\\\"too many\\\")\"] \
                    -> error !Error\nwhole [default: ret=3]\n";
    check_request(expected, || {
        assert_eq!(block_on(listed(2)), Ok(vec![0, 1]));
        assert!(block_on(listed(10)).is_err());
        assert_eq!(whole(3), 3);
    });
}
