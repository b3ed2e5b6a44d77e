//! The name of a function as people would write it, and the crate that it belongs to.
//!
//! In: a symbol as the linker has it, unmangled. Out: a path without hashes, closures and type
//! arguments.
//! Never: loses the name of a function that it does not understand.

use std::borrow::Cow;

/// What debug information and symbol table say of an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Symbol {
    /// The name, unmangled.
    pub(super) name: Option<String>,
    /// The file as the compiler was given it, behind the folder where it ran.
    pub(super) file: Option<String>,
    /// The line, from 1.
    pub(super) line: Option<u32>,
    /// The column, from 1.
    pub(super) column: Option<u32>,
}

/// The longest name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// A name without what the compiler put into it.
pub(super) fn readable(name: &str) -> String {
    let name = without_closures(without_hash(name));
    let mut name = without_arguments(&name);
    // `<T>::f` is `T::f`, a method that belongs to no trait.
    if name.starts_with('<')
        && let Some((own, rest)) = name[1..].split_once('>')
        && !own.contains(['<', ' ', '&', '('])
    {
        name = format!("{own}{rest}");
    }
    name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
    name
}

/// A name without the hash that the older mangling puts at its end.
fn without_hash(name: &str) -> &str {
    match name.rsplit_once("::h") {
        Some((path, hash))
            if hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            path
        }
        _ => name,
    }
}

/// A name without the parts that stand for closures and the bodies of async functions.
fn without_closures(name: &str) -> String {
    let mut rest = name;
    let mut out = String::with_capacity(name.len());
    while let Some(at) = rest.find("::{") {
        let inside = &rest[at + 2..];
        // `{{closure}}` or `{closure#0}`, behind which its own arguments may be.
        let end = inside.find('}').map_or(inside.len(), |end| end + 1);
        let end = end + inside[end..].len() - inside[end..].trim_start_matches('}').len();
        out.push_str(&rest[..at]);
        let part = &inside[..end];
        let is_noise = ["{{closure}}", "{closure", "{async", "{coroutine", "{gen", "{{constant}}"]
            .iter()
            .any(|noise| part.starts_with(noise));
        if !is_noise {
            out.push_str("::");
            out.push_str(part);
        }
        rest = &inside[end..];
    }
    out + rest
}

/// A name without lists of type arguments; `<T as Trait>` is no such list.
fn without_arguments(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut hidden = 0_u32;
    let mut last = ' ';
    for char in name.chars() {
        // What stands behind a name, or behind `::`, are its arguments.
        let is_list = last.is_alphanumeric() || matches!(last, '_' | ':' | '}');
        match char {
            '<' if hidden > 0 || is_list => hidden += 1,
            // The arrow of a function's type closes nothing.
            '>' if hidden > 0 && last != '-' => hidden -= 1,
            _ if hidden > 0 => {}
            _ => out.push(char),
        }
        if hidden > 0 && out.ends_with("::") {
            out.truncate(out.len() - 2);
        }
        last = char;
    }
    out
}

/// The crate whose code a function is, as far as its name tells, or else its file: a function that
/// is inlined may have lost its path.
pub(super) fn owner<'a>(function: Option<&'a str>, file: Option<&str>) -> Option<Cow<'a, str>> {
    let named = function.and_then(crate_of).map(Cow::Borrowed);
    named.or_else(|| file.and_then(crate_of_file).map(Cow::Owned))
}

fn crate_of_file(file: &str) -> Option<String> {
    let (ours, _) = file!().rsplit_once("report/").unwrap_or_default();
    if file.contains("/rustc/") || file.contains("/lib/rustlib/src/") {
        return Some("std".to_owned());
    }
    if !ours.is_empty() && file.contains(ours) {
        return Some("spanwright".to_owned());
    }
    let (_, package) = file.split_once("/registry/src/")?.1.split_once('/')?;
    let (package, _) = package.split_once('/')?.0.rsplit_once('-')?;
    Some(package.replace('-', "_"))
}

fn crate_of(name: &str) -> Option<&str> {
    let Some(inside) = name.strip_prefix('<') else {
        return first_part(name);
    };
    let (own, of_trait) = inside.split_once(" as ").unwrap_or((inside, ""));
    // An own trait of the language's types is more telling than the types.
    let own = first_part(own.trim_start_matches('<')).filter(|own| !is_language(own));
    own.or_else(|| first_part(of_trait))
}

