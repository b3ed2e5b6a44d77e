//! Who may import whom in the runtime: imports go down, never up, never sideways.

use std::collections::BTreeSet;

use crate::assert_none;
use crate::tree::{self, File, Token};

/// What the code of a room may import from the others.
///
/// A room that is not here has no place in the house yet: add it with as little as it needs.
const MATRIX: &[(&str, Imports)] = &[
    // The nouns.
    ("record", Only(&[])),
    // What needs nothing but the nouns.
    ("sample", Only(&["record"])),
    ("guard", Only(&["diagnostics"])),
    ("host", Only(&[])),
    ("propagate", Only(&["record", "guard", "host"])),
    ("loss", Only(&["record"])),
    ("secret", Only(&[])),
    ("redact", Only(&["record", "secret"])),
    ("output", Only(&[])),
    ("diagnostics", Only(&["output"])),
    ("conventions", Only(&["secret"])),
    ("notes", Only(&[])),
    ("utc", Only(&[])),
    ("turns", Only(&[])),
    ("type_name", Only(&[])),
    ("warnings", Only(&["diagnostics"])),
    // Looks at records that more than one dialect needs.
    ("origin", Only(&["record"])),
    ("tree", Only(&["record"])),
    // Producers, dialects and motion, which do not know each other.
    (
        "span",
        Only(&[
            "record",
            "sample",
            "propagate",
            // The collector redacts what it hands on.
            "redact",
            "loss",
            "diagnostics",
            "guard",
            "turns",
            "type_name",
        ]),
    ),
    (
        "export",
        Only(&[
            "record",
            "host",
            "sample",
            "secret",
            "notes",
            "redact",
            "utc",
            "origin",
            "tree",
            "warnings",
            "type_name",
        ]),
    ),
    (
        "pipeline",
        Only(&[
            "record",
            "export",
            "host",
            "loss",
            "diagnostics",
            "guard",
            "output",
            "secret",
            "turns",
            "warnings",
        ]),
    ),
    (
        "report",
        Only(&[
            "record",
            "span",
            "loss",
            "diagnostics",
            "guard",
            "redact",
            "secret",
            "conventions",
            "type_name",
        ]),
    ),
    ("logging", Only(&["record", "span", "diagnostics", "guard"])),
    // The edges of the process.
    ("headers", Only(&["record", "propagate", "span"])),
    (
        "actix",
        Only(&[
            "record",
            "sample",
            "propagate",
            "span",
            "report",
            "headers",
            "host",
            "conventions",
            "guard",
            "utc",
            "type_name",
        ]),
    ),
    (
        "http_client",
        Only(&["record", "span", "guard", "headers", "host", "conventions", "propagate"]),
    ),
    ("aws", Only(&["diagnostics", "export", "pipeline", "secret", "turns", "warnings"])),
    (
        "opentelemetry",
        Only(&["record", "origin", "propagate", "loss", "diagnostics", "guard", "span"]),
    ),
    // The hall, which connects the rooms.
    ("config", Any),
    ("install", Any),
    ("xray", Any),
    ("testing", Any),
    ("private", Any),
];

use Imports::{Any, Only};

enum Imports {
    Any,
    Only(&'static [&'static str]),
}

/// What the public interface re-exports at its root, with the room where it lives.
const AT_THE_ROOT: &[(&str, &str)] =
    &[("extract", "headers"), ("inject", "headers"), ("current", "span"), ("Span", "span")];

#[test]
fn imports_obey_the_layers() {
    let mut offenders = Vec::new();
    for file in tree::rust("runtime/src") {
        let Some(room) = file.room() else { continue };
        let Some((_, allowed)) = MATRIX.iter().find(|(name, _)| *name == room) else {
            offenders.push(file.at(1, format_args!("the room `{room}` is not in the matrix")));
            continue;
        };
        let Only(allowed) = allowed else { continue };
        for (line, path) in paths(&file) {
            let other = home(&path[0]);
            if other != room && !allowed.contains(&other) {
                offenders.push(file.at(line, format_args!("`{room}` may not import `{other}`")));
            }
        }
    }
    assert_none(&offenders, "imports go down the layers");
}

