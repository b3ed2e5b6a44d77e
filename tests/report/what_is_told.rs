//! What reports hold besides the failure, and how many there are.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use spanwright::record::{Happening, Severity, Subject};
use spanwright::report::{self, Builder, Edit, Settings};
use spanwright::testing::{self, Capture};
use spanwright::{report_errors, report_message, set_user, traced};

use crate::{messages, only};

#[derive(Debug)]
enum Refused {
    NotFound,
    Broken(u32),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::Broken(number) => write!(f, "broken at {number}"),
        }
    }
}

impl std::error::Error for Refused {}

#[traced(name = "step")]
fn step() {}

#[traced(kind = "server")]
#[report_errors(
    level = "warning",
    fingerprint = %err,
    person(username = name),
    custom(length = name.len(), broken = matches!(err, Refused::Broken(_))),
    ignore(Refused::NotFound),
)]
fn show(name: &str, number: u32) -> Result<(), Refused> {
    set_user("u-1");
    step();
    if name.is_empty() { Err(Refused::NotFound) } else { Err(Refused::Broken(number)) }
}

#[test]
fn a_report_has_what_the_attribute_says_and_the_request_knows() {
    let captured = Capture::default().run_all(|| show("andrew", 7));
    let report = only(captured.errors);
    assert_eq!(
        (report.severity, report.fingerprint.as_deref()),
        (Severity::Warning, Some("broken at 7"))
    );
    assert_eq!(report.person.id.as_deref(), Some("u-1"));
    assert_eq!(report.person.username.as_deref(), Some("andrew"));
    let custom: Vec<_> =
        report.custom.iter().map(|it| format!("{}={}", it.key, it.value)).collect();
    assert_eq!(custom, ["length=6", "broken=true"]);
    assert_eq!(report.span.map(|span| span.trace_id), Some(captured.spans[1].context.trace_id));
    assert_eq!(report.spans, ["show"]);
    let is_step = |what: &Happening| matches!(what, Happening::Span { name, .. } if name == "step");
    assert!(report.breadcrumbs.iter().any(|crumb| is_step(&crumb.what)), "{report:?}");
}

/// An error that may hold another one.
#[derive(Debug)]
struct Holder<T>(T);

impl<T> fmt::Display for Holder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl<T: fmt::Debug> Error for Holder<T> {}

