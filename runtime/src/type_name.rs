//! Names of the types of errors, for spans, segments and reports alike.
//!
//! Only names that the compiler has made are used. The `Debug` form of an error may begin with any
//! text, such as the name of a user, and each name makes a group of reports and a value of a metric.

use std::any::type_name;
use std::borrow::Cow;
use std::error::Error;

/// Maximum length of a name, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// The value of `error.type` where no type is known.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/>.
pub(crate) const OTHER: &str = "_OTHER";

/// Types that say nothing about the error that they hold, or about the one that their text is of.
const WRAPPERS: [&str; 6] = [
    "",
    "str",
    "alloc::string::String",
    "anyhow::Error",
    "eyre::Report",
    "actix_web::error::error::Error",
];

/// Returns the name of a type of errors, without pointers around it; `None` for a type that only
/// wraps an error, or is a text.
pub(crate) fn of_type(name: &'static str) -> Option<Cow<'static, str>> {
    let name = without_lifetimes(unwrapped(name));
    let is_wrapper = WRAPPERS.contains(&name) || name.starts_with("dyn ");
    (!is_wrapper).then(|| without_paths_of_arguments(name))
}

/// Returns the name of an error's type, if it is one of the standard library: no other can be known
/// of a trait object.
pub(crate) fn of_dyn(error: &(dyn Error + 'static)) -> Option<&'static str> {
    macro_rules! first_of {
        ($($known:ty),* $(,)?) => {
            None$(.or_else(|| error.is::<$known>().then(type_name::<$known>)))*
        };
    }
    first_of!(
        std::io::Error,
        std::fmt::Error,
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

/// Returns `a::Error` of `a::Error<'_>`; a name with other arguments stays as it is.
fn without_lifetimes(name: &'static str) -> &'static str {
    let is_lifetime = |argument: &str| argument.trim().starts_with('\'');
    match name.strip_suffix('>').and_then(|name| name.split_once('<')) {
        Some((path, arguments)) if arguments.split(',').all(is_lifetime) => path,
        _ => name,
    }
}

/// Returns `a::Error` of `&alloc::boxed::Box<a::Error>`.
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

/// Returns `a::Error<D>` of `a::Error<b::c::D>`.
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
mod tests {
    use std::io;

    use super::*;

    fn short(name: &'static str) -> Option<String> {
        of_type(name).map(Cow::into_owned)
    }

    #[test]
    fn a_type_has_its_name_without_pointers_and_paths_of_arguments() {
        for (name, expected) in [
            ("app::Error", "app::Error"),
            ("&mut app::Error", "app::Error"),
            ("alloc::boxed::Box<alloc::sync::Arc<app::Error>>", "app::Error"),
            ("app::Error<alloc::vec::Vec<app::db::Row>, &str>", "app::Error<Vec<Row>, &str>"),
            ("app::Fehler<ä::Öl>", "app::Fehler<Öl>"),
            ("app::Error<'_>", "app::Error"),
            ("alloc::boxed::Box<app::Error<'_, '_>>", "app::Error"),
            ("app::Error<'_, u8>", "app::Error<'_, u8>"),
        ] {
            assert_eq!(short(name).as_deref(), Some(expected), "{name}");
        }
    }

    #[test]
    fn a_wrapper_and_a_text_have_no_name() {
        for name in [
            "",
            "&str",
            "alloc::string::String",
            "alloc::boxed::Box<str>",
            "alloc::boxed::Box<dyn core::error::Error + core::marker::Send>",
            "anyhow::Error",
            "&eyre::Report",
            "actix_web::error::error::Error",
        ] {
            assert_eq!(short(name), None, "{name}");
        }
    }

    #[test]
    fn a_trait_object_has_a_name_if_its_type_is_known() {
        #[derive(Debug, thiserror::Error)]
        #[error("no")]
        struct Unknown;

        assert_eq!(of_dyn(&io::Error::from_raw_os_error(2)), Some("std::io::error::Error"));
        assert_eq!(of_dyn(&std::fmt::Error), Some("core::fmt::Error"));
        assert_eq!(of_dyn(&Unknown), None);
    }
}
