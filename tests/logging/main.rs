//! The log: events and spans of `tracing`, taken by our layer, together with spans of ours.

mod events;
mod spans;
mod trees;

use spanwright::record::{Attribute, LogRecord, Value};

/// A layer that leaves out what differs from run to run.
fn layer() -> spanwright::logging::Layer {
    spanwright::logging::layer().with_tracked_inactivity(false)
}

/// The value of a key.
fn value<'a>(record: &'a LogRecord, key: &str) -> Option<&'a Value> {
    let known = |attribute: &&Attribute| attribute.key == key;
    record.attributes.iter().find(known).map(|attribute| &attribute.value)
}

/// What the events say, in their order.
fn messages(records: &[LogRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.message).collect()
}
