//! The application's thread allocates nothing for a span, nor for a function whose failures are
//! reported and that succeeds: counted.
//!
//! A binary of its own, as its allocator counts. Each thread counts for itself, so neither the
//! collector nor the other tests disturb.
#![expect(unsafe_code, reason = "an allocator is unsafe to write")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use spanwright::record::{SpanKind, TraceId};
use spanwright::sample::xray::{Exclusion, Rules, Sampler, Settings};
use spanwright::sample::{Input, RequestFacts};
use spanwright::testing::{self, Capture, Captured};
use spanwright::{Span, record, report_errors, traced};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: everything is the system's; a thread-local without a destructor is safe to touch here.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: as the caller promises.
        unsafe { System.realloc(memory, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs code many times, after a few times to warm up, and counts what this thread allocates.
fn count(mut run: impl FnMut()) -> u64 {
    const ROUNDS: usize = 500;
    (0..10).for_each(|_| run());
    let before = ALLOCATIONS.get();
    (0..ROUNDS).for_each(|_| run());
    ALLOCATIONS.get() - before
}

#[track_caller]
fn assert_none(name: &str, run: impl FnMut()) {
    let (count, spans) = Capture::default().run(|| count(run));
    assert!(spans.iter().any(|span| span.name == name), "{}", testing::tree(&spans));
    assert_eq!(count, 0, "{name}");
}

#[traced]
fn plain() {}

#[traced(fields(
    boolean = true,
    integer = -1,
    beyond = u64::MAX,
    float = 0.5,
    text = "a text of some length, a path perhaps: /api/activities/home",
    none = None::<u64>,
    numbers = [1_i64, 2, 3],
    texts = ["one", "two"],
    shown = %integer,
))]
fn every_type(integer: u32) -> Result<u32, String> {
    Ok(integer)
}

#[traced(fields(text))]
fn too_long_for_the_frame(text: &str) {}

#[traced(fields(number), ok(fields(length = *ok)))]
async fn task(number: u32) -> Result<u32, String> {
    let mut polled = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    plain();
    Ok(number)
}

#[traced]
fn recording() {
    record!(number = 7, boolean = true, float = 0.5, text = "text");
}

#[report_errors(
    person(id = user_id),
    custom(number, share = 0.5, is_new = true, order.id = %number),
    context = "orders",
)]
fn reported(number: u64, user_id: &str) -> Result<u64, String> {
    if number == u64::MAX { Err("too large".to_owned()) } else { Ok(number) }
}

#[report_errors(panics, person(id = user_id))]
async fn reported_task(number: u64, user_id: &str) -> Result<u64, String> {
    std::future::ready(()).await;
    reported(number, user_id)
}

#[traced(fields(number))]
#[report_errors(custom(number))]
fn traced_and_reported(number: u64) -> Result<u64, String> {
    reported(number, USER_ID)
}

const USER_ID: &str = "f73f4b05-a59e-468b-8a29-a1c39e7a2222";

/// Runs code that succeeds, then what shows that its failures are reported.
#[track_caller]
fn assert_none_where_failures_are_reported(run: impl FnMut(), fail: impl FnOnce()) {
    let captured = Capture::default().run_all(|| {
        let count = count(run);
        fail();
        count
    });
    let Captured { value, errors, .. } = captured;
    assert_eq!((value, errors.len()), (0, 1));
}

#[test]
fn a_span_allocates_nothing() {
    assert_none("plain", plain);
}

#[test]
fn typed_attributes_allocate_nothing() {
    assert_none("every_type", || assert_eq!(every_type(7), Ok(7)));
    let text = "x".repeat(5_000);
    assert_none("too_long_for_the_frame", || too_long_for_the_frame(&text));
}

#[test]
fn a_future_allocates_nothing() {
    assert_none("task", || {
        let mut future = pin!(task(7));
        let mut context = Context::from_waker(Waker::noop());
        assert!(future.as_mut().poll(&mut context).is_pending());
        assert_eq!(future.poll(&mut context), Poll::Ready(Ok(7)));
    });
}

#[test]
fn values_recorded_late_allocate_nothing() {
    assert_none("recording", recording);
}

#[test]
fn spans_by_hand_allocate_nothing() {
    assert_none("by hand", || {
        let span = Span::new("by hand");
        span.set_attribute("number", 7).set_attribute("text", "text").set_name("by hand");
        span.in_scope(plain);
    });
}

#[test]
fn a_function_that_succeeds_allocates_nothing_for_its_reports() {
    assert_none_where_failures_are_reported(
        || assert_eq!(reported(7, USER_ID), Ok(7)),
        || assert!(reported(u64::MAX, USER_ID).is_err()),
    );
    assert_none_where_failures_are_reported(
        || assert_eq!(traced_and_reported(7), Ok(7)),
        || assert!(traced_and_reported(u64::MAX).is_err()),
    );
}

#[test]
fn a_future_that_succeeds_allocates_nothing_for_its_reports() {
    let poll =
        |number| pin!(reported_task(number, USER_ID)).poll(&mut Context::from_waker(Waker::noop()));
    assert_none_where_failures_are_reported(
        || assert_eq!(poll(7), Poll::Ready(Ok(7))),
        || assert!(matches!(poll(u64::MAX), Poll::Ready(Err(_)))),
    );
}

#[test]
fn what_nobody_records_allocates_nothing() {
    let count = count(|| {
        plain();
        assert_eq!(every_type(7), Ok(7));
        assert_eq!(reported(7, USER_ID), Ok(7));
    });
    assert_eq!(count, 0);
}

#[test]
fn a_decision_by_rules_allocates_nothing() {
    let rules = r#"{
        "version": 2,
        "default": { "fixed_target": 1, "rate": 0.5 },
        "rules": [
            {
                "host": "*", "http_method": "POST", "url_path": "/api/*/é*", "fixed_target": 1,
                "rate": 1
            },
            {
                "host": "*.com", "http_method": "*", "url_path": "*/home", "fixed_target": 1,
                "rate": 1
            }
        ]
    }"#;
    let sampler = Sampler::new(Settings {
        rules: Some(Rules::from_json(rules).expect("the rules are right")),
        exclusions: vec![Exclusion::default().path("/health*")],
        ..Settings::default()
    });
    let request = RequestFacts {
        host: Some("cruddur.com"),
        method: Some("GET"),
        path: Some("/api/activities/home"),
        ..RequestFacts::default()
    };
    let other = RequestFacts { path: Some("/api/été"), ..request };
    let decide = |number: u64| {
        let (trace_id, kind) = (TraceId::from_u128(number.into()), SpanKind::Server);
        for request in [request, other, RequestFacts::default()] {
            let input = Input { parent: None, trace_id, name: "GET", kind, request };
            sampler.decide(&input, Duration::from_secs(number / 10));
        }
    };
    decide(0);
    let before = ALLOCATIONS.get();
    (1..500).for_each(decide);
    assert_eq!(ALLOCATIONS.get() - before, 0);
}
