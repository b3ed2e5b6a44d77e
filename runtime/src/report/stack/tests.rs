//! Stacks of this very process, and stacks made up of names.

use super::*;

fn settings() -> StackSettings {
    // Here our own code is the application.
    StackSettings { in_app: vec!["spanwright".into()], ..StackSettings::default() }
}

#[inline(never)]
fn noticed() -> RawStack {
    let stack = RawStack::capture();
    assert!(!stack.calls().is_empty());
    stack
}

fn named(name: &str, file: Option<&str>) -> StackFrame {
    let symbol = Symbol {
        name: Some(name.to_owned()),
        file: file.map(str::to_owned),
        line: file.map(|_| 1),
        column: None,
    };
    frame(symbol, &StackSettings::default())
}

/// The names of a stack of which the newest was given first, as they are told.
fn told(names: &[&str]) -> Vec<String> {
    let frames = names.iter().map(|name| match *name {
        "?" => StackFrame::default(),
        name => named(name, None),
    });
    let frames = trimmed(frames.collect()).into_iter();
    frames.map(|frame| frame.function.unwrap_or_else(|| "?".into())).collect()
}

#[test]
fn a_stack_says_where_it_was_taken_with_the_code_around() {
    let mut resolver = Resolver::new(&settings());
    let frames = resolver.resolve(&noticed());
    let at = frames.iter().position(|frame| {
        frame.function.as_deref() == Some("spanwright::report::stack::tests::noticed")
    });
    let frame = &frames[at.expect("the function is on its stack")];
    assert!(frame.is_in_app);
    assert!(frame.file.as_deref().is_some_and(|file| file.ends_with("report/stack/tests.rs")));
    let code = frame.code.as_ref().expect("the tests are where they were compiled");
    assert!(code.line.contains("RawStack::capture();"), "{code:?}");
    assert_eq!((code.before.len(), code.after.len()), (3, 3));
    // Whoever called it is older.
    let caller = &frames[at.expect("as above") - 1];
    assert!(caller.function.as_deref().is_some_and(|name| name.contains("with_the_code_around")));
}

#[test]
fn the_same_stack_is_resolved_once() {
    let stack = noticed();
    let mut resolver = Resolver::new(&settings());
    let first = resolver.resolve(&stack);
    let known = resolver.known.len();
    assert_eq!(resolver.resolve(&stack), first);
    assert_eq!(resolver.known.len(), known);
}

#[test]
fn frames_that_start_a_thread_are_not_looked_up() {
    let mut resolver = Resolver::new(&settings());
    // The thread of this test was started by the standard library.
    let stack = noticed();
    resolver.resolve(&stack);
    let oldest = stack.calls().last().expect("there are calls");
    assert!(!resolver.known.contains_key(oldest), "{:?}", resolver.known.get(oldest));
    let first = stack.calls().iter().position(|call| !resolver.known.contains_key(call));
    let known = first.expect("the oldest is not looked up");
    assert!(resolver.known[&stack.calls()[known - 1]].iter().any(is_first_of_thread));
}

#[test]
fn first_frame_of_a_thread_is_known_with_and_without_its_path() {
    for (name, expected) in [
        ("std::sys::backtrace::__rust_begin_short_backtrace", true),
        ("__rust_begin_short_backtrace", true),
        ("std::sys::backtrace::__rust_end_short_backtrace", false),
        ("app::main", false),
        ("", false),
    ] {
        assert_eq!(is_first_of_thread(&named(name, None)), expected, "{name}");
    }
    assert!(!is_first_of_thread(&StackFrame::default()));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut resolver = Resolver::new(&settings());
    (1..30_000).for_each(|call| drop(resolver.frames_at(call)));
    assert!(resolver.known_bytes <= MAX_REMEMBERED_BYTES && resolver.known.len() < 29_999);
}

#[test]
fn inlined_functions_have_frames_of_their_own() {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "it is the point")]
    fn inlined() -> RawStack {
        noticed()
    }
    let frames = Resolver::new(&settings()).resolve(&inlined());
    let ends = |end: &str| {
        frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.ends_with(end)))
    };
    assert!(ends("inlined") && ends("inlined_functions_have_frames_of_their_own"));
}