#[test]
fn dialects_do_not_know_each_other_and_the_motion_knows_none() {
    let dialects = tree::dialects();
    let mut offenders = Vec::new();
    for file in tree::rust("runtime/src") {
        let own = match file.room() {
            Some("export") => file.path.split('/').nth(3).unwrap_or_default().to_owned(),
            Some("pipeline" | "span") => String::new(),
            _ => continue,
        };
        if own == "mod.rs" {
            continue;
        }
        for (line, path) in paths(&file) {
            let [room, dialect, ..] = path.as_slice() else { continue };
            if room == "export" && dialects.contains(dialect) && *dialect != own {
                offenders.push(file.at(line, format_args!("knows the dialect `{dialect}`")));
            }
        }
    }
    assert_none(&offenders, "dialects are reached through the trait alone");
}

#[test]
fn the_nouns_use_nothing_but_the_standard_library() {
    let mut offenders = Vec::new();
    for file in tree::rust("runtime/src/record") {
        for uses in file.code().windows(2).filter(|tokens| tokens[0].text == "use") {
            let first = uses[1].text.as_str();
            // A door passes on what its own modules have.
            let is_own = file.text.contains(&format!("\nmod {first};"));
            if !is_own && !["std", "core", "crate", "super", "self"].contains(&first) {
                offenders.push(file.at(uses[1].line, format_args!("uses `{first}`")));
            }
        }
    }
    assert_none(&offenders, "a record belongs to no library");
}

/// Libraries that run code of their own before `main`, or have others do so.
const CONSTRUCTORS: &[&str] =
    &["ctor", "dtor", "fastant", "inventory", "linkme", "minstant", "small_ctor", "startup"];

#[test]
fn nothing_of_the_runtime_runs_before_main() {
    let lock = std::fs::read_to_string(tree::root().join("Cargo.lock")).expect("there is one");
    let packages: Vec<_> = lock.split("[[package]]").map(package).collect();
    let mut open = vec!["spanwright"];
    let mut known = BTreeSet::new();
    while let Some(name) = open.pop() {
        if known.insert(name) {
            let same = packages.iter().filter(|(package, _)| *package == name);
            open.extend(same.flat_map(|(_, dependencies)| dependencies));
        }
    }
    assert!(known.contains("rtrb"), "the dependencies are found");
    let offenders: Vec<_> = CONSTRUCTORS.iter().filter(|name| known.contains(*name)).collect();
    assert!(offenders.is_empty(), "these run before `main`: {offenders:?}");
}

/// The name of a package in the lock file, and those of its dependencies.
fn package(text: &str) -> (&str, Vec<&str>) {
    let name = text.lines().find_map(|line| line.strip_prefix("name = \""));
    let (_, list) = text.split_once("dependencies = [").unwrap_or_default();
    let list = list.split(']').next().unwrap_or_default();
    let dependencies = list.lines().filter_map(|line| line.split(['"', ' ']).nth(2));
    (name.map_or("", |name| name.trim_end_matches('"')), dependencies.collect())
}

