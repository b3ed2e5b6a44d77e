//! Options of a command line that name a secret: `--password x`, `-token 'x y'`, `"--api-key", "x"`.
//!
//! A value behind `=` or `:` is found by `pairs`.

use super::hidden::Hidden;
use crate::secret::keys::Keys;

/// Hides the values behind options that name a secret.
pub(super) fn find(text: &str, keys: &Keys, hidden: &mut Hidden) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = text[at..].find('-').map(|found| at + found) {
        let dashes = count(&bytes[found..], |byte| byte == b'-');
        let start = found + dashes;
        let length = count(&bytes[start..], |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
        });
        at = start + length;
        let before = bytes[..found].last().copied();
        let is_option = dashes <= 2 && before.is_none_or(begins_word) && length > 0;
        let name = &text[start..at];
        if is_option && (keys.hit(name) || is_user(name)) {
            let quote = before.filter(|byte| is_quote(*byte));
            let value = value(bytes, at, name, quote);
            let is_secret =
                |value: &(usize, usize)| !is_user(name) || bytes[value.0..value.1].contains(&b':');
            if let Some((start, end)) = value.filter(is_secret) {
                hidden.hide(start..end);
                at = end;
            }
        }
    }
}

/// True for options whose values may be `user:password`, as those of curl.
fn is_user(name: &str) -> bool {
    matches!(name, "u" | "user" | "U" | "proxy-user")
}

/// Range of the value behind an option that ends at a place. Behind an option in quotes the value is in
/// quotes, too.
fn value(bytes: &[u8], at: usize, name: &str, quote: Option<u8>) -> Option<(usize, usize)> {
    let is_space = |byte: u8| byte.is_ascii_whitespace() || byte == b',';
    let at = match quote {
        Some(quote) if bytes.get(at) == Some(&quote) => at + 1,
        Some(_) => return None,
        None => at,
    };
    let spaces = count(&bytes[at..], is_space);
    let start = at + spaces;
    let first = *bytes.get(start).filter(|_| spaces > 0)?;
    if is_quote(first) {
        let length = quoted(&bytes[start + 1..], first);
        return Some((start + 1, start + 1 + length));
    }
    if quote.is_some() || bytes[start..].starts_with(b"--") {
        return None;
    }
    // Such a value has several words, as in `--authorization Bearer x`.
    let is_line = name.to_ascii_lowercase().ends_with("authorization");
    let ends = |byte: u8| if is_line { is_line_end(byte) } else { byte.is_ascii_whitespace() };
    Some((start, start + count(&bytes[start..], |byte| !ends(byte))))
}

/// Length of a text up to its quote.
fn quoted(bytes: &[u8], quote: u8) -> usize {
    let mut is_escaped = false;
    let is_end = |byte: &u8| {
        let ends = *byte == quote && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        ends
    };
    bytes.iter().position(is_end).unwrap_or(bytes.len())
}

fn count(bytes: &[u8], is_part: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| is_part(**byte)).count()
}

const fn begins_word(byte: u8) -> bool {
    byte.is_ascii_whitespace() || is_quote(byte) || matches!(byte, b'[' | b'(' | b',' | b'=' | b':')
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'`')
}

#[cfg(test)]
mod tests {
    use super::super::hidden::HIDDEN;
    use super::*;

    #[test]
    fn values_of_options_are_hidden() {
        for (text, expected) in [
            ("mysql --user bob --password hunter2 db", "mysql --user bob --password … db"),
            ("--password hunter2", "--password …"),
            ("psql --password 'two words' -h db", "psql --password '…' -h db"),
            (r#"x --api-key "a\"b" y"#, r#"x --api-key "…" y"#),
            ("x -token abc", "x -token …"),
            ("x --authorization Bearer abc", "x --authorization …"),
            (r#"["mysql", "--password", "two words"]"#, r#"["mysql", "--password", "…"]"#),
            (r#""mysql" "--password" "two words""#, r#""mysql" "--password" "…""#),
            ("args: ['--token', 'x']", "args: ['--token', '…']"),
            ("--secret\n  abc", "--secret\n  …"),
            ("x --password -", "x --password …"),
            ("curl -u bob:hunter2 https://a.b", "curl -u … https://a.b"),
            ("curl --user 'bob:two words' https://a.b", "curl --user '…' https://a.b"),
        ] {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn other_words_with_a_dash_are_kept() {
        for text in [
            "unexpected argument '--token' found",
            "x --password --user bob",
            "a non-secret value, an anti-csrf check",
            "--- token x",
            "x --token-count 7 -",
            "-",
            "--password",
            "--password ",
            "mysql -u bob -h db:3306",
        ] {
            assert_eq!(redacted(text), text);
        }
    }

    fn redacted(text: &str) -> String {
        let mut hidden = Hidden::default();
        find(text, &Keys::default(), &mut hidden);
        hidden.apply(text, HIDDEN).unwrap_or_else(|| text.to_owned())
    }
}
