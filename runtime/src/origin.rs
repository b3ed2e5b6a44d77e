//! Where a span comes from, in the words of OpenTelemetry: its scope, and attributes that the
//! record does not hold itself.
//!
//! In: a [`SpanRecord`]. Out: what every OpenTelemetry wire says of it besides its own attributes.
//! Never: repeats a key that the record has an attribute of.

use crate::record::{Attribute, Outcome, Source, SpanRecord, Value};

/// The attribute that names the library behind a span.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/#instrumentationscope>.
pub(crate) const SCOPE_NAME: &str = "otel.scope.name";

/// The attribute with the version of that library; the same source.
pub(crate) const SCOPE_VERSION: &str = "otel.scope.version";

/// The attribute that says how a call ended when the status cannot: `none`, `panic`, `cancelled`.
pub(crate) const OUTCOME: &str = "spanwright.outcome";

/// The function with its path, its file, its line.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>.
pub(crate) const FUNCTION: &str = "code.function.name";
pub(crate) const FILE: &str = "code.file.path";
pub(crate) const LINE: &str = "code.line.number";

/// Who made a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope<'a> {
    /// This crate.
    Ours,
    /// This crate, under a name that the user gave the callsite: `target = ".."`.
    Target(&'static str),
    /// The library whose attributes name it; those are no attributes of the span.
    Library {
        /// Its name.
        name: &'a str,
        /// Its version.
        version: Option<&'a str>,
    },
}

/// Who made the span.
pub(crate) fn scope(record: &SpanRecord) -> Scope<'_> {
    match text(&record.attributes, SCOPE_NAME) {
        Some(name) => Scope::Library { name, version: text(&record.attributes, SCOPE_VERSION) },
        None => scope_of_source(record.source),
    }
}

/// Who made the spans of a callsite, as long as they do not name a library.
pub(crate) fn scope_of_source(source: &'static Source) -> Scope<'static> {
    match source.function.rsplit_once("::") {
        // Without a target given by hand it is the module.
        Some((module, _)) if module != source.target => Scope::Target(source.target),
        _ => Scope::Ours,
    }
}

/// Whether an attribute of this name becomes the scope.
pub(crate) fn is_of_scope(key: &str) -> bool {
    matches!(key, SCOPE_NAME | SCOPE_VERSION)
}

/// Whether an attribute of this name stands in for one of [`attributes`].
#[cfg_attr(not(feature = "otlp"), expect(dead_code, reason = "others take the attributes whole"))]
pub(crate) fn is_own(key: &str) -> bool {
    matches!(key, OUTCOME | FUNCTION | FILE | LINE)
}

/// Where the span comes from and how it ended, without the keys it has attributes of.
pub(crate) fn attributes(record: &SpanRecord) -> impl Iterator<Item = Attribute> {
    let is_free = |added: &Attribute| record.attributes.iter().all(|own| own.key != added.key);
    of_source(record.source).chain(of_outcome(record.outcome)).filter(is_free)
}

/// Where the spans of a callsite come from; a span made by hand comes from nowhere.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/code/>.
pub(crate) fn of_source(source: &'static Source) -> impl Iterator<Item = Attribute> {
    let texts = [(FUNCTION, source.function), (FILE, source.file)];
    let texts = texts.into_iter().filter(|(_, text)| !text.is_empty());
    let line = (source.line > 0).then(|| Attribute::new(LINE, source.line));
    texts.map(|(key, text)| Attribute::new(key, text)).chain(line)
}

/// How the call ended, when the status cannot say it.
pub(crate) fn of_outcome(outcome: Outcome) -> Option<Attribute> {
    match outcome {
        Outcome::Ok | Outcome::Error => None,
        outcome => Some(Attribute::new(OUTCOME, outcome.as_str())),
    }
}

fn text<'a>(attributes: &'a [Attribute], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match &found.value {
        Value::Str(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Level;

    #[test]
    fn a_target_is_a_scope_when_it_is_not_the_module() {
        const fn source(target: &'static str, function: &'static str) -> Source {
            Source { name: "", target, function, file: "", line: 0, level: Level::Info }
        }
        static MODULE: Source = source("shop::cart", "shop::cart::add");
        static PARENT: Source = source("shop", "shop::cart::add");
        static BY_HAND: Source = source("spanwright", "");
        for (source, expected) in
            [(&MODULE, Scope::Ours), (&PARENT, Scope::Target("shop")), (&BY_HAND, Scope::Ours)]
        {
            assert_eq!(scope_of_source(source), expected, "{source:?}");
        }
    }
}
