//! What Rollbar's own clients sent, and what this one sends of the same failures.
//!
//! In: their requests, one a line, in `captures`. Out: every difference, each of which has its reason
//! here.
//! Never: passes over a difference, or keeps one that is gone.

use std::collections::BTreeSet;

use serde_json::Value;
use spanwright::export::rollbar::{Endpoint, Exporter, Personal, Server, Settings};
use spanwright::export::{Batch, Exporter as _};
use spanwright::record::{
    Attribute, Cause, CodeLines, ErrorRecord, Person, ReportId, Severity, StackFrame, Subject,
};
use spanwright::secret::Secret;

use super::records::message;

const PYTHON: &str = include_str!("captures/pyrollbar.jsonl");
const JAVASCRIPT: &str = include_str!("captures/rollbar_js.jsonl");

/// A difference and its reason. `-` is a member that only the other client has, `+` one that only
/// this one has, `≠` one that both have with different values; `[]` is any place of a list.
type Difference = (&'static str, &'static str);

const TOKEN: Difference =
    ("-access_token", "the token of the body is deprecated, the header is enough");
const LANGUAGE: Difference = ("≠data.language", "they are written in another language");
const NAME: Difference = ("≠data.notifier.name", "they are other clients");
const VERSION: Difference = ("≠data.notifier.version", "they are other clients");

/// In every item of pyrollbar.
const OF_PYTHON: [Difference; 4] = [TOKEN, LANGUAGE, NAME, VERSION];

/// In every item of rollbar.js.
const OF_JAVASCRIPT: [Difference; 3] = [LANGUAGE, NAME, VERSION];

/// In every item of rollbar.js that somebody reported.
const OF_REPORTS: [Difference; 5] = [
    ("-data.attributes", "an empty list says nothing"),
    ("-data.body.telemetry", "an empty list says nothing"),
    ("-data.context", "an empty text says nothing"),
    ("-data.notifier.configured_options", "an item is about a failure, not about its reporter"),
    ("-data.notifier.diagnostic", "an item is about a failure, not about its reporter"),
];

/// The settings of the program that used pyrollbar.
fn python() -> Settings {
    Settings {
        server: Server {
            host: Some("vm".to_owned()),
            root: Some("/app".to_owned()),
            branch: Some("main".to_owned()),
            cpu: None,
            pid: Some(32_235),
            argv: vec!["py_ref.py".to_owned()],
        },
        person: Personal { username: true, email: true },
        ..common()
    }
}

/// The settings of the program that used rollbar.js.
fn javascript() -> Settings {
    let argv = ["/usr/bin/node", "/app/js_ref.cjs"].map(str::to_owned).to_vec();
    Settings {
        framework: Some("node-js".to_owned()),
        server: Server {
            host: Some("vm".to_owned()),
            pid: Some(32_452),
            argv,
            ..Server::default()
        },
        ..common()
    }
}

fn common() -> Settings {
    let address = "http://127.0.0.1:18080/api/1/item/";
    Settings {
        endpoint: Endpoint::new(address).expect("an address of HTTP"),
        environment: Some("test".to_owned()),
        code_version: Some("1.2.3".to_owned()),
        ..Settings::new(Secret::new("post_server_item_token"))
    }
}

/// The id that is written like this.
fn id(text: &str) -> ReportId {
    let digits = text.replace('-', "");
    ReportId::from_random(u128::from_str_radix(&digits, 16).expect("hexadecimal digits"))
}

fn cause(class: &'static str, message: &str) -> Cause {
    Cause { type_name: Some(class.into()), message: message.to_owned() }
}

fn frame(line: u32, function: &str, code: &str) -> StackFrame {
    StackFrame {
        function: Some(function.to_owned()),
        file: Some("/app/py_ref.py".to_owned()),
        line: Some(line),
        column: None,
        is_in_app: true,
        code: Some(CodeLines { line: code.to_owned(), ..CodeLines::default() }),
    }
}

