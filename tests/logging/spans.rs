//! What a span of `tracing` becomes.

use spanwright::record::{Level, Outcome, SpanContext, SpanKind, SpanRecord, Status, Value};
use spanwright::testing::{Capture, capture, tree};
use tracing::field::Empty;
use tracing::span::{Id, Record};
use tracing::{Instrument as _, error, info_span, instrument};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::layer;

fn only(spans: &[SpanRecord]) -> &SpanRecord {
    let [span] = spans else { panic!("expected one span, found {spans:?}") };
    span
}

fn status(spans: &[SpanRecord]) -> Status {
    only(spans).status.clone()
}

fn failed(message: &'static str) -> Status {
    Status::Error { message: message.into() }
}

#[test]
fn its_name_place_and_fields_are_those_of_the_code() {
    let line = line!() + 2;
    let spans = capture(|| {
        info_span!(target: "billing", "pay", order = 7, amount = 1.5, currency = "EUR", paid = ?Some(1));
    });
    assert_eq!(tree(&spans), "pay order=7 amount=1.5 currency=EUR paid=Some(1)\n");
    let source = only(&spans).source;
    assert_eq!((source.target, source.line, source.level), ("billing", line, Level::Info));
    assert!(source.file.ends_with("logging/spans.rs"));
}

#[test]
fn what_is_recorded_late_is_kept_with_its_type_and_replaces_what_was_there() {
    let spans = capture(|| {
        let span = info_span!("pay", order = Empty, state = "new");
        span.record("order", 7);
        span.in_scope(|| {
            tracing::Span::current().record("state", "paid");
        });
    });
    assert_eq!(tree(&spans), "pay state=paid order=7\n");
    assert_eq!(only(&spans).attributes[1].value, Value::I64(7));
}

#[test]
fn more_fields_than_a_span_has_room_for_are_all_kept() {
    let long = "x".repeat(300);
    let spans = capture(|| {
        let span = info_span!("many", a = %long, b = %long, c = 1, d = Empty);
        span.record("d", 2);
    });
    let keys: Vec<_> = only(&spans).attributes.iter().map(|it| &*it.key).collect();
    assert_eq!(keys, ["a", "b", "c", "d"]);
}

#[test]
fn what_it_follows_from_is_a_link() {
    let spans = capture(|| {
        let first = info_span!("first");
        let second = info_span!("second");
        second.follows_from(&first);
        drop(first);
    });
    let [first, second] = &*spans else { panic!("expected two spans") };
    assert_eq!(second.links.len(), 1);
    assert_eq!(second.links[0].context.span_id, first.context.span_id);
}

#[test]
fn the_fields_named_otel_give_it_name_kind_and_status() {
    let spans = capture(|| {
        let span = info_span!(
            "request",
            otel.name = "GET /orders",
            otel.kind = "server",
            otel.status_code = Empty,
            otel.status_description = Empty,
        );
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", "no such order");
    });
    assert_eq!(tree(&spans), "GET /orders [Server] -> error !no such order\n");
    assert_eq!(only(&spans).kind, SpanKind::Server);
    // The other way round.
    let spans = capture(|| {
        info_span!("request", otel.status_message = "gone", otel.status_code = "error");
    });
    assert_eq!(status(&spans), failed("gone"));
    let spans = capture(|| drop(info_span!("request", otel.status_code = "Ok")));
    assert_eq!(status(&spans), Status::Ok);
    let spans =
        capture(|| drop(info_span!("request", otel.kind = "client", otel.status_code = "7")));
    assert_eq!(tree(&spans), "request [Client]\n");
}

#[test]
fn a_kind_recorded_late_is_kept() {
    let spans = capture(|| {
        let span = info_span!("call", otel.kind = Empty);
        span.record("otel.kind", "Client");
        drop(span);
        info_span!("local", otel.kind = Empty).record("otel.kind", "nonsense");
    });
    assert_eq!(tree(&spans), "call [Client]\nlocal\n");
}

#[test]
fn the_outcome_of_a_span_follows_its_status() {
    let outcome = |code: &'static str| {
        let spans = capture(|| drop(info_span!("pay", otel.status_code = code)));
        only(&spans).outcome
    };
    assert_eq!(outcome("ERROR"), Outcome::Error);
    assert_eq!(outcome("OK"), Outcome::Ok);
    assert_eq!(outcome("UNSET"), Outcome::Ok);
    let spans = capture(|| {
        let span = info_span!("pay", otel.status_code = Empty);
        span.in_scope(|| error!(error = "first", "failed"));
        span.record("otel.status_code", "OK");
    });
    assert_eq!((only(&spans).outcome, status(&spans)), (Outcome::Ok, Status::Ok));
    let spans = capture(|| info_span!("pay").in_scope(|| error!(error = "late", "failed")));
    assert_eq!((only(&spans).outcome, status(&spans)), (Outcome::Error, failed("late")));
}

