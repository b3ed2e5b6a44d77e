//! Finished traces for people, a tree of spans as text, failures with where they come from, and the
//! log.
//!
//! In: the spans of one local root, one failure, or one event of the log. Out: lines, in colour or plain.
//! Never: is read by a machine; the form may change in any release.

mod encode;
mod errors;
mod logs;
mod paint;
mod request;
mod verdict;

use std::io::IsTerminal;

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
}

impl Settings {
    /// In colour when standard output is a terminal and the variable `NO_COLOR` has no value.
    ///
    /// Source: <https://no-color.org/>.
    pub fn for_stdout(no_color: Option<&str>) -> Self {
        Self { is_coloured: no_color.is_none() && std::io::stdout().is_terminal() }
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
