//! An error and what caused it.
//!
//! In: an error by reference. Out: names and messages, each error's own.
//! Never: lets a panic of an error's `Display` or `Debug` out; follows a ring of sources for ever.

use std::any::type_name;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::record::Cause;
use crate::span::without_lifetimes;

/// How many sources of an error are told; a chain may be a ring.
const MAX_SOURCES: usize = 16;
/// The longest message.
const MAX_MESSAGE_BYTES: usize = 8 << 10;
/// The longest name of a type.
const MAX_NAME_BYTES: usize = 255;

/// The error, and each that caused the one before; `type_name` is of the error itself.
pub(crate) fn causes(type_name: &'static str, error: &dyn Error) -> Vec<Cause> {
    let mut causes =
        vec![Cause { type_name: outer_name(type_name, error), message: message(error) }];
    let mut next = guarded(|| error.source()).flatten();
    while let Some(source) = next.filter(|_| causes.len() <= MAX_SOURCES) {
        causes.push(Cause { type_name: source_name(source), message: message(source) });
        next = guarded(|| source.source()).flatten();
    }
    // From the front, as each is compared with what the next one says before that loses its own end.
    for at in 1..causes.len() {
        let (outer, inner) = causes.split_at_mut(at);
        cut_off(&mut outer[at - 1].message, &inner[0].message);
    }
    causes
}

/// Something that only says what is wrong; a text by itself has no type worth telling.
pub(super) fn cause(type_name: &'static str, text: &dyn fmt::Display) -> Cause {
    let is_text = matches!(type_name.trim_start_matches('&'), "" | "str" | "alloc::string::String");
    let type_name = (!is_text).then_some(Cow::Borrowed(type_name));
    let mut message = String::new();
    // What fails while it formats has still written what it could.
    guarded(|| {
        let _ = write!(Limited { text: &mut message, max_bytes: MAX_MESSAGE_BYTES }, "{text}");
    });
    Cause { type_name, message }
}

/// Many errors say at their end what their source says.
fn cut_off(message: &mut String, source: &str) {
    let own = message.strip_suffix(source).and_then(|own| own.strip_suffix(": "));
    if let Some(end) = own.map(str::len).filter(|_| !source.is_empty()) {
        message.truncate(end);
    }
}

/// Runs what the error's author wrote; a panic there costs what it would have returned.
fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
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

/// What formats, as far as it is kept. What fails or panics has still written what it could.
fn limited(value: fmt::Arguments<'_>, max_bytes: usize) -> String {
    let mut text = String::new();
    guarded(|| Limited { text: &mut text, max_bytes }.write_fmt(value));
    text
}

fn message(error: &dyn Error) -> String {
    limited(format_args!("{error}"), MAX_MESSAGE_BYTES)
}

/// The name of the type of the outermost error. A wrapper's says nothing, so what the error within
/// calls itself stands in for it.
fn outer_name(name: &'static str, error: &dyn Error) -> Option<Cow<'static, str>> {
    let name = without_lifetimes(unwrapped(name));
    let says_nothing = ["dyn ", "anyhow::Error", "eyre::Report"];
    if name.is_empty() || says_nothing.iter().any(|begin| name.starts_with(begin)) {
        return own_name(error);
    }
    Some(without_paths_of_arguments(name))
}

/// `a::Error` of `&alloc::boxed::Box<a::Error>`.
fn unwrapped(name: &'static str) -> &'static str {
    const POINTERS: [&str; 3] = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];
    let mut name = name;
    loop {
        let bare = name.trim_start_matches('&').trim_start_matches("mut ");
        let inside = POINTERS.iter().find_map(|pointer| bare.strip_prefix(pointer));
        match inside.and_then(|inside| inside.strip_suffix('>')) {
            Some(inside) => name = inside,
            None => return bare,
        }
    }
}

fn source_name(error: &(dyn Error + 'static)) -> Option<Cow<'static, str>> {
    known_name(error).map(Cow::Borrowed).or_else(|| own_name(error))
}

/// The name of an error's type, if it is one of the language's.
fn known_name(error: &(dyn Error + 'static)) -> Option<&'static str> {
    macro_rules! first_of {
        ($($known:ty),* $(,)?) => {
            None$(.or_else(|| error.is::<$known>().then(type_name::<$known>)))*
        };
    }
    first_of!(
        std::io::Error,
        fmt::Error,
        std::num::ParseIntError,
        std::num::ParseFloatError,
        std::num::TryFromIntError,
        std::str::Utf8Error,
        std::str::ParseBoolError,
        std::char::ParseCharError,
        std::string::FromUtf8Error,
        std::string::FromUtf16Error,
        std::net::AddrParseError,
        std::time::SystemTimeError,
        std::env::VarError,
        std::sync::mpsc::RecvError,
        std::sync::mpsc::RecvTimeoutError,
        std::sync::mpsc::TryRecvError,
        std::cell::BorrowError,
        std::cell::BorrowMutError,
        std::array::TryFromSliceError,
        std::thread::AccessError,
        std::alloc::LayoutError,
        std::ffi::NulError,
    )
}

/// What the `Debug` form of an error begins with, where that looks like the name of a type.
fn own_name(error: &dyn Error) -> Option<Cow<'static, str>> {
    let text = limited(format_args!("{error:?}"), MAX_NAME_BYTES);
    let end = text.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = name.starts_with(char::is_uppercase) && end < MAX_NAME_BYTES;
    let is_type = rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {");
    (is_name && is_type).then(|| Cow::Owned(name.to_owned()))
}

/// `a::Error<b::c::D>` as `a::Error<D>`.
fn without_paths_of_arguments(name: &'static str) -> Cow<'static, str> {
    let Some(start) = name.find('<') else { return Cow::Borrowed(name) };
    let (path, arguments) = name.split_at(start);
    let mut short = path.to_owned();
    let mut rest = arguments;
    while let Some(at) = rest.find("::") {
        let (before, behind) = rest.split_at(at);
        short.push_str(before.trim_end_matches(|char: char| char.is_alphanumeric() || char == '_'));
        rest = &behind[2..];
    }
    short.push_str(rest);
    short.truncate(short.floor_char_boundary(MAX_NAME_BYTES));
    Cow::Owned(short)
}

#[cfg(test)]
mod tests;
