//! Colours, and texts from anywhere that are safe on one line of a terminal.
//!
//! The parts of a line are separated by two blanks, which no text holds in a row; a value that could
//! be read as the end of itself and a further `key=value` is in quotes. So nothing that comes from
//! outside can look like another part of its line, nor colour, move or turn round what follows.

use crate::record::{Attribute, Value};

/// The longest text that is shown of one value, in characters.
const MAX_VALUE_CHARS: usize = 120;

/// Size of the longest value in bytes, with the mark of what is missing and the quotes.
pub(super) const MAX_VALUE_BYTES: usize = (MAX_VALUE_CHARS + 1) * 4 + 2;

/// Size of the longest escape in bytes, for each byte that it stands for.
const MAX_ESCAPE_BYTES: usize = "\\u{1b}".len();

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

/// Returns a text on one line, as a part of its own: at most 120 characters.
pub(super) fn on_one_line(text: &str) -> String {
    cut_on_one_line(text, MAX_VALUE_CHARS)
}

/// Returns a text on one line, as a part of its own: with one blank for blanks in a row and for what
/// could do harm, and at most so many characters.
pub(super) fn cut_on_one_line(text: &str, max_chars: usize) -> String {
    let mut shown = String::new();
    let mut is_after_blank = true;
    let mut count = 0;
    for char in text.chars() {
        if count == max_chars {
            shown.push('…');
            break;
        }
        let is_blank = char.is_whitespace() || is_harmful(char);
        if !(is_blank && is_after_blank) {
            shown.push(if is_blank { ' ' } else { char });
            count += 1;
        }
        is_after_blank = is_blank;
    }
    shown.truncate(shown.trim_end().len());
    shown
}

/// Returns a value as `logfmt` writes it: in quotes where it is empty or holds white space, quotes,
/// `=` or what could do harm, which is escaped.
///
/// Source: <https://brandur.org/logfmt>.
pub(super) fn value(text: &str) -> String {
    let is_special =
        |char: char| char.is_whitespace() || matches!(char, '"' | '=') || is_harmful(char);
    if !text.is_empty() && !text.chars().take(MAX_VALUE_CHARS).any(is_special) {
        return on_one_line(text);
    }
    let mut shown = String::from('"');
    let mut count = 0;
    for char in text.chars() {
        let escaped = escaped(char);
        count += escaped.chars().count();
        if count > MAX_VALUE_CHARS {
            shown.push('…');
            break;
        }
        shown.push_str(&escaped);
    }
    shown.push('"');
    shown
}

/// Returns a character within quotes.
fn escaped(char: char) -> String {
    match char {
        '"' | '\\' => format!("\\{char}"),
        _ if is_harmful(char) => char.escape_default().to_string(),
        _ => char.to_string(),
    }
}

/// Returns a key, which cannot be quoted: with `_` for what would end it.
fn key(text: &str) -> String {
    let is_end = |char: char| char.is_whitespace() || matches!(char, '"' | '=');
    on_one_line(text).replace(is_end, "_")
}

/// Returns true for control characters, separators of lines and paragraphs, and marks that turn the
/// direction of what follows.
///
/// Source: <https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters>.
fn is_harmful(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns attributes as `key=value key=value`.
pub(super) fn attributes(attributes: &[Attribute], paint: Paint) -> String {
    let parts = attributes.iter().map(|attribute| {
        let key = paint.dim(&format!("{}=", key(&attribute.key)));
        format!("{key}{}", value(&attribute.value.to_string()))
    });
    parts.collect::<Vec<_>>().join(" ")
}

/// Returns the maximum size in bytes of a text as a value.
pub(super) fn value_bytes(text: &str) -> usize {
    (text.len() * MAX_ESCAPE_BYTES + 2).min(MAX_VALUE_BYTES)
}

/// Returns the maximum size in bytes of the text of attributes.
pub(super) fn attributes_bytes(attributes: &[Attribute]) -> usize {
    let bytes_of = |value: &Value| match value {
        Value::Str(text) => value_bytes(text),
        _ => MAX_VALUE_BYTES,
    };
    let bytes = |it: &Attribute| ATTRIBUTE_BYTES + it.key.len() + bytes_of(&it.value);
    attributes.iter().map(bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_on_its_line_and_holds_no_two_blanks_in_a_row() {
        assert_eq!(on_one_line("a\u{1b}[31mb\nc"), "a [31mb c");
        assert_eq!(on_one_line("a\u{202e}b\u{2066}c\u{2028}d\u{9b}"), "a b c d");
        assert_eq!(on_one_line(" x  trace deadbeef \r\n user 7 "), "x trace deadbeef user 7");
        assert_eq!(on_one_line(&"x".repeat(200)).chars().count(), 121);
        assert_eq!(on_one_line(&"ü".repeat(120)), "ü".repeat(120));
    }

    #[test]
    fn a_value_that_could_look_like_more_is_in_quotes() {
        for (text, expected) in [
            ("plain", "plain"),
            ("/a?b:c[0]\\d'", "/a?b:c[0]\\d'"),
            ("x user.id=admin trace deadbeef", "\"x user.id=admin trace deadbeef\""),
            ("a=b", "\"a=b\""),
            ("say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""),
            ("a\tb\r\nc", "\"a\\tb\\r\\nc\""),
            ("\u{1b}[31m\u{202e}", "\"\\u{1b}[31m\\u{202e}\""),
            ("a\u{a0}b", "\"a\u{a0}b\""),
            ("", "\"\""),
        ] {
            assert_eq!(value(text), expected);
            assert!(expected.len() <= value_bytes(text), "{text}");
        }
        let long = value(&"x ".repeat(200));
        assert_eq!((long.chars().count(), long.ends_with("x …\"")), (123, true), "{long}");
        assert_eq!(value(&"\u{1b}".repeat(200)).chars().count(), 123);
    }

    #[test]
    fn a_key_ends_at_its_equals_sign() {
        let hostile = [Attribute::new("a=1 \"b\"\n", 2_i64)];
        assert_eq!(attributes(&hostile, Paint { is_coloured: false }), "a_1__b_=2");
    }
}
