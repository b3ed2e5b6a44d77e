//! The least of a dialect: a number becomes a segment document of a chosen length.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use spanwright::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use spanwright::pipeline::transport::daemon::HostPort;
use spanwright::pipeline::transport::udp;
use spanwright::pipeline::{Backoff, Settings};
use spanwright::secret::Secret;
use support::rig::in_turn;
use support::xray_daemon::{HEADER, XrayDaemon};

/// From which length on a document goes by TCP where both ways are open.
const LONG_BYTES: usize = 32_000;

/// A document to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Document {
    pub(crate) number: u64,
    /// Of the datagram, header included.
    pub(crate) len: usize,
}

/// By which way documents go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Udp,
    Tcp,
    /// Long ones by TCP.
    Auto,
}

/// The dialect.
#[derive(Debug)]
pub(crate) struct Dialect {
    way: Way,
    daemon: SocketAddr,
}

impl Dialect {
    pub(crate) fn new(way: Way, daemon: SocketAddr) -> Self {
        Self { way, daemon }
    }

    fn way_of(&self, batch: &Batch) -> Way {
        match self.way {
            Way::Auto if batch.items().any(|item| item.len() >= LONG_BYTES) => Way::Tcp,
            Way::Auto => Way::Udp,
            way => way,
        }
    }
}

impl Exporter for Dialect {
    type Record = Document;

    const NAME: &'static str = "documents";

    fn weigh(record: &Document) -> usize {
        record.len
    }

    fn limits(&self) -> Limits {
        let items = if self.way == Way::Auto { 1 } else { 64 };
        Limits { items, bytes: 1 << 20, overhead_bytes: 0 }
    }

    fn encode(&mut self, record: &Document, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let end = out.len() + record.len;
        out.extend_from_slice(HEADER);
        let id = id(record.number);
        let start = format!(r#"{{"id":"{id}","trace_id":"1-00000001-{id}00000000","pad":""#);
        out.extend_from_slice(start.as_bytes());
        out.resize(end - 2, b'x');
        out.extend_from_slice(b"\"}");
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        if self.way_of(batch) == Way::Udp {
            let body = batch.items().map(|item| batch.bytes().slice_ref(item)).collect();
            let url = Secret::new(format!("udp://{}", self.daemon));
            return Request { url, headers: Vec::new(), body };
        }
        let texts = batch.items().map(|item| {
            std::str::from_utf8(&item[HEADER.len()..]).expect("the documents are text")
        });
        let body = json!({"TraceSegmentDocuments": texts.collect::<Vec<_>>()}).to_string();
        let url = Secret::new(format!("http://{}/TraceSegments", self.daemon));
        Request { url, headers: Vec::new(), body: vec![body.into()] }
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        let reason = format!("status {}", reply.status);
        match reply.status {
            200 => {
                let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
                let refused = body["UnprocessedTraceSegments"].as_array().map_or(0, Vec::len);
                if refused == 0 {
                    return Verdict::Delivered;
                }
                Verdict::Partial { rejected: refused, message: body.to_string() }
            }
            413 => Verdict::Split,
            429 | 500.. => Verdict::Retry { after: reply.retry_after, reason },
            _ => Verdict::Refused { reason },
        }
    }
}

/// The id of a document.
pub(crate) fn id(number: u64) -> String {
    format!("{number:016x}")
}

/// Documents of a common length.
pub(crate) fn documents(numbers: RangeInclusive<u64>, len: usize) -> Arc<[Document]> {
    numbers.map(|number| Document { number, len }).collect()
}

/// Asserts that each of these documents has come, at least once, whole.
pub(crate) fn assert_all(daemon: &XrayDaemon, numbers: RangeInclusive<u64>) {
    let found: BTreeSet<_> = daemon.documents().into_iter().filter_map(|it| it.id).collect();
    let missing: Vec<_> = numbers.filter(|number| !found.contains(&id(*number))).collect();
    assert!(missing.is_empty(), "{} documents are missing: {missing:?}", missing.len());
    assert_eq!((daemon.dropped(), daemon.unprocessed()), (vec![], vec![]));
}

/// One request at a time, as datagrams want it, and a failure is not worth a wait.
pub(crate) fn restless() -> Settings {
    let backoff = Backoff { initial: Duration::ZERO, max: Duration::ZERO };
    Settings { backoff, ..in_turn() }
}

/// An address as host and port.
pub(crate) fn host_port(address: &str) -> HostPort {
    HostPort::parse(address).expect("an address is a host and a port")
}

/// Settings of datagrams to a daemon.
pub(crate) fn settings(daemon: &XrayDaemon) -> udp::Settings {
    udp::Settings::new(host_port(&daemon.address().to_string()))
}