#[test]
fn an_empty_stack_and_one_of_nonsense_have_no_frames() {
    let mut resolver = Resolver::new(&settings());
    assert_eq!(resolver.resolve(&RawStack::default()), []);
}

#[test]
fn what_noticed_a_failure_and_what_started_the_thread_are_not_told() {
    assert_eq!(
        told(&[
            "spanwright::report::raw_stack::RawStack::capture",
            "core::ops::function::FnOnce::call_once",
            "spanwright::private::report",
            "app::db::find",
            "tokio::runtime::task::raw::poll",
            "app::main::{{closure}}",
            "app::main",
            "core::ops::function::FnOnce::call_once",
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "std::rt::lang_start::{{closure}}",
            "std::panicking::catch_unwind",
            "std::rt::lang_start_internal",
            "main",
            "__libc_start_call_main",
            "__libc_start_main_impl",
            "_start",
        ]),
        ["app::main", "app::main", "tokio::runtime::task::raw::poll", "app::db::find"],
    );
}

#[test]
fn the_newest_frame_of_a_panic_is_of_what_panicked() {
    assert_eq!(
        told(&[
            "<backtrace::capture::Backtrace>::create",
            "spanwright::report::hook::{closure#0}",
            "<alloc::boxed::Box<F,A> as core::ops::function::Fn<Args>>::call",
            "std::panicking::rust_panic_with_hook",
            "std::panicking::begin_panic_handler::{{closure}}",
            "std::sys::backtrace::__rust_end_short_backtrace",
            "__rustc::rust_begin_unwind",
            "core::panicking::panic_fmt",
            "core::option::expect_failed",
            "core::option::Option<T>::expect",
            "app::run",
            "core::iter::adapters::map::map_fold",
            "app::all",
            "std::sys::thread::unix::Thread::new::thread_start",
            "start_thread",
            "__clone3",
        ]),
        ["app::all", "core::iter::adapters::map::map_fold", "app::run"],
    );
}

#[test]
fn a_hook_around_ours_is_no_part_of_the_panic_and_a_destructor_s_failure_is_its_own() {
    let hooked = ["spanwright::hook", "app::hook", "std::panicking::panic_with_hook"];
    let dropped = [
        "spanwright::private::report",
        "app::drop",
        "_Unwind_RaiseException",
        "__rust_start_panic",
        "std::panicking::panic_with_hook",
    ];
    let below = ["__rustc::rust_begin_unwind", "core::panicking::panic", "app::run", "main"];
    assert_eq!(told(&[&hooked[..], &below].concat()), ["app::run"]);
    let names = told(&[&dropped[..], &below].concat());
    assert_eq!(names.last().map(String::as_str), Some("app::drop"));
}

#[test]
fn an_inlined_function_without_its_path_is_known_by_its_file() {
    let std = Some("/rustc/59807616e1/library/std/src/panicking.rs");
    let frames = vec![
        named("catch_unwind", std),
        named("{closure#0}", Some("src/main.rs")),
        named("main", Some("src/main.rs")),
        named("call_once", std),
        named("start_thread", Some("./nptl/pthread_create.c")),
        named("clone3", Some("../sysdeps/unix/sysv/linux/x86_64/clone3.S")),
    ];
    let told: Vec<_> = trimmed(frames).into_iter().filter_map(|frame| frame.function).collect();
    assert_eq!(told, ["main", "{closure#0}"]);
}

#[test]
fn without_symbols_there_is_little_to_tell_and_nothing_made_up() {
    assert_eq!(told(&["?", "?", "?"]), [""; 0]);
    assert_eq!(
        told(&["?", "app::run", "?", "?", "app::main", "?"]),
        ["app::main", "?", "app::run"]
    );
    assert_eq!(told(&["std::panicking::begin_panic", "_start"]), [""; 0]);
}

