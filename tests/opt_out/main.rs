//! What is left of annotated functions when everything is off: nothing.
//!
//! Features are united within one cargo command, and this one has them on; so each test here runs
//! cargo for the package in `tests/off` alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Selects the package whose cases are off.
const OFF: &str = "--package=spanwright-tests-off";

/// Where the nested commands build: beside this test, so that they share nothing that is locked.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("off")
}

fn cargo(args: &[&str], behind: &[&str]) -> Output {
    let output = cargo_output(args, behind);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?} failed:\n{text}");
    output
}

fn cargo_output(args: &[&str], behind: &[&str]) -> Output {
    Command::new(env!("CARGO"))
        .args(args)
        .args(["--offline", "--locked"])
        .args(behind)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target())
        .output()
        .expect("cargo runs")
}

fn count_passed(output: &Output) -> usize {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().filter(|line| line.starts_with("test ") && line.ends_with("... ok")).count()
}

#[test]
fn o01_every_case_compiles_and_gives_the_same_results_with_everything_off() {
    assert!(count_passed(&cargo(&["test", OFF, "--test", "off"], &[])) > 70);
}

#[test]
fn o04_o07_off_wins_over_every_other_feature_whoever_asked_for_it() {
    assert!(
        count_passed(&cargo(&["test", OFF, "--test", "off", "--features", "off-wins"], &[])) > 70
    );
}

#[test]
fn report_of_a_build_with_rollbar_alone_has_its_trace_and_spans() {
    let args = ["test", OFF, "--test", "rollbar_alone", "--features", "rollbar-alone"];
    assert_eq!(count_passed(&cargo(&args, &[])), 1);
}

#[test]
fn x15_mistakes_are_the_same_with_everything_off() {
    cargo(&["test", "--package=spanwright-tests-ui", "--no-default-features"], &[]);
}

#[test]
fn o06_no_transport_is_built_when_everything_is_off() {
    let tree = cargo(&["tree", OFF, "--edges", "normal", "--prefix", "none"], &[]);
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    assert!(tree.contains("spanwright v"));
    for absent in ["reqwest", "tokio", "prost", "actix-web", "opentelemetry"] {
        assert!(!tree.lines().any(|line| line.starts_with(absent)), "{absent} in\n{tree}");
    }
}

#[test]
fn an_annotated_function_has_the_assembly_of_a_bare_one() {
    let bare = assembly("bare", &[]);
    let annotated = assembly("annotated", &["--features", "annotated"]);
    for entry in ["entry_checked:", "entry_consumed:", "entry_awaited:"] {
        assert!(bare.contains(entry), "{entry} is not in the assembly");
    }
    assert!(bare == annotated, "the assembly differs, see {}", target().display());
    let live = assembly("live", &["--features", "annotated,spanwright/console"]);
    assert!(bare != live, "live functions must differ, or the comparison sees nothing");
}

/// The assembly of the sample, without what names the build it comes from.
fn assembly(name: &str, features: &[&str]) -> String {
    let file = target().join(format!("{name}.s"));
    let emit = format!("asm={}", file.display());
    let mut args =
        vec!["rustc", OFF, "--lib", "--release", "--config", "profile.release.lto=false"];
    args.extend(features);
    fs::create_dir_all(target()).expect("the directory can be made");
    cargo(&args, &["--", "--emit", &emit, "-Ccodegen-units=1", "-Csymbol-mangling-version=v0"]);
    let text = fs::read_to_string(&file).expect("the compiler wrote the assembly");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(".file"));
    lines.map(anonymous).collect::<Vec<_>>().join("\n")
}

/// The line without hashes: what stands between `Cs` and `_` in a symbol, and long numbers.
fn anonymous(line: &str) -> String {
    let mut words = line.split("Cs");
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        text.push_str("Cs");
        text.push_str(word.split_once('_').map_or(word, |(_, rest)| rest));
    }
    let parts = text.split_inclusive(|it: char| !it.is_ascii_hexdigit());
    parts.map(|part| if part.len() > 16 { &part[part.len() - 1..] } else { part }).collect()
}

/// The package of which clippy must say no more with attributes than without.
const LINTS: &str = "--package=spanwright-tests-lints";

/// Lints of clippy with the lines that they are about.
fn remarks(features: &str) -> BTreeSet<(String, u64)> {
    let args =
        ["clippy", LINTS, "--message-format=json", "--no-default-features", "--features", features];
    let groups =
        ["-Wclippy::all", "-Wclippy::pedantic", "-Wclippy::nursery", "-Wclippy::restriction"];
    let behind: Vec<_> = ["--"].into_iter().chain(groups).collect();
    let output = cargo_output(&args, &behind);
    let text = String::from_utf8_lossy(&output.stdout);
    let remark = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "spanwright_tests_lints";
        let lint = message["message"]["code"]["code"].as_str().filter(|_| is_ours)?;
        let start_line = message["message"]["spans"][0]["line_start"].as_u64().unwrap_or_default();
        Some((lint.to_owned(), start_line))
    };
    text.lines().filter_map(remark).collect()
}

#[test]
fn clippy_says_no_more_of_an_annotated_function() {
    for level in ["", "forbid"] {
        let bare = remarks(level);
        assert!(bare.iter().any(|(lint, _)| lint == "clippy::implicit_return"), "{bare:?}");
        for features in ["annotated", "annotated,live"] {
            let found = remarks(&format!("{level} {features}"));
            assert!(found.iter().any(|(lint, _)| lint == "clippy::std_instead_of_core"));
            let more: Vec<_> = found.difference(&bare).cloned().collect();
            assert_eq!(more, [], "{level} {features}");
        }
    }
}
