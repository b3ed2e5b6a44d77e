//! What is known of a span at compile time.
//!
//! In: literals from generated code. Out: one `static` whose address stands for all of it in the
//! ring. Never: holds anything that changes.

use std::fmt;

use crate::record::{Destinations, Namespace, Source, SpanKind};

/// The static part of a span or of a set of attributes.
#[derive(Debug)]
pub struct Callsite {
    /// Name, target, file, line, function, level.
    pub source: Source,
    /// The role of the span between services.
    pub kind: SpanKind,
    /// The keys of its attributes; a record carries their indexes.
    pub keys: &'static [&'static str],
    /// What each key is besides an attribute, by the same index; what is not there is nothing more.
    pub marks: &'static [Mark],
    /// What `#[xray_subsegment]` says; `None` without it.
    pub subsegment: Option<Subsegment>,
    /// Who wants the span.
    pub destinations: Destinations,
}

/// What is known of a subsegment at compile time.
#[derive(Debug)]
pub struct Subsegment {
    /// Its name, if it is another than that of the span.
    pub name: Option<&'static str>,
    /// Who does the work.
    pub namespace: Option<Namespace>,
}

/// What a value is to destinations that take segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// An attribute like any other.
    Attribute,
    /// An attribute, and an annotation.
    Annotated,
    /// An annotation alone.
    Annotation,
    /// Metadata of this namespace alone; the value is a JSON text.
    Metadata(&'static str),
}

/// Name of an attribute, for diagnostics.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttributeName {
    key: Option<&'static str>,
    source: Option<&'static Source>,
}

impl AttributeName {
    /// The attribute of a callsite with this key.
    pub(crate) fn of(callsite: &'static Callsite, key: u16) -> Self {
        Self::new(callsite.keys, &callsite.source, key)
    }

    /// The attribute with this one of `keys`.
    pub(super) fn new(keys: &[&'static str], source: &'static Source, key: u16) -> Self {
        Self { key: keys.get(usize::from(key)).copied(), source: Some(source) }
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key {
            Some(key) => write!(f, "attribute `{key}`")?,
            None => f.write_str("an attribute")?,
        }
        match self.source {
            Some(Source { name, .. }) if !name.is_empty() => write!(f, " of `{name}`"),
            Some(Source { file, line, .. }) => write!(f, " at {file}:{line}"),
            None => Ok(()),
        }
    }
}

/// The callsite of every span that is made by hand; its name travels in the record.
pub(super) static MANUAL: Callsite = Callsite {
    source: Source::by_hand("", "spanwright"),
    kind: SpanKind::Internal,
    keys: &[],
    marks: &[],
    subsegment: None,
    destinations: Destinations::ALL,
};
