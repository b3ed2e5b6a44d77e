//! What a file must have, and which files a folder must have.

use crate::assert_none;
use crate::tree;

const MAX_LINES: usize = 400;

/// The files of every dialect.
const DIALECT: [&str; 4] = ["encode.rs", "mod.rs", "request.rs", "verdict.rs"];

/// What a dialect has besides, each for its reason.
const EXTRAS: &[(&str, &str, &str)] = &[
    ("cloudwatch", "create.rs", "group and stream are created by the requests of the same dialect"),
    ("cloudwatch", "item.rs", "order, number and size of events are seen without parsing them"),
    ("cloudwatch", "metrics.rs", "numbers of calls are events of a format of their own"),
    ("cloudwatch", "settings.rs", "four variables, and names that the service would refuse"),
    ("cloudwatch", "stream.rs", "a stream is named by a template, perhaps by the time of an event"),
    ("cloudwatch", "testing.rs", "records that the tests of several files share"),
    ("cloudwatch", "weigh.rs", "the queue is bounded before anything is encoded"),
    ("console", "errors.rs", "a failure has other lines than a trace"),
    ("console", "logs.rs", "an event of the log is a line, for people or for machines"),
    ("console", "paint.rs", "traces, failures and logs have colours and harmless texts in common"),
    ("otlp", "attributes.rs", "attributes are written to bytes without message types"),
    ("otlp", "endpoint.rs", "two variables make one address by two rules"),
    ("otlp", "environment.rs", "standard variables of each signal"),
    ("otlp", "exceptions.rs", "a failure is a record of its own kind, told as a log record"),
    ("otlp", "honeycomb.rs", "a preset for one vendor of the protocol"),
    ("otlp", "scopes.rs", "items of several scopes share a request"),
    ("otlp", "settings.rs", "what the variables of a signal come to"),
    ("otlp", "signal.rs", "spans and log records differ in paths and variables"),
    ("otlp", "stacktrace.rs", "a stack is one text, as the language prints it"),
    ("rollbar", "body.rs", "an item tells one of three kinds of things"),
    ("rollbar", "custom.rs", "keys of the application and ours share an object"),
    ("rollbar", "endpoint.rs", "a base and a whole address are both usual"),
    (
        "rollbar",
        "failsafe.rs",
        "what is refused is replaced by less, until nothing is left to refuse",
    ),
    ("rollbar", "frames.rs", "frames of the application are told by their files"),
    ("rollbar", "incoming.rs", "a request has parts, and an address of a person"),
    ("rollbar", "settings.rs", "four variables, and what of people is told"),
    ("rollbar", "testing.rs", "records that the tests of several files share"),
    ("rollbar", "text.rs", "every text has a length, and every number a form"),
    ("rollbar", "truncate.rs", "a failure may be larger than an item"),
    ("rollbar", "weigh.rs", "the queue is bounded before anything is encoded"),
    ("xray", "address.rs", "URLs hold secrets"),
    ("xray", "annotations.rs", "the service indexes few, of few kinds, under narrow keys"),
    ("xray", "blocks.rs", "requests, statements and calls of AWS have forms of their own"),
    ("xray", "body.rs", "one span in the order of the vendor's fields"),
    ("xray", "cause.rs", "an error that passes several spans is told once"),
    ("xray", "diet.rs", "a span may be larger than a document"),
    ("xray", "facts.rs", "attributes have two generations of names"),
    ("xray", "flags.rs", "whose fault it was is a table of its own"),
    ("xray", "forest.rs", "subsegments are nested, however deep"),
    ("xray", "json.rs", "members are written one by one, without an object in memory"),
    ("xray", "letters.rs", "a name may have the letters of one old Unicode"),
    ("xray", "metadata.rs", "values are JSON of others, in namespaces"),
    ("xray", "names.rs", "one wrong character in a name costs the whole document"),
    ("xray", "naming.rs", "the service map is drawn by names"),
    ("xray", "pack.rs", "a trace may be larger than a document"),
    ("xray", "process.rs", "every segment says where it runs"),
    ("xray", "settings.rs", "ways, names and what is indexed"),
    ("xray", "stack.rs", "an exception says where it comes from"),
];

#[test]
fn every_file_says_what_it_is_for() {
    let files = tree::rust("").into_iter().filter(|file| !file.is_ui_case());
    let offenders: Vec<_> = files
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.at(1, "does not open with `//!`"))
        .collect();
    assert_none(&offenders, "every file opens with its purpose");
}

#[test]
fn no_file_is_too_long() {
    let mut offenders = Vec::new();
    for file in ["macros/src", "runtime/src", "cruddur-app/src"].map(tree::rust).iter().flatten() {
        let lines = file.count_code_lines();
        if lines > MAX_LINES {
            let what = format!("{lines} lines without tests, at most {MAX_LINES}");
            offenders.push(file.at(lines, what));
        }
    }
    assert_none(&offenders, "a file that is too long wants a wall");
}

#[test]
fn every_dialect_has_the_same_files() {
    let mut offenders = Vec::new();
    for dialect in tree::dialects() {
        let folder = format!("runtime/src/export/{dialect}");
        let is_extra =
            |name: &str| EXTRAS.iter().any(|(owner, extra, _)| *owner == dialect && *extra == name);
        let names = tree::names(&folder);
        let files: Vec<_> = names.iter().filter(|name| tree::has_extension(name, "rs")).collect();
        for missing in DIALECT.iter().filter(|name| !files.iter().any(|file| file == *name)) {
            offenders.push(format!("{folder}/{missing}:1: is missing"));
        }
        for file in files {
            if !DIALECT.contains(&file.as_str()) && !is_extra(file) {
                offenders.push(format!("{folder}/{file}:1: is not one of {DIALECT:?}"));
            }
        }
    }
    assert_none(&offenders, "whoever knows one dialect finds their way in all");
}

#[test]
fn every_limit_of_a_dialect_says_where_it_comes_from() {
    // A terminal has no documentation that could be cited.
    const OUR_OWN: &str = "runtime/src/export/console/mod.rs";
    let mut offenders = Vec::new();
    for file in tree::rust("runtime/src/export") {
        if !file.path.ends_with("/mod.rs") || file.path == OUR_OWN {
            continue;
        }
        let lines: Vec<_> = file.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let is_constant = line.starts_with("const ") || line.starts_with("pub(super) const ");
            let mut docs = lines[..at].iter().rev().take_while(|line| line.starts_with("///"));
            if is_constant && !docs.any(|line| line.contains("<https://")) {
                offenders.push(file.at(at + 1, "has no link in its documentation"));
            }
        }
    }
    assert_none(&offenders, "a limit is somebody's, and they have written it down");
}

#[test]
fn every_case_that_must_not_compile_has_its_message_and_no_message_is_left_over() {
    let files = tree::files("tests/macros/ui");
    let has = |path: &str| files.iter().any(|file| file.path == path);
    let mut offenders = Vec::new();
    for file in files.iter().filter(|file| file.is_ui_case()) {
        let other = match file.path.rsplit_once('.') {
            Some((stem, "rs")) if !stem.contains("/pass/") => format!("{stem}.stderr"),
            Some((stem, "stderr")) => format!("{stem}.rs"),
            _ => continue,
        };
        if !has(&other) {
            offenders.push(file.at(1, format_args!("there is no {other}")));
        }
    }
    assert_none(&offenders, "a refusal is its message");
}
