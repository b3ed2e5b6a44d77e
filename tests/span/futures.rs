//! Spans in tasks, wherever they run.

use std::sync::Arc;

use spanwright::testing;
use spanwright::{FutureExt, Span, current, traced};
use tokio::sync::Notify;

use super::assert_tree;

#[traced]
fn leaf() {}

#[traced(fields(number))]
async fn step(number: u32) {
    tokio::task::yield_now().await;
    leaf();
}

/// Runs a future in a runtime with two workers; the capture reaches them through what is carried.
fn run<F: Future>(make: impl FnOnce() -> F) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    let runtime = runtime.expect("the system has threads to spare");
    let spans = testing::capture(|| runtime.block_on(make()));
    testing::tree(&spans)
}

#[test]
fn a_task_goes_on_under_the_span_it_was_given() {
    let found = run(|| {
        let root = Span::new("root");
        let reference = *root;
        async move {
            let tasks = (0..20).map(|_| tokio::spawn(step(1).in_context(reference)));
            for task in tasks.collect::<Vec<_>>() {
                task.await.expect("the task does not panic");
            }
            drop(root);
        }
    });
    assert_eq!(found, format!("root\n{}", "  step number=1\n    leaf\n".repeat(20)));
}

#[test]
fn a_task_in_a_span_of_its_own_ends_it() {
    let found = run(|| {
        async {
            let inner = Span::new("inner");
            let task = tokio::spawn(step(1).in_span(inner));
            task.await.expect("the task does not panic");
            tokio::spawn(step(2).in_current_span()).await.expect("the task does not panic");
        }
        .in_span(Span::new("outer"))
    });
    assert_eq!(found, "outer\n  inner\n    step number=1\n      leaf\n  step number=2\n    leaf\n");
}

#[test]
fn blocking_work_is_carried_to_its_thread() {
    let found = run(|| {
        async {
            let work = current().carry(|| {
                leaf();
                7
            });
            assert_eq!(tokio::task::spawn_blocking(work).await.ok(), Some(7));
            leaf();
        }
        .in_span(Span::new("root"))
    });
    assert_eq!(found, "root\n  leaf\n  leaf\n");
}

#[test]
fn the_loser_of_a_race_is_cancelled() {
    let found = run(|| {
        async {
            let never = Arc::new(Notify::new());
            let waits = async { never.notified().await }.in_span(Span::new("waits"));
            tokio::select! {
                biased;
                () = waits => unreachable!("nobody notifies"),
                () = step(1) => leaf(),
            }
        }
        .in_span(Span::new("root"))
    });
    assert_eq!(found, "root\n  waits -> cancelled\n  step number=1\n    leaf\n  leaf\n");
}

#[test]
fn tasks_side_by_side_on_one_thread_do_not_mix() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let spans = testing::capture(|| {
        runtime.block_on(async {
            let first = step(1).in_span(Span::new("first"));
            let second = step(2).in_span(Span::new("second"));
            tokio::join!(first, second);
            assert!(current().is_none());
        });
    });
    assert_tree("first\n  step number=1\n    leaf\nsecond\n  step number=2\n    leaf\n", &spans);
}

#[test]
fn an_aborted_task_is_cancelled() {
    let found = run(|| {
        async {
            let started = Arc::new(Notify::new());
            let start = Arc::clone(&started);
            let endless = async move {
                start.notify_one();
                std::future::pending::<()>().await;
            };
            let task = tokio::spawn(endless.in_span(Span::new("endless")));
            started.notified().await;
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        }
        .in_span(Span::new("root"))
    });
    assert_eq!(found, "root\n  endless -> cancelled\n");
}
