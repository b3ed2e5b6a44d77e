//! A stack as Rollbar's frames, the oldest first.
//!
//! In: the stack of a record and the annotated functions it left. Out: frames of which those of the
//! application begin with the root, which is how Rollbar tells them from the others.
//! Never: loses the innermost annotated function, even if the stack does not show it.
//!
//! Sources: <https://docs.rollbar.com/reference/create-item>, `frames`;
//! <https://docs.rollbar.com/docs/hiding-third-party-code>.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::MAX_ROOT_CHARS;
use crate::record::{CodeLines, ErrorRecord, Source, StackFrame};

/// What a frame without a file is called: Rollbar insists on a name.
const NO_FILE: &str = "unknown";

/// The folder of the application: what is configured, or what stands before the file of an annotated
/// function on the stack.
pub(super) fn root<'a>(record: &'a ErrorRecord, configured: Option<&'a str>) -> Option<&'a str> {
    configured.or_else(|| {
        let files = record.stack.iter().filter(|frame| frame.is_in_app);
        let files = files.filter_map(|frame| frame.file.as_deref());
        let mut files = files.filter(|file| Path::new(file).has_root());
        files.find_map(|file| {
            let before = |source: &&&Source| file.strip_suffix(source.file)?.strip_suffix('/');
            let named = record.path.iter().filter(|source| !source.file.is_empty());
            let is_usable = |root: &&str| (1..=MAX_ROOT_CHARS).contains(&root.len());
            named.rev().find_map(|source| before(&source)).filter(is_usable)
        })
    })
}

/// All frames. A record without a stack has those of its annotated functions.
pub(super) fn frames(record: &ErrorRecord, root: Option<&str>) -> Vec<Value> {
    let mut annotated = record.path.iter().filter(|source| !source.function.is_empty());
    if record.stack.is_empty() {
        return annotated.map(|source| annotated_frame(source, root)).collect();
    }
    let mut frames: Vec<_> = record.stack.iter().map(|call| frame(call, root)).collect();
    // Below it may be functions without an attribute, which are where a panic comes from.
    let is_shown = |source: &Source| record.stack.iter().any(|call| is_in(call, source));
    if let Some(source) = annotated.next_back().filter(|source| !is_shown(source)) {
        frames.push(annotated_frame(source, root));
    }
    frames
}

fn annotated_frame(source: &Source, root: Option<&str>) -> Value {
    let file = if source.file.is_empty() { NO_FILE.into() } else { below(source.file, root) };
    json!({ "filename": file, "lineno": source.line, "method": source.function })
}

fn frame(call: &StackFrame, root: Option<&str>) -> Value {
    let mut frame = Map::new();
    let file = match call.file.as_deref().filter(|file| !file.is_empty()) {
        None => NO_FILE.into(),
        Some(file) if call.is_in_app => below(file, root),
        Some(file) => beside(file, root),
    };
    frame.insert("filename".to_owned(), json!(file));
    let numbers = [("lineno", call.line), ("colno", call.column)];
    for (key, number) in numbers.into_iter().filter_map(|(key, number)| Some((key, number?))) {
        frame.insert(key.to_owned(), number.into());
    }
    if let Some(function) = &call.function {
        frame.insert("method".to_owned(), json!(function));
        if let Some(class) = class_name(function) {
            frame.insert("class_name".to_owned(), json!(class));
        }
    }
    if let Some(CodeLines { before, line, after }) = &call.code {
        frame.insert("code".to_owned(), json!(line));
        if !before.is_empty() || !after.is_empty() {
            frame.insert("context".to_owned(), json!({ "pre": before, "post": after }));
        }
    }
    Value::Object(frame)
}

/// A file of the application: the compiler names it as it stands below the root.
fn below<'a>(file: &'a str, root: Option<&str>) -> Cow<'a, str> {
    match root {
        Some(root) if !Path::new(file).has_root() => format!("{root}/{file}").into(),
        _ => file.into(),
    }
}

/// A file of a library, which must not begin with the root even if it lies there.
fn beside<'a>(file: &'a str, root: Option<&str>) -> Cow<'a, str> {
    let inside = root.and_then(|root| file.strip_prefix(root)).filter(|rest| rest.starts_with('/'));
    inside.map_or(file, |rest| rest.trim_start_matches('/')).into()
}

/// The type that a function belongs to, if it is one of a type.
fn class_name(function: &str) -> Option<&str> {
    let (owner, _) = without_closures(function).rsplit_once("::")?;
    if let Some(inside) = owner.strip_prefix('<') {
        return inside.split_once(" as ").map(|(class, _)| class).or(inside.strip_suffix('>'));
    }
    let name = owner.rsplit_once("::").map_or(owner, |(_, name)| name);
    name.starts_with(|first: char| first.is_uppercase()).then_some(owner)
}

