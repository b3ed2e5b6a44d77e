//! What a failure looks like.

use super::*;
use crate::record::{Array, Attribute, CodeLines, ReportId, Source, SpanContext, SpanId, TraceId};

static HOME: Source = Source::by_hand("home", "");
static SELECT: Source = Source::by_hand("select", "");

fn known(type_name: &'static str, message: &str) -> Cause {
    Cause { type_name: Some(type_name.into()), message: message.to_owned() }
}

fn frame(function: &str, line: u32, is_in_app: bool) -> StackFrame {
    StackFrame {
        function: Some(function.to_owned()),
        file: Some("src/home.rs".to_owned()),
        line: Some(line),
        is_in_app,
        ..StackFrame::default()
    }
}

/// A failure of which no more is known than must be.
fn plain() -> ErrorRecord {
    ErrorRecord::new(
        ReportId::from_random(7),
        1_795_168_800_123_456_789,
        Severity::Error,
        Subject::Error(vec![Cause { type_name: None, message: "no route".to_owned() }]),
    )
}

/// A failure that uses every line.
fn full() -> ErrorRecord {
    let text = |text: &str| Some(text.to_owned());
    let code = CodeLines { line: "    fetch()?;".to_owned(), ..CodeLines::default() };
    ErrorRecord {
        subject: Subject::Error(vec![
            known("app::Error", "no\nactivities"),
            known("sqlx::Error", "pool timed out"),
            known("app::Silent", ""),
        ]),
        stack: vec![
            frame("std::rt", 1, false),
            frame("main", 9, true),
            frame("tokio::a", 2, false),
            frame("tokio::b", 3, false),
            StackFrame { code: Some(code), ..frame("app::select", 42, true) },
            frame("backtrace", 4, false),
        ],
        path: vec![&HOME, &SELECT],
        span: Some(SpanContext::sampled(TraceId::from_u128(0xabc), SpanId::from_u64(1))),
        request: Some(RequestRecord {
            method: "GET".to_owned(),
            url: "http://localhost/users/andrew".to_owned(),
            route: text("/users/{handle}"),
            ..RequestRecord::default()
        }),
        person: Person { id: text("7"), username: text("andrew"), email: None },
        custom: vec![Attribute::new("attempt", 3_i64), Attribute::new("kind", "a\tb")],
        ..plain()
    }
}

fn text_of(record: &ErrorRecord, is_coloured: bool) -> String {
    let mut out = b"before\n".to_vec();
    let mut errors = Errors::new(Settings { is_coloured, ..Settings::default() });
    errors.encode(record, &mut out).expect("every failure has a form");
    let text = String::from_utf8(out).expect("lines are text");
    text.strip_prefix("before\n").expect("what was there is kept").to_owned()
}

fn headline_of(record: &ErrorRecord) -> String {
    text_of(record, false).lines().next().expect("there is a headline").to_owned()
}

#[test]
fn a_failure_is_a_headline_and_what_helps_to_find_it() {
    let expected = "\
2026-11-20T10:00:00.123Z  error  app::Error: no activities  trace 00000000000000000000000000000abc
   caused by: sqlx::Error: pool timed out
   caused by: app::Silent
   GET /users/{handle}  http://localhost/users/andrew
   in home › select
   person 7 andrew
   attempt=3 kind=\"a\\tb\"
   ⋯ 1 other call
   at app::select  src/home.rs:42
      fetch()?;
   ⋯ 2 other calls
   at main  src/home.rs:9
   ⋯ 1 other call
";
    assert_eq!(text_of(&full(), false), expected);
}

#[test]
fn what_is_not_known_has_no_line() {
    assert_eq!(text_of(&plain(), false), "2026-11-20T10:00:00.123Z  error  no route\n");
}

#[test]
fn a_title_is_the_headline_and_the_error_stands_below() {
    let titled = ErrorRecord { title: Some("Home is down".to_owned()), ..full() };
    let text = text_of(&titled, false);
    let mut lines = text.lines();
    assert!(lines.next().is_some_and(|line| line.contains("error  Home is down  trace")));
    assert_eq!(lines.next(), Some("   app::Error: no activities"));
    assert_eq!(lines.next(), Some("   caused by: sqlx::Error: pool timed out"));
}

#[test]
fn a_panic_and_a_message_say_what_they_are() {
    let untyped = Cause { type_name: None, message: "index out of bounds".to_owned() };
    for (cause, told) in [
        (untyped, "index out of bounds"),
        (known("String", "index out of bounds"), "index out of bounds"),
        (known("app::Payload", ""), "app::Payload"),
    ] {
        let panic = ErrorRecord { subject: Subject::Panic(cause), ..plain() };
        let headline = headline_of(&panic);
        assert!(headline.ends_with(&format!("  error  panic: {told}")), "{headline}");
    }
    let subject = Subject::Message("Hello\nWorld!".to_owned());
    let message = ErrorRecord { subject, severity: Severity::Warning, ..plain() };
    assert!(headline_of(&message).ends_with("  warning  Hello World!"));
}

