//! A failure is told once, however many functions, tasks and conversions it passes.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;

use spanwright::record::{Severity, Subject};
use spanwright::report::Builder;
use spanwright::testing::{self, Capture};
use spanwright::{FutureExt, report_error, report_errors, report_message, traced};

use crate::{messages, only, path};

/// Three errors, each made of the one before.
#[derive(Debug)]
struct StoreError(ParseIntError);

#[derive(Debug)]
struct FeedError(StoreError);

#[derive(Debug)]
struct AppError(Box<dyn Error + Send + Sync>);

macro_rules! says {
    ($($error:ty => $text:literal, $source:expr;)*) => {$(
        impl fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($text)
            }
        }

        impl Error for $error {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                let source: fn(&Self) -> &(dyn Error + 'static) = $source;
                Some(source(self))
            }
        }
    )*};
}

says! {
    StoreError => "the store is odd", |error| &error.0;
    FeedError => "no feed", |error| &error.0;
    AppError => "the request failed", |error| &*error.0;
}

impl From<ParseIntError> for StoreError {
    fn from(error: ParseIntError) -> Self {
        Self(error)
    }
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<FeedError> for AppError {
    fn from(error: FeedError) -> Self {
        Self(error.into())
    }
}

#[report_errors]
fn number(text: &str) -> Result<u32, ParseIntError> {
    text.parse()
}

#[report_errors]
fn stored(text: &str) -> Result<u32, StoreError> {
    Ok(number(text)?)
}

#[traced]
#[report_errors]
async fn fetched(text: &'static str) -> Result<u32, StoreError> {
    tokio::task::yield_now().await;
    stored(text)
}

/// How a task is handed over.
#[derive(Clone, Copy, Debug)]
enum Spawn {
    Carried,
    Plain,
}

#[traced]
#[report_errors]
async fn feed(spawn: Spawn, text: &'static str) -> Result<u32, FeedError> {
    let task = match spawn {
        Spawn::Carried => tokio::spawn(fetched(text).in_current_span()),
        Spawn::Plain => tokio::spawn(fetched(text)),
    };
    Ok(task.await.expect("it does not panic")?)
}

#[report_errors]
async fn page(spawn: Spawn, text: &'static str) -> Result<u32, FeedError> {
    match spawn {
        Spawn::Carried => tokio::spawn(feed(spawn, text).in_current_span()),
        Spawn::Plain => tokio::spawn(feed(spawn, text)),
    }
    .await
    .expect("it does not panic")
}

#[traced]
#[report_errors(custom(request = "home"))]
async fn request(spawn: Spawn, text: &'static str) -> Result<u32, AppError> {
    Ok(page(spawn, text).await?)
}

fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime starts").block_on(future)
}

#[test]
fn six_functions_two_tasks_and_three_conversions_make_one_report_with_the_first_place() {
    for spawn in [Spawn::Carried, Spawn::Plain] {
        let report = only(testing::capture_errors(|| run(request(spawn, "many"))));
        let expected =
            ["the request failed", "no feed", "the store is odd", "invalid digit found in string"];
        assert_eq!(messages(&report), expected, "{spawn:?}");
        assert_eq!(path(&report), ["request", "page", "feed", "fetched", "stored", "number"]);
        assert_eq!(report.custom[0].key, "request");
        let innermost = report.path.last().expect("it left six functions");
        assert!(innermost.file.ends_with("once.rs") && innermost.line > 0);
        let on_stack = |frame: &spanwright::record::StackFrame| {
            frame.function.as_deref().is_some_and(|function| function.ends_with("once::number"))
        };
        assert!(report.stack.iter().any(on_stack), "{:?}", report.stack);
    }
}

#[test]
fn nothing_is_told_of_what_succeeds() {
    assert_eq!(testing::capture_errors(|| run(request(Spawn::Carried, "7"))), []);
}

#[report_errors]
fn with_default(text: &str) -> Result<u32, ParseIntError> {
    Ok(number(text).unwrap_or(7))
}

#[test]
fn an_error_that_somebody_recovers_from_was_one_all_the_same() {
    let report = only(testing::capture_errors(|| with_default("many")));
    assert_eq!(path(&report), ["number"]);
}