/// The times of the only span, in nanoseconds: entered, and not.
fn times(spans: &[SpanRecord]) -> [Option<i64>; 2] {
    ["busy_ns", "idle_ns"].map(|key| {
        let attribute = only(spans).attributes.iter().find(|attribute| attribute.key == key)?;
        if let Value::I64(nanoseconds) = attribute.value { Some(nanoseconds) } else { None }
    })
}

#[test]
fn a_span_has_the_time_that_it_was_entered_and_the_time_that_it_was_not() {
    let with = |layer: spanwright::logging::Layer| {
        let subscriber = tracing_subscriber::registry().with(layer);
        capture(|| {
            tracing::subscriber::with_default(subscriber, || {
                let span = info_span!("pay", order = 7);
                span.in_scope(|| ());
                span.in_scope(|| drop(span.clone().entered()));
            });
        })
    };
    let spans = with(spanwright::logging::layer());
    let [Some(busy), Some(idle)] = times(&spans) else { panic!("two times: {spans:?}") };
    assert!(busy > 0 && idle > 0, "{spans:?}");
    let span = only(&spans);
    let whole = i64::try_from(span.end_unix_ns - span.start_unix_ns).unwrap();
    // The span itself is timed by another clock.
    assert!(busy + idle < whole + 1_000_000, "{spans:?}");
    let spans = with(spanwright::logging::layer().with_tracked_inactivity(false));
    assert_eq!(times(&spans), [None, None]);
}

#[test]
fn a_link_to_no_span_is_left_out() {
    let spans = capture(|| {
        let span = info_span!("pay");
        span.in_scope(|| {
            spanwright::current().add_link(SpanContext::INVALID, &[("n", &1)]);
        });
    });
    assert_eq!(only(&spans).links, []);
}

#[test]
fn a_span_that_takes_a_request_is_a_request_of_its_own() {
    let spans = capture(|| {
        info_span!("outer").in_scope(|| {
            let request = info_span!("request", otel.kind = ?SpanKind::Consumer);
            request.in_scope(|| spanwright::set_user("ada"));
        });
    });
    assert_eq!(tree(&spans), "outer\n  request [Consumer] user.id=ada\n");
}

#[test]
fn an_error_that_instrument_tells_fails_the_span_and_one_that_is_only_logged_does_not() {
    #[instrument(err)]
    fn fails() -> Result<(), std::num::ParseIntError> {
        "x".parse::<u8>().map(drop)
    }
    #[instrument]
    fn recovers() {
        error!("only said");
    }
    let spans = capture(|| fails().is_err());
    assert_eq!(status(&spans), failed("invalid digit found in string"));
    assert_eq!(status(&capture(recovers)), Status::Unset);
}

#[test]
fn an_error_logged_in_a_span_of_ours_leaves_the_judgement_to_its_result() {
    #[spanwright::traced]
    fn ours() {
        error!(error = "told", "and mended");
    }
    let spans = capture(|| info_span!("theirs").in_scope(ours));
    assert!(spans.iter().all(|span| span.status == Status::Unset), "{spans:?}");
}

#[test]
fn a_span_ends_as_panicked_where_a_panic_left_it() {
    let spans = capture(|| {
        let result =
            std::panic::catch_unwind(|| info_span!("pay").in_scope(|| panic!("on purpose")));
        assert!(result.is_err());
    });
    assert_eq!(tree(&spans), "pay error.type=panic @exception -> panic !panicked\n");
}

#[test]
fn a_span_that_waits_is_cancelled_by_the_panic_of_another() {
    let spans = capture(|| {
        let waits = std::future::pending::<()>().instrument(info_span!("waits"));
        let panics = async { panic!("on purpose") }.instrument(info_span!("panics"));
        let both = futures_util::future::join(waits, panics);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let poll = || std::pin::pin!(both).poll(&mut context).map(drop);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(poll)).is_err());
    });
    let outcome = |name| spans.iter().find(|span| span.name == name).map(|span| span.outcome);
    assert_eq!(outcome("waits"), Some(Outcome::Cancelled));
    assert_eq!(outcome("panics"), Some(Outcome::Panic));
}

#[test]
fn error_during_the_panic_of_another_span_fails_its_span() {
    struct Guard;
    impl Drop for Guard {
        fn drop(&mut self) {
            info_span!("cleanup").in_scope(|| error!(error = "refused", "cannot clean up"));
        }
    }
    let spans = capture(|| {
        let result = std::panic::catch_unwind(|| {
            let _guard = Guard;
            panic!("on purpose")
        });
        assert!(result.is_err());
    });
    assert_eq!(only(&spans).outcome, Outcome::Error);
}

#[test]
fn spans_beyond_the_level_that_is_recorded_are_left_out_of_the_tree() {
    let captured = Capture::default().level(Level::Info).run_all(|| {
        info_span!("outer").in_scope(|| {
            tracing::debug_span!("detail").in_scope(|| drop(info_span!("inner")));
        });
    });
    assert_eq!(tree(&captured.spans), "outer\n  inner\n");
}

#[test]
fn a_value_that_panics_costs_its_attribute_alone() {
    struct Bad;
    impl std::fmt::Debug for Bad {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("on purpose")
        }
    }
    let spans = capture(|| drop(info_span!("pay", bad = ?Bad, order = 7)));
    assert_eq!(tree(&spans), "pay order=7\n");
}

