//! Finds secrets that are written into code.
//!
//! In: lines of code in a row. Out: where the literals behind names of secrets are.
//! Never: hides code that is no literal: a name is not what it names.

use super::hidden::Hidden;
use super::keys::Keys;
use super::pairs;

/// Hides the texts behind a name of a secret, to the end of the statement; and what looks like a
/// key and its value within a text or a comment.
pub(super) fn find(code: &str, keys: &Keys, hidden: &mut Hidden) {
    let mut is_secret = false;
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        is_secret = find_in_line(line, start, is_secret, keys, hidden);
        start += line.len();
    }
}

/// One line; says whether a secret may follow in the next one.
fn find_in_line(
    line: &str,
    start: usize,
    mut is_secret: bool,
    keys: &Keys,
    hidden: &mut Hidden,
) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &line[at..];
        match byte {
            b'"' => {
                let length = literal(&bytes[at + 1..]);
                let text = &line[at + 1..at + 1 + length];
                if keys.hit(text) {
                    is_secret = true;
                } else if is_secret {
                    hidden.hide(start + at + 1..start + at + 1 + length);
                } else {
                    pairs::find(text, start + at + 1, keys, hidden);
                }
                at += length + 2;
                continue;
            }
            // A quote as a character begins no text.
            b'\'' if rest.starts_with("'\"'") => at += 3,
            b'\'' if rest.starts_with("'\\\"'") => at += 4,
            b'/' if rest.starts_with("//") => {
                pairs::find(rest, start + at, keys, hidden);
                return is_secret;
            }
            b';' => {
                is_secret = false;
                at += 1;
            }
            byte if is_name(*byte) => {
                let name = bytes[at..].iter().take_while(|byte| is_name(**byte)).count();
                is_secret |= keys.hit(line.get(at..at + name).unwrap_or_default());
                at += name;
            }
            _ => at += 1,
        }
        at = line.ceil_char_boundary(at);
    }
    is_secret && !line.trim_end().ends_with('}')
}

/// The length of a literal's content, to its end or that of the line.
fn literal(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' | b'\n' => return at,
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
    use super::*;

    fn scrubbed(code: &str) -> String {
        let mut hidden = Hidden::default();
        find(code, &Keys::default(), &mut hidden);
        hidden.apply(code).unwrap_or_else(|| code.to_owned())
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
            "",
        ] {
            assert_eq!(scrubbed(code), code);
        }
    }
}
