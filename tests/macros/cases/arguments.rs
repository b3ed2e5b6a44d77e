//! A: parameters and their patterns.

use std::cell::RefCell;
use std::rc::Rc;

use spanwright::traced;

use super::{Pending, block_on};
use crate::check;

struct Pair(u32, #[expect(dead_code, reason = "skipped by `..`")] u32);
struct Named {
    a: u32,
    b: (u32, u32),
    _rest: u32,
}

#[traced(fields(a, d, y))]
#[expect(clippy::many_single_char_names, clippy::trivially_copy_pass_by_ref, reason = "patterns")]
fn destructured(
    (a, (b, _)): (u32, (u32, u32)),
    &c: &u32,
    Pair(d, ..): Pair,
    Named { a: e, b: (mut f, g), .. }: Named,
    [x, .., y]: [u32; 3],
) -> u32 {
    f += 1;
    a + b + c + d + e + f + g + x + y
}

#[traced]
fn untouched((a, _): (u32, u32), Pair(b, ..): Pair, [ref c, _]: [u32; 2]) -> u32 {
    a + b + c
}

#[traced(ret)]
async fn destructured_later((mut a, b): (u32, u32), Pair(c, ..): Pair) -> u32 {
    a += 1;
    a + b + c
}

#[traced]
fn by_reference(
    (ref mut list, ref text): (Vec<u32>, String),
    all @ (first, _): (u32, u32),
    [head, rest @ ..]: [u32; 3],
) -> usize {
    list.push(first + head + all.1 + rest[0]);
    list.len() + text.len()
}

#[test]
fn a01_patterns_bind_for_the_body_and_for_the_fields() {
    let expected = "destructured a=1 d=5 y=12\nuntouched\ndestructured_later return=7\n\
                    by_reference\n";
    check(expected, || {
        let named = Named { a: 7, b: (8, 9), _rest: 0 };
        let sum = destructured((1, (2, 3)), &4, Pair(5, 6), named, [10, 11, 12]);
        assert_eq!(sum, 1 + 2 + 4 + 5 + 7 + 9 + 9 + 10 + 12);
        assert_eq!(untouched((1, 2), Pair(3, 4), [5, 6]), 9);
        assert_eq!(block_on(destructured_later((1, 2), Pair(3, 4))), 7);
        assert_eq!(by_reference((vec![1], "a".to_owned()), (1, 2), [3, 4, 5]), 3);
    });
}

#[traced]
#[expect(unused_variables, reason = "`unused` must still be reported, and only it")]
fn underscored(_: u32, _hidden: &str, unused: u32) -> u32 {
    1
}

#[traced]
#[expect(unused_variables, reason = "`unused` must still be reported, and only it")]
async fn underscored_later(_: u32, _hidden: &str, unused: u32) -> u32 {
    1
}

#[traced]
#[deny(clippy::used_underscore_binding, clippy::pattern_type_mismatch)]
fn underscored_pattern(_hidden: u32, (_a, b): (u32, u32)) -> u32 {
    b
}

#[traced(fields(unused_elsewhere, literal = 1))]
fn only_in_a_field(unused_elsewhere: u32) -> u32 {
    1
}

#[traced(fields(unused_elsewhere))]
async fn only_in_a_field_later(unused_elsewhere: u32) {}

#[test]
fn a02_unused_arguments_are_reported_as_without_the_attribute() {
    let expected = "underscored\nunderscored_later\nunderscored_pattern\n\
                    only_in_a_field unused_elsewhere=1 literal=1\n\
                    only_in_a_field_later unused_elsewhere=2\n";
    check(expected, || {
        assert_eq!(underscored(1, "", 2) + block_on(underscored_later(1, "", 2)), 2);
        assert_eq!(underscored_pattern(1, (2, 3)), 3);
        assert_eq!(only_in_a_field(1), 1);
        block_on(only_in_a_field_later(2));
    });
}

#[traced(fields(n))]
fn counted(mut n: u32, #[expect(unused_mut, reason = "still reported")] mut kept: u32) -> u32 {
    n += 1;
    n + kept
}

#[traced(fields(first = list.iter_mut().next().copied()))]
fn changed(mut list: Vec<u32>) -> usize {
    list.push(1);
    list.len()
}

#[traced(fields(first = list.iter_mut().next().copied()))]
async fn changed_later(mut list: Vec<u32>) -> usize {
    list.push(1);
    list.len()
}

#[test]
fn a_value_may_use_a_mutable_argument_as_such() {
    check("changed first=7\nchanged_later first=7\n", || {
        assert_eq!(changed(vec![7]), 2);
        assert_eq!(block_on(changed_later(vec![7])), 2);
    });
}

#[traced(fields(len = text.len()))]
async fn reassigned(mut text: &str, owned: String) -> usize {
    let longer = format!("{text}{owned}");
    if text.len() < longer.len() {
        text = &longer;
    }
    Pending(1).await;
    text.len()
}

#[test]
fn a03_arguments_may_be_changed_and_may_borrow_locals() {
    check("counted n=1\nreassigned len=1\n", || {
        assert_eq!(counted(1, 2), 4);
        assert_eq!(block_on(reassigned("a", "b".to_owned())), 2);
    });
}

struct Opaque;

#[traced(fields(n))]
fn opaque(_token: Opaque, n: u32, callback: fn(Opaque) -> u32) -> u32 {
    callback(Opaque) + n
}

#[test]
fn a04_an_argument_that_is_not_recorded_needs_no_trait() {
    check("opaque n=1\n", || assert_eq!(opaque(Opaque, 1, |_| 2), 3));
}

#[traced(fields(len = text.len(), first = ?text.chars().next()))]
fn moved(text: String) -> Vec<u8> {
    text.into_bytes()
}

#[traced(fields(text))]
async fn moved_later(text: String) -> String {
    Pending(1).await;
    let moved = text;
    Pending(1).await;
    moved
}

#[traced(fields(text))]
fn dropped(text: String) {
    drop(text);
}

#[test]
fn a05_a_recorded_argument_may_be_moved_by_the_body() {
    check("moved len=2 first=Some('a')\nmoved_later text=b\ndropped text=c\n", || {
        assert_eq!(moved("ab".to_owned()), b"ab");
        assert_eq!(block_on(moved_later("b".to_owned())), "b");
        dropped("c".to_owned());
    });
}

#[traced(fields(#[cfg(not(windows))] kept, #[cfg(windows)] gone, always = 1))]
fn conditional<#[cfg(not(windows))] T: Copy>(
    #[cfg(not(windows))] kept: u32,
    #[cfg(windows)] gone: u32,
    #[allow(unused_variables, clippy::allow_attributes)] silent: u32,
    #[expect(unused_variables, reason = "stays with the argument")] expected: u32,
    #[cfg(not(windows))] value: T,
) -> T {
    value
}

