//! Finds secrets that are written into code.
//!
//! In: lines of code in a row. Out: where the literals behind names of secrets are.
//! Never: hides code that is no literal: a name is not what it names.

use super::hidden::Hidden;
use super::pairs;
use crate::secret::keys::Keys;

/// Hides the texts behind a name of a secret, to the end of the statement; and what looks like a
/// key and its value within a text or a comment.
pub(super) fn find(code: &str, keys: &Keys, hidden: &mut Hidden) {
    let mut search = Search { code, keys, hidden, at: 0, line: 0, is_secret: false };
    while search.at < code.len() {
        search.step();
        search.at = code.ceil_char_boundary(search.at);
    }
}

/// How far the code has been searched.
struct Search<'a> {
    code: &'a str,
    keys: &'a Keys,
    hidden: &'a mut Hidden,
    at: usize,
    /// Where the line begins.
    line: usize,
    /// Whether a secret may follow.
    is_secret: bool,
}

impl Search<'_> {
    fn step(&mut self) {
        let rest = &self.code[self.at..];
        match rest.as_bytes()[0] {
            b'"' => self.literal(1, None),
            // A quote as a character begins no text.
            b'\'' if rest.starts_with("'\"'") => self.at += 3,
            b'\'' if rest.starts_with("'\\\"'") => self.at += 4,
            b'/' if rest.starts_with("//") => {
                let comment = rest.split('\n').next().unwrap_or_default();
                pairs::find(comment, self.at, self.keys, self.hidden);
                self.at += comment.len();
                self.line = self.at;
            }
            b';' => {
                self.is_secret = false;
                self.at += 1;
            }
            b'\n' => {
                // A block that ends has no statement that goes on.
                self.is_secret &= !self.code[self.line..self.at].trim_end().ends_with('}');
                self.at += 1;
                self.line = self.at;
            }
            byte if is_name(byte) => self.name(rest),
            _ => self.at += 1,
        }
    }

    fn name(&mut self, rest: &str) {
        let length = rest.bytes().take_while(|byte| is_name(*byte)).count();
        let name = rest.get(..length).unwrap_or_default();
        let signs = rest.bytes().skip(length).take_while(|byte| *byte == b'#').count();
        let is_text = rest.as_bytes().get(length + signs) == Some(&b'"');
        if matches!(name, "r" | "br" | "cr") && is_text {
            return self.literal(length + signs + 1, Some(signs));
        }
        self.is_secret |= self.keys.hit(name);
        self.at += length;
    }

    /// A text behind `open` bytes of signs; a raw one ends with as many `#` as it has begun with.
    fn literal(&mut self, open: usize, raw: Option<usize>) {
        let start = self.at + open;
        let rest = &self.code[start..];
        let (length, close) = match raw {
            Some(signs) => {
                let close = format!("\"{}", "#".repeat(signs));
                (rest.find(&close).unwrap_or(rest.len()), close.len())
            }
            None => (literal(rest.as_bytes(), self.is_secret), 1),
        };
        let text = &rest[..length];
        if self.keys.hit(text) {
            self.is_secret = true;
        } else if self.is_secret {
            self.hidden.hide(start..start + length);
        } else {
            pairs::find(text, start, self.keys, self.hidden);
        }
        // The end of a line is looked at by itself.
        let is_cut = rest[length..].starts_with('\n');
        self.at = start + length + if is_cut { 0 } else { close };
    }
}

/// The length of a literal's content to its end, or to that of the line: code may begin within a
/// text. Of a secret all lines count.
fn literal(bytes: &[u8], is_secret: bool) -> usize {
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if !is_secret => return at,
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    bytes.len()
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::super::hidden::HIDDEN;
    use super::*;

    fn scrubbed(code: &str) -> String {
        let mut hidden = Hidden::default();
        find(code, &Keys::default(), &mut hidden);
        hidden.apply(code, HIDDEN).unwrap_or_else(|| code.to_owned())
    }

    #[test]
    fn literals_behind_the_name_of_a_secret_are_hidden() {
        for (code, expected) in [
            (r#"let password = "hunter2";"#, r#"let password = "…";"#),
            (r#"const API_KEY: &str = "k\"ey"; a("b");"#, r#"const API_KEY: &str = "…"; a("b");"#),
            (r#"client.bearer_token("x", "y")"#, r#"client.bearer_token("…", "…")"#),
            (
                r#"headers.insert("authorization", "x");"#,
                r#"headers.insert("authorization", "…");"#,
            ),
            (
                "login(Login {\n    password:\n        \"x\",\n})",
                "login(Login {\n    password:\n        \"…\",\n})",
            ),
            (
                r#"connect("host=db password=x user=bob")"#,
                r#"connect("host=db password=… user=bob")"#,
            ),
            ("f(); // password=hunter2", "f(); // password=…"),
            (r#"if c == '"' { token("x") }"#, r#"if c == '"' { token("…") }"#),
            (r##"let secret = r#"x"#;"##, r##"let secret = r#"…"#;"##),
            ("let password = \"cut o", "let password = \"…"),
            ("let pw = \"a \\\n    b\";\nf(\"c\")", "let pw = \"…\";\nf(\"c\")"),
            (r##"let pw = r#"a"b"# + "c";"##, r##"let pw = r#"…"# + "…";"##),
            (
                "const CREDENTIALS: &str = br##\"{\n  \"a\": \"b\"#\n}\"##; f(\"c\")",
                "const CREDENTIALS: &str = br##\"…\"##; f(\"c\")",
            ),
            (
                "parse(r#\"{\"pw\": \"a\", \"b\": \"c\"}\"#)",
                "parse(r#\"{\"pw\": \"…\", \"b\": \"c\"}\"#)",
            ),
            ("let pw = r#\"cut o", "let pw = r#\"…"),
        ] {
            assert_eq!(scrubbed(code), expected, "{code}");
        }
    }

    #[test]
    fn other_code_is_told_as_it_is() {
        for code in [
            r#"let password = read_password()?; log("hello");"#,
            "fn check(token: &str) -> bool {\n    token.len() == 3\n}\nf(\"a\")",
            r#"let name = "bob"; let token_count = "3";"#,
            "let ä = \"ö\"; 'a: loop { break 'a }",
            "\\\"",
            "'\"",
            "let r = 1; r#type(); r\"a\".len(); // r#\"",
            "let a = \"b\nc\"; let d = \"e\";",
            "",
        ] {
            assert_eq!(scrubbed(code), code);
        }
    }
}
