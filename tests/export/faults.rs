//! Every fault a destination can have: the requests it sees, and what is lost.
//!
//! Faults of the process (an unread standard error, a fork) are in `tests/process/faults.rs`, for all exporters.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use spanwright::export::otlp;
use spanwright::loss::LossReason;
use spanwright::pipeline::{Flushed, Settings};
use spanwright::record::{Attribute, Processor, SpanRecord};
use support::http_server::{Answer, HttpServer, Received};
use support::otlp_sink::{OtlpSink, ok, partial_success};
use support::records::span;
use support::rig::A_MOMENT;

use crate::rig::{
    LONG, Rig, Sum, client, delivered, lost, otlp_rig, otlp_settings, quick, spans, sum,
};

/// Ten spans through a scripted receiver; the counts and the requests.
fn play(script: Vec<Answer>, settings: &Settings) -> (Sum, Vec<Received>) {
    let sink = OtlpSink::scripted(script);
    let tally = otlp_rig(&sink, settings).deliver(&spans(1..=10));
    (sum(tally), sink.received())
}

/// The same until the receiver takes it; every request must carry the same bytes.
fn retried(script: Vec<Answer>) -> usize {
    let (sum, requests) = play(script, &quick());
    assert_eq!(sum, delivered(10));
    assert!(requests.windows(2).all(|pair| pair[0] == pair[1]), "a retry sends the same bytes");
    requests.len()
}

#[test]
fn success_delivers_in_one_request() {
    let (sum, requests) = play(vec![ok()], &quick());
    assert_eq!((sum, requests.len()), (delivered(10), 1));
}

#[test]
fn a_partial_success_is_rejected_in_part_and_never_repeated() {
    let (sum, requests) = play(vec![partial_success(3, "too old")], &quick());
    assert_eq!((sum, requests.len()), (Sum(10, 7, 3, vec![]), 1));
}

#[test]
fn a_partial_success_beyond_the_batch_rejects_the_batch() {
    let (sum, _) = play(vec![partial_success(i64::MAX, "all of it and more")], &quick());
    assert_eq!(sum, Sum(10, 0, 10, vec![]));
}

#[test]
fn the_four_statuses_of_the_specification_are_retried() {
    let script = [429, 502, 503, 504].map(Answer::status);
    assert_eq!(retried(script.to_vec()), 5);
}

#[test]
fn a_wait_the_server_asked_for_in_either_form_outlasts_a_flush() {
    let (now, later) = ("Fri, 20 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 11:00:00 GMT");
    for answer in [
        Answer::status(429).header("Retry-After", "3600"),
        Answer::status(503).header("Retry-After", later).header("Date", now),
    ] {
        let sink = OtlpSink::scripted(vec![answer]);
        let rig = otlp_rig(&sink, &quick());
        rig.handle.process(&spans(1..=10));
        sink.server.wait_for(1);
        assert!(!rig.flush(Duration::from_millis(30)).in_time);
        let stopped = rig.shutdown(Duration::from_millis(30));
        assert_eq!(sum(stopped.tally), lost(10, LossReason::Shutdown));
        assert_eq!(sink.received().len(), 1);
    }
}

#[test]
fn a_wait_the_server_asked_for_ends() {
    let date = "Fri, 20 Nov 2026 10:00:00 GMT";
    let script = vec![
        Answer::status(429).header("Retry-After", "0"),
        Answer::status(503).header("Retry-After", date).header("Date", date),
    ];
    assert_eq!(retried(script), 3);
}

#[test]
fn other_failures_are_refused_and_never_repeated() {
    // 402, 414 and 431 by <https://github.com/open-telemetry/opentelemetry-collector/issues/5674>.
    for status in [400, 401, 402, 403, 404, 414, 415, 431, 500, 501, 307] {
        let (sum, requests) = play(vec![Answer::status(status).body("no")], &quick());
        let expected = lost(10, LossReason::Refused);
        assert_eq!((sum, requests.len()), (expected, 1), "{status}");
    }
}