#[test]
fn every_room_is_in_the_matrix_once_and_no_stranger() {
    let mut names: Vec<_> = MATRIX.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    let rooms =
        tree::rust("runtime/src").into_iter().filter_map(|file| Some(file.room()?.to_owned()));
    let rooms: BTreeSet<_> = rooms.collect();
    assert_eq!(names, rooms.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_path_is_followed_through_groups_and_up_to_the_root() {
    let cases = [
        (
            "use crate::{loss::{Ledger, Tally}, record::Level};",
            "loss::Ledger loss::Tally record::Level",
        ),
        ("mod inner { use super::super::super::sample::Sampler; }", "sample::Sampler"),
        ("use super::super::install;", "install"),
        ("use super::queue::Handle; use self::state::Machine;", ""),
        ("// crate::install\nfn f() -> crate::span::Span {}", "span::Span"),
        ("pub(crate) struct A(pub(crate) u8);", ""),
    ];
    for (text, expected) in cases {
        let file = File { path: "runtime/src/pipeline/worker.rs".into(), text: text.into() };
        let found: Vec<_> = paths(&file).into_iter().map(|(_, path)| path.join("::")).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }
}

/// The room of a name at the root of the crate.
fn home(name: &str) -> &str {
    AT_THE_ROOT.iter().find(|(known, _)| *known == name).map_or(name, |(_, room)| room)
}

/// Every path that starts at the root of the crate, however it gets there, groups written out.
fn paths(file: &File) -> Vec<(usize, Vec<String>)> {
    let tokens = file.tokens();
    let mut paths = Vec::new();
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let mut next = index + 1;
        let is_inside = index >= 2 && is(&tokens, index - 2, "::");
        if token.text == "crate" && !is_inside && is(&tokens, next, "::") {
            expand(&tokens, next + 2, &[], &mut paths);
        } else if token.text == "super" && !is_inside {
            let mut supers = 1;
            while is(&tokens, next, "::") && text(&tokens, next + 2) == "super" {
                (supers, next) = (supers + 1, next + 3);
            }
            if supers >= token.depth && is(&tokens, next, "::") {
                expand(&tokens, next + 2, &[], &mut paths);
            }
        }
        index = next;
    }
    paths
}

/// Reads the names of a path from `index` on, and of every path of a group.
/// Returns where it ends.
fn expand(
    tokens: &[Token],
    mut index: usize,
    prefix: &[String],
    paths: &mut Vec<(usize, Vec<String>)>,
) -> usize {
    let mut path = prefix.to_vec();
    let line = tokens.get(index).map_or(0, |token| token.line);
    loop {
        if text(tokens, index) == "{" {
            index += 1;
            while !matches!(text(tokens, index), "}" | "") {
                index = expand(tokens, index, &path, paths);
                if text(tokens, index) == "as" {
                    index += 2;
                }
                if text(tokens, index) == "," {
                    index += 1;
                }
            }
            return index + 1;
        }
        path.push(text(tokens, index).to_owned());
        index += 1;
        if !is(tokens, index, "::") {
            break;
        }
        index += 2;
    }
    paths.push((line, path));
    index
}

fn text(tokens: &[Token], index: usize) -> &str {
    tokens.get(index).map_or("", |token| &token.text)
}

/// Whether `::` begins at `index`; each of its signs is a token.
fn is(tokens: &[Token], index: usize, sign: &str) -> bool {
    sign.chars().enumerate().all(|(at, sign)| text(tokens, index + at) == sign.to_string())
}

/// The features that a text names between a beginning and an end, each in quotes.
fn named(text: &str, begin: &str, end: &str) -> BTreeSet<String> {
    let inside = text.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let quoted = inside.map_or("", |(inside, _)| inside).split('"').skip(1).step_by(2);
    quoted.map(ToOwned::to_owned).collect()
}

#[test]
fn each_feature_that_records_turns_the_attributes_on() {
    let files = tree::files("runtime");
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map_or_else(|| panic!("there is no {path}"), |file| file.text.as_str())
    };
    let recording = named(text("runtime/src/span/mod.rs"), "IS_LIVE: bool = cfg!(all(", ")");
    let manifest = text("runtime/Cargo.toml").lines();
    let live = manifest.filter(|line| line.contains("\"spanwright-macros/live\""));
    let live = live.filter_map(|line| line.split_once(" = "));
    assert_eq!(live.map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>(), recording);
    assert!(recording.contains("rollbar"), "{recording:?}");
}
