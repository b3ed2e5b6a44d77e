//! Every text of a log record: each field is named, so that a new one has to be thought about.

use std::sync::Arc;

use super::Redaction;
use super::attributes::{self, cow};
use super::hidden::HIDDEN;
use crate::record::LogRecord;

/// Redacts a log record in place.
pub(super) fn record(redaction: &Redaction, record: &mut LogRecord) {
    let LogRecord {
        id: _,
        unix_ns: _,
        level: _,
        target,
        file: _,
        line: _,
        message,
        attributes,
        span: _,
        user,
    } = record;
    cow(redaction, target);
    cow(redaction, message);
    attributes::all(redaction, attributes);
    if let Some(user) = user
        && let Some(redacted) = redaction.hidden(user).apply(user, HIDDEN)
    {
        *user = Arc::from(redacted);
    }
}
