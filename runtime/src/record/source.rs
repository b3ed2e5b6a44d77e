//! Where in the code a span comes from.

use super::Level;

/// What is known of a span at compile time; one `static` per annotated function.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// The span's name.
    pub name: &'static str,
    /// The module path, or the target given by hand.
    pub target: &'static str,
    /// The function with its module path; empty for a span made by hand.
    pub function: &'static str,
    /// The source file as the compiler names it; empty for a span made by hand.
    pub file: &'static str,
    /// The line of the function, from 1; 0 for a span made by hand.
    pub line: u32,
    /// The detail of the span.
    pub level: Level,
}

impl Source {
    /// What is known of a span made by hand.
    pub const fn by_hand(name: &'static str, target: &'static str) -> Self {
        Self { name, target, function: "", file: "", line: 0, level: Level::Info }
    }
}
