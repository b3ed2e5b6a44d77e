//! What the compiler says of mistakes, and that it says nothing of good code.
//!
//! The messages in `compiler` are partly the compiler's own, whose words change between releases:
//! they are compared on the release that the workspace names as its oldest. With everything off,
//! `tests/opt_out` runs this once more: the messages of ours must be the same, to the letter.

use std::process::Command;

use trybuild::TestCases;

#[test]
fn mistakes_are_reported_where_they_are_and_good_code_compiles() {
    let cases = TestCases::new();
    cases.pass("traced/pass/*.rs");
    cases.pass("xray_subsegment/pass/*.rs");
    cases.pass("report_errors/pass/*.rs");
    cases.compile_fail("traced/fail/*.rs");
    cases.compile_fail("record/fail/*.rs");
    cases.compile_fail("xray_subsegment/fail/*.rs");
    cases.compile_fail("report_errors/fail/*.rs");
    if !compiler_is(env!("CARGO_PKG_RUST_VERSION")) {
        return;
    }
    for attribute in ["traced", "xray_subsegment", "report_errors"] {
        cases.compile_fail(format!("{attribute}/compiler/x1*.rs"));
        if cfg!(feature = "live") {
            cases.compile_fail(format!("{attribute}/compiler/[hxy]0*.rs"));
        }
    }
}

fn compiler_is(release: &str) -> bool {
    let output = Command::new("rustc").arg("--version").output().expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).starts_with(&format!("rustc {release}"))
}
