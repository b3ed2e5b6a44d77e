//! Finished traces for people, a tree of spans as text, failures with where they come from, and the
//! log.
//!
//! In: the spans of one local root, one failure, or one event of the log. Out: lines, in colour or plain.
//! Never: is read by a machine, but for the log where that is asked for; the form for people may change
//! in any release.

mod encode;
mod errors;
mod logs;
mod paint;
mod request;
mod verdict;

use std::io::IsTerminal;
use std::str::FromStr;

pub use errors::Errors;
pub use logs::Logs;

use crate::export::{Batch, EncodeError, Limits, Reply, Request, Verdict};
use crate::record::LocalTrace;

/// A terminal takes what it is given; the bound keeps one write short.
const LIMITS: Limits = Limits { items: 64, bytes: 1024 * 1024, overhead_bytes: 0 };

/// How traces, failures and the log are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether the text is coloured.
    pub is_coloured: bool,
    /// How an event of the log is printed; traces and failures are text.
    pub log_format: LogFormat,
}

/// What an event of the log is on the console: a line in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people, as text.
    #[default]
    Text,
    /// For machines, as a JSON object of at most 16 KiB.
    Json,
}

/// Why a text is not a format of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of text, json")]
pub struct ParseLogFormatError(String);

impl Settings {
    /// For people when standard output is a terminal, in colour if the variable `NO_COLOR` has no
    /// value; the log for machines when it is not.
    ///
    /// Source: <https://no-color.org/>.
    pub fn for_stdout(no_color: Option<&str>) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self {
            is_coloured: no_color.is_none() && is_terminal,
            log_format: if is_terminal { LogFormat::Text } else { LogFormat::Json },
        }
    }
}

impl FromStr for LogFormat {
    type Err = ParseLogFormatError;

    /// `text` or `json`, in either case.
    fn from_str(text: &str) -> Result<Self, ParseLogFormatError> {
        match text.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(ParseLogFormatError(text.to_owned())),
        }
    }
}

/// Renders traces.
#[derive(Debug)]
pub struct Exporter {
    settings: Settings,
}

impl Exporter {
    /// Takes the settings in.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }
}

impl super::Exporter for Exporter {
    type Record = LocalTrace;

    const NAME: &'static str = "console";

    fn weigh(record: &LocalTrace) -> usize {
        encode::weigh(record)
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn encode(&mut self, record: &LocalTrace, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode::trace(record, self.settings.is_coloured, out);
        Ok(())
    }

    fn request(&self, batch: &Batch) -> Request {
        request::request(batch)
    }

    fn verdict(&self, _: &Batch, reply: &Reply) -> Verdict {
        verdict::verdict(reply)
    }
}
