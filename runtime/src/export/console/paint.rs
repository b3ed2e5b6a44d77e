//! What traces, failures and logs have in common: colours, and texts that do no harm.
//!
//! In: texts from anywhere. Out: texts for one line of a terminal.
//! Never: lets a text colour, move, turn round or fill what is not its own.

use crate::record::{Attribute, Value};

/// The longest text that is shown of one value, in characters.
const MAX_VALUE_CHARS: usize = 120;

/// What the longest value takes, with the mark of what is missing.
pub(super) const MAX_VALUE_BYTES: usize = (MAX_VALUE_CHARS + 1) * 4;

/// What an attribute costs beside its key and its value.
const ATTRIBUTE_BYTES: usize = 16;

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) is_coloured: bool,
}

impl Paint {
    pub(super) fn bold(self, text: &str) -> String {
        self.sgr("1", text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.sgr("2", text)
    }

    pub(super) fn red(self, text: &str) -> String {
        self.sgr("31", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.sgr("32", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.sgr("33", text)
    }

    /// Source: ECMA-48 §8.3.117, Select Graphic Rendition.
    fn sgr(self, code: &str, text: &str) -> String {
        if !self.is_coloured || text.is_empty() {
            return text.to_owned();
        }
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// A value that cannot break the line, colour what follows, or fill the screen.
pub(super) fn on_one_line(text: &str) -> String {
    cut_on_one_line(text, MAX_VALUE_CHARS)
}

/// The same of a text that may be longer than a value.
pub(super) fn cut_on_one_line(text: &str, max_chars: usize) -> String {
    let shown = text.chars().take(max_chars);
    let mut shown: String = shown.map(|char| if is_harmful(char) { ' ' } else { char }).collect();
    if text.chars().nth(max_chars).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters; line and paragraph separators; marks that turn the direction of what
/// follows.
///
/// Source: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
fn is_harmful(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Attributes as `key=value key=value`.
pub(super) fn attributes(attributes: &[Attribute], paint: Paint) -> String {
    let parts = attributes.iter().map(|Attribute { key, value }| {
        let key = paint.dim(&format!("{}=", on_one_line(key)));
        format!("{key}{}", on_one_line(&value.to_string()))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// How many bytes the text of attributes takes at most.
pub(super) fn attributes_bytes(attributes: &[Attribute]) -> usize {
    let value_bytes = |value: &Value| match value {
        Value::Str(text) => text.len().min(MAX_VALUE_BYTES),
        _ => MAX_VALUE_BYTES,
    };
    let bytes = |it: &Attribute| ATTRIBUTE_BYTES + it.key.len() + value_bytes(&it.value);
    attributes.iter().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_colour_the_terminal_turn_it_round_or_fill_it() {
        assert_eq!(on_one_line("a\u{1b}[31mb\nc"), "a [31mb c");
        assert_eq!(on_one_line("a\u{202e}b\u{2066}c\u{2028}d\u{9b}"), "a b c d ");
        assert_eq!(on_one_line(&"x".repeat(200)).chars().count(), 121);
        assert_eq!(on_one_line(&"ü".repeat(120)), "ü".repeat(120));
    }
}