#[traced]
async fn conditional_later(
    #[cfg(not(windows))] kept: u32,
    #[cfg(windows)] (gone, _): (u32, u32),
    #[cfg(windows)] _: u32,
) -> u32 {
    #[cfg(not(windows))]
    let gone = kept;
    gone
}

#[test]
fn a06_attributes_on_parameters_stay_with_them() {
    check("conditional kept=1 always=1\nconditional_later\n", || {
        assert_eq!(conditional(1, 2, 3, 4), 4);
        assert_eq!(block_on(conditional_later(5)), 5);
    });
}

#[traced(fields(sum = __frame + __result + __callsite + frame + result + error + __arg0))]
#[expect(clippy::too_many_arguments, reason = "names of ours")]
fn colliding(
    __frame: u32,
    __result: u32,
    __callsite: u32,
    frame: u32,
    result: u32,
    error: u32,
    __arg0: u32,
    (__arg7, _): (u32, u32),
) -> Result<u32, String> {
    let __ok = __frame + __result + __callsite + frame + result + error + __arg0 + __arg7;
    Ok(__ok)
}

#[traced(ok(fields(ok, error = *ok + 1)))]
async fn colliding_later(__frame: u32, __result: u32, __future: u32) -> u32 {
    let __never = __frame + __result;
    __never + __future
}