#[test]
fn a_value_recorded_late_may_log_and_enter_its_span_while_it_is_formatted() {
    struct Talkative;
    impl std::fmt::Debug for Talkative {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            tracing::Span::current().in_scope(|| error!("inner"));
            tracing::Span::current().record("order", 7);
            f.write_str("talkative")
        }
    }
    let spans = capture(|| {
        let span = info_span!("pay", value = Empty, order = Empty);
        let _in_it = span.enter();
        span.record("value", tracing::field::debug(Talkative));
    });
    assert_eq!(tree(&spans), "pay order=7 value=talkative @inner\n");
}

#[test]
fn a_span_that_keeps_the_one_above_open_ends_before_it() {
    let spans = capture(|| {
        let above = info_span!("above");
        let below = above.in_scope(|| info_span!("below"));
        drop(above);
        drop(below);
    });
    let names: Vec<_> = spans.iter().map(|span| &*span.name).collect();
    assert_eq!(names, ["below", "above"]);
    assert!(spans[0].end_unix_ns <= spans[1].end_unix_ns);
}

// https://github.com/tokio-rs/tracing-opentelemetry/issues/116
#[test]
fn a_span_ends_when_it_is_left_and_not_with_its_children() {
    let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer());
    let spans = capture(|| {
        tracing::subscriber::with_default(subscriber, || {
            let above = info_span!("above");
            let below = above.in_scope(|| info_span!("below"));
            drop(above);
            let later = spanwright::Span::root("later");
            std::hint::black_box((0..1_000_000).map(std::hint::black_box).sum::<u64>());
            later.end();
            drop(below);
        });
    });
    let end = |name: &str| spans.iter().find(|span| span.name == name).map(|it| it.end_unix_ns);
    assert!(end("above") < end("later"), "{spans:#?}");
    assert!(end("below") > end("later"), "one that was not entered ends when it is closed");
}

#[test]
fn a_layer_that_is_there_twice_makes_one_span() {
    let subscriber = tracing_subscriber::registry().with(layer()).with(layer());
    let spans = capture(|| {
        tracing::subscriber::with_default(subscriber, || {
            info_span!("outer").in_scope(|| drop(info_span!("inner", order = 7)));
        });
        assert!(spanwright::current().is_none());
    });
    assert_eq!(tree(&spans), "outer\n  inner order=7\n");
}

#[test]
fn a_layer_beside_ours_that_panics_over_a_span_costs_its_code_no_second_panic() {
    struct Bad;
    impl<S: tracing::Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Bad {
        fn on_record(&self, id: &Id, _: &Record<'_>, context: Context<'_, S>) {
            let span = context.span(id).expect("it is open");
            let _held = span.extensions_mut();
            panic!("on purpose");
        }
    }
    let subscriber = tracing_subscriber::registry().with(spanwright::logging::layer()).with(Bad);
    let spans = capture(|| {
        tracing::subscriber::with_default(subscriber, || {
            let work = || {
                // Its span is entered once more when it is dropped, and that is while it panics.
                let future = async {}.instrument(info_span!("pay", order = Empty));
                future.span().record("order", 7);
            };
            assert!(std::panic::catch_unwind(work).is_err());
        });
    });
    assert_eq!(only(&spans).name, "pay");
}

#[test]
fn spans_that_a_filter_keeps_from_the_layer_are_left_out_of_the_tree() {
    let is_ours = |metadata: &tracing::Metadata<'_>| metadata.target() != "theirs";
    let ours = layer().with_filter(filter_fn(is_ours));
    let subscriber = tracing_subscriber::registry().with(ours).with(LevelFilter::TRACE);
    let captured = Capture::default().run_all(|| {
        tracing::subscriber::with_default(subscriber, || {
            let outer = info_span!("outer");
            let hidden = outer.in_scope(|| info_span!(target: "theirs", "hidden"));
            hidden.in_scope(|| tracing::info!("outside"));
            drop(info_span!(parent: &hidden, "given"));
            outer.in_scope(|| hidden.in_scope(|| drop(info_span!("entered"))));
        });
    });
    assert_eq!(tree(&captured.spans), "outer\n  given\n  entered\n");
    assert_eq!(captured.logs[0].span, None);
}

#[test]
fn a_future_is_in_its_span_whenever_it_is_polled() {
    let work = |name: &'static str| async move {
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(spanwright::current().context().span_id);
            tokio::task::yield_now().await;
        }
        drop(spanwright::Span::new(name));
        ids
    };
    let ((left, right), spans) = Capture::default().run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let left = work("left").instrument(info_span!("first"));
        let right = work("right").instrument(info_span!("second"));
        runtime.block_on(async { tokio::join!(left, right) })
    });
    assert!(left.iter().all(|id| *id == left[0]) && right.iter().all(|id| *id == right[0]));
    assert_ne!(left[0], right[0]);
    assert_eq!(tree(&spans), "first\n  left\nsecond\n  right\n");
}