#[test]
fn too_much_at_once_is_split_and_arrives_in_parts() {
    let (sum, requests) = play(vec![Answer::status(413)], &quick());
    assert_eq!((sum, requests.len()), (delivered(10), 3));
    assert!(requests[1].body.len() < requests[0].body.len());
    assert!(requests[2].body.len() < requests[0].body.len());
}

#[test]
fn too_much_even_alone_is_lost_as_too_large() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::status(413));
    let tally = otlp_rig(&sink, &quick()).deliver(&spans(1..=4));
    assert_eq!(sum(tally), lost(4, LossReason::TooLarge));
    // 4, 2 and 1: the others are not smaller than that.
    assert_eq!(sink.received().len(), 3);
}

#[test]
fn a_receiver_to_which_all_is_too_large_gets_few_requests() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::status(413));
    let tally = otlp_rig(&sink, &quick()).deliver(&spans(1..=10_000));
    assert_eq!(sum(tally), lost(10_000, LossReason::TooLarge));
    let requests = sink.received();
    let bytes: usize = requests.iter().map(|request| request.body.len()).sum();
    let largest = requests.iter().map(|request| request.body.len()).max().unwrap_or_default();
    assert!(requests.len() <= 30, "{}", requests.len());
    // Two at once, and about half of it each time.
    assert!(bytes <= 4 * largest, "{bytes}");
}

/// Sizes of all requests that came, each with whether it was taken.
type Sizes = Arc<Mutex<Vec<(usize, bool)>>>;

/// A receiver that takes requests up to a size.
fn limited(max_bytes: usize) -> (HttpServer, Sizes) {
    let sizes = Sizes::default();
    let kept = Arc::clone(&sizes);
    let server = HttpServer::start(move |received| {
        let (size, fits) = (received.body.len(), received.body.len() <= max_bytes);
        kept.lock().expect("nobody panics while holding it").push((size, fits));
        if fits { ok() } else { Answer::status(413) }
    });
    (server, sizes)
}

#[test]
fn the_size_that_passes_is_kept_for_later_batches() {
    let (server, sizes) = limited(100_000);
    let endpoint = otlp::Endpoint::base(&server.url()).expect("the server has an address");
    let exporter = otlp::Exporter::new(&otlp::Settings::new(endpoint));
    let rig = Rig::new(exporter, client(LONG), &quick());
    for first in [1, 10_001, 20_001] {
        rig.handle.process(&spans(first..=first + 9_999));
        assert!(rig.flush(LONG).in_time);
    }
    assert_eq!(sum(rig.shutdown(LONG).tally), delivered(30_000));
    let sizes = sizes.lock().expect("nobody panics while holding it").clone();
    let refused: Vec<_> = sizes.iter().filter(|(_, fits)| !fits).collect();
    assert!(refused.len() <= 8, "{refused:?}");
    assert!(sizes.len() <= 200, "{}", sizes.len());
}

#[test]
fn a_record_that_is_too_large_costs_none_of_its_neighbours() {
    let (server, sizes) = limited(50_000);
    let endpoint = otlp::Endpoint::base(&server.url()).expect("the server has an address");
    let exporter = otlp::Exporter::new(&otlp::Settings::new(endpoint));
    let rig = Rig::new(exporter, client(LONG), &quick());
    let large = |number| SpanRecord {
        attributes: vec![Attribute::new("large", "x".repeat(100_000))],
        ..span(number)
    };
    let spans: Vec<_> = (1..=400)
        .map(|number| if number % 40 == 0 { large(number) } else { span(number) })
        .collect();
    assert_eq!(sum(rig.deliver(&spans.into())), Sum(400, 390, 0, vec![(LossReason::TooLarge, 10)]));
    let sizes = sizes.lock().expect("nobody panics while holding it").clone();
    assert!(sizes.iter().filter(|(_, fits)| !fits).count() <= 8, "{sizes:?}");
}

#[test]
fn a_broken_connection_is_retried() {
    assert_eq!(retried(vec![Answer::Reset, Answer::Reset]), 3);
    assert_eq!(retried(vec![Answer::Raw(Vec::new())]), 2);
}