#[report_errors]
fn first_then_second() -> Result<u32, ParseIntError> {
    let _recovered = number("many");
    number("")
}

#[test]
fn two_failures_are_two_reports_even_if_one_call_has_both_below_it() {
    let reports = testing::capture_errors(first_then_second);
    let said: Vec<_> = reports.iter().map(messages).collect();
    assert_eq!(
        said,
        [["invalid digit found in string"], ["cannot parse integer from empty string"]]
    );
    assert_eq!(path(&reports[1]), ["first_then_second", "number"]);
}

#[report_errors]
fn unavailable(text: &str) -> Result<u32, &'static str> {
    number(text).map_err(|_| "unavailable")
}

#[test]
fn an_error_that_hides_where_it_comes_from_is_told_with_it() {
    let report = only(testing::capture_errors(|| unavailable("many")));
    assert_eq!(messages(&report), ["unavailable", "invalid digit found in string"]);
}

#[report_errors]
fn by_hand(text: &str) -> Result<u32, ParseIntError> {
    let result = text.parse();
    result.inspect_err(|error| {
        report_error(error);
        report_error(error);
    })
}

#[test]
fn what_was_reported_by_hand_is_not_reported_again_on_its_way_out() {
    let report = only(testing::capture_errors(|| by_hand("many")));
    assert_eq!(path(&report), ["by_hand"]);
}

#[test]
fn what_is_reported_by_hand_outside_of_any_function_is_told_each_time() {
    let error = "many".parse::<u32>().expect_err("it is no number");
    let reports = testing::capture_errors(|| [(); 3].map(|()| report_error(&error)));
    assert_eq!(reports.len(), 3);
    let ids = testing::capture_errors(|| [(); 3].map(|()| report_message("late", Severity::Info)));
    assert_eq!(ids.len(), 3);
}

#[test]
fn what_left_its_functions_and_is_reported_by_hand_then_is_one_failure() {
    let report = only(testing::capture_errors(|| {
        let error = number("many").expect_err("it is no number");
        Builder::error(&error).title("No number").custom("text", "many").send();
    }));
    assert_eq!(path(&report), ["number"]);
    assert_eq!((report.title.as_deref(), &*report.custom[0].key), (Some("No number"), "text"));
}

#[test]
fn a_message_is_no_failure_of_the_function_that_it_is_reported_in() {
    #[report_errors]
    fn retried(text: &str) -> Result<u32, ParseIntError> {
        report_message("the text is odd", Severity::Info);
        text.parse()
    }

    let reports = testing::capture_errors(|| retried("many"));
    let said: Vec<_> = reports.iter().map(messages).collect();
    assert_eq!(said, [&[][..], &["invalid digit found in string"]]);
}

#[test]
fn a_message_that_quotes_a_failure_is_told_too() {
    #[report_errors]
    fn quoting(text: &str) -> Result<u32, ParseIntError> {
        number(text).inspect_err(|error| {
            report_message(format!("no number: {error}"), Severity::Warning);
        })
    }

    assert_eq!(testing::capture_errors(|| quoting("many")).len(), 2);
}

#[test]
fn what_is_said_by_hand_in_two_requests_is_said_twice() {
    #[traced(kind = "server")]
    fn handled(error: &ParseIntError) {
        report_error(error);
        report_error(error);
        report_message("Hello World!", Severity::Warning);
    }
    let error = "many".parse::<u32>().expect_err("it is no number");
    let reports = testing::capture_errors(|| (0..3).for_each(|_| handled(&error)));
    let texts = reports.iter().filter(|report| matches!(report.subject, Subject::Message(_)));
    assert_eq!((texts.count(), reports.len()), (3, 6));
    let reports = testing::capture_errors(|| (0..3).for_each(|_| _ = report_error(&error)));
    assert_eq!(reports.len(), 3, "without a span nothing says that they are one");
}

