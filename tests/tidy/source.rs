//! What code may say, and where.

use crate::assert_none;
use crate::tree::{self, File, Token};

/// Where features may decide what is built: doors, which have whole modules behind them, and the
/// hall. Everything else is the same code under every feature set.
const DOORS: &[&str] = &[
    "runtime/src/lib.rs",
    "runtime/src/actix/mod.rs",
    "runtime/src/config/",
    "runtime/src/export/mod.rs",
    "runtime/src/install/",
    "runtime/src/logging/mod.rs",
    "runtime/src/pipeline/mod.rs",
    "runtime/src/pipeline/transport/mod.rs",
    "runtime/src/report/mod.rs",
    "runtime/src/sample/mod.rs",
    // Whether there is anything to record at all.
    "runtime/src/span/mod.rs",
    // The only switch of the macros.
    "macros/src/mode.rs",
    // A service with and without its telemetry.
    "cruddur-app/src/telemetry/mod.rs",
    "cruddur-app/src/provision/mod.rs",
    "tests/off/",
    "tests/macros/ui/main.rs",
];

/// Who starts threads: the collector, the I/O thread of all destinations, the one that finishes reports of
/// failures, which reads symbols and files, the one that runs AWS's search for region and credentials, which
/// reads files, the two that drive exporters of another library, which block, and those that write to standard
/// output and standard error, which may block for ever.
const THREADS: &[&str] = &[
    "runtime/src/span/collector.rs",
    "runtime/src/pipeline/motor.rs",
    "runtime/src/report/teller.rs",
    "runtime/src/aws/lookup.rs",
    "runtime/src/output/mod.rs",
    "runtime/src/opentelemetry/destination.rs",
    "runtime/src/opentelemetry/reactor.rs",
];

/// Who reads a clock; everything else is given the time.
const CLOCKS: &[&str] = &[
    "runtime/src/span/clock",
    "runtime/src/pipeline/worker.rs",
    // Whether it has slept long enough.
    "runtime/src/span/collector.rs",
    // How long others had the processor.
    "runtime/src/turns.rs",
    // The time between two of its lines.
    "runtime/src/guard.rs",
    // How much of a caller's timeout is left.
    "runtime/src/install/mod.rs",
    "runtime/src/install/outlets.rs",
    "runtime/src/opentelemetry/",
];

/// What would make a dialect more than a function from records to bytes.
const IMPURE: &[&str] = &[
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::fs",
    "Instant",
    "SystemTime",
    "async",
    "await",
    "tokio",
    "reqwest",
    "Mutex",
    "RwLock",
    "OnceLock",
    "LazyLock",
    "thread_local",
    "println",
    "eprintln",
];

#[test]
fn features_are_asked_only_at_doors_and_in_the_hall() {
    let mut offenders = Vec::new();
    let files = ["runtime/src", "macros/src", "cruddur-app/src", "tests"].map(tree::rust);
    for file in files.iter().flatten().filter(|file| !file.is_ui_case()) {
        if DOORS.iter().any(|door| file.path.starts_with(door)) {
            continue;
        }
        let tokens = file.code();
        for (at, pair) in tokens.windows(2).enumerate() {
            let is_asked = pair[0].text == "feature" && pair[1].text == "=";
            if is_asked && !is_in_cfg_attr(&tokens[..at]) {
                offenders.push(file.at(pair[0].line, "asks for a feature"));
            }
        }
    }
    assert_none(&offenders, "`cfg(feature = …)` belongs to the doors");
}

#[test]
fn threads_are_started_only_by_the_collector_and_the_motor() {
    let offenders =
        find("runtime/src", THREADS, &["thread::spawn", "thread::Builder", "scope.spawn"]);
    assert_none(&offenders, "other rooms have no threads of their own");
}

#[test]
fn clocks_are_read_only_where_time_comes_from() {
    let offenders = find("runtime/src", CLOCKS, &["Instant::now", "SystemTime::now", "_rdtsc"]);
    assert_none(&offenders, "time is an argument");
}

#[test]
fn standard_streams_are_written_by_their_threads_alone() {
    let words = ["println !", "eprintln !", "print !", "eprint !", "stdout ()", "stderr ()"];
    // Only asks if it is a terminal.
    let allowed = ["runtime/src/output/", "runtime/src/export/console/mod.rs"];
    assert_none(&find("runtime/src", &allowed, &words), "whoever prints may block for ever");
}

#[test]
fn sockets_are_opened_only_by_transports() {
    // The client of the application is watched, not opened.
    let allowed = ["runtime/src/pipeline/transport/", "runtime/src/http_client/"];
    let sockets = ["TcpListener", "TcpStream", "UdpSocket", "reqwest"];
    let offenders = find("runtime/src", &allowed, &sockets);
    assert_none(&offenders, "only a transport opens sockets");
}

#[test]
fn dialects_are_pure() {
    assert_none(&find("runtime/src/export", &[], IMPURE), "a dialect neither waits nor asks");
}