#[test]
fn garbage_instead_of_an_answer_is_retried() {
    assert_eq!(
        retried(vec![Answer::Raw(b"\0\0\x06\x04 this is not HTTP/1.1\r\n\r\n".to_vec())]),
        2
    );
}

#[test]
fn a_garbage_body_of_a_success_is_a_success() {
    let (sum, requests) = play(vec![Answer::status(200).body("<html>")], &quick());
    assert_eq!((sum, requests.len()), (delivered(10), 1));
}

/// Bodies that are too long, garbage, or end too early, each behind its status.
fn broken_bodies(status: u16) -> Vec<Answer> {
    let raw = |rest: &str| Answer::Raw(format!("HTTP/1.1 {status} Broken\r\n{rest}").into_bytes());
    vec![
        Answer::status(status).body(vec![b'x'; 4 * 1024 * 1024 + 1]),
        Answer::status(status).body(vec![0xff; 1000]),
        raw("transfer-encoding: chunked\r\n\r\nno chunk\r\n"),
        raw("content-length: 10\r\n\r\nhalf"),
    ]
}

#[test]
fn the_status_decides_whatever_the_body_is() {
    for answer in broken_bodies(200) {
        let (sum, requests) = play(vec![answer.clone()], &quick());
        assert_eq!((sum, requests.len()), (delivered(10), 1), "{answer:.100?}");
    }
    for status in [400, 500] {
        for answer in broken_bodies(status) {
            let (sum, requests) = play(vec![answer.clone()], &quick());
            let expected = lost(10, LossReason::Refused);
            assert_eq!((sum, requests.len()), (expected, 1), "{answer:.100?}");
        }
    }
    assert_eq!(retried(broken_bodies(503)), 5);
}

#[test]
fn a_wait_is_kept_whatever_the_body_is() {
    let head = "HTTP/1.1 503 Busy\r\nretry-after: 3600\r\ncontent-length: 10\r\n\r\nhalf";
    let sink = OtlpSink::scripted(vec![Answer::Raw(head.as_bytes().to_vec())]);
    let rig = otlp_rig(&sink, &quick());
    rig.handle.process(&spans(1..=10));
    sink.server.wait_for(1);
    assert!(!rig.flush(A_MOMENT).in_time);
    assert_eq!(sink.received().len(), 1);
    assert_eq!(sum(rig.shutdown(Duration::ZERO).tally), lost(10, LossReason::Shutdown));
}

#[test]
fn a_request_that_hangs_is_abandoned_and_retried() {
    let sink = OtlpSink::scripted(vec![Answer::Hang]);
    let exporter = otlp::Exporter::new(&otlp_settings(&sink));
    let rig = Rig::new(exporter, client(Duration::from_millis(50)), &quick());
    let tally = rig.deliver(&spans(1..=10));
    assert_eq!(sum(tally), delivered(10));
    assert_eq!(sink.received().len(), 2);
}

#[test]
fn a_slow_answer_is_waited_for() {
    let (sum, requests) = play(vec![Answer::Slow(Duration::from_millis(60))], &quick());
    assert_eq!((sum, requests.len()), (delivered(10), 1));
}

#[test]
fn nobody_listening_is_retried_to_the_end() {
    let sink = OtlpSink::start();
    let settings = otlp_settings(&sink);
    drop(sink);
    let rig = Rig::new(otlp::Exporter::new(&settings), client(LONG), &quick());
    rig.handle.process(&spans(1..=10));
    assert!(!rig.flush(Duration::from_millis(50)).in_time);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert_eq!(sum(stopped.tally), lost(10, LossReason::Shutdown));
}

#[test]
fn a_batch_that_fails_to_its_deadline_is_lost_as_exhausted() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::status(503));
    let settings = Settings { give_up_after: Duration::from_millis(200), ..quick() };
    let tally = otlp_rig(&sink, &settings).deliver(&spans(1..=10));
    assert_eq!(sum(tally), lost(10, LossReason::RetriesExhausted));
    assert!(sink.received().len() > 1);
}

