//! Spans of `tracing` and spans of ours in one tree.

use std::thread;

use spanwright::record::Level;
use spanwright::testing::{Capture, capture, tree};
use spanwright::{Span, traced};
use tracing::{Instrument as _, info_span, instrument};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::layer;

/// A service that was written for `tracing`, with functions of ours in between.
mod service {
    use super::{instrument, traced};

    #[instrument]
    pub(super) async fn checkout(order: u64) -> Result<u64, String> {
        let amount = price(order).await;
        tokio::task::yield_now().await;
        pay(order, amount).await
    }

    #[traced(fields(order))]
    async fn price(order: u64) -> u64 {
        tokio::task::yield_now().await;
        lookup(order)
    }

    #[instrument]
    fn lookup(order: u64) -> u64 {
        tracing::info!("looked up");
        order * 100
    }

    #[instrument(skip_all, err)]
    async fn pay(order: u64, amount: u64) -> Result<u64, String> {
        tokio::task::yield_now().await;
        authorize(amount)?;
        Ok(order)
    }

    #[traced(fields(amount))]
    fn authorize(amount: u64) -> Result<(), String> {
        if amount > 500 { Err("too much".to_owned()) } else { Ok(()) }
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.build().expect("the system has a queue").block_on(future)
}

#[test]
fn a_service_written_with_instrument_and_ours_make_one_tree() {
    let spans = capture(|| block_on(service::checkout(3)));
    assert_eq!(
        tree(&spans),
        "checkout order=3\n\
         \x20 price order=3\n\
         \x20   lookup order=3 @looked up\n\
         \x20 pay\n\
         \x20   authorize amount=300\n"
    );
    let traces: Vec<_> = spans.iter().map(|span| span.context.trace_id).collect();
    assert!(traces.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_failure_passes_both_and_each_tells_it_in_its_way() {
    let spans = capture(|| block_on(service::checkout(9)).unwrap_err());
    let text = tree(&spans);
    let found: Vec<_> = text.lines().filter(|line| line.contains("too much")).collect();
    assert_eq!(
        found,
        [
            "  pay @exception -> error !too much",
            "    authorize amount=900 error.type=_OTHER -> error !too much"
        ]
    );
}

#[test]
fn requests_that_run_at_the_same_time_do_not_mix() {
    let spans =
        capture(|| block_on(async { tokio::join!(service::checkout(1), service::checkout(2)) }));
    let text = tree(&spans);
    for order in [1, 2] {
        let expected = format!(
            "checkout order={order}\n  price order={order}\n    lookup order={order} @looked up\n  \
             pay\n    authorize amount={order}00\n"
        );
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn a_span_entered_on_another_thread_is_current_there() {
    let spans = capture(|| {
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let request = info_span!("request");
        let work = request.clone();
        let other = thread::spawn(move || {
            tracing::dispatcher::with_default(&subscriber, || {
                work.in_scope(|| drop(Span::new("ours there")));
            });
        });
        other.join().unwrap();
        request.in_scope(|| drop(Span::new("ours here")));
    });
    assert_eq!(tree(&spans), "request\n  ours there\n  ours here\n");
}

#[test]
fn a_parent_given_by_hand_counts_more_than_what_is_current() {
    let spans = capture(|| {
        let first = info_span!("first");
        Span::new("current").in_scope(|| {
            drop(info_span!(parent: &first, "child of the first"));
            drop(info_span!(parent: None, "of its own"));
        });
    });
    let mut roots: Vec<_> =
        tree(&spans).lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect();
    roots.sort();
    assert_eq!(roots, ["current", "first", "of its own"]);
    assert!(tree(&spans).contains("first\n  child of the first\n"));
}

#[test]
fn spans_that_are_left_in_any_order_leave_nothing_current() {
    let spans = capture(|| {
        let (a, b, c) = (info_span!("a"), info_span!("b"), info_span!("c"));
        let in_a = a.enter();
        let in_b = b.enter();
        let in_c = c.enter();
        drop(in_a);
        drop(Span::new("in c"));
        drop(in_c);
        drop(Span::new("in b"));
        drop(in_b);
        assert!(spanwright::current().is_none());
    });
    let text = tree(&spans);
    assert!(text.contains("c\n  in c\n") && text.contains("b\n  in b\n"), "{text}");
}

#[test]
fn a_span_left_after_the_one_of_ours_around_it_does_not_bring_that_back() {
    let spans = capture(|| {
        let theirs = info_span!("theirs");
        let in_theirs = Span::new("ours").in_scope(|| theirs.enter());
        drop(in_theirs);
        assert!(spanwright::current().is_none());
        drop(Span::new("next"));
    });
    assert_eq!(tree(&spans), "theirs\nours\nnext\n");
}

#[test]
fn a_span_entered_twice_is_current_until_it_is_left_twice() {
    let spans = capture(|| {
        let span = info_span!("twice");
        let outer = span.enter();
        span.in_scope(|| drop(Span::new("inner")));
        drop(Span::new("outer"));
        drop(outer);
    });
    assert_eq!(tree(&spans), "twice\n  inner\n  outer\n");
}

#[test]
fn where_nothing_is_sampled_spans_of_tracing_are_not_either() {
    use spanwright::sample::Sampler;
    let captured = Capture::default().sampler(Sampler::AlwaysOff).run_all(|| {
        info_span!("request").in_scope(|| {
            assert!(!spanwright::current().context().flags.is_sampled());
            drop(Span::new("below"));
        });
    });
    assert!(captured.spans.is_empty());
}

#[test]
fn a_span_that_nobody_takes_passes_on_on_any_thread_what_it_began_under() {
    let elsewhere = |span: tracing::Span| {
        let subscriber = tracing::dispatcher::get_default(Clone::clone);
        let there = move || {
            tracing::dispatcher::with_default(&subscriber, || {
                span.in_scope(|| {
                    tracing::info!("told there");
                    drop(info_span!("inner"));
                    spanwright::current().context()
                })
            })
        };
        thread::spawn(there).join().unwrap()
    };
    let unsampled = Capture::default().sampler(spanwright::sample::Sampler::AlwaysOff);
    for capture in [Capture::default().level(Level::Info), unsampled] {
        let captured = capture.run_all(|| {
            Span::new("request").in_scope(|| {
                let above = spanwright::current().context();
                let detail = tracing::debug_span!("detail");
                drop(info_span!(parent: &detail, "given"));
                assert_eq!(elsewhere(detail), above);
                assert_eq!(elsewhere(info_span!("work")).trace_id, above.trace_id);
                above
            })
        });
        let is_told = |log: &spanwright::record::LogRecord| {
            log.span.is_some_and(|span| span.trace_id == captured.value.trace_id)
        };
        assert!(captured.logs.len() == 2 && captured.logs.iter().all(is_told));
        let expected = "request @told there\n  given\n  inner\n  work @told there\n    inner\n";
        let is_sampled = captured.value.flags.is_sampled();
        assert_eq!(tree(&captured.spans), if is_sampled { expected } else { "" });
    }
}

#[test]
fn what_is_said_of_a_span_that_nobody_takes_is_not_said_of_the_one_above() {
    #[instrument(level = "debug", err)]
    fn fails() -> Result<(), String> {
        Err("told".to_owned())
    }
    let (_, spans) = Capture::default().level(Level::Info).run(|| {
        info_span!("above").in_scope(|| {
            let detail = tracing::debug_span!("detail", late = tracing::field::Empty);
            detail.follows_from(&info_span!("before"));
            detail.record("late", 1);
            fails().unwrap_err()
        })
    });
    assert_eq!(tree(&spans), "above @exception\n  before\n");
    assert!(spans.iter().all(|span| span.links.is_empty()));
}

#[test]
fn a_future_of_ours_carries_its_span_through_one_of_theirs() {
    let spans = capture(|| {
        block_on(async {
            let inner = async { drop(Span::new("leaf")) }.instrument(info_span!("theirs"));
            spanwright::FutureExt::in_current_span(inner).await;
            Span::new("ours").wrap(async { info_span!("within").in_scope(|| ()) }).await;
        });
    });
    assert_eq!(tree(&spans), "theirs\n  leaf\nours\n  within\n");
}

#[test]
fn what_one_registry_has_begun_is_not_entered_by_the_id_of_another() {
    let _begun = Capture::default().run(|| drop(info_span!("begun, and never entered")));
    let (current, spans) = Capture::default()
        .level(Level::Info)
        .run(|| tracing::debug_span!("not recorded").in_scope(|| spanwright::current().context()));
    assert!(!current.is_valid() && spans.is_empty(), "{current:?}");
}

#[test]
fn spans_of_two_registries_are_told_apart_when_they_are_left() {
    use tracing::subscriber::with_default;
    let registry = || tracing_subscriber::registry().with(layer());
    let captured = Capture::default().level(Level::Info).run_all(|| {
        with_default(registry(), || {
            info_span!("outer").in_scope(|| {
                with_default(registry(), || tracing::debug_span!("not recorded").in_scope(|| ()));
                drop(Span::new("within"));
            });
        });
        assert!(spanwright::current().is_none());
    });
    assert_eq!(tree(&captured.spans), "outer\n  within\n");
}

#[test]
fn spans_of_two_registries_are_told_apart_when_they_are_entered() {
    use tracing::subscriber::with_default;
    let begin = |name: &'static str| {
        let registry = tracing_subscriber::registry().with(layer());
        with_default(registry, || info_span!("step", otel.name = name))
    };
    let spans = capture(|| {
        let (first, _second) = (begin("first"), begin("second"));
        first.in_scope(|| drop(Span::new("within")));
    });
    assert_eq!(tree(&spans), "first\n  within\nsecond\n");
}