#[test]
fn span_and_report_of_an_error_have_one_type_name() {
    macro_rules! names {
        ($error:ty, $made:expr) => {{
            #[traced]
            #[report_errors]
            fn failing() -> Result<(), $error> {
                Err($made)
            }
            let captured = Capture::default().run_all(|| assert!(failing().is_err()));
            let attributes = &captured.spans[0].attributes;
            let of_span = attributes.iter().find(|attribute| attribute.key == "error.type");
            let of_report = only(captured.errors).subject.causes()[0].type_name.clone();
            (of_span.map(|it| it.value.to_string()).unwrap_or_default(), of_report)
        }};
    }
    let name = "report::what_is_told::Holder<u8>";
    let generic = "report::what_is_told::Holder<Vec<String>>";
    for ((of_span, of_report), expected) in [
        (names!(Holder<u8>, Holder(1)), name),
        (names!(Box<Holder<u8>>, Box::new(Holder(1))), name),
        (names!(Holder<Vec<String>>, Holder(Vec::new())), generic),
    ] {
        assert_eq!((of_span.as_str(), of_report.as_deref()), (expected, Some(expected)));
    }
    for (of_span, of_report) in [
        names!(String, "refused".into()),
        names!(&'static str, "refused"),
        names!(anyhow::Error, anyhow::anyhow!("refused")),
        names!(Box<dyn Error + Send + Sync>, "refused".into()),
    ] {
        assert_eq!((of_span.as_str(), of_report), ("_OTHER", None), "no type is known");
    }
}

#[test]
fn what_is_ignored_is_not_told() {
    assert_eq!(testing::capture_errors(|| show("", 7)), []);
}

#[test]
fn a_message_is_told_with_what_is_said_about_it() {
    let report = only(testing::capture_errors(|| {
        Builder::message("out of stock").title("Stock").person("u-2").custom("left", 0).send();
    }));
    assert_eq!(report.subject, Subject::Message("out of stock".to_owned()));
    assert_eq!((report.severity, report.title.as_deref()), (Severity::Info, Some("Stock")));
    assert_eq!((report.person.id.as_deref(), &*report.custom[0].key), (Some("u-2"), "left"));
    let place = report.stack.last().expect("a message comes from somewhere");
    assert!(
        place.file.as_deref().is_some_and(|file| file.ends_with("what_is_told.rs")),
        "{place:?}"
    );
}

#[test]
fn what_was_noted_before_is_told_with_a_failure_in_a_trace_or_in_none() {
    let noted = |body: fn()| {
        let report = only(testing::capture_errors(body));
        let [crumb] = &report.breadcrumbs[..] else { panic!("one note: {report:?}") };
        (crumb.severity, crumb.what.clone())
    };
    let cold = Happening::Note { message: "the cache is cold".to_owned() };
    assert_eq!(noted(fail_after_a_note), (Severity::Warning, cold.clone()));
    assert_eq!(
        noted(|| spanwright::Span::new("request").in_scope(fail_after_a_note)),
        (Severity::Warning, cold)
    );
}

#[test]
fn texts_by_hand_are_cut_at_8_kib_and_leave_room_for_others() {
    const LARGE: usize = 10 * 1024 * 1024;
    const KEPT: usize = 8 * 1024;
    let large = || "x".repeat(LARGE);
    let reports = testing::capture_errors(|| {
        report::note("the cache is cold", Severity::Warning);
        report::note(large(), Severity::Info);
        Builder::message(large()).title(large()).context(large()).person(large()).send();
        Builder::bare(Some(&large()), large()).fingerprint(large()).send();
        assert!(std::panic::catch_unwind(|| panic!("{}", large())).is_err());
    });
    assert_eq!(reports.len(), 3);
    for report in reports {
        let crumbs: Vec<_> = report.breadcrumbs.iter().map(|crumb| &crumb.what).collect();
        let [Happening::Note { message: first }, Happening::Note { message: second }] = &crumbs[..]
        else {
            panic!("two breadcrumbs: {crumbs:?}")
        };
        assert_eq!((first.as_str(), second.len()), ("the cache is cold", KEPT));
        let weight_bytes = report.weight_bytes();
        assert!(weight_bytes < 16 * KEPT, "{weight_bytes} bytes");
    }
}

fn fail_after_a_note() {
    report::note("the cache is cold", Severity::Warning);
    assert!(failing(7).is_err());
}

#[test]
fn what_was_logged_before_is_told_once_and_without_its_secrets() {
    let report = only(testing::capture_errors(|| {
        spanwright::Span::new("request").in_scope(|| {
            tracing::warn!(attempt = 2, password = "hunter2", "the bank is slow");
            assert!(failing(7).is_err());
            tracing::info!("gave up");
        });
    }));
    let told: Vec<_> =
        report.breadcrumbs.iter().map(|crumb| (crumb.severity, &crumb.what)).collect();
    let message = "the bank is slow attempt=2 password=\"…\"".to_owned();
    assert_eq!(told, [(Severity::Warning, &Happening::Log { message })]);
}

#[test]
fn the_first_few_of_a_kind_are_told_and_the_others_together() {
    let settings = Settings { per_kind_per_minute: 3, ..Settings::default() };
    let captured = Capture::default().reports(settings).run_all(|| {
        for number in 0..50 {
            // The numbers differ, the kind does not.
            drop(failing(number));
        }
    });
    let told: Vec<_> = captured.errors.iter().filter(|it| !messages(it).is_empty()).collect();
    let [summary] =
        captured.errors.iter().filter(|it| messages(it).is_empty()).collect::<Vec<_>>()[..]
    else {
        panic!("one summary")
    };
    assert_eq!((told.len(), &summary.custom[0].value), (3, &47.into()));
    assert!(matches!(&summary.subject, Subject::Message(text) if text.starts_with("47 more in")));
}

#[report_errors]
fn answer(problem: &'static str) -> anyhow::Result<()> {
    anyhow::bail!(problem)
}

// https://github.com/getsentry/sentry-rust/issues/745
#[test]
fn untyped_errors_of_one_function_are_told_apart_by_their_messages() {
    let settings = Settings { per_kind_per_minute: 1, ..Settings::default() };
    let captured = Capture::default().reports(settings).run_all(|| {
        for problem in ["embeddings request failed", "create thread request failed"] {
            drop(answer(problem));
        }
    });
    let told: Vec<_> = captured.errors.iter().map(messages).collect();
    assert_eq!(told, [["embeddings request failed"], ["create thread request failed"]]);
}

#[report_errors]
fn failing(number: u32) -> Result<(), Refused> {
    Err(Refused::Broken(number))
}

#[test]
fn the_application_sees_each_report_last_and_may_drop_it() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&seen);
    let edit = Edit::new(move |report| {
        report.custom.clear();
        counting.fetch_add(1, Ordering::Relaxed) > 0
    });
    let settings = Settings { edit: Some(edit), ..Settings::default() };
    let captured = Capture::default().reports(settings).run_all(|| {
        report_message("first", Severity::Error);
        report_message("second", Severity::Error);
    });
    assert_eq!(only(captured.errors).subject, Subject::Message("second".to_owned()));
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}