#[test]
fn code_is_the_application_s_unless_it_is_of_the_language_or_a_library() {
    for (name, file, expected) in [
        ("app::run", Some("/srv/app/src/main.rs"), true),
        ("app::run", Some("src/main.rs"), true),
        ("app::run", None, true),
        ("core::fmt::write", Some("/rustc/59807616e/library/core/src/fmt/mod.rs"), false),
        ("core::fmt::write", None, false),
        ("<app::Error as core::fmt::Display>::fmt", None, true),
        ("other::run", Some("/u/.cargo/registry/src/index-1949cf8c/other-1.0/src/lib.rs"), false),
        ("other::run", Some("/u/.cargo/git/checkouts/other-1/abc/src/lib.rs"), false),
        ("other::run", Some("C:\\u\\.cargo\\registry\\src\\i\\other\\src\\lib.rs"), false),
        ("tokio::task::spawn", Some("/srv/app/third-party/tokio/src/lib.rs"), false),
        ("other::run", Some("/srv/my app/vendor/other/src/lib.rs"), false),
        ("other::run", Some("vendor/other/src/lib.rs"), false),
        // A module about vendors is not vendored.
        ("app::vendor::list", Some("/srv/my app/src/vendor/list.rs"), true),
        ("app::vendor::list", Some("C:\\srv\\my app\\src\\vendor\\list.rs"), true),
        ("actix_web::run", None, false),
        ("memcpy", None, false),
        ("start_thread", Some("./nptl/pthread_create.c"), false),
    ] {
        assert_eq!(named(name, file).is_in_app, expected, "{name} {file:?}");
    }
}

#[test]
fn crates_and_folders_can_be_put_on_either_side() {
    let settings = StackSettings {
        in_app: vec!["tokio".into(), "/u/.cargo/git/checkouts/ours".into()],
        not_in_app: vec!["our_log".into(), "tokio".into(), "generated/".into()],
        source_lines: None,
    };
    for (name, file, expected) in [
        ("tokio::task::spawn", None, true),
        ("ours::run", Some("/u/.cargo/git/checkouts/ours/src/lib.rs"), true),
        ("ours::run", Some("/u/.cargo/git/checkouts/ours-not/src/lib.rs"), false),
        ("our_log::say", Some("/srv/app/log/src/lib.rs"), false),
        ("app::proto::decode", Some("generated/proto.rs"), false),
        ("app::proto::decode", Some("/srv/app/generated/proto.rs"), false),
        ("app::proto::decode", Some("/srv/app/not-generated/proto.rs"), true),
    ] {
        assert_eq!(is_in_app(Some(name), file, &settings), expected, "{name} {file:?}");
    }
    let named = StackSettings { in_app: vec!["our-log".into()], ..StackSettings::default() };
    assert_eq!(Resolver::new(&named).settings.in_app, ["our_log"]);
}

#[test]
fn a_function_that_notices_its_failure_behind_a_guard_is_one_call() {
    let of_app =
        |name: &str, line: u32| StackFrame { line: Some(line), ..named(name, Some("src/feed.rs")) };
    let guard = ["core::ops::function::FnOnce::call_once", "std::panicking::catch_unwind"]
        .map(|name| named(name, None))
        .into_iter()
        .chain([named("spanwright::span::outcome::guard_description", None)]);
    let told = |newest: Vec<StackFrame>| {
        let frames = newest.into_iter().chain(guard.clone());
        let frames = frames.chain([of_app("feed", 7), of_app("app::home", 30)]);
        let frames = trimmed(frames.collect()).into_iter();
        frames.filter_map(|frame| frame.function).collect::<Vec<_>>()
    };
    assert_eq!(told(vec![of_app("app::feed", 7)]), ["app::home", "app::feed"]);
    // What fails in an expression of the attribute is a call of its own.
    let expression = told(vec![of_app("app::area", 50), of_app("app::feed", 7)]);
    assert_eq!((expression.len(), &*expression[6]), (7, "app::area"));
}

#[test]
fn symbols_that_were_freed_are_read_again() {
    let stack = noticed();
    let first = Resolver::new(&settings()).resolve(&stack);
    let mut resolver = Resolver::new(&settings());
    resolver.forget_symbols();
    assert!(!resolver.holds_symbols());
    assert_eq!(resolver.resolve(&stack), first);
    assert!(resolver.holds_symbols());
    // What is known needs none.
    resolver.forget_symbols();
    assert_eq!(resolver.resolve(&stack), first);
    assert!(!resolver.holds_symbols());
}
