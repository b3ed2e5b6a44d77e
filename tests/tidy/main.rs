//! The rules of this repository that a machine can check, each a test that lists all offenders.
//!
//! In: the files of the repository. Out: `file:line: what is wrong`, one line for each.
//! Never: builds or changes anything.

mod documents;
mod files;
mod layers;
mod source;
mod tree;

/// Fails with one line for each offender.
#[track_caller]
fn assert_none(offenders: &[String], rule: &str) {
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}