fn first_part(path: &str) -> Option<&str> {
    let path = path.trim_start_matches(['&', '*', '[', '(']);
    let path = ["mut ", "const ", "dyn "]
        .iter()
        .fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    let end = path.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(path.len());
    // A name without a path says nothing about its crate.
    Some(&path[..end]).filter(|_| end > 0 && path[end..].starts_with("::"))
}

/// Whether a crate is part of the language.
pub(super) fn is_language(name: &str) -> bool {
    ["core", "std", "alloc", "proc_macro", "test", "__rustc", "rustc_demangle", "std_detect"]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_without_what_the_compiler_put_into_it() {
        for (name, expected) in [
            ("app::run::h0123456789abcdef", "app::run"),
            ("app::run::hot", "app::run::hot"),
            ("app::home::{{closure}}::h0123456789abcdef", "app::home"),
            ("app::home::{closure#0}::{closure#1}", "app::home"),
            ("app::{impl#3}::home", "app::{impl#3}::home"),
            ("app::home::{{closure}}::inner", "app::home::inner"),
            (
                "core::ops::function::FnOnce::call_once{{vtable.shim}}::h0123456789abcdef",
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
            ),
            ("app::run::<alloc::vec::Vec<u8>, fn(u8) -> u8>", "app::run"),
            ("core::option::Option<T>::unwrap", "core::option::Option::unwrap"),
            ("<app::Db>::connect::<u8>", "app::Db::connect"),
            (
                "<app::Error<E> as core::fmt::Display>::fmt",
                "<app::Error as core::fmt::Display>::fmt",
            ),
            (
                "<alloc::boxed::Box<F,A> as core::ops::function::FnOnce<Args>>::call_once",
                "<alloc::boxed::Box as core::ops::function::FnOnce>::call_once",
            ),
            (
                "<app::f::{closure#0} as core::future::future::Future>::poll",
                "<app::f as core::future::future::Future>::poll",
            ),
            ("<&T as app::Show>::show", "<&T as app::Show>::show"),
            ("main", "main"),
            ("", ""),
        ] {
            assert_eq!(readable(name), expected, "{name}");
        }
    }

    #[test]
    fn nonsense_is_told_as_it_is_and_not_for_ever() {
        for name in ["<<<>", ">>>", "::{", "a::{{closure}", "<a", "ä::{ö}::ü", "<>::<>"] {
            assert!(readable(name).len() <= name.len(), "{name}");
        }
        assert_eq!(readable(&"ä".repeat(10_000)).len(), MAX_NAME_BYTES);
    }

    #[test]
    fn a_function_without_a_path_belongs_to_the_crate_of_its_file() {
        for (name, file, expected) in [
            (
                Some("call_once"),
                Some("/rustc/59807616/library/core/src/ops/function.rs"),
                Some("std"),
            ),
            (
                Some("poll"),
                Some("/u/registry/src/index-1949/tokio-util-0.7.1/src/a.rs"),
                Some("tokio_util"),
            ),
            (Some("capture"), Some(file!()), Some("spanwright")),
            (Some("run"), Some("/srv/app/src/main.rs"), None),
            (Some("app::run"), Some("/u/registry/src/index-1949/tokio-1.0/src/a.rs"), Some("app")),
            (None, Some("/u/registry/src/"), None),
            (None, None, None),
        ] {
            assert_eq!(owner(name, file).as_deref(), expected, "{name:?} {file:?}");
        }
    }

    #[test]
    fn a_function_belongs_to_the_crate_of_its_type_or_else_of_its_trait() {
        for (name, expected) in [
            ("app::run", Some("app")),
            ("<app::Error as core::fmt::Display>::fmt", Some("app")),
            ("<F as app::Handler>::call", Some("app")),
            ("<&mut T as app::Show>::show", Some("app")),
            ("<alloc::string::String as app::Show>::show", Some("app")),
            ("<core::pin::Pin as core::future::Future>::poll", Some("core")),
            ("<[app::Row] as app::Rows>::count", Some("app")),
            ("main", None),
            ("", None),
        ] {
            assert_eq!(crate_of(name), expected, "{name}");
        }
    }
}
