//! One event of the log to one line, for people or for machines.
//!
//! ```text
//! 2026-11-20T09:16:00.123Z  info   cruddur::home  HomeActivities  app.count=3  trace 0af7651916cd43dd8448eb211c80319c  user 7
//! ```
//!
//! The trace is named in full, as in the first line of its tree, so that one is found by the other. For
//! machines, which read what a container prints, the line is a JSON object.

use std::io::Write as _;

use super::paint::{
    Paint, attributes, attributes_bytes, cut_on_one_line, on_one_line, value, value_bytes,
};
use super::{LIMITS, LogFormat, Settings, request, verdict};
use crate::export::log_json::Form;
use crate::export::{Batch, EncodeError, Exporter, Limits, Reply, Request, Verdict};
use crate::record::{Attribute, Level, LogRecord};
use crate::utc;

/// The longest message that is shown, in characters.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// What the longest message takes, with the mark of what is missing.
const MAX_MESSAGE_BYTES: usize = (MAX_MESSAGE_CHARS + 1) * 4;

/// The most bytes of a line that its fields take; those that do not fit are counted.
const MAX_FIELDS_BYTES: usize = 8 * 1024;

/// The longest object with its line feed, which is what Docker reads of a container at a time: what is
/// longer arrives as several lines.
///
/// Source: <https://github.com/moby/moby/blob/master/daemon/logger/copier.go>.
const MAX_JSON_BYTES: usize = 16 * 1024;

/// What the message of a request that is over does not say.
const DURATION: &str = "duration_ms";

/// What a line costs beside its target, file, message, fields and user.
const FIXED_BYTES: usize = 512;

/// What the longest escape takes for a character of one byte.
const MAX_ESCAPE_BYTES: usize = "\\u0000".len();

/// Renders events of the log.
#[derive(Debug)]
pub struct Logs {
    settings: Settings,
}

impl Logs {
    /// Takes the settings in.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl Exporter for Logs {
    type Record = LogRecord;

    const NAME: &'static str = "console logs";

    /// Of the longer form: nobody says here which of them it will be.
    fn weigh(record: &LogRecord) -> usize {
        let LogRecord { message, attributes, .. } = record;
        let others = [Some(&*record.target), record.file.as_deref(), record.user.as_deref()];
        let other_bytes: usize = others.into_iter().flatten().map(str::len).sum();
        let user_bytes = record.user.as_deref().map_or(0, value_bytes);
        let line_bytes =
            message.len().min(MAX_MESSAGE_BYTES) + attributes_bytes(attributes) + user_bytes;
        let held_bytes = record.weight_bytes();
        let json_bytes = (held_bytes * MAX_ESCAPE_BYTES).min(MAX_JSON_BYTES);
        FIXED_BYTES + (other_bytes + line_bytes).max(json_bytes).max(held_bytes)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn encode(&mut self, record: &LogRecord, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self.settings.log_format {
            LogFormat::Text => line(record, Paint { is_coloured: self.settings.is_coloured }, out),
            LogFormat::Json => {
                Form::whole(record).write_within(MAX_JSON_BYTES - 1, out);
                out.push(b'\n');
            }
        }
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        request::request(batch)
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(reply)
    }
}

/// Renders one event; what is not known or empty leaves no gap.
fn line(record: &LogRecord, paint: Paint, out: &mut Vec<u8>) {
    let trace = record.span.map(|span| format!("trace {}", span.trace_id));
    let user = record.user.as_ref().map(|user| format!("user {}", value(user)));
    let parts = [
        paint.dim(&utc::Time::of(record.unix_ns).to_string()),
        level(record.level, paint),
        paint.dim(&on_one_line(&record.target)),
        cut_on_one_line(&record.message, MAX_MESSAGE_CHARS),
        fields(record, paint),
        paint.dim(&trace.unwrap_or_default()),
        paint.dim(&user.unwrap_or_default()),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    // Writing to a vector does not fail.
    let _ = writeln!(out, "{}", parts.join("  "));
}

/// The level; all of them are equally wide.
fn level(level: Level, paint: Paint) -> String {
    let text = format!("{:<5}", level.as_str());
    match level {
        Level::Error => paint.red(&text),
        Level::Warn => paint.yellow(&text),
        Level::Info => paint.green(&text),
        Level::Debug | Level::Trace => paint.dim(&text),
    }
}

/// As many fields as fit, and as are not in the message.
fn fields(record: &LogRecord, paint: Paint) -> String {
    let is_news =
        |field: &&Attribute| record.target != LogRecord::ACCESS_TARGET || field.key == DURATION;
    let all: Vec<_> = record.attributes.iter().filter(is_news).collect();
    let mut text = String::new();
    for (index, field) in all.iter().enumerate() {
        let field = attributes(std::slice::from_ref(*field), paint);
        if text.len() + field.len() > MAX_FIELDS_BYTES {
            text.push_str(&paint.dim(&format!(" … {} more", all.len() - index)));
            break;
        }
        if index > 0 {
            text.push(' ');
        }
        text.push_str(&field);
    }
    text
}

#[cfg(test)]
mod tests;
