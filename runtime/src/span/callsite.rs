//! What is known of a span at compile time.
//!
//! In: literals from generated code. Out: one `static` whose address stands for all of it in the
//! ring. Never: holds anything that changes.

use crate::record::{Level, Source, SpanKind};

/// The static part of a span or of a set of attributes.
#[derive(Debug)]
pub struct Callsite {
    /// Name, target, file, line, function, level.
    pub source: Source,
    /// The role of the span between services.
    pub kind: SpanKind,
    /// The keys of its attributes; a record carries their indexes.
    pub keys: &'static [&'static str],
}

/// The callsite of every span that is made by hand; its name travels in the record.
pub(super) static MANUAL: Callsite = Callsite {
    source: Source {
        name: "",
        target: "spanwright",
        function: "",
        file: "",
        line: 0,
        level: Level::Info,
    },
    kind: SpanKind::Internal,
    keys: &[],
};
