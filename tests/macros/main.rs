//! What annotated functions do, and that they stay what they were.
//!
//! The cases are shared: the target `macros-2021` compiles them in another edition, and the package
//! in `tests/off` with everything off.

mod cases;
mod live;

use spanwright::testing;

/// Runs a case and compares the spans it makes with `expected`, a tree as text.
#[track_caller]
fn check(expected: &str, run: impl FnOnce()) {
    let spans = testing::tree(&testing::capture(run));
    assert!(spans == expected, "expected:\n{expected}\nfound:\n{spans}");
}

/// Runs a case and hands the spans it makes, a tree as text, to `ask`.
fn check_with(ask: impl FnOnce(&str), run: impl FnOnce()) {
    ask(&testing::tree(&testing::capture(run)));
}
