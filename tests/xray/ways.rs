//! Which way documents go.

use bytes::Bytes;
use serde_json::Value;
use spanwright::export::xray::{Exporter, Settings, Transport};
use spanwright::export::{Batch, Exporter as _};
use spanwright::record::{Attribute, LocalTrace};
use support::segments::{failed, node, trace};

use super::judge;

fn settings(transport: Transport) -> Settings {
    Settings { tcp_address: "daemon:2001".to_owned(), transport, ..Settings::new("127.0.0.1:2000") }
}

fn large() -> LocalTrace {
    let mut root = node(1);
    root.attributes = vec![Attribute::new("note", "x".repeat(40_000))];
    trace([root])
}

/// Whether the way has an answer, and what is sent.
fn sent(transport: Transport, traces: &[LocalTrace]) -> (bool, Vec<Bytes>) {
    let request = judge::request(&settings(transport), traces);
    (!request.headers.is_empty(), request.body)
}

#[test]
fn datagrams_have_one_document_each() {
    let (is_acked, body) = sent(Transport::Udp, &[trace([node(1)]), large(), trace([node(1)])]);
    assert_eq!((is_acked, body.len()), (false, 3));
    for datagram in &body {
        judge::judge(datagram);
    }
}

#[test]
fn an_acknowledged_request_has_the_documents_as_texts() {
    let traces = [trace([failed(node(1), &["\"quoted\" \u{1}"])]), trace([node(1)])];
    let (is_acked, body) = sent(Transport::TcpAcked, &traces);
    assert!(is_acked);
    let body: Value = serde_json::from_slice(&body.concat()).expect("the body is JSON");
    let texts = body["TraceSegmentDocuments"].as_array().expect("it is a list").clone();
    let (_, datagrams) = sent(Transport::Udp, &traces);
    let datagrams: Vec<_> = datagrams
        .iter()
        .map(|it| std::str::from_utf8(&it[judge::HEADER.len()..]).expect("it is text"))
        .collect();
    assert_eq!(texts, datagrams);
}

#[test]
fn what_is_large_or_has_failed_is_acknowledged_when_the_way_is_open() {
    for (other, expected) in [
        (trace([node(2), node(1)]), false),
        (trace([failed(node(2), &["no"]), node(1)]), true),
        (large(), true),
    ] {
        let (is_acked, _) = sent(Transport::Auto, &[trace([node(1)]), other]);
        assert_eq!(is_acked, expected);
    }
}

#[test]
fn a_trace_counts_by_its_documents() {
    let orphans = |count: u64| trace((2..2 + count).map(node));
    let mut exporter = Exporter::new(&settings(Transport::TcpAcked));
    for count in [1, 2, 50, 51] {
        let batch = Batch::collect(&mut exporter, &[orphans(count)]).expect("it has a form");
        let item = batch.items().next().expect("there is one");
        assert_eq!(u64::try_from(Exporter::count(item)), Ok(count));
    }
    assert_eq!(exporter.limits().items, 50);
}

#[test]
fn more_documents_than_a_request_may_have_go_by_datagrams() {
    let settings = settings(Transport::TcpAcked);
    for (count, is_acked) in [(50, true), (51, false)] {
        let request = judge::request(&settings, &[trace((2..2 + count).map(node))]);
        assert_eq!(!request.headers.is_empty(), is_acked);
        assert_eq!(request.body.len(), if is_acked { 1 } else { 51 });
    }
    assert_eq!(settings.notes.count("sent without an answer: too many documents"), 1);
}
