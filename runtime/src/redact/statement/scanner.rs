//! The scanner of all dialects of SQL: one pass over the text, token by token.

use super::features::{Backslash, Dashes, Dollar, Features, Prefix, Quoted, Sign, Triple};
use super::quoted::{self, Rules};

/// Returns the statement without literals and comments.
pub(super) fn masked(statement: &str, features: &'static Features) -> String {
    let out = String::with_capacity(statement.len());
    let mut scanner = Scanner { rest: statement, features, out, words: Words::default() };
    while scanner.step() {}
    scanner.out.truncate(scanner.out.trim_end().len());
    scanner.out
}

/// Words that decide about what follows them.
#[derive(Clone, Copy, Debug, Default)]
struct Words<'a> {
    /// The word directly before, and the one before that.
    last: &'a str,
    second_last: &'a str,
    /// The first word of the statement.
    first: &'a str,
    /// True in a statement about an account.
    is_account: bool,
    /// True if data follow the statement.
    is_followed_by_data: bool,
}

impl Words<'_> {
    fn is_last(&self, words: &[&str]) -> bool {
        is_one_of(self.last, words)
    }

    /// True in a statement that sets what may be written without quotes.
    fn is_setting(&self) -> bool {
        self.is_account || is_one_of(self.first, &["SET"])
    }

    /// True if a secret may follow the last word.
    fn are_before_secret(&self) -> bool {
        let is_account = self.is_account && self.is_last(&["PASSWORD"]);
        let is_key =
            is_one_of(self.first, &["PRAGMA"]) && self.is_last(&["KEY", "REKEY", "HEXKEY"]);
        let is_identified = is_one_of(self.second_last, &["IDENTIFIED"]) && self.is_last(&["BY"]);
        let is_value = self.is_setting() && self.is_last(&["TO"]);
        is_account || is_key || is_identified || is_value || is_one_of(self.first, &["CONNECT"])
    }
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

struct Scanner<'a> {
    rest: &'a str,
    features: &'static Features,
    out: String,
    words: Words<'a>,
}