#[test]
fn no_text_of_a_failure_looks_like_another_part_of_its_line() {
    const FORGED: &str = "x  trace deadbeef user.id=admin";
    let record = ErrorRecord { title: Some(FORGED.to_owned()), ..made_of(FORGED, 1) };
    let text = text_of(&record, false);
    let headline = text.lines().next().expect("there is a headline");
    assert!(headline.contains("  error  x trace deadbeef user.id=admin  trace 0"), "{text}");
    let quoted = format!("\"{FORGED}\"");
    assert!(text.contains(&format!("   person {quoted} {quoted} {quoted}\n")), "{text}");
    assert!(text.contains(&format!("   x_trace_deadbeef_user.id_admin={quoted}\n")), "{text}");
}

#[test]
fn errors_are_red_warnings_yellow_and_only_on_a_terminal() {
    for (severity, painted) in [
        (Severity::Critical, "\u{1b}[31mcritical\u{1b}[0m"),
        (Severity::Error, "\u{1b}[31merror\u{1b}[0m"),
        (Severity::Warning, "\u{1b}[33mwarning\u{1b}[0m"),
        (Severity::Info, "\u{1b}[2minfo\u{1b}[0m"),
    ] {
        let record = ErrorRecord { severity, ..full() };
        assert!(text_of(&record, true).contains(painted), "{severity}");
        assert!(!text_of(&record, false).contains('\u{1b}'));
    }
}

/// A failure whose every text is this one.
fn made_of(text: &'static str, count: usize) -> ErrorRecord {
    let some = || Some(text.to_owned());
    let code = CodeLines { line: text.to_owned(), ..CodeLines::default() };
    let hostile = StackFrame { file: some(), code: Some(code), ..frame(text, u32::MAX, true) };
    let other = StackFrame { is_in_app: false, ..hostile.clone() };
    ErrorRecord {
        subject: Subject::Error(vec![known(text, text); count]),
        title: some(),
        stack: [hostile, other].into_iter().cycle().take(count).collect(),
        path: vec![&HOME; count],
        request: Some(RequestRecord {
            method: text.to_owned(),
            url: text.to_owned(),
            route: some(),
            ..RequestRecord::default()
        }),
        person: Person { id: some(), username: some(), email: some() },
        custom: vec![Attribute::new(text, text); count],
        ..full()
    }
}

#[test]
fn text_from_outside_cannot_colour_the_terminal_or_add_a_line() {
    const HOSTILE: &str = "a\u{1b}[31m\r\nb\u{9b}2J\u{202e}c\u{2028}";
    let shown = text_of(&made_of(HOSTILE, 3), false);
    let is_clean = |char: char| char == '\n' || !char.is_control();
    assert!(shown.chars().all(is_clean), "{shown:?}");
    assert!(!shown.contains(['\u{202e}', '\u{2028}']), "{shown:?}");
    let harmless = text_of(&made_of("harmless", 3), false);
    assert_eq!(shown.lines().count(), harmless.lines().count());
}

#[test]
fn of_long_lists_the_first_are_shown_and_the_others_counted() {
    let text = text_of(&made_of("x", 100), false);
    let count = |start: &str| text.lines().filter(|line| line.trim().starts_with(start)).count();
    assert_eq!((count("caused by:"), count("at ")), (MAX_CAUSES - 1, MAX_FRAMES));
    assert!(text.contains("\n   … 84 more causes\n"), "{text}");
    assert!(text.contains("\n   in … 84 more › home › "), "{text}");
    assert!(text.contains(" x=x … 76 more\n"), "{text}");
    // Every second call is shown, up to the 32nd; behind it are as many of the others and 36 more.
    assert!(text.ends_with("\n   ⋯ 36 other calls\n"), "{text}");
}

#[test]
fn a_report_has_an_end_whatever_it_is_made_of() {
    let text = text_of(&made_of("漢".repeat(5_000).leak(), 200), true);
    assert!(text.len() <= MAX_REPORT_BYTES, "{}", text.len());
    let last = text.lines().last().expect("there are lines");
    assert!(last.starts_with("   … ") && last.ends_with(" more lines"), "{last}");
}

#[test]
fn the_weight_of_a_failure_covers_its_text() {
    let values = [
        Attribute::new("n", i64::MIN),
        Attribute::new("f", f64::MIN_POSITIVE),
        Attribute::new("array", Array::I64(vec![i64::MIN; 100])),
        Attribute::new("texts", Array::Str(vec!["\n".repeat(100); 2])),
    ];
    let numbers = ErrorRecord { custom: values.to_vec(), ..full() };
    let records =
        [plain(), full(), numbers, made_of("", 200), made_of("x", 200), made_of("漢", 20)];
    for record in records {
        let (weight, len) = (Errors::weigh(&record), text_of(&record, true).len());
        assert!(weight >= len, "{weight} < {len}");
    }
}