#[test]
fn a07_names_of_ours_do_not_collide_with_names_of_the_user() {
    check("colliding sum=7\ncolliding_later ok=3 error=4\n", || {
        assert_eq!(colliding(1, 1, 1, 1, 1, 1, 1, (1, 0)), Ok(8));
        assert_eq!(block_on(colliding_later(1, 1, 1)), 3);
    });
}

/// Notes when it is dropped.
struct Noted(u32, Rc<RefCell<Vec<u32>>>);

impl Drop for Noted {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

/// Two noted parts, one of which a body may use.
struct Both {
    first: Noted,
    _second: Noted,
}

/// The same function, with and without attributes, sync and async.
macro_rules! dropping {
    ($a:ident $c:ident $d:ident
     $($name:ident { $(#[$meta:meta])* } $($asyncness:ident)?;)*) => {$(
        #[allow(
            clippy::allow_attributes, clippy::used_underscore_binding,
            clippy::needless_pass_by_value, reason = "some of them"
        )]
        $(#[$meta])*
        $($asyncness)? fn $name(
            $a: Noted,
            _: Noted,
            (b, _): (Noted, Noted),
            $c: Noted,
            (_, _): (Noted, Noted),
            $d: Noted,
            e: Both,
        ) -> u32 {
            let _local = Noted(100, $a.1.clone());
            drop($d);
            let _moved = e.first;
            b.0
        }
    )*};
}

dropping! {
    a _c d
    bare {};
    bare_later {} async;
    annotated { #[traced] };
    annotated_later { #[traced] } async;
    recorded { #[traced(fields(a = a.0, d = d.0, late = _c.0))] };
    recorded_later { #[traced(fields(a = a.0, d = d.0, late = _c.0))] } async;
}

impl Both {
    #[traced]
    fn by_value(self, _other: Noted) -> u32 {
        let first = self.first;
        first.0
    }

    fn by_value_bare(self, _other: Noted) -> u32 {
        let first = self.first;
        first.0
    }
}

fn order<R>(call: impl FnOnce(&dyn Fn(u32) -> Noted) -> R) -> Vec<u32> {
    let noted = Rc::default();
    call(&|id| Noted(id, Rc::clone(&noted)));
    noted.take()
}

macro_rules! called {
    ($run:expr, $name:ident) => {
        order(|n| {
            let both = Both { first: n(9), _second: n(10) };
            $run($name(n(1), n(2), (n(3), n(4)), n(5), (n(6), n(7)), n(8), both))
        })
    };
}

#[test]
fn a08_arguments_are_dropped_in_the_same_order() {
    let expected = called!(|it| it, bare);
    assert_eq!(called!(block_on, bare_later), expected);
    let spans = "annotated\nannotated_later\nrecorded a=1 d=8 late=5\nrecorded_later a=1 d=8 late=5\n\
                 by_value\n";
    check(spans, || {
        assert_eq!(called!(|it| it, annotated), expected);
        assert_eq!(called!(block_on, annotated_later), expected);
        assert_eq!(called!(|it| it, recorded), expected);
        assert_eq!(called!(block_on, recorded_later), expected);

        let both = |n: &dyn Fn(u32) -> Noted| Both { first: n(1), _second: n(2) };
        let bare = order(|n| both(n).by_value_bare(n(3)));
        assert_eq!(order(|n| both(n).by_value(n(3))), bare);
    });
}

#[traced(include(id, name), fields(id = 5))]
fn included(id: u32, name: &str) -> usize {
    name.len() + id as usize
}

#[test]
fn a09_an_explicit_field_wins_over_an_included_argument() {
    check("included name=ab id=5\n", || assert_eq!(included(1, "ab"), 3));
}