/// Whether a call is of an annotated function: code of the application of its name, in its file. The
/// type that a method belongs to is not known to an attribute.
fn is_in(call: &StackFrame, source: &Source) -> bool {
    let last = |path: &str| path.rsplit_once("::").map_or(path, |(_, name)| name).to_owned();
    let name = call.function.as_deref().map(|function| last(without_closures(function)));
    let is_file = |file: &str| {
        let before = file.strip_suffix(source.file);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    call.is_in_app
        && name.is_some_and(|name| name == last(source.function))
        && call.file.as_deref().is_none_or(is_file)
}

fn without_closures(mut function: &str) -> &str {
    // Both ways of the compiler to name what is inside of a function.
    while let Some(outer) =
        ["::{{closure}}", "::{closure#0}"].iter().find_map(|inner| function.strip_suffix(inner))
    {
        function = outer;
    }
    function
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rollbar::testing::{self, call, source};

    fn names(record: &ErrorRecord, configured: Option<&str>) -> Vec<String> {
        let frames = frames(record, root(record, configured));
        let name = |frame: &Value| frame["filename"].as_str().expect("a file").to_owned();
        frames.iter().map(name).collect()
    }

    fn record(stack: Vec<StackFrame>, path: Vec<&'static Source>) -> ErrorRecord {
        ErrorRecord { stack, path, ..testing::message("") }
    }

    #[test]
    fn files_of_the_application_begin_with_the_root_and_no_others_do() {
        let library =
            StackFrame { is_in_app: false, ..call("/srv/app/vendor/a/src/lib.rs", "a::b") };
        let core =
            StackFrame { is_in_app: false, ..call("/rustc/1/library/core/src/a.rs", "c::d") };
        let stack =
            vec![library, core, call("src/main.rs", "main"), call("/srv/app/src/a.rs", "e")];
        let record = record(stack, vec![]);
        let expected = [
            "vendor/a/src/lib.rs",
            "/rustc/1/library/core/src/a.rs",
            "/srv/app/src/main.rs",
            "/srv/app/src/a.rs",
        ];
        assert_eq!(names(&record, Some("/srv/app")), expected);
    }

    #[test]
    fn the_root_is_found_by_the_file_of_an_annotated_function() {
        let stack =
            vec![call("src/main.rs", "main"), call("/build/app/src/home.rs", "app::home::run")];
        let record = record(stack, vec![&source::RUN]);
        assert_eq!(names(&record, None), ["/build/app/src/main.rs", "/build/app/src/home.rs"]);
        assert_eq!(root(&record, Some("/other")), Some("/other"));
    }

    #[test]
    fn an_annotated_function_on_the_stack_is_known_by_name_and_file() {
        for (call, is_known) in [
            (call("/x/src/home.rs", "app::home::run::{{closure}}::{{closure}}"), true),
            (call("src/home.rs", "<app::home::Home as app::Service>::run"), true),
            (StackFrame { file: None, ..call("", "app::home::Home::run") }, true),
            (call("src/home.rs", "app::home::outer"), false),
            (call("src/not_home.rs", "app::not_home::run"), false),
            (call("src/home.rs", "app::home::rerun"), false),
            (StackFrame { is_in_app: false, ..call("src/home.rs", "app::home::run") }, false),
            (StackFrame { function: None, ..call("src/home.rs", "") }, false),
        ] {
            assert_eq!(is_in(&call, &source::RUN), is_known, "{call:?}");
        }
    }

    #[test]
    fn the_innermost_annotated_function_is_always_there() {
        let methods = |stack, path| {
            let frames = frames(&record(stack, path), None);
            let method = |frame: &Value| frame["method"].as_str().expect("a name").to_owned();
            frames.iter().map(method).collect::<Vec<_>>().join(" ")
        };
        let path = || vec![&source::LIST, &source::RUN, &source::BY_HAND];
        let run = || call("src/home.rs", "app::home::run");
        let parse = || call("src/parse.rs", "app::parse");
        assert_eq!(methods(vec![run(), parse()], path()), "app::home::run app::parse");
        assert_eq!(methods(vec![parse()], path()), "app::parse app::home::run");
        assert_eq!(methods(vec![], path()), "app::list::list app::home::run");
        assert_eq!(methods(vec![parse()], vec![]), "app::parse");
    }

    #[test]
    fn a_frame_says_all_that_is_known() {
        let code = CodeLines {
            before: vec!["fn a() {".to_owned()],
            line: "    b()?;".to_owned(),
            after: vec!["}".to_owned()],
        };
        let call = StackFrame {
            line: Some(7),
            column: Some(5),
            code: Some(code),
            ..call("/app/src/a.rs", "app::a::Shop::buy")
        };
        let expected = json!({
            "filename": "/app/src/a.rs",
            "lineno": 7,
            "colno": 5,
            "method": "app::a::Shop::buy",
            "class_name": "app::a::Shop",
            "code": "    b()?;",
            "context": { "pre": ["fn a() {"], "post": ["}"] },
        });
        assert_eq!(frame(&call, None), expected);
        assert_eq!(frame(&StackFrame::default(), None), json!({ "filename": "unknown" }));
    }

    #[test]
    fn a_method_names_its_type_and_a_function_has_none() {
        for (function, class) in [
            ("app::a::Shop::buy", Some("app::a::Shop")),
            ("<app::a::Shop as app::Buy<x::Y>>::buy::{{closure}}", Some("app::a::Shop")),
            ("<app::a::Shop>::buy", Some("app::a::Shop")),
            ("app::a::buy", None),
            ("main", None),
        ] {
            assert_eq!(class_name(function), class, "{function}");
        }
    }
}
