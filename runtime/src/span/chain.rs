//! An error and what it came from, as a text.
//!
//! In: an error by reference. Out: its message and those of its sources.
//! Never: follows a ring of sources for ever; lets an error fail that fails to format.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::iter::{once, successors};

use super::sink::Limited;

/// How many sources of an error are told; a chain may be a ring.
const MAX_SOURCES: usize = 16;

/// The longest message that is made, in bytes: as much as any record keeps of a text.
const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Formats as an error and its sources, each behind a colon.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn Error);

impl Chain<'_> {
    /// What the error says, and what each of its sources says.
    pub(super) fn messages(&self) -> impl Iterator<Item = String> {
        let sources = successors(self.0.source(), |&error| error.source()).take(MAX_SOURCES);
        once(message(self.0)).chain(sources.map(message))
    }
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut messages = self.messages();
        let mut said = messages.next().unwrap_or_default();
        f.write_str(&said)?;
        for message in messages {
            // Many errors say in their own text what their source says.
            if !said.ends_with(&message) {
                write!(f, ": {message}")?;
                said = message;
            }
        }
        Ok(())
    }
}

/// How an error formats, as far as it would be kept.
fn message(error: &dyn Error) -> String {
    let mut text = String::new();
    // A `Display` that fails has still written what it could.
    let _ = write!(Limited { text: &mut text, max_bytes: MAX_MESSAGE_BYTES }, "{error}");
    text
}
