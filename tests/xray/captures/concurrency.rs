//! Work side by side, and segments inside segments.

use std::fmt::Write as _;

use futures_util::future::join_all;
use spanwright::{Span, current, xray_subsegment};

use super::{names, node, reference, segment, sent, subsegment};

/// Lets others go on.
async fn pause() {
    tokio::task::yield_now().await;
}

#[xray_subsegment(annotations(job))]
async fn inner(job: u64) {
    pause().await;
}

#[xray_subsegment(annotations(job))]
async fn outer(job: u64) {
    pause().await;
    inner(job).await;
    pause().await;
}

fn wait_for(future: impl Future) {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers").block_on(future);
}

#[test]
fn jobs_side_by_side_are_not_nested_in_each_other_as_they_are_in_the_reference() {
    assert_eq!(
        names(&reference("async_gather_default_context")),
        "seg\n  job0\n    job1\n      job2\n"
    );
    let documents = sent(|| segment(|| wait_for(join_all((0..8).map(outer)))));
    let mut expected = "seg\n".to_owned();
    for _ in 0..8 {
        writeln!(expected, "  outer\n    inner").unwrap();
    }
    assert_eq!(names(&documents), expected);
    for outer in documents[0]["subsegments"].as_array().unwrap() {
        assert_eq!(outer["subsegments"][0]["annotations"], outer["annotations"]);
    }
}

#[test]
fn a_subsegment_of_another_thread_is_kept_where_the_reference_drops_it() {
    let documents = sent(|| {
        segment(|| {
            let work = current().carry(|| drop(subsegment("thread")));
            std::thread::spawn(work).join().unwrap();
        });
    });
    assert_eq!(names(&documents), "seg\n  thread\n");
}

#[test]
fn of_two_segments_both_are_sent_where_the_reference_loses_the_first() {
    assert_eq!(names(&reference("overwritten_segment")), "second\n");
    let begin = |name: &str| {
        let segment = Span::build(name).segment().start();
        segment.set_attribute("aws.local.service", name);
        segment
    };
    let documents = sent(|| {
        begin("first").in_scope(|| {
            subsegment("x").in_scope(|| drop(begin("second")));
            drop(subsegment("after"));
        });
    });
    assert_eq!(documents.len(), 2);
    let id = |name| node(&documents, name)["id"].clone();
    assert_eq!(node(&documents, "second")["parent_id"], id("x"));
    let [x, after] = &node(&documents, "first")["subsegments"].as_array().unwrap()[..] else {
        panic!("{documents:#?}")
    };
    assert_eq!((&x["name"], &after["name"]), (&"x".into(), &"after".into()));
}