/// What differs between a request of theirs and ours for the same failure.
fn differences(capture: &str, settings: &Settings, record: ErrorRecord) -> BTreeSet<String> {
    let theirs: Value = serde_json::from_str(capture).expect("a line is JSON");
    let mut exporter = Exporter::new(settings);
    let batch = Batch::collect(&mut exporter, &[record]).expect("every record has a form");
    let request = exporter.request(&batch);
    let url = format!("http://127.0.0.1:18080{}", theirs["path"].as_str().expect("a path"));
    assert_eq!(request.url.reveal(), url);
    for name in ["Content-Type", "X-Rollbar-Access-Token"] {
        let mut headers = request.headers.iter();
        let ours = headers.find(|header| header.name.eq_ignore_ascii_case(name));
        assert_eq!(ours.map(|header| header.value.reveal()), theirs["headers"][name].as_str());
    }
    let ours: Value = serde_json::from_slice(&request.body.concat()).expect("a body is JSON");
    let mut found = BTreeSet::new();
    compare("", &ours, &theirs["body"], &mut found);
    found
}

fn compare(path: &str, ours: &Value, theirs: &Value, found: &mut BTreeSet<String>) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for key in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (ours.get(key), theirs.get(key)) {
                    (Some(ours), Some(theirs)) => compare(&path, ours, theirs, found),
                    (Some(_), None) => _ = found.insert(format!("+{path}")),
                    (None, _) => _ = found.insert(format!("-{path}")),
                }
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (ours, theirs) in ours.iter().zip(theirs) {
                compare(&format!("{path}[]"), ours, theirs, found);
            }
        }
        _ if ours == theirs => {}
        _ => _ = found.insert(format!("≠{path}")),
    }
}

/// The differences of a line are those that are listed, no more and no fewer.
#[track_caller]
fn check(
    captures: &str,
    line: usize,
    settings: &Settings,
    record: ErrorRecord,
    listed: &[&[Difference]],
) {
    let capture = captures.lines().nth(line - 1).expect("there are so many lines");
    let found = differences(capture, settings, record);
    let listed: BTreeSet<_> = listed.concat().iter().map(|(path, _)| (*path).to_owned()).collect();
    let gone: Vec<_> = listed.difference(&found).collect();
    let new: Vec<_> = found.difference(&listed).collect();
    assert!(gone.is_empty() && new.is_empty(), "gone: {gone:?}, new: {new:?}");
}

#[test]
fn a_message_says_what_pyrollbar_says() {
    let record =
        ErrorRecord { id: id("a3e3c44d-8262-42c9-a1c9-8f47d94f4c21"), ..message("Hello World!") };
    check(PYTHON, 1, &python(), record, &[&OF_PYTHON]);
}

#[test]
fn more_about_a_message_is_told_once() {
    let custom = [("route", "/x"), ("password", "*************")];
    let record = ErrorRecord {
        id: id("b1b38007-fdc3-49c6-9268-9eb7b9657f26"),
        severity: Severity::Info,
        custom: custom.map(|(key, value)| Attribute::new(key, value)).to_vec(),
        ..message("with extra")
    };
    let once = "values of the application are in `custom`, where they are for errors too";
    let own = [("-data.body.message.route", once), ("-data.body.message.password", once)];
    check(PYTHON, 2, &python(), record, &[&OF_PYTHON, &own]);
}

#[test]
fn a_chain_says_what_pyrollbar_says_but_for_stacks_that_rust_does_not_have() {
    let causes = vec![cause("RuntimeError", "outer boom"), cause("ValueError", "inner boom")];
    let raised = "except ValueError as e: raise RuntimeError(\"outer boom\") from e";
    let person = ["42", "bob", "b@x"].map(|text| Some(text.to_owned()));
    let [id_of_person, username, email] = person;
    let record = ErrorRecord {
        id: id("d1be8149-f6f5-4664-b755-9bf4c30a9e5e"),
        severity: Severity::Error,
        subject: Subject::Error(causes),
        stack: vec![frame(9, "<module>", "try: outer()"), frame(8, "outer", raised)],
        person: Person { id: id_of_person, username, email },
        ..message("")
    };
    let own = [
        (
            "≠data.body.trace_chain[].frames",
            "an error of Rust has no stack of its own: there is one, where the failure was noticed",
        ),
        (
            "+data.body.trace_chain[].exception.description",
            "the messages of a chain belong together, and the list of items shows one",
        ),
    ];
    check(PYTHON, 3, &python(), record, &[&OF_PYTHON, &own]);
}

