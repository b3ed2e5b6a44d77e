//! Exceptions as log records: what a receiver sees, and every fault it can have.

use std::sync::Arc;
use std::time::Duration;

use spanwright::export::otlp;
use spanwright::loss::LossReason;
use spanwright::record::{ErrorRecord, Processor};
use support::http_server::{Answer, Received};
use support::otlp_sink::{OtlpSink, ok, partial_success_of_logs};
use support::records::failure;

use crate::rig::{LONG, Rig, Sum, client, delivered, lost, quick, sum};

fn failures() -> Arc<[ErrorRecord]> {
    (1..=10).map(failure).collect()
}

fn settings(sink: &OtlpSink) -> otlp::Settings {
    let endpoint = otlp::Endpoint::base_for_logs(&sink.endpoint());
    otlp::Settings::new(endpoint.expect("the sink has an address"))
}

fn rig(settings: &otlp::Settings) -> Rig<ErrorRecord> {
    Rig::new(otlp::Exceptions::new(settings), client(LONG), &quick())
}

/// Ten failures through a scripted receiver; the counts and the requests.
fn play(script: Vec<Answer>) -> (Sum, Vec<Received>) {
    let sink = OtlpSink::scripted(script);
    let tally = rig(&settings(&sink)).deliver(&failures());
    (sum(tally), sink.received())
}

/// The same until the receiver takes it; every request must carry the same bytes.
fn retried(script: Vec<Answer>) -> usize {
    let (sum, requests) = play(script);
    assert_eq!(sum, delivered(10));
    assert!(requests.windows(2).all(|pair| pair[0] == pair[1]), "a retry sends the same bytes");
    requests.len()
}

#[test]
fn all_arrive_in_order_in_one_request_whether_it_is_compressed_or_not() {
    for (compression, encoding) in
        [(otlp::Compression::None, None), (otlp::Compression::Gzip, Some("gzip"))]
    {
        let sink = OtlpSink::start();
        let settings = otlp::Settings { compression, ..settings(&sink) };
        let tally = rig(&settings).deliver(&failures());
        assert_eq!(sum(tally), delivered(10));

        let [request] = &sink.received()[..] else { panic!("one request") };
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/logs"));
        assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
        assert_eq!(request.header("content-encoding"), encoding);
        let [records] = &sink.log_records()[..] else { panic!("one request of log records") };
        let ids: Vec<u8> = records.iter().map(|record| record.span_id[7]).collect();
        assert_eq!(ids, (1..=10).collect::<Vec<u8>>());
        assert!(records.iter().all(|record| record.event_name == "exception"));
    }
}

#[test]
fn a_partial_success_is_rejected_in_part_and_never_repeated() {
    let (sum, requests) = play(vec![partial_success_of_logs(3, "too old")]);
    assert_eq!((sum, requests.len()), (Sum(10, 7, 3, vec![]), 1));
}

#[test]
fn the_four_statuses_of_the_specification_are_retried() {
    assert_eq!(retried([429, 502, 503, 504].map(Answer::status).to_vec()), 5);
}

#[test]
fn a_wait_the_server_asked_for_outlasts_a_flush() {
    for status in [429, 503] {
        let answer = Answer::status(status).header("Retry-After", "3600");
        let sink = OtlpSink::scripted(vec![answer]);
        let rig = rig(&settings(&sink));
        rig.handle.process(&failures());
        sink.server.wait_for(1);
        assert!(!rig.flush(Duration::from_millis(30)).in_time);
        let stopped = rig.shutdown(Duration::from_millis(30));
        assert_eq!(sum(stopped.tally), lost(10, LossReason::Shutdown));
        assert_eq!(sink.received().len(), 1);
    }
}

#[test]
fn other_failures_are_refused_and_never_repeated() {
    for status in [400, 401, 403, 404, 415, 500, 501, 307] {
        let (sum, requests) = play(vec![Answer::status(status).body("no")]);
        let expected = lost(10, LossReason::Refused);
        assert_eq!((sum, requests.len()), (expected, 1), "{status}");
    }
}

#[test]
fn too_much_at_once_is_split_and_arrives_in_parts() {
    let sink = OtlpSink::scripted(vec![Answer::status(413), ok()]);
    let tally = rig(&settings(&sink)).deliver(&failures());
    assert_eq!(sum(tally), delivered(10));
    let counts: Vec<_> = sink.log_records().iter().map(Vec::len).collect();
    assert_eq!(counts, [10, 5, 5]);
}

#[test]
fn too_much_even_alone_is_lost_as_too_large() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::status(413));
    let tally = rig(&settings(&sink)).deliver(&failures());
    assert_eq!(sum(tally), lost(10, LossReason::TooLarge));
}

#[test]
fn a_broken_connection_and_garbage_for_an_answer_are_retried() {
    assert_eq!(retried(vec![Answer::Reset, Answer::Reset]), 3);
    assert_eq!(retried(vec![Answer::Raw(Vec::new())]), 2);
    assert_eq!(retried(vec![Answer::Raw(b"\0\0\x06\x04 not HTTP\r\n\r\n".to_vec())]), 2);
}

#[test]
fn what_hangs_is_lost_at_shutdown() {
    let sink = OtlpSink::scripted_then(Vec::new(), Answer::Hang);
    let rig = rig(&settings(&sink));
    rig.handle.process(&failures());
    sink.server.wait_for(1);
    let stopped = rig.shutdown(Duration::from_millis(50));
    assert_eq!(sum(stopped.tally), lost(10, LossReason::Shutdown));
}