#[test]
fn failures_of_requests_that_overlap_are_told_apart() {
    #[traced(kind = "server")]
    async fn handled(text: &'static str) -> Result<u32, StoreError> {
        fetched(text).await
    }
    let reports = testing::capture_errors(|| {
        run(async {
            let tasks = [(); 5].map(|()| tokio::spawn(handled("many")));
            for task in tasks {
                assert!(task.await.expect("it does not panic").is_err());
            }
        });
    });
    assert_eq!(reports.len(), 5);
}

#[test]
fn at_a_boundary_only_what_leaves_the_outermost_function_counts() {
    #[report_errors(at = "boundary")]
    fn inner(text: &str) -> Result<u32, ParseIntError> {
        number_at_boundary(text)
    }

    #[report_errors(at = "boundary")]
    fn number_at_boundary(text: &str) -> Result<u32, ParseIntError> {
        text.parse()
    }

    #[report_errors(at = "boundary")]
    fn recovering(text: &str) -> Result<u32, ParseIntError> {
        Ok(inner(text).unwrap_or(7))
    }

    #[report_errors(at = "boundary")]
    fn by_hand_at_boundary(text: &str) -> Result<u32, ParseIntError> {
        Ok(number_at_boundary(text).unwrap_or_else(|error| {
            report_error(&error);
            7
        }))
    }

    #[report_errors(at = "boundary")]
    fn failing(text: &str) -> Result<u32, ParseIntError> {
        inner(text)
    }

    assert_eq!(testing::capture_errors(|| recovering("many")), []);
    let report = only(testing::capture_errors(|| failing("many")));
    assert_eq!(path(&report), ["failing", "inner", "number_at_boundary"]);
    let often = || (0..200).for_each(|_| assert_eq!(recovering("many"), Ok(7)));
    assert_eq!(testing::capture_errors(often), []);
    let report = only(testing::capture_errors(|| {
        number_at_boundary("7").expect("it is a number");
        by_hand_at_boundary("many")
    }));
    assert_eq!(path(&report), ["number_at_boundary"]);
}

#[test]
fn what_was_not_told_at_a_boundary_keeps_no_edge_from_reporting() {
    #[report_errors(at = "boundary")]
    fn inner(text: &str) -> Result<u32, ParseIntError> {
        text.parse()
    }

    #[report_errors(at = "boundary")]
    fn handled(text: &str) -> Result<u32, ParseIntError> {
        Ok(inner(text).unwrap_or(7))
    }

    #[traced(kind = "server")]
    fn served(text: &str) {
        assert_eq!(handled(text), Ok(7));
        Builder::bare(None, "500 Internal Server Error").unless_reported().send();
    }

    let report = only(testing::capture_errors(|| served("many")));
    assert_eq!(messages(&report), ["500 Internal Server Error"]);
}

#[test]
fn a_thread_that_is_handed_the_span_belongs_to_the_call() {
    #[report_errors]
    fn outer() -> Result<u32, &'static str> {
        let work = spanwright::current().carry(|| number("many"));
        std::thread::scope(|scope| scope.spawn(work).join().expect("it does not panic"))
            .map_err(|_| "the thread failed")
    }
    let report = only(testing::capture_errors(|| spanwright::Span::new("root").in_scope(outer)));
    assert_eq!(messages(&report), ["the thread failed", "invalid digit found in string"]);
}

#[test]
fn of_tasks_that_fail_side_by_side_each_is_told_and_one_goes_on() {
    #[report_errors]
    async fn both() -> Result<u32, StoreError> {
        let (first, second) = tokio::join!(fetched("many"), fetched(""));
        Ok(first? + second?)
    }
    let reports = testing::capture_errors(|| run(both()));
    // Whichever of the two was polled first.
    let mut told: Vec<_> = reports.iter().map(|it| (messages(it)[1], path(it).len())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [("cannot parse integer from empty string", 3), ("invalid digit found in string", 4)]
    );
}

#[test]
fn spans_have_one_event_for_one_failure_and_each_says_that_it_failed() {
    let captured = Capture::default().run_all(|| run(request(Spawn::Carried, "many")));
    let events: Vec<_> = captured
        .spans
        .iter()
        .flat_map(|span| span.events.iter().map(|event| (&*span.name, &*event.name)))
        .collect();
    assert_eq!(events, [("fetched", "exception")]);
}
