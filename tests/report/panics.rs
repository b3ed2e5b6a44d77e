//! Panics are told, in or out of annotated functions, and go on as they were.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spanwright::report::{Panics, Settings};
use spanwright::testing::{self, Capture};
use spanwright::{report_error, report_errors, traced};

use crate::{is_panic, messages, only, path};

#[report_errors(panics, title = "Import", custom(file = name))]
fn import(name: &str) -> Result<u32, std::num::ParseIntError> {
    assert_ne!(name, "odd.csv", "boom in {name}");
    name.parse()
}

#[traced]
fn bare(name: &str) {
    assert_ne!(name, "odd.csv", "bare boom");
}

/// What a panic was about that `body` ends in.
fn caught<R>(body: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(body)).err().expect("it panics");
    panic.downcast_ref::<String>().expect("it has a text").clone()
}

fn with(panics: Panics) -> Capture {
    Capture::default().reports(Settings { panics, ..Settings::default() })
}

#[test]
fn a_panic_that_leaves_an_annotated_function_is_told_once_and_goes_on_unchanged() {
    let report = only(testing::capture_errors(|| {
        assert!(
            caught(|| import("odd.csv"))
                .ends_with("boom in odd.csv\n  left: \"odd.csv\"\n right: \"odd.csv\"")
        );
    }));
    assert!(is_panic(&report) && messages(&report)[0].contains("boom in odd.csv"));
    assert_eq!((path(&report), report.title.as_deref()), (vec!["import"], Some("Import")));
    let newest = report.stack.last().expect("there is a stack");
    assert!(
        newest.file.as_deref().is_some_and(|file| file.ends_with("report/panics.rs")),
        "{newest:?}"
    );
}

#[test]
fn a_panic_outside_of_any_is_told_too_with_the_span_that_it_was_in() {
    let captured = Capture::default().run_all(|| caught(|| bare("odd.csv")));
    let report = only(captured.errors);
    assert!(is_panic(&report) && path(&report).is_empty());
    let span = &captured.spans[0];
    assert_eq!(report.span.map(|span| span.span_id), Some(span.context.span_id));
    assert_eq!(span.events[0].name, "exception");
}

#[test]
fn a_panic_on_another_thread_that_was_handed_the_span_is_told() {
    let report = only(testing::capture_errors(|| {
        let span = spanwright::Span::new("root");
        let work = span.carry(|| bare("odd.csv"));
        assert!(std::thread::spawn(work).join().is_err());
    }));
    assert!(is_panic(&report));
}

#[test]
fn only_annotated_panics_are_told_where_that_is_asked() {
    let captured = with(Panics::Annotated).run_all(|| {
        caught(|| bare("odd.csv"));
        caught(|| import("odd.csv"));
    });
    assert_eq!(path(&only(captured.errors)), ["import"]);
    assert!(with(Panics::Off).run_all(|| caught(|| import("odd.csv"))).errors.is_empty());
}

#[test]
fn a_panic_that_becomes_an_error_is_one_failure() {
    #[report_errors]
    fn guarded() -> Result<(), String> {
        let panic = catch_unwind(|| bare("odd.csv")).expect_err("it panics");
        Err(panic.downcast_ref::<String>().expect("it has a text").clone())
    }
    let report = only(testing::capture_errors(guarded));
    assert!(messages(&report)[0].contains("bare boom"));
}

#[test]
fn a_future_that_panics_is_told_with_what_its_function_says() {
    #[report_errors(panics, person(id = user))]
    async fn handler(user: u64) -> Result<(), std::fmt::Error> {
        tokio::task::yield_now().await;
        bare("odd.csv");
        Ok(())
    }
    let report = only(testing::capture_errors(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("it starts");
        runtime.block_on(async { assert!(tokio::spawn(handler(7)).await.is_err()) });
    }));
    assert_eq!((path(&report), report.person.id.as_deref()), (vec!["handler"], Some("7")));
}

/// Panics however it is recorded.
struct Unruly;

impl std::fmt::Debug for Unruly {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no Debug today")
    }
}

impl std::fmt::Display for Unruly {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("no Display today")
    }
}

impl spanwright::ToAttribute for Unruly {
    fn to_attribute(&self, _: spanwright::Sink<'_>) {
        panic!("no attribute today")
    }
}

fn fails() -> u32 {
    panic!("no number today")
}

