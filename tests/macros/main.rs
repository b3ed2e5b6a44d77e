//! What annotated functions do, and that they stay what they were.
//!
//! The cases are shared: the packages in `tests/editions` compile them in earlier editions, and
//! the one in `tests/off` with everything off.

#![deny(rust_2018_idioms, rust_2021_compatibility, rust_2024_compatibility)]
#![allow(
    edition_2024_expr_fragment_specifier,
    impl_trait_overcaptures,
    reason = "true of the bare cases in earlier editions"
)]

mod cases;
mod included;
mod live;
mod reported;
mod reports;
mod segments;
mod subsegments;

use spanwright::record::Destinations;
use spanwright::testing;

/// The spans of a case, without those that are for X-Ray alone, as text.
fn spans(run: impl FnOnce()) -> String {
    let mut spans = testing::capture(run);
    spans.retain(|span| span.destinations.contains(Destinations::SPANS));
    testing::tree(&spans)
}

/// Runs a case and compares the spans it makes with `expected`, a tree as text.
#[track_caller]
fn check(expected: &str, run: impl FnOnce()) {
    let spans = spans(run);
    if spans != expected {
        std::panic::panic_any(format!("expected:\n{expected}\nfound:\n{spans}"));
    }
}

/// Runs a case and hands the spans it makes, a tree as text, to `ask`.
fn check_with(ask: impl FnOnce(&str), run: impl FnOnce()) {
    ask(&spans(run));
}

/// Runs a case and compares what X-Ray sees of it with `expected`, a tree as text.
#[track_caller]
fn check_segments(expected: &str, run: impl FnOnce()) {
    let found = segments::tree(&testing::capture(run));
    if found != expected {
        std::panic::panic_any(format!("expected:\n{expected}\nfound:\n{found}"));
    }
}

/// Runs a case and compares the failures it reports with `expected`, one line each.
#[track_caller]
fn check_reports(expected: &str, run: impl FnOnce()) {
    let found = reports::lines(&testing::capture_errors(run));
    if found != expected {
        std::panic::panic_any(format!("expected:\n{expected}\nfound:\n{found}"));
    }
}

/// Runs a case and hands what X-Ray sees of it, a tree as text, to `ask`.
fn check_segments_with(ask: impl FnOnce(&str), run: impl FnOnce()) {
    ask(&segments::tree(&testing::capture(run)));
}
