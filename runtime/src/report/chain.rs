//! An error and what caused it.
//!
//! In: an error by reference. Out: names and messages, each error's own.
//! Never: lets a panic of an error's `Display` or `Debug` out; follows a ring of sources for ever.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};

use crate::guard::guard;
use crate::record::Cause;
use crate::type_name;

/// How many sources of an error are told; a chain may be a ring.
const MAX_SOURCES: usize = 16;
/// Maximum length of a message, and of any other text of a report that the application writes, in bytes.
pub(super) const MAX_MESSAGE_BYTES: usize = 8 << 10;

/// Returns the error, and each that caused the one before; `name` is that of the error's own type.
pub(crate) fn causes(name: &'static str, error: &dyn Error) -> Vec<Cause> {
    let message_of_outer = limited(&format_args!("`Display` of `{name}`"), &error);
    let mut causes = vec![Cause { type_name: type_name::of_type(name), message: message_of_outer }];
    let source_of = format_args!("`Error::source` of `{name}`");
    let mut next = guard(source_of, || error.source()).flatten();
    while let Some(source) = next.filter(|_| causes.len() <= MAX_SOURCES) {
        let type_name = type_name::of_dyn(source).map(Cow::Borrowed);
        causes.push(Cause { type_name, message: message(source) });
        next = guard("`Error::source` of an error", || source.source()).flatten();
    }
    // From the front, as each is compared with what the next one says before that loses its own end.
    for at in 1..causes.len() {
        let (outer, inner) = causes.split_at_mut(at);
        cut_off(&mut outer[at - 1].message, &inner[0].message);
    }
    causes
}

/// Returns a failure that is no error by its type, but has a text.
pub(super) fn cause(name: &'static str, text: &dyn fmt::Display) -> Cause {
    let message = limited(&format_args!("`Display` or `Debug` of `{name}`"), text);
    Cause { type_name: type_name::of_type(name), message }
}

/// Returns a text of the application as far as it is kept, without the room of the rest.
pub(super) fn kept(mut text: String) -> String {
    if text.len() > MAX_MESSAGE_BYTES {
        text.truncate(text.floor_char_boundary(MAX_MESSAGE_BYTES));
        text.shrink_to_fit();
    }
    text
}

/// Many errors say at their end what their source says.
fn cut_off(message: &mut String, source: &str) {
    let own = message.strip_suffix(source).and_then(|own| own.strip_suffix(": "));
    if let Some(end) = own.map(str::len).filter(|_| !source.is_empty()) {
        message.truncate(end);
    }
}

/// Takes so many bytes of text, and refuses what is beyond, so that nobody formats it in vain.
struct Limited<'a> {
    text: &'a mut String,
    max_bytes: usize,
}

impl fmt::Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.max_bytes - self.text.len();
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
        if text.len() <= room { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Returns how a failure formats for users, cut at 8 KiB. A panic of its `Display` ends the text.
pub(crate) fn message(failure: &(impl fmt::Display + ?Sized)) -> String {
    limited(&"`Display` of an error", &failure)
}

/// Returns a text as far as it is kept. A `Display` that fails or panics has written what it could;
/// a diagnostic calls it `name`.
fn limited(name: &dyn fmt::Display, value: &dyn fmt::Display) -> String {
    let mut text = String::new();
    let mut limited = Limited { text: &mut text, max_bytes: MAX_MESSAGE_BYTES };
    guard(name, || write!(limited, "{value}"));
    text
}

#[cfg(test)]
mod tests;
