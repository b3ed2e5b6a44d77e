//! JSON, and what shells and formatters make of it, without its values.

use super::quoted::string_len;

/// How deep objects and arrays may be within each other.
const MAX_DEPTH: usize = 64;

/// Returns the text with `?` for every value; keys of objects stay. Ends where the text is no JSON.
pub(super) fn masked(text: &str) -> String {
    let mut masker = Masker { rest: text, open: Vec::new(), is_key: false, out: String::new() };
    while masker.step() {}
    masker.out.truncate(masker.out.trim_end().len());
    masker.out
}

struct Masker<'a> {
    rest: &'a str,
    /// What is open, the innermost last.
    open: Vec<char>,
    /// True where a key may stand.
    is_key: bool,
    out: String,
}

impl Masker<'_> {
    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(char) = self.rest.chars().next() else { return false };
        match char {
            '{' | '[' if self.open.len() < MAX_DEPTH => {
                self.open.push(char);
                self.is_key = char == '{';
                self.keep(1);
            }
            '}' | ']' => {
                let is_closed =
                    matches!((self.open.pop(), char), (Some('{'), '}') | (Some('['), ']'));
                self.is_key = false;
                if is_closed { self.keep(1) } else { self.stop() }
            }
            ',' => {
                self.is_key = self.open.last() == Some(&'{');
                self.keep(1);
            }
            ':' => {
                self.is_key = false;
                self.keep(1);
            }
            _ if char.is_whitespace() => self.keep(char.len_utf8()),
            '"' | '\'' => self.scalar(string_len(self.rest, char)),
            // A comment, or a regular expression.
            '/' | '`' | '#' => self.stop(),
            _ => {
                let ends = |char: char| char.is_whitespace() || "{}[],:\"'/`#".contains(char);
                self.scalar(Some(self.rest.find(ends).unwrap_or(self.rest.len()).max(1)));
            }
        }
        true
    }

    fn keep(&mut self, len: usize) {
        let (kept, rest) = self.rest.split_at(len);
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn stop(&mut self) {
        self.mask();
        self.rest = "";
    }

    fn mask(&mut self) {
        if !self.out.ends_with('?') {
            self.out.push('?');
        }
    }

    /// A key stays, anything else is a value.
    fn scalar(&mut self, len: Option<usize>) {
        let Some(len) = len else { return self.stop() };
        let is_key = self.is_key && self.rest[len..].trim_start().starts_with(':');
        if is_key {
            self.keep(len);
        } else {
            self.rest = &self.rest[len..];
            self.mask();
        }
        self.is_key = false;
    }
}
