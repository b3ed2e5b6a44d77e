//! D: what is recorded, and as what.

use std::cell::Cell;

use spanwright::{record, traced};

use super::block_on;
use crate::{check, check_with};

const KEY: &str = "const.key";

const fn key() -> &'static str {
    "fn.key"
}

struct Keys;

impl Keys {
    const ID: &'static str = "assoc.key";
}

#[traced(fields(text = "a", yes = true, int = 1, float = 1.5, negative = -2, letter = 'x'))]
fn literals() {}

#[test]
fn d01_literals_keep_their_type() {
    check("literals text=a yes=true int=1 float=1.5 negative=-2 letter=x\n", literals);
}

struct User {
    id: u64,
    tags: Vec<&'static str>,
    address: Address,
}

struct Address {
    city: String,
}

impl User {
    #[traced(fields(
        user.id = self.id,
        self.address.city,
        first = self.tags[0],
        count = self.tags.len() as u64 + extra,
        negated = !self.tags.is_empty(),
        picked = if extra > 0 { "more" } else { "less" },
        called = { let sum = self.id; sum + extra },
        shifted = extra << 2,
    ))]
    fn describe(&self, extra: u64) {
        let _ = extra;
    }
}

fn user() -> User {
    User { id: 7, tags: vec!["a", "b"], address: Address { city: "Porto".to_owned() } }
}

#[test]
fn d02_values_are_any_expression() {
    let expected = "describe user.id=7 address.city=Porto first=a count=3 negated=true picked=more \
                    called=8 shifted=4\n";
    check(expected, || user().describe(1));
}

#[traced(fields(
    a.b.c = 1, impl.type.fn = 2, "any text, really" = 3, {KEY} = 4, {key()} = 5, {Keys::ID} = 6,
))]
fn keys() {}

#[test]
fn d03_keys_are_words_texts_and_constants() {
    let expected = "keys a.b.c=1 impl.type.fn=2 any text, really=3 const.key=4 fn.key=5 \
                    assoc.key=6\n";
    check(expected, keys);
}

#[traced(fields({KEY} = 1, const.key = 2))]
fn clashing() {}

#[test]
fn d04_a_constant_key_that_clashes_is_recorded_once() {
    check("clashing const.key=2\n", clashing);
}

#[derive(Debug)]
struct Filter {
    #[expect(dead_code, reason = "read by Debug")]
    limit: u32,
}

#[traced(fields(user_id, ?filter, %path, user.id, debug = ?user.tags, display = %user.id))]
fn shorthand(user_id: u64, filter: Filter, path: &str, user: &User) {
    let _ = (user_id, filter, path, user);
}

#[test]
fn d05_a_field_without_a_value_records_the_argument_of_its_name() {
    let expected = "shorthand user_id=1 filter=Filter { limit: 2 } path=/x user.id=7 \
                    debug=[\"a\", \"b\"] display=7\n";
    check(expected, || shorthand(1, Filter { limit: 2 }, "/x", &user()));
}

#[traced]
fn late(n: u32) -> u32 {
    let tier = "gold";
    record!(
        user.tier = tier,
        tier,
        #[when(n > 1)]
        n
    );
    for index in 0..n {
        record!({ KEY } = index);
    }
    record!(crate = spanwright; other = 1);
    n
}

#[test]
fn d06_values_known_late_are_recorded_on_the_current_span() {
    check("late user.tier=gold tier=gold n=2 const.key=1 other=1\n", || assert_eq!(late(2), 2));
    // Outside of any span there is nothing to record on.
    check("", || record!(nobody = 1));
}

#[traced(fields(some, none, nested = some.map(Some)))]
fn optional(some: Option<u32>, none: Option<&str>) {
    let _ = (some, none);
}

#[test]
fn d07_none_is_left_out() {
    check("optional some=1 nested=1\n", || optional(Some(1), None));
}

#[traced(fields(
    big = u64::MAX, fits = i64::MAX as u64, wide = u128::MAX, float = 0.1_f32, letter = 'é',
    list = [1_i32, 2], texts = vec!["a", "b"],
))]
fn numbers() {}

macro_rules! many {
    ($($name:ident)*) => {
        #[traced(fields($($name = 1),*))]
        fn many() {}
    };
}

many! {
    a00 a01 a02 a03 a04 a05 a06 a07 a08 a09 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19
    a20 a21 a22 a23 a24 a25 a26 a27 a28 a29 a30 a31 a32 a33 a34 a35 a36 a37 a38 a39
}

#[test]
fn d08_numbers_keep_their_value_and_their_number_has_no_limit() {
    let expected = format!(
        "numbers big={} fits={} wide={} float={} letter=é list=[1, 2] texts=[\"a\", \"b\"]\n",
        u64::MAX,
        i64::MAX,
        u128::MAX,
        f64::from(0.1_f32),
    );
    check(&expected, numbers);
    let names: Vec<_> = (0..40).map(|n| format!("a{n:02}=1")).collect();
    check(&format!("many {}\n", names.join(" ")), many);
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.with(|it| {
        it.set(it.get() + 1);
        it.get()
    })
}

#[traced(enabled = enabled, fields(n = evaluated()), ok(fields(m = evaluated())))]
fn switched(enabled: bool) -> u32 {
    record!(late = 1);
    1
}

#[traced(enabled = enabled, fields(n = evaluated()))]
async fn switched_later(enabled: bool) -> u32 {
    1
}

