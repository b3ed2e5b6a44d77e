//! Records for the tests of this dialect.

use super::{Exporter, Group, Oversize, Settings, Template};
use crate::export::{Batch, Exporter as _};
use crate::record::{Level, LogId, LogRecord};

/// Where the service would be.
pub(super) const ENDPOINT: &str = "https://logs.eu-west-1.amazonaws.com";

/// An event of this time that says little.
pub(super) fn record(unix_ns: u64) -> LogRecord {
    LogRecord {
        id: LogId::new(unix_ns, 1),
        unix_ns,
        level: Level::Info,
        target: "cruddur".into(),
        file: None,
        line: None,
        message: "3 activities".into(),
        attributes: Vec::new(),
        span: None,
        user: None,
    }
}

/// Settings for a group and a stream.
pub(super) fn settings(stream: &str) -> Settings {
    let group = Group::new("cruddur").expect("a name");
    Settings { stream: Template::new(stream).expect("a template"), ..Settings::new(group) }
}

/// The item of a record.
pub(super) fn encoded(record: &LogRecord) -> Vec<u8> {
    encoded_by(Oversize::Cut, usize::MAX, record)
}

/// The item of a record that may be too large.
pub(super) fn encoded_by(oversize: Oversize, max_bytes: usize, record: &LogRecord) -> Vec<u8> {
    let settings = Settings { oversize, max_message_bytes: max_bytes, ..settings("web-1") };
    let mut item = Vec::new();
    let mut exporter = Exporter::new(&settings, ENDPOINT);
    exporter.encode(record, &mut item).expect("every event has a form");
    item
}

/// Events of these times, in this order.
pub(super) fn batch(unix_ns: &[u64]) -> Batch {
    let records: Vec<_> = unix_ns.iter().map(|unix_ns| record(*unix_ns)).collect();
    let mut exporter = Exporter::new(&settings("web-1"), ENDPOINT);
    Batch::collect(&mut exporter, &records).expect("every event has a form")
}
