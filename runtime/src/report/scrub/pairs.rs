//! Finds keys that name a secret, and the values behind them.
//!
//! In: any text: a query, a form, JSON, what `Debug` prints, a line of a log, whole or cut off.
//! Out: the ranges of the values.
//! Never: parses: what is not well-formed is searched all the same, and each byte is looked at a
//! fixed number of times.

use super::hidden::Hidden;
use super::keys::{Keys, MAX_KEY_BYTES};

/// How much may stand between a key and its sign, and between the sign and the value.
const MAX_SPACE_BYTES: usize = 64;

/// Hides the values of secrets in a part of a text that begins at `offset`.
pub(super) fn find(text: &str, offset: usize, keys: &Keys, hidden: &mut Hidden) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(|byte| matches!(byte, b'=' | b':')) {
        let sign = at + found;
        at = sign + 1;
        // `a::b` is a path.
        if bytes[sign] == b':' && bytes.get(at) == Some(&b':') {
            at += 1;
            continue;
        }
        let Some(key) = key_before(text, sign).filter(|key| keys.hit(key)) else { continue };
        let value = Value::behind(bytes, sign, key);
        hidden.hide(offset + value.start..offset + value.end);
        at = value.next.max(at);
    }
    if bytes.starts_with(b"--") {
        parts(text, offset, keys, hidden);
    }
}

/// Hides the parts of a form in several parts that have the name of a secret.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc7578>.
fn parts(text: &str, offset: usize, keys: &Keys, hidden: &mut Hidden) {
    let mut start = 0;
    for part in text.split("\n--") {
        let (head, body) = match part.find("\n\r\n").map(|at| at + 3) {
            Some(at) => part.split_at(at),
            None => part.split_at(part.find("\n\n").map_or(part.len(), |at| at + 2)),
        };
        let mut words = head.split([';', '\r', '\n']).map(str::trim);
        let name = words.find_map(|word| word.strip_prefix("name="));
        if name.is_some_and(|name| keys.hit(name.trim_matches('"'))) {
            let end = body.trim_end_matches('\r').len();
            hidden.hide(offset + start + head.len()..offset + start + head.len() + end);
        }
        start += part.len() + "\n--".len();
    }
}

/// The key in front of a sign, whether in quotes or not.
fn key_before(text: &str, sign: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    let near = sign.saturating_sub(MAX_SPACE_BYTES);
    let spaces = bytes[near..sign].iter().rev().take_while(|byte| byte.is_ascii_whitespace());
    let mut end = sign - spaces.count();
    if end > 0 && is_quote(bytes[end - 1]) {
        end -= 1;
        let slashes = bytes[..end].iter().rev().take(8).take_while(|byte| **byte == b'\\');
        end -= slashes.count();
    }
    let near = end.saturating_sub(MAX_KEY_BYTES);
    let length = bytes[near..end].iter().rev().take_while(|byte| is_key(**byte)).count();
    // A key of letters beyond ASCII may begin within one of them.
    text.get(text.ceil_char_boundary(end - length)..end).filter(|key| !key.is_empty())
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(byte, b'_' | b'-' | b'.' | b'%' | b'[' | b']' | b'\\' | b'$' | b'@' | b'/')
}

const fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Where a value is, and where to go on.
struct Value {
    start: usize,
    end: usize,
    next: usize,
}

impl Value {
    fn behind(bytes: &[u8], sign: usize, key: &str) -> Self {
        let signs =
            bytes[sign..].iter().take(3).take_while(|byte| matches!(byte, b'=' | b':' | b'>'));
        let start = sign + signs.count();
        let start = start + count_spaces(&bytes[start..]);
        let slashes = bytes[start..].iter().take(8).take_while(|byte| **byte == b'\\').count();
        match bytes.get(start + slashes) {
            Some(quote) if is_quote(*quote) => Self::quoted(bytes, start, slashes),
            Some(b'{' | b'[' | b'(') if slashes == 0 => Self::nested(bytes, start),
            Some(first) if first.is_ascii_alphabetic() && slashes == 0 => {
                // `Some("x")`, `Secret { .. }`.
                let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
                let name = bytes[start..].iter().take(MAX_KEY_BYTES).take_while(is_name).count();
                let open = start + name + usize::from(bytes.get(start + name) == Some(&b' '));
                match bytes.get(open) {
                    Some(b'(') if open == start + name => Self::nested(bytes, open),
                    Some(b'{') => Self::nested(bytes, open),
                    _ => Self::bare(bytes, start, key),
                }
            }
            _ => Self::bare(bytes, start, key),
        }
    }

    /// A text in quotes, which may be escaped themselves, within another text.
    fn quoted(bytes: &[u8], start: usize, slashes: usize) -> Self {
        let quote = bytes[start + slashes];
        let start = start + slashes + 1;
        let mut escapes = 0;
        for (at, byte) in bytes.iter().enumerate().skip(start) {
            match byte {
                b'\\' => escapes += 1,
                // As many escapes as in front of the first quote, or fewer, end it; an escape of an
                // escape is none.
                byte if *byte == quote
                    && (escapes <= slashes || slashes == 0 && escapes % 2 == 0) =>
                {
                    return Self { start, end: at - escapes, next: at + 1 }
                        .or_escaped(slashes, escapes);
                }
                _ => escapes = 0,
            }
        }
        Self { start, end: bytes.len(), next: bytes.len() }
    }

