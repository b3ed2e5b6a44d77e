//! What the documents must say to stay true.

use std::collections::BTreeSet;
use std::fs;

use crate::assert_none;
use crate::tree::{self, File};

#[test]
fn the_code_map_names_every_room_and_no_other() {
    let architecture = read("ARCHITECTURE.md");
    let (_, map) = architecture.text.split_once("\n## Code map\n").expect("there is a code map");
    let (map, _) = map.split_once("\n## ").unwrap_or((map, ""));
    // A paragraph of the map opens with the names of its rooms in bold.
    let named: BTreeSet<_> = map
        .lines()
        .filter_map(|line| line.strip_prefix("**`"))
        .filter_map(|line| line.split_once("`**"))
        .flat_map(|(names, _)| names.split("`, `"))
        .map(str::to_owned)
        .collect();
    let rooms =
        tree::rust("runtime/src").into_iter().filter_map(|file| Some(file.room()?.to_owned()));
    let packages = ["macros", "cruddur-app", "tests"].map(str::to_owned);
    let rooms: BTreeSet<_> = rooms.chain(packages).collect();
    let missing = rooms.difference(&named).map(|room| format!("ARCHITECTURE.md:1: no `{room}`"));
    let strange =
        named.difference(&rooms).map(|name| format!("ARCHITECTURE.md:1: what is `{name}`?"));
    assert_none(&missing.chain(strange).collect::<Vec<_>>(), "the code map has one entry a room");
}

#[test]
fn every_test_that_an_invariant_names_exists() {
    let architecture = read("ARCHITECTURE.md");
    let (_, rest) = architecture.text.split_once("\n## Invariants\n").expect("there are some");
    let (invariants, _) = rest.split_once("\n## ").unwrap_or((rest, ""));
    let named = invariants.split('`').skip(1).step_by(2);
    let named: Vec<_> = named.filter(|name| name.matches('_').count() > 2).collect();
    let code: String = tree::rust("").into_iter().map(|file| file.text).collect();
    let is_missing = |name: &&&str| !code.contains(&format!("fn {name}("));
    let missing: Vec<_> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty() && named.len() > 10, "of {named:?} these do not exist: {missing:?}");
}

#[test]
fn every_link_of_a_document_leads_to_a_file() {
    let mut offenders = Vec::new();
    for file in tree::files("").iter().filter(|file| tree::has_extension(&file.path, "md")) {
        let folder = tree::root().join(&file.path);
        let folder = folder.parent().expect("a file is in a folder");
        for (at, line) in file.text.lines().enumerate() {
            for target in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = target.split('#').next().unwrap_or_default();
                let is_elsewhere = path.is_empty() || path.contains("://");
                if !is_elsewhere && !folder.join(path).exists() {
                    offenders.push(file.at(at + 1, format_args!("`{target}` leads nowhere")));
                }
            }
        }
    }
    assert_none(&offenders, "links lead somewhere");
}

#[test]
fn every_variable_that_is_read_is_in_the_readme() {
    let readme = read("README.md");
    let mut offenders = Vec::new();
    for file in tree::rust("runtime/src") {
        // The list of the known ones holds those of releases to come.
        if file.path.ends_with("/near_miss.rs") {
            continue;
        }
        for token in file.code() {
            let Some(name) = token.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
            else {
                continue;
            };
            if is_variable(name) && !readme.text.contains(name) {
                offenders.push(file.at(token.line, format_args!("{name} is not in README.md")));
            }
        }
    }
    assert_none(&offenders, "the table of settings is complete");
}

#[test]
fn the_readme_and_the_check_of_every_change_have_the_same_commands() {
    let readme = read("README.md");
    for command in ["cargo run -p cruddur-app", "cargo test --workspace"] {
        assert!(
            readme.text.lines().any(|line| line.trim_start_matches("$ ") == command),
            "{command}"
        );
    }
    assert!(read(".ci/run").text.contains("cargo test --workspace\n"));
}

fn is_variable(text: &str) -> bool {
    let is_name = |char: char| char.is_ascii_uppercase() || char.is_ascii_digit() || char == '_';
    let prefixes = ["OTEL_", "SPANWRIGHT_", "HONEYCOMB_", "AWS_", "ROLLBAR_", "CLOUDWATCH_"];
    prefixes.iter().any(|prefix| text.starts_with(prefix)) && text.chars().all(is_name)
}

fn read(path: &str) -> File {
    let text = fs::read_to_string(tree::root().join(path));
    File { path: path.to_owned(), text: text.unwrap_or_else(|error| panic!("{path}: {error}")) }
}