#[test]
fn d09_nothing_is_evaluated_for_a_span_that_is_not_recorded() {
    assert_eq!(switched(true) + block_on(switched_later(true)), 2);
    check("", || assert_eq!(switched(false) + block_on(switched_later(false)), 2));
    assert_eq!(EVALUATED.get(), 0);
}

#[traced(fields(braces = format!("{{{name}}}"), %name, lazily = %format_args!("{name:>3}")))]
fn formatted(name: &str) {}

#[test]
fn d11_format_strings_may_have_braces_and_captures() {
    check("formatted braces={a} name=a lazily=  a\n", || formatted("a"));
}

#[traced(fields(
    #[redact] user.password = password,
    #[redact(hash)] user.email = email,
    #[redact(last = 4)] card = number,
    #[redact] debug = ?password,
    #[allow_sensitive] token,
    token_count = 3,
))]
fn redacted(password: &str, email: &str, number: String, token: &str) {
    let _ = (password, email, number, token);
}

#[test]
fn what_is_marked_as_redacted_is_not_readable() {
    let hash =
        |tree: &str| tree.contains("secret") || tree.contains("a@b") || tree.contains("1234");
    check_with(
        |tree| {
            assert!(!hash(tree));
            assert!(tree.starts_with("redacted user.password=… user.email="));
            assert!(tree.ends_with(" card=…5678 debug=… token=t token_count=3\n"));
        },
        || redacted("secret", "a@b", "4111123411115678".to_owned(), "t"),
    );
}

#[traced(fields(#[redact(last = 4)] number, #[redact(last = 1)] name))]
fn partly_shown(number: &str, name: &str) {
    let _ = (number, name);
}

#[test]
fn short_values_do_not_show_their_last_characters() {
    let expected = "partly_shown number=… name=…\npartly_shown number=… name=…ß\n\
                    partly_shown number=…3456 name=…ß\n";
    check(expected, || {
        partly_shown("12345", "äö");
        partly_shown("123456789012345", "äöüß");
        partly_shown("1234567890123456", "äöüß");
    });
}

#[traced(fields(#[when(n > 1)] n, #[when(!list.is_empty())] first = list[0]))]
fn conditional<T>(n: u32, list: &[T]) -> usize
where
    T: Copy + spanwright::ToAttribute,
{
    list.len() + n as usize
}

#[test]
fn a_field_with_a_condition_is_evaluated_when_it_holds() {
    check("conditional\nconditional n=2 first=5\n", || {
        assert_eq!(conditional::<u32>(1, &[]), 1);
        assert_eq!(conditional(2, &[5]), 3);
    });
}

const NAME: &str = "checkout";

mod names {
    //! Names as constants of a module.
    pub(super) const TARGET: &str = "billing";
}

#[traced("bare")]
fn bare() {}

#[traced(name = NAME, target = names::TARGET, level = "DEBUG", kind = "server")]
fn constant() {}

#[traced(name = concat!("a", "-", "b"), level = Level::TRACE, kind = SpanKind::Client, skip_all)]
fn computed() {}

#[traced(level = 3, crate = spanwright)]
fn numbered() {}

#[test]
fn names_levels_and_kinds_are_texts_paths_and_numbers() {
    check("bare\ncheckout [Server]\na-b [Client]\nnumbered\n", || {
        bare();
        constant();
        computed();
        numbered();
    });
}

struct Route {
    method: String,
    path: String,
}

impl Route {
    const NAME: &'static str = "Route";

    fn path(&self) -> &str {
        &self.path
    }

    #[traced(name = Self::NAME)]
    fn by_constant() {}

    #[traced(name = self.path(), fields(self.method))]
    fn by_method(&self) {}

    #[traced(name = format!("{} {}", self.method, self.path), ok(fields(n = *ok)))]
    async fn by_format(&self) -> u32 {
        1
    }
}

#[traced(name = id)]
fn by_argument(id: u32) -> u32 {
    id
}

#[traced(name = 404)]
fn by_number() {}

#[traced(name = if id == 0 { panic!("on purpose") } else { "named" })]
fn by_panic(id: u32) {}

#[test]
fn a_name_may_be_computed_at_each_call() {
    let expected = "Route\n/orders method=GET\nGET /orders n=1\n7\n404\nby_panic\nnamed\n";
    check(expected, || {
        let route = Route { method: "GET".to_owned(), path: "/orders".to_owned() };
        Route::by_constant();
        route.by_method();
        assert_eq!(block_on(route.by_format()), 1);
        assert_eq!(by_argument(7), 7);
        by_number();
        by_panic(0);
        by_panic(1);
    });
}

#[traced(parent = parent)]
fn adopted(parent: &spanwright::Span) -> u32 {
    1
}

#[traced(parent = None)]
async fn orphaned() -> u32 {
    1
}

#[traced(parent = Some(parent))]
async fn adopted_later(parent: spanwright::SpanRef) -> u32 {
    1
}

#[test]
fn a_parent_may_be_given() {
    #[traced]
    fn calling(parent: &spanwright::Span) -> u32 {
        adopted(parent) + block_on(orphaned()) + block_on(adopted_later(**parent))
    }
    check("parent\n  adopted\n  adopted_later\ncalling\norphaned\n", || {
        let parent = spanwright::Span::new("parent");
        assert_eq!(calling(&parent), 3);
    });
}