#[test]
fn unsafe_code_is_in_the_fast_path_alone() {
    for folder in ["runtime/src", "macros/src", "cruddur-app/src"] {
        let offenders = find(folder, &["runtime/src/span/"], &["unsafe"]);
        assert_none(&offenders, "only the fast path has earned `unsafe`");
    }
}

#[test]
fn the_path_of_the_runtime_is_written_once_in_the_macros() {
    let offenders = find("macros/src", &["macros/src/paths.rs"], &["spanwright"]);
    assert_none(&offenders, "generated code takes its paths from `paths.rs`");
}

#[test]
fn nothing_is_left_undone() {
    let mut offenders = Vec::new();
    for file in tree::files("").iter().filter(|file| !file.path.starts_with("tests/tidy/")) {
        for word in ["TODO", "FIXME", "XXX"] {
            offenders.extend(lines_with(file, word));
        }
    }
    // A body that only panics is what a case there is about.
    let is_case = |file: &File| file.is_ui_case() || file.path.starts_with("tests/macros/cases/");
    for file in tree::rust("").iter().filter(|file| !is_case(file)) {
        offenders.extend(lines_of(
            file,
            &file.tokens(),
            // Spaces do not count; they keep other tools from finding these words here.
            &["todo !", "unimplemented !", "dbg !", "# [ignore", "# [should_panic"],
        ));
    }
    assert_none(&offenders, "what is not done is not in the tree");
}

#[test]
fn no_file_speaks_of_a_path_outside_of_the_repository() {
    let root = format!("{}/", tree::root().display());
    let mut offenders = Vec::new();
    for file in tree::files("").iter().filter(|file| !file.path.starts_with("tests/tidy/")) {
        offenders.extend(lines_with(file, &root));
        for folder in ["home", "root", "Users"] {
            offenders.extend(lines_with(file, &format!("/{folder}/")));
        }
    }
    assert_none(&offenders, "nobody else has this folder");
}

#[test]
fn words_are_found_as_tokens() {
    let text = "// vec!()\nfn a() { vec!() }\nlet s = \"print!\"; #[path = \"x\"] mod b;\n\
                std::time::Instant::now(); 'static; #[cfg(test)] mod tests { print!() }";
    let file = File { path: "a.rs".into(), text: text.into() };
    let words = ["vec !", "print!", "#[path", "Instant::now"];
    let found = lines_of(&file, &file.code(), &words);
    assert_eq!(found, ["a.rs:2: vec !", "a.rs:3: #[path", "a.rs:4: Instant::now"]);
}

/// Whether the next token is in a `cfg_attr`, which silences a lint but builds nothing.
fn is_in_cfg_attr(before: &[Token]) -> bool {
    let start = before.iter().rposition(|token| matches!(token.text.as_str(), "#" | "]"));
    let attribute = start.filter(|at| before[*at].text == "#").map(|at| &before[at + 1..]);
    // `#![cfg_attr(..)]` or `#[cfg_attr(..)]`.
    let mut words = attribute.into_iter().flatten().map(|token| token.text.as_str());
    words.find(|word| !["!", "["].contains(word)) == Some("cfg_attr")
}

/// Lines of code, unit tests left out, that say one of the words; not in the files that may.
fn find(under: &str, allowed: &[&str], words: &[&str]) -> Vec<String> {
    let is_allowed = |file: &File| allowed.iter().any(|prefix| file.path.starts_with(prefix));
    let files = tree::rust(under).into_iter().filter(|file| !file.is_ui_case());
    let files = files.filter(|file| !is_allowed(file));
    files.flat_map(|file| lines_of(&file, &file.code(), words)).collect()
}

/// Lines whose tokens say one of the words.
fn lines_of(file: &File, tokens: &[Token], words: &[&str]) -> Vec<String> {
    let words: Vec<_> = words.iter().map(|word| (word, split(word))).collect();
    let mut found = Vec::new();
    for index in 0..tokens.len() {
        for (word, parts) in &words {
            let has = |(at, part): (usize, &String)| {
                tokens.get(index + at).is_some_and(|token| token.text == *part)
            };
            if parts.iter().enumerate().all(has) {
                found.push(file.at(tokens[index].line, word));
            }
        }
    }
    found
}

/// A word as the texts of its tokens.
fn split(word: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for char in word.chars().filter(|char| !char.is_whitespace()) {
        let is_name = |char: char| char.is_alphanumeric() || char == '_';
        match parts.last_mut() {
            Some(part) if is_name(char) && part.chars().all(is_name) => part.push(char),
            _ => parts.push(char.to_string()),
        }
    }
    parts
}

/// Lines that say a word which is not the end of a longer one.
fn lines_with(file: &File, word: &str) -> Vec<String> {
    let is_whole = |at: usize, line: &str| !line[..at].ends_with(char::is_alphanumeric);
    let says = |line: &str| line.match_indices(word).any(|(at, _)| is_whole(at, line));
    let lines = file.text.lines().enumerate();
    lines.filter(|(_, line)| says(line)).map(|(at, _)| file.at(at + 1, word)).collect()
}