#[test]
fn an_error_says_what_pyrollbar_says_but_for_variables() {
    let record = ErrorRecord {
        id: id("c3d6769f-c4ee-451c-99a5-46cb7a73d594"),
        severity: Severity::Error,
        subject: Subject::Error(vec![cause("ZeroDivisionError", "division by zero")]),
        stack: vec![frame(11, "<module>", "try: 1/0")],
        ..message("")
    };
    let locals = "a compiled program has no names of variables, and nothing is told unasked";
    let own = [("-data.body.trace.frames[].locals", locals)];
    check(PYTHON, 4, &python(), record, &[&OF_PYTHON, &own]);
}

/// A message that rollbar.js sent at the same second.
fn said(uuid: &str, severity: Severity, text: &str) -> ErrorRecord {
    ErrorRecord { id: id(uuid), unix_ns: 1_795_166_498_123_456_789, severity, ..message(text) }
}

#[test]
fn a_message_says_what_rollbar_js_says() {
    let same: [&[Difference]; 2] = [&OF_JAVASCRIPT, &OF_REPORTS];
    let record = said("569da246-d4c0-43b0-9289-2fae726f70c9", Severity::Info, "spam 1");
    check(JAVASCRIPT, 1, &javascript(), record, &same);
    let record = said("dc3cde15-5ac3-42a0-8e7d-a9e51a36b690", Severity::Warning, "Hello World!");
    check(JAVASCRIPT, 4, &javascript(), record, &same);
}

#[test]
fn an_id_is_one_of_the_standard_which_rollbar_js_does_not_always_make() {
    let record = said("089f6281-bffb-404d-c25d-1bcc93e02b29", Severity::Info, "spam 0");
    let own =
        [("≠data.uuid", "`c` says that the rest is Microsoft's, RFC 9562 wants 8, 9, a or b")];
    check(JAVASCRIPT, 3, &javascript(), record, &[&OF_JAVASCRIPT, &OF_REPORTS, &own]);
}

#[test]
fn the_summary_of_a_storm_is_an_item_like_any_other() {
    let text = "item per minute limit reached, ignoring errors until timeout";
    let custom = [("maxItems", 0), ("itemsPerMinute", 3)];
    let record = ErrorRecord {
        custom: custom.map(|(key, value)| Attribute::new(key, value)).to_vec(),
        ..message(text)
    };
    let whole = "without it nobody knows when, where and how bad it was, or sends it twice";
    let own = [
        ("-data.body.message.extra", "values are in `custom`, where they are for errors too"),
        ("+data.custom", "values are in `custom`, where they are for errors too"),
        ("-data.context", "an empty text says nothing"),
        ("+data.code_version", whole),
        ("+data.level", whole),
        ("+data.server", whole),
        ("+data.timestamp", whole),
        ("+data.uuid", whole),
    ];
    check(JAVASCRIPT, 2, &javascript(), record, &[&OF_JAVASCRIPT, &own]);
}

#[test]
fn every_line_that_was_captured_is_compared() {
    assert_eq!((PYTHON.lines().count(), JAVASCRIPT.lines().count()), (4, 4));
}

#[test]
fn a_difference_is_found_wherever_it_is() {
    let ours = serde_json::json!({ "a": [{ "b": 1, "c": 2 }], "d": [1], "same": "x" });
    let theirs = serde_json::json!({ "a": [{ "b": 2, "e": 3 }], "d": [], "same": "x" });
    let mut found = BTreeSet::new();
    compare("", &ours, &theirs, &mut found);
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["+a[].c", "-a[].e", "≠a[].b", "≠d"]);
}