impl<'a> Scanner<'a> {
    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(char) = self.rest.chars().next() else { return false };
        let features = self.features;
        match char {
            '\n' | ';' if self.words.is_followed_by_data => self.stop(),
            ';' => {
                self.keep(1);
                self.words = Words::default();
            }
            '=' if self.words.is_setting() => {
                self.keep(1);
                self.stop();
            }
            _ if char.is_whitespace() => self.keep(char.len_utf8()),
            _ if is_uuid(self.rest) => self.mask(UUID_CHARS),
            _ if is_letter(char) => self.word(),
            _ => {
                self.sign(char, features);
                self.words.last = "";
            }
        }
        true
    }

    fn sign(&mut self, char: char, features: &Features) {
        match char {
            '\'' => self.quoted(Quoted::Literal, char),
            '"' => self.quoted(features.double, char),
            '`' => self.quoted(features.backtick, char),
            '[' => self.quoted(features.bracket, ']'),
            '0'..='9' => self.number(),
            '.' if self.is_digit(1) => self.number(),
            _ if features.placeholders.contains(&char) && self.is_digit(1) => {
                self.keep(1 + self.run(1, |char| char.is_ascii_digit()));
            }
            '$' => self.dollar(),
            '#' => self.comment_or_sign(features.hash, 1),
            '{' => self.comment_or_sign(features.brace, 1),
            '-' if self.rest.starts_with("--") => self.dashes(),
            '/' if self.rest.starts_with("/*") => self.block_comment(),
            '/' if self.rest.starts_with("//") => self.comment_or_sign(features.slashes, 2),
            '/' if features.has_regex => self.stop(),
            _ => self.keep(char.len_utf8()),
        }
    }

    fn is_digit(&self, at: usize) -> bool {
        self.rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
    }

    fn keep(&mut self, len: usize) {
        let (kept, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn mask(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
        self.out.push('?');
    }

    /// Ends the output: what is left is not certain, or known to be data.
    fn stop(&mut self) {
        if !self.rest.trim_matches([' ', '\t', '\r', '\n', ';']).is_empty() {
            if self.out.ends_with(is_word) {
                self.out.push(' ');
            }
            self.out.push('?');
        }
        self.rest = "";
    }

    /// The length of what is from `at` on as long as `is_part`.
    fn run(&self, at: usize, is_part: impl Fn(char) -> bool) -> usize {
        let rest = self.rest.get(at..).unwrap_or_default();
        rest.find(|char| !is_part(char)).unwrap_or(rest.len())
    }

    fn quoted(&mut self, meaning: Quoted, close: char) {
        let features = self.features;
        let is_name = match meaning {
            Quoted::Plain => return self.keep(1),
            Quoted::Doubt => return self.stop(),
            Quoted::Literal => return self.literal(close, features.backslash),
            Quoted::NameByPlace => self.is_place_of_name(close),
            Quoted::Name => true,
        };
        let has_escapes = features.has_escapes_in_names;
        let backslash = if has_escapes { Backslash::Escape } else { Backslash::Plain };
        match quoted::len(self.rest, Rules { close, backslash, is_doubled: true }) {
            Some(len) if is_name => self.keep(len),
            Some(len) => self.mask(len),
            None => self.stop(),
        }
    }

    /// True if no literal can stand here: beside a dot, and behind some words.
    fn is_place_of_name(&self, close: char) -> bool {
        let rules = Rules { close, backslash: Backslash::Plain, is_doubled: true };
        let behind = quoted::len(self.rest, rules).map_or("", |len| &self.rest[len..]);
        let is_operator = self.words.second_last.eq_ignore_ascii_case("DISTINCT");
        behind.starts_with('.')
            || self.out.ends_with('.')
            || self.words.is_last(&["AS", "INTO", "JOIN", "TABLE", "UPDATE"])
            || self.words.is_last(&["FROM"]) && !is_operator
    }

    fn literal(&mut self, quote: char, backslash: Backslash) {
        let is_triple = self.rest.chars().take(3).eq([quote; 3]);
        let len = match self.features.triple {
            Triple::Doubt if is_triple => None,
            Triple::Literal if is_triple => quoted::triple_len(self.rest, quote),
            _ => {
                let is_doubled = self.features.is_doubled;
                quoted::len(self.rest, Rules { close: quote, backslash, is_doubled })
            }
        };
        self.mask_or_stop(len);
    }

    fn mask_or_stop(&mut self, len: Option<usize>) {
        match len {
            Some(len) => self.mask(len),
            None => self.stop(),
        }
    }

    /// Digits with all that may be in a number; `1..2` is no range in SQL.
    fn number(&mut self) {
        let mut len = self.run(0, |char| is_word(char) || char == '.');
        let is_exponent = |text: &str| text.ends_with(['e', 'E']) && !text.starts_with("0x");
        if is_exponent(&self.rest[..len]) && self.rest[len..].starts_with(['+', '-']) {
            len += 1 + self.run(len + 1, |char| char.is_ascii_digit());
        }
        self.mask(len);
    }

    /// A text between two `$tag$`, or a sign.
    fn dollar(&mut self) {
        let tag_len = 1 + self.run(1, is_word);
        let is_tag = self.rest[tag_len..].starts_with('$');
        let tag = if is_tag { &self.rest[..=tag_len] } else { "" };
        match self.features.dollar {
            Dollar::Doubt if is_tag => self.stop(),
            Dollar::Pair if tag == "$$" => self.mask_or_stop(quoted::tagged_len(self.rest, tag)),
            Dollar::Tagged if is_tag => self.mask_or_stop(quoted::tagged_len(self.rest, tag)),
            _ => self.keep(1),
        }
    }

    /// A name or a key word; some say how the literal behind them is quoted, or that one follows.
    fn word(&mut self) {
        let signs = self.features.name_signs;
        let len = self.run(0, |char| is_word(char) || signs.contains(&char));
        let word: &'a str = &self.rest[..len];
        self.keep(len);
        let quote = self.rest.chars().next().filter(|char| matches!(char, '\'' | '"'));
        let is_literal = |quote: &char| *quote == '\'' || self.features.double == Quoted::Literal;
        if let Some(quote) = quote.filter(is_literal) {
            let mut prefixes = self.features.prefixes.iter();
            if let Some((_, prefix)) = prefixes.find(|it| it.0.eq_ignore_ascii_case(word)) {
                return self.prefixed(*prefix, quote);
            }
        }
        self.follow(word);
    }

    fn prefixed(&mut self, prefix: Prefix, quote: char) {
        match prefix {
            Prefix::Escape => self.literal(quote, Backslash::Escape),
            Prefix::Raw => self.literal(quote, Backslash::Plain),
            Prefix::Enclosed if quote == '\'' => {
                self.mask_or_stop(quoted::enclosed_len(self.rest));
            }
            Prefix::Enclosed | Prefix::Doubt => self.stop(),
        }
    }

    /// Ends the output behind words that values without quotes follow.
    fn follow(&mut self, word: &'a str) {
        let words = &mut self.words;
        if words.first.is_empty() {
            words.first = word;
        }
        (words.second_last, words.last) = (words.last, word);
        let is_definition = is_one_of(words.first, &["ALTER", "CREATE", "MODIFY"]);
        words.is_account |= is_definition && words.is_last(&["USER", "ROLE", "LOGIN", "ACCOUNT"]);
        words.is_followed_by_data |=
            words.is_last(&["STDIN"]) && is_one_of(words.second_last, &["FROM"]);
        let features = self.features;
        let is_before_name = features.has_inline_data && words.is_last(&["FORMAT"])
            || features.has_bare_arguments && words.is_last(&["EXEC", "EXECUTE"]);
        if words.are_before_secret() {
            self.stop();
        } else if is_before_name {
            self.stop_behind_name();
        }
    }

    fn stop_behind_name(&mut self) {
        let blanks = self.run(0, char::is_whitespace);
        let is_part = |char| is_word(char) || matches!(char, '.' | '[' | ']' | '@' | '#');
        let name = self.run(blanks, is_part);
        if name > 0 {
            self.keep(blanks + name);
            self.stop();
        }
    }

    fn comment_or_sign(&mut self, meaning: Sign, len: usize) {
        match meaning {
            Sign::Plain => self.keep(len),
            Sign::Comment => self.line_comment(),
            Sign::Doubt => self.stop(),
        }
    }

    fn dashes(&mut self) {
        let is_before_blank = self.rest[2..].chars().next().is_none_or(|char| char <= ' ');
        match self.features.dashes {
            Dashes::Comment => self.line_comment(),
            Dashes::CommentBeforeBlank if is_before_blank => self.line_comment(),
            Dashes::Doubt if is_before_blank && !self.has_line_quotes() => self.line_comment(),
            Dashes::Plain | Dashes::CommentBeforeBlank => self.keep(2),
            Dashes::Doubt => self.stop(),
        }
    }

    fn has_line_quotes(&self) -> bool {
        self.rest.lines().next().is_some_and(|line| line.contains(['\'', '"', '`']))
    }

    fn line_comment(&mut self) {
        let len = self.run(0, |char| char != '\n');
        // Some end a line at a carriage return as well.
        if self.rest[..len].trim_end_matches('\r').contains('\r') {
            return self.stop();
        }
        self.rest = &self.rest[len..];
    }

    fn block_comment(&mut self) {
        let is_executed = ["/*!", "/*M!"].iter().any(|open| self.rest.starts_with(open));
        if self.features.is_executable && is_executed {
            return self.stop();
        }
        match comment_len(self.rest, self.features.is_nested) {
            Some(len) => self.rest = &self.rest[len..],
            None => return self.stop(),
        }
        if !self.out.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
    }
}

/// Returns the length of a comment; `None` where it does not end, or it is not certain where.
fn comment_len(text: &str, is_nested: Option<bool>) -> Option<usize> {
    let mut depth = 1_usize;
    let mut at = 2;
    loop {
        at += text[at..].find(['/', '*'])?;
        if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else if text[at..].starts_with("/*") && is_nested != Some(false) {
            is_nested?;
            depth += 1;
            at += 2;
        } else {
            at += 1;
        }
    }
}

/// Length of a UUID, which some dialects have without quotes.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9562#section-4>.
const UUID_CHARS: usize = 36;

fn is_uuid(text: &str) -> bool {
    let Some(start) = text.get(..UUID_CHARS) else { return false };
    let is_part = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    start.bytes().enumerate().all(is_part) && !text[UUID_CHARS..].starts_with(is_word)
}

fn is_letter(char: char) -> bool {
    char.is_alphanumeric() && !char.is_ascii_digit() || char == '_'
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}