#[test]
fn a_value_that_panics_while_it_is_recorded_is_left_out_alone() {
    #[traced(fields(plain = value, n = 1))]
    fn typed(value: &Unruly) {}
    #[traced(fields(shown = %value, n = 1))]
    fn displayed(value: &Unruly) {}
    #[traced(fields(shown = ?value))]
    fn debugged(value: &Unruly) -> u32 {
        1
    }
    #[traced(fields(number = fails()))]
    fn computed() {}
    #[traced(ok(fields(number = *ok + fails())))]
    fn judged() -> Result<u32, String> {
        Ok(1)
    }
    #[traced]
    fn recorded() {
        spanwright::record!(value = fails());
        let span = spanwright::current();
        span.set_attribute("value", Unruly);
        span.add_link(span.context(), &[("value", &Unruly)]);
        span.set_annotation("value", Unruly);
    }
    let captured = Capture::default().run_all(|| {
        typed(&Unruly);
        displayed(&Unruly);
        debugged(&Unruly);
        computed();
        assert_eq!(judged(), Ok(1));
        recorded();
    });
    assert_eq!(captured.errors.len(), 0);
    assert_eq!(captured.spans.len(), 6);
    for span in &captured.spans {
        assert!(span.events.is_empty(), "{span:?}");
        assert_eq!(span.outcome, spanwright::record::Outcome::Ok, "{span:?}");
    }
    assert_eq!(testing::tree(&captured.spans).lines().next(), Some("typed n=1"));
}

#[test]
fn a_sibling_that_is_dropped_adds_nothing_to_a_panic() {
    #[report_errors(panics, title = "Sibling", custom(sibling = true))]
    async fn waits() -> Result<(), std::fmt::Error> {
        tokio::task::yield_now().await;
        Ok(())
    }
    let report = only(testing::capture_errors(|| {
        caught(|| {
            let mut both = std::pin::pin!(futures_util::future::join(waits(), async {
                bare("odd.csv");
            }));
            both.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        });
    }));
    assert!(is_panic(&report) && path(&report).is_empty(), "{:?}", path(&report));
    assert_eq!(report.title, None);
}

#[test]
fn an_error_that_panics_while_it_is_formatted_costs_its_text_alone() {
    struct Odd;
    impl std::fmt::Debug for Odd {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no Debug today")
        }
    }
    impl std::fmt::Display for Odd {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("no Display today")
        }
    }
    impl std::error::Error for Odd {}

    #[report_errors]
    fn odd() -> Result<(), Odd> {
        Err(Odd)
    }
    let report = only(testing::capture_errors(|| assert!(odd().is_err())));
    assert!(!is_panic(&report) && messages(&report) == [""]);
    let report = only(testing::capture_errors(|| report_error(&Odd)));
    assert!(!is_panic(&report) && messages(&report) == [""]);
}

#[test]
fn a_panic_is_told_however_long_reports_are_held() {
    let settings = Settings { hold: Duration::MAX, ..Settings::default() };
    let captured = Capture::default().reports(settings).run_all(|| caught(|| import("odd.csv")));
    assert_eq!(path(&only(captured.errors)), ["import"]);
}

#[test]
fn panics_that_are_not_to_be_told_count_nowhere() {
    let settings =
        Settings { panics: Panics::Annotated, per_kind_per_minute: 3, ..Settings::default() };
    let captured = Capture::default().reports(settings).run_all(|| {
        for _ in 0..20 {
            caught(|| bare("odd.csv"));
        }
    });
    assert_eq!(captured.errors, []);
}

#[test]
fn call_during_another_panic_is_not_part_of_that_panic() {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            clean_up();
        }
    }

    #[report_errors(panics, title = "Cleanup")]
    fn clean_up() {
        caught(|| bare("odd.csv"));
    }

    let captured = with(Panics::Annotated).run_all(|| {
        caught(|| {
            let _guard = Guard;
            bare("odd.csv");
        })
    });
    assert_eq!(captured.errors, [], "no panic has left the annotated function");
}

#[test]
fn a_future_that_goes_on_while_its_thread_unwinds_may_fail_by_itself() {
    struct Closing(Pin<Box<dyn Future<Output = Result<(), std::fmt::Error>>>>);

    impl Closing {
        fn poll(&mut self) -> Poll<Result<(), std::fmt::Error>> {
            self.0.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        }
    }

    impl Drop for Closing {
        fn drop(&mut self) {
            assert_eq!(self.poll(), Poll::Ready(Err(std::fmt::Error)));
        }
    }

    #[traced]
    #[report_errors]
    async fn close() -> Result<(), std::fmt::Error> {
        let mut is_begun = false;
        std::future::poll_fn(|_| {
            let was_begun = std::mem::replace(&mut is_begun, true);
            if was_begun { Poll::Ready(Err(std::fmt::Error)) } else { Poll::Pending }
        })
        .await
    }

    let captured = Capture::default().run_all(|| {
        let mut closing = Closing(Box::pin(close()));
        assert!(closing.poll().is_pending());
        caught(move || {
            let _closing = closing;
            bare("odd.csv");
        })
    });
    let [panic, error] = &captured.errors[..] else { panic!("two: {:?}", captured.errors) };
    assert!(is_panic(panic) && !is_panic(error));
    assert_eq!(path(error), ["close"]);
    let span = captured.spans.iter().find(|span| span.name == "close").expect("it has a span");
    assert_eq!(span.outcome, spanwright::record::Outcome::Error);
}
