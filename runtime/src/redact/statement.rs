//! SQL statements without the values in them.
//!
//! In: a statement as it was sent. Out: the same with `?` for every literal and without comments.
//! Never: shows a literal, even of a statement that it does not understand: what does not end is a
//! literal to its end. One exception: SQLite reads `"…"` as a literal where nothing has that name,
//! which the statement does not tell, so there it stays: write literals in single quotes.
//!
//! Source: <https://www.sqlite.org/quirks.html#double_quoted_string_literals_are_accepted>.

/// How a database quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As the standard has it: `"…"` is a name, a quote is doubled.
    #[default]
    Standard,
    /// As `MySQL` has it: `"…"` is a literal too, a backslash escapes, `#` begins a comment.
    MySql,
}

impl Dialect {
    /// The dialect of a database by the value of `db.system.name`.
    pub(crate) fn of(system: &str) -> Self {
        if matches!(system, "mysql" | "mariadb") { Self::MySql } else { Self::Standard }
    }
}

/// The statement without its literals.
pub(crate) fn masked(statement: &str, dialect: Dialect) -> String {
    let out = String::with_capacity(statement.len());
    let mut scanner = Scanner { rest: statement, dialect, out };
    while scanner.step() {}
    scanner.out.truncate(scanner.out.trim_end().len());
    scanner.out
}

struct Scanner<'a> {
    rest: &'a str,
    dialect: Dialect,
    out: String,
}

