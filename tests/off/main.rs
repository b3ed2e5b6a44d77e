//! The cases with everything off: they compile without a warning and give the same results.
#![deny(warnings)]
#![expect(
    clippy::boxed_local,
    clippy::needless_lifetimes,
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "true of the bare functions; clippy does not see it while they record"
)]

#[path = "../macros/cases/mod.rs"]
mod cases;
mod sizes;

/// Runs a case; with spans in reach, there must be none.
fn check(_: &str, run: impl FnOnce()) {
    silently(run);
}

/// Runs a case whose spans are not compared with a text.
fn check_with(_: impl FnOnce(&str), run: impl FnOnce()) {
    silently(run);
}

/// Runs a case; with segments in reach, there must be none.
fn check_segments(_: &str, run: impl FnOnce()) {
    silently(run);
}

/// Runs a case whose segments are not compared with a text.
fn check_segments_with(_: impl FnOnce(&str), run: impl FnOnce()) {
    silently(run);
}

/// Runs a case; with reports in reach, there must be none.
fn check_reports(_: &str, run: impl FnOnce()) {
    silently(run);
}

#[cfg(feature = "off-wins")]
fn silently(run: impl FnOnce()) {
    // What is left are the spans that a case makes by hand.
    let by_hand = |name: &str| name == "parent";
    let captured = spanwright::testing::Capture::default().run_all(run);
    assert!(captured.spans.iter().all(|span| by_hand(&span.name)), "{:?}", captured.spans);
    assert_eq!(captured.errors, []);
}

#[cfg(not(feature = "off-wins"))]
fn silently(run: impl FnOnce()) {
    run();
}