#[test]
fn a_shutdown_in_the_middle_of_retries_keeps_its_deadline_and_counts() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::status(503));
    let rig = otlp_rig(&sink, &quick());
    rig.handle.process(&spans(1..=10));
    sink.server.wait_for(2);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert!(stopped.in_time, "{stopped:?}");
    assert_eq!(sum(stopped.tally), lost(10, LossReason::Shutdown));

    rig.handle.process(&spans(11..=12));
    let tally = rig.handle.ledger().tally();
    assert_eq!(sum(tally), lost(12, LossReason::Shutdown));
}

/// Aborts once the receiver has this many requests, while the shutdown waits; its result.
fn aborted(rig: &Rig<SpanRecord>, sink: &OtlpSink, requests: usize) -> Vec<Flushed> {
    let begin = tokio::time::Instant::now();
    let stopped = std::thread::scope(|scope| {
        scope.spawn(|| {
            sink.server.wait_for(requests);
            rig.motor.abort();
        });
        rig.motor.shutdown(LONG)
    });
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
    stopped
}

#[test]
fn an_abort_ends_a_shutdown_at_once_and_the_rest_is_counted() {
    for answer in [Answer::Hang, Answer::status(503).header("Retry-After", "5")] {
        let sink = OtlpSink::scripted_then(Vec::new(), answer);
        let rig = otlp_rig(&sink, &quick());
        rig.handle.process(&spans(1..=10));
        let stopped = aborted(&rig, &sink, 1);
        assert_eq!(sum(stopped[0].tally), lost(10, LossReason::Shutdown));
        assert_eq!(rig.handle.held_bytes(), 0);
    }
}

#[test]
fn an_abort_does_not_undo_what_others_have_delivered() {
    let (hanging, healthy) = (OtlpSink::scripted_then(Vec::new(), Answer::Hang), OtlpSink::start());
    let rig = otlp_rig(&hanging, &quick());
    let exporter = otlp::Exporter::new(&otlp_settings(&healthy));
    let other = rig.motor.add(exporter, client(LONG), &quick());
    rig.handle.process(&spans(1..=10));
    other.process(&spans(1..=10));
    healthy.server.wait_for(1);
    assert!(!rig.motor.flush(A_MOMENT)[0].in_time);
    let stopped = aborted(&rig, &hanging, 1);
    assert_eq!(sum(stopped[0].tally), lost(10, LossReason::Shutdown));
    assert_eq!((stopped[1].in_time, sum(stopped[1].tally)), (true, delivered(10)));
}

#[test]
fn after_an_abort_nothing_waits() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let rig = otlp_rig(&sink, &quick());
    rig.handle.process(&spans(1..=10));
    sink.server.wait_for(1);
    rig.motor.abort();
    let begin = tokio::time::Instant::now();
    assert!(!rig.flush(LONG).in_time);
    assert_eq!(sum(rig.shutdown(LONG).tally), lost(10, LossReason::Shutdown));
    assert!(begin.elapsed() < LONG / 2, "{:?}", begin.elapsed());
}

#[test]
fn a_long_outage_holds_no_more_than_the_setting_and_delivers_all_it_held() {
    let sink = OtlpSink::scripted(vec![Answer::status(503).header("Retry-After", "1")]);
    let settings = Settings { max_bytes: 200_000, max_in_flight: 1, ..quick() };
    let rig = otlp_rig(&sink, &settings);
    rig.handle.process(&spans(1..=10));
    sink.server.wait_for(1);
    for _ in 0..200 {
        rig.handle.process(&spans(11..=110));
        assert!(rig.handle.held_bytes() <= 200_000);
    }
    let flushed = rig.flush(LONG);
    assert!(flushed.in_time, "{flushed:?}");
    let Sum(accepted, delivered, 0, lost) = sum(flushed.tally) else { panic!("{flushed:?}") };
    assert_eq!((accepted, lost), (20_010, vec![(LossReason::QueueFull, 20_010 - delivered)]));
    assert!(delivered > 200, "{delivered}");
    let arrived: usize = sink.spans()[1..].iter().map(Vec::len).sum();
    assert_eq!(arrived as u64, delivered);
    rig.shutdown(LONG).tally.lost();
}