impl<'a> Scanner<'a> {
    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(char) = self.rest.chars().next() else { return false };
        let is_mysql = self.dialect == Dialect::MySql;
        match char {
            '\'' => self.literal('\'', is_mysql),
            '"' if is_mysql => self.literal('"', true),
            '"' | '`' => self.name(char),
            '0'..='9' => self.number(),
            '.' if self.digit_at(1) => self.number(),
            '$' => self.dollar(),
            '@' | ':' | '?' if self.digit_at(1) => self.placeholder(),
            '#' if is_mysql => self.line_comment(),
            '-' if self.rest.starts_with("--") => self.line_comment(),
            '/' if self.rest.starts_with("/*") => self.block_comment(),
            _ if is_word(char) => self.word(),
            _ => self.keep(char.len_utf8()),
        }
        true
    }

    fn digit_at(&self, at: usize) -> bool {
        self.rest.as_bytes().get(at).is_some_and(u8::is_ascii_digit)
    }

    fn keep(&mut self, len: usize) {
        let (kept, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn skip(&mut self, len: usize) {
        self.rest = self.rest.get(len..).unwrap_or_default();
    }

    /// The length of what is from `at` on as long as `is_part`.
    fn run(&self, at: usize, is_part: impl Fn(char) -> bool) -> usize {
        let rest = self.rest.get(at..).unwrap_or_default();
        rest.find(|char| !is_part(char)).unwrap_or(rest.len())
    }

    fn literal(&mut self, quote: char, has_escapes: bool) {
        let len = quoted_len(self.rest, quote, has_escapes);
        self.skip(len);
        self.out.push('?');
    }

    fn name(&mut self, quote: char) {
        self.keep(quoted_len(self.rest, quote, false));
    }

    /// Digits with all that may be in a number; `1..2` is no range in SQL.
    fn number(&mut self) {
        let mut len = self.run(0, |char| is_word(char) || char == '.');
        let is_exponent = |text: &str| text.ends_with(['e', 'E']) && !text.starts_with("0x");
        if is_exponent(&self.rest[..len]) && self.rest[len..].starts_with(['+', '-']) {
            len += 1 + self.run(len + 1, |char| char.is_ascii_digit());
        }
        self.skip(len);
        self.out.push('?');
    }

    /// `$1`, or a text between two `$tag$`.
    fn dollar(&mut self) {
        if self.digit_at(1) {
            return self.placeholder();
        }
        let tag_len = 1 + self.run(1, is_word);
        if !self.rest[tag_len..].starts_with('$') {
            return self.keep(1);
        }
        let tag = &self.rest[..=tag_len];
        let end = self.rest[tag.len()..].find(tag);
        self.skip(end.map_or(self.rest.len(), |end| end + 2 * tag.len()));
        self.out.push('?');
    }

    fn placeholder(&mut self) {
        let len = self.run(1, |char| char.is_ascii_digit());
        self.keep(1 + len);
    }

    /// A name or a key word; some of one letter say how the literal behind them is quoted.
    fn word(&mut self) {
        let word: &'a str = &self.rest[..self.run(0, is_word)];
        self.keep(word.len());
        if !self.rest.starts_with('\'') {
            return;
        }
        match word {
            "e" | "E" => self.literal('\'', true),
            "q" | "Q" | "nq" | "NQ" | "nQ" | "Nq" => self.oracle_literal(),
            _ => {}
        }
    }

    /// `q'[…]'`: any sign may enclose the text.
    fn oracle_literal(&mut self) {
        let Some(open) = self.rest.chars().nth(1).filter(|open| !open.is_whitespace()) else {
            return;
        };
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let start = 1 + open.len_utf8();
        let end = self.rest[start..].find(&format!("{close}'"));
        self.skip(end.map_or(self.rest.len(), |end| start + end + close.len_utf8() + 1));
        self.out.push('?');
    }

    fn line_comment(&mut self) {
        let len = self.run(0, |char| char != '\n');
        self.skip(len);
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(found) = self.rest[at..].find(['/', '*']) {
            at += found;
            if self.rest[at..].starts_with("/*") {
                depth += 1;
                at += 2;
            } else if self.rest[at..].starts_with("*/") {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    break;
                }
            } else {
                at += 1;
            }
        }
        self.skip(if depth == 0 { at } else { self.rest.len() });
        if !self.out.ends_with(char::is_whitespace) {
            self.out.push(' ');
        }
    }
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The length of a quoted text, both quotes included; all of it when it does not end.
fn quoted_len(text: &str, quote: char, has_escapes: bool) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if has_escapes && char == '\\' {
            chars.next();
        } else if char == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_masked_and_the_rest_stays() {
        for (statement, expected) in [
            ("SELECT * FROM users WHERE id = 7", "SELECT * FROM users WHERE id = ?"),
            ("SELECT 'it''s', x FROM t1", "SELECT ?, x FROM t1"),
            ("SELECT \"a 1\" FROM \"t\"\"2\"", "SELECT \"a 1\" FROM \"t\"\"2\""),
            ("SELECT 'C:\\' , 'secret'", "SELECT ? , ?"),
            ("SELECT E'it\\'s', 'b'", "SELECT E?, ?"),
            ("SELECT q'[it's]', 'b' FROM dual", "SELECT q?, ? FROM dual"),
            ("SELECT $1, $2 + 3, ?1, :name, @p1", "SELECT $1, $2 + ?, ?1, :name, @p1"),
            ("SELECT $$secret$$, $tag$a $$ b$tag$ x", "SELECT ?, ? x"),
            ("SELECT -1.5e-10, .5, 0xFF, 1e5, 7.", "SELECT -?, ?, ?, ?, ?"),
            ("SELECT 1 -- secret\nFROM t", "SELECT ? \nFROM t"),
            ("SELECT/* a /* b */ secret */1", "SELECT ?"),
            ("SELECT 'open secret", "SELECT ?"),
            ("SELECT /* open secret", "SELECT"),
            ("SELECT $x$ open secret", "SELECT ?"),
            ("SELECT x'CAFE', N'text'", "SELECT x?, N?"),
            ("a->>'key' #> b - 3", "a->>? #> b - ?"),
            ("SELECT 'ü☃', naïve2 FROM größe", "SELECT ?, naïve2 FROM größe"),
            ("", ""),
        ] {
            assert_eq!(masked(statement, Dialect::Standard), expected);
        }
    }

    #[test]
    fn mysql_quotes_in_its_own_way() {
        for (statement, expected) in [
            ("SELECT \"secret\", `a 1` # secret", "SELECT ?, `a 1`"),
            ("SELECT 'it\\'s', \"a\\\"b\", 1", "SELECT ?, ?, ?"),
        ] {
            assert_eq!(masked(statement, Dialect::of("mysql")), expected);
        }
        assert_eq!(Dialect::of("postgresql"), Dialect::Standard);
    }

    #[test]
    fn double_quotes_are_names_to_sqlite_because_nobody_can_tell() {
        let statement = "SELECT \"name\" FROM \"users\" WHERE id = 'secret'";
        let expected = "SELECT \"name\" FROM \"users\" WHERE id = ?";
        assert_eq!(masked(statement, Dialect::of("sqlite")), expected);
    }
}