    /// Where the escapes belong to the value, they are hidden with it.
    fn or_escaped(self, slashes: usize, escapes: usize) -> Self {
        if slashes == 0 { Self { end: self.end + escapes, ..self } } else { self }
    }

    /// A list or an object, to where it is closed.
    fn nested(bytes: &[u8], open: usize) -> Self {
        let mut depth = 0_usize;
        let mut at = open;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'{' | b'[' | b'(' => depth += 1,
                b'}' | b']' | b')' => depth -= 1,
                b'"' => {
                    at = Self::quoted(bytes, at, 0).next;
                    continue;
                }
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Self { start: open + 1, end: at - 1, next: at };
            }
        }
        Self { start: open + 1, end: bytes.len(), next: bytes.len() }
    }

    /// A value without quotes: a word, or for a header the rest of the line.
    fn bare(bytes: &[u8], start: usize, key: &str) -> Self {
        let key = key.as_bytes();
        let is_line = [&b"authorization"[..], b"cookie"].iter().any(|end| {
            key.len() >= end.len() && key[key.len() - end.len()..].eq_ignore_ascii_case(end)
        });
        let ends = |byte: &u8| match byte {
            b'\r' | b'\n' | b'"' => true,
            _ if is_line => false,
            b'&' | b'<' | b'>' | b',' | b'}' | b']' => true,
            byte => byte.is_ascii_whitespace(),
        };
        let end = bytes[start..].iter().position(ends).map_or(bytes.len(), |at| start + at);
        Self { start, end, next: end }
    }
}

fn count_spaces(bytes: &[u8]) -> usize {
    bytes.iter().take(MAX_SPACE_BYTES).take_while(|byte| byte.is_ascii_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut hidden = Hidden::default();
        find(text, 0, &Keys::default(), &mut hidden);
        hidden.apply(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn the_values_of_secrets_are_hidden_in_every_notation() {
        for (text, expected) in [
            // Queries and forms.
            ("https://a.b/c?q=1&token=abc&r=2#f", "https://a.b/c?q=1&token=…&r=2#f"),
            ("user%5Bpassword%5D=a%20b&c=d", "user%5Bpassword%5D=…&c=d"),
            ("p%61ssword=x", "p%61ssword=…"),
            ("token=&a=1", "token=&a=1"),
            // JSON.
            (r#"{"user":"bob","password":"a\"b","n":1}"#, r#"{"user":"bob","password":"…","n":1}"#),
            (r#"{"password":"a\\","n":"m"}"#, r#"{"password":"…","n":"m"}"#),
            (r#"{"pin": 1234, "n": 1}"#, r#"{"pin": …, "n": 1}"#),
            (r#"{"pin":1234}"#, r#"{"pin":…}"#),
            (r#"{"a":[{"secret":{"b":["}",1]},"c":2}]}"#, r#"{"a":[{"secret":{…},"c":2}]}"#),
            (r#"{"passw\u006frd":"x"}"#, r#"{"passw\u006frd":"…"}"#),
            (r#"{"password":"cut o"#, r#"{"password":"…"#),
            (
                r#"{"a":"{\"password\":\"x\\\"y\",\"b\":1}"}"#,
                r#"{"a":"{\"password\":\"…\",\"b\":1}"}"#,
            ),
            ("{\n  \"password\" :\n    \"x\"\n}", "{\n  \"password\" :\n    \"…\"\n}"),
            // What `Debug` prints.
            (r#"User { name: "bob", password: "x y" }"#, r#"User { name: "bob", password: "…" }"#),
            (r#"User { token: Some("x"), a: 1 }"#, "User { token: Some(…), a: 1 }"),
            (r#"{"auth": Key { id: 1, k: [1] }, a: 1}"#, r#"{"auth": Key {…}, a: 1}"#),
            // Texts.
            ("host=db password=hunter2 user=bob", "host=db password=… user=bob"),
            ("password = 'a b'", "password = '…'"),
            ("Authorization: Digest a=b, c=d\nHost: x", "Authorization: …\nHost: x"),
            ("api_key => \"x\"", "api_key => \"…\""),
            ("auth::token::Error: no", "auth::token::Error: no"),
            ("token_count=7 tokens: 8", "token_count=7 tokens: 8"),
            ("password", "password"),
            ("password=", "password="),
            ("=:=:", "=:=:"),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }

    #[test]
    fn the_parts_of_a_form_lose_their_content_by_their_names() {
        let form = "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter\r\n2\r\n\
                    --b\r\nContent-Disposition: form-data; name=\"handle\"\r\n\r\nbob\r\n--b--";
        let expected = form.replace("hunter\r\n2", "…");
        assert_eq!(scrubbed(form), expected);
    }

    #[test]
    fn what_never_ends_is_hidden_to_the_end() {
        for text in ["token=[[[[", "token={\"", "password: \"", "secret=\\\\\\\"x", "token=Some(("]
        {
            let scrubbed = scrubbed(text);
            assert!(!scrubbed.contains('x') && scrubbed.len() <= text.len() + 3, "{scrubbed}");
        }
    }
}
