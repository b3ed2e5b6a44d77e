//! Finds keys that name a secret, and the values behind them.
//!
//! In: any text: a query, a form, JSON, XML, what `Debug` prints, a line of a log, whole or cut off.
//! Out: the ranges of the values.
//! Never: parses: what is not well-formed is searched all the same, and each byte is looked at a
//! fixed number of times.

use std::ops::Range;

use super::hidden::Hidden;
use super::notation::{self, Notation};
use crate::secret::keys::{Keys, MAX_KEY_BYTES};

/// How much may stand between a key and its sign.
const MAX_SPACE_BYTES: usize = 64;

/// How often a quote may be escaped: JSON in JSON doubles it each time.
const MAX_SLASHES: usize = 64;

/// Hides the values of secrets in a part of a text that begins at `offset`.
pub(super) fn find(text: &str, offset: usize, keys: &Keys, hidden: &mut Hidden) {
    let bytes = text.as_bytes();
    let is_sign = |byte: &u8| matches!(byte, b'=' | b':' | b',');
    let mut at = 0;
    while let Some(found) = bytes[at..].iter().position(is_sign) {
        let sign = at + found;
        at = sign + 1;
        // `a::b` is a path.
        if bytes[sign] == b':' && bytes.get(at) == Some(&b':') {
            at += 1;
            continue;
        }
        let is_comma = bytes[sign] == b',';
        if is_comma && !bytes[..sign].last().is_some_and(|byte| is_quote(*byte)) {
            continue;
        }
        let key = key_before(text, sign).filter(|key| !is_comma || is_pair(bytes, key));
        let Some(key) = key.filter(|key| names_secret(text, key, keys)) else { continue };
        let value = Value::behind(bytes, sign, key);
        hidden.hide(offset + value.start..offset + value.end);
        at = value.next.max(at);
    }
    elements(text, offset, keys, hidden);
    if bytes.starts_with(b"--") {
        parts(text, offset, keys, hidden);
    }
}

/// Hides the values of secrets in a query or a form, whatever signs are in them.
pub(super) fn find_in_query(text: &str, offset: usize, keys: &Keys, hidden: &mut Hidden) {
    let mut start = offset;
    for part in text.split('&') {
        let end = start + part.len();
        if let Some(value) = keys.secret_value(part) {
            hidden.hide(start + value..end);
        }
        start = end + 1;
    }
}

/// True if a key in a text names a secret: behind the sign of a query also one of queries.
fn names_secret(text: &str, key: &Range<usize>, keys: &Keys) -> bool {
    let (before, key) = (&text.as_bytes()[..key.start], &text[key.clone()]);
    if before.ends_with(b"?") || before.ends_with(b"&") {
        keys.hit_in_query(key)
    } else {
        keys.hit(key)
    }
}

/// Hides the texts of XML elements that have the name of a secret. `Option<Token>` is none.
fn elements(text: &str, offset: usize, keys: &Keys, hidden: &mut Hidden) {
    const DATA: &str = "<![CDATA[";
    let is_document = text.trim_start().starts_with('<');
    let mut parts = text.match_indices('<').map(|(at, _)| at).peekable();
    while let Some(open) = parts.next() {
        let inside = &text[open + 1..parts.peek().copied().unwrap_or(text.len())];
        let Some((tag, told)) = inside.split_once('>') else { continue };
        let name = tag.split(|char: char| char.is_whitespace()).next().unwrap_or_default();
        if name.starts_with(['/', '!', '?']) || tag.ends_with('/') || !keys.hit(name) {
            continue;
        }
        let start = open + 1 + tag.len() + 1;
        let rest = &text[start + told.len()..];
        if rest.starts_with(DATA) {
            let end = rest.find("]]>").map_or(text.len(), |end| start + told.len() + end);
            hidden.hide(offset + start + told.len() + DATA.len()..offset + end);
            while parts.next_if(|next| *next < end).is_some() {}
        } else if rest.strip_prefix("</").is_some_and(|rest| rest.starts_with(name))
            || is_document && rest.is_empty()
        {
            hidden.hide(offset + start..offset + start + told.len());
        }
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

/// The key in front of a sign, whether in quotes or not; may be of several words.
fn key_before(text: &str, sign: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let near = sign.saturating_sub(MAX_SPACE_BYTES);
    let spaces = bytes[near..sign].iter().rev().take_while(|byte| byte.is_ascii_whitespace());
    let mut end = sign - spaces.count();
    if end > 0 && is_quote(bytes[end - 1]) {
        end = without_slashes(bytes, end - 1);
    }
    let near = end.saturating_sub(MAX_KEY_BYTES);
    let length = bytes[near..end].iter().rev().take_while(|byte| is_key(**byte)).count();
    // A key of letters beyond ASCII may begin within one of them.
    let start = text.ceil_char_boundary(end - length);
    (start < end && text.is_char_boundary(end)).then_some(start..end)
}

/// Whether a key in quotes is the first of two in parentheses: `("key", "value")`, as `Debug` prints
/// them.
fn is_pair(bytes: &[u8], key: &Range<usize>) -> bool {
    let Some(quote) = key.start.checked_sub(1).filter(|quote| is_quote(bytes[*quote])) else {
        return false;
    };
    bytes[..without_slashes(bytes, quote)].ends_with(b"(")
}

/// Where the escapes in front of a place begin.
fn without_slashes(bytes: &[u8], end: usize) -> usize {
    let slashes = bytes[..end].iter().rev().take(MAX_SLASHES).take_while(|byte| **byte == b'\\');
    end - slashes.count()
}

const fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || !byte.is_ascii()
        || matches!(
            byte,
            b'_' | b'-' | b'.' | b'%' | b'[' | b']' | b'\\' | b'$' | b'@' | b'/' | b' '
        )
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
    fn behind(bytes: &[u8], sign: usize, key: Range<usize>) -> Self {
        let start = sign + 1;
        let signs =
            bytes[start..].iter().take(2).take_while(|byte| matches!(byte, b'=' | b':' | b'>'));
        let start = start + signs.count();
        let spaces = bytes[start..].iter().take_while(|byte| byte.is_ascii_whitespace());
        let start = start + spaces.count();
        // `Some("x")`, `Secret { .. }`, `app::Secret("x")`, `b"x"`.
        let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b':');
        let name = bytes[start..].iter().take(MAX_KEY_BYTES).take_while(is_name).count();
        let open = start + name;
        match &bytes[open..] {
            [b'(' | b'{' | b'[', ..] => Self::nested(bytes, open),
            [b' ', b'{', ..] if name > 0 => Self::nested(bytes, open + 1),
            rest if name == 0 || bytes[start..].starts_with(b"b") && name == 1 => {
                let slashes = rest.iter().take(MAX_SLASHES).take_while(|byte| **byte == b'\\');
                let slashes = slashes.count();
                match rest.get(slashes) {
                    Some(quote) if is_quote(*quote) => Self::quoted(bytes, open, slashes),
                    _ => Self::bare(bytes, sign, start, key),
                }
            }
            _ => Self::bare(bytes, sign, start, key),
        }
    }

    /// A text in quotes, which may be escaped themselves, within another text.
    fn quoted(bytes: &[u8], start: usize, slashes: usize) -> Self {
        let quote = bytes[start + slashes];
        let start = start + slashes + 1;
        let mut escapes = 0;
        let mut rest = bytes.iter().enumerate().skip(start).peekable();
        while let Some((at, byte)) = rest.next() {
            match byte {
                b'\\' => escapes += 1,
                // SQL writes a quote within a text twice.
                b'\'' if quote == b'\'' && rest.next_if(|(_, next)| **next == b'\'').is_some() => {}
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
                // An apostrophe stands behind a letter.
                b'\'' if !bytes[at - 1].is_ascii_alphanumeric() => {
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

    /// A value without quotes, as far as its notation lets it go.
    fn bare(bytes: &[u8], sign: usize, start: usize, key: Range<usize>) -> Self {
        let notation = Notation::of(bytes, sign, &key);
        if let Notation::Yaml(indent) = notation {
            let end = notation::yaml_end(bytes, sign + 1, indent);
            return Self { start: start.min(end), end, next: end };
        }
        let end = notation.end(bytes, start);
        Self { start, end, next: end }
    }
}

#[cfg(test)]
mod tests {
    use super::super::hidden::HIDDEN;
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut hidden = Hidden::default();
        find(text, 0, &Keys::default(), &mut hidden);
        hidden.apply(text, HIDDEN).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn the_values_of_secrets_are_hidden_in_every_notation() {
        for (text, expected) in [
            // Queries and forms.
            ("https://a.b/c?q=1&token=abc&r=2#f", "https://a.b/c?q=1&token=…&r=2#f"),
            ("user%5Bpassword%5D=a%20b&c=d", "user%5Bpassword%5D=…&c=d"),
            ("p%61ssword=x", "p%61ssword=…"),
            ("token=&a=1", "token=&a=1"),
            ("to /?token=a,b]c&d=e", "to /?token=…&d=e"),
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
            (r#"Login { password: b"x", a: 1 }"#, r#"Login { password: b"…", a: 1 }"#),
            (r#"{"a":"Login { pw: b\"x\" }"}"#, r#"{"a":"Login { pw: b\"…\" }"}"#),
            (r#"Login { password: app::Secret("x") }"#, "Login { password: app::Secret(…) }"),
            (r#"[("a", "b"), ("pw", "x"), ("c", 1)]"#, r#"[("a", "b"), ("pw", "…"), ("c", 1)]"#),
            (r#"{"a":"[(\"pw\", \"x\")]"}"#, r#"{"a":"[(\"pw\", \"…\")]"}"#),
            ("{'secret': {'a': '}', 'b': 'x'}, 'c': 1}", "{'secret': {…}, 'c': 1}"),
            // XML.
            ("<a><password>x</password><b>y</b>", "<a><password>…</password><b>y</b>"),
            ("<n:Password t='1'>x</n:Password>", "<n:Password t='1'>…</n:Password>"),
            ("<pw><![CDATA[x<y]]></pw><a>b</a>", "<pw><![CDATA[…]]></pw><a>b</a>"),
            (" <login><password>cut o", " <login><password>…"),
            ("no Option<Token> here, <Token/>", "no Option<Token> here, <Token/>"),
            // Texts.
            ("host=db password=hunter2 user=bob", "host=db password=… user=bob"),
            ("password = 'a b'", "password = '…'"),
            ("pw = 'a''b' and c = ''", "pw = '…' and c = ''"),
            ("pw = '' and c = 'd'", "pw = '' and c = 'd'"),
            ("wrong API key: x!", "wrong API key: …"),
            (r#"{"Social Security Number": "x"}"#, r#"{"Social Security Number": "…"}"#),
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
    fn values_of_several_words_are_hidden_as_their_notation_has_them() {
        for (text, expected) in [
            // YAML.
            ("secret: two words\nuser: bob", "secret: …\nuser: bob"),
            ("a:\n  - secret: two \"words\", more\n    b: c", "a:\n  - secret: …\n    b: c"),
            ("invalid config: secret: two words", "invalid config: secret: …"),
            (r#"{"error":"secret: two words\nuser: bob"}"#, r#"{"error":"secret: …\nuser: bob"}"#),
            ("secret: |\n  two\n\n  lines\nuser: bob", "secret: …\nuser: bob"),
            ("secret: >-\n  two\n  lines", "secret: …"),
            ("secrets:\n  - one two\n  - three\nuser: bob", "secrets:\n  …\nuser: bob"),
            ("password:\nuser: bob", "password:\nuser: bob"),
            ("{secret: two words, user: bob}", "{secret: …, user: bob}"),
            ("level: info, token: a b, user: bob", "level: info, token: …, user: bob"),
            ("an invalid token: abc was sent", "an invalid token: … was sent"),
            // Settings between semicolons.
            ("Server=db;Password=two words;Timeout=1", "Server=db;Password=…;Timeout=1"),
            ("Password=two words;Server=db", "Password=…;Server=db"),
            ("Server=db;PWD=two words", "Server=db;PWD=…"),
            // OAuth.
            ("at https://a.b/cb?code=4%2F0A&state=s: no", "at https://a.b/cb?code=…&state=s: no"),
            ("code=404 and error.code: 7", "code=404 and error.code: 7"),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }

    #[test]
    fn json_in_json_is_searched_however_deep_it_is() {
        let mut text = "{\"password\":\"x\",\"n\":1}".to_owned();
        for _ in 0..5 {
            text = format!("{{\"a\":{text:?}}}");
            let expected = text.replace('x', "…");
            assert_eq!(scrubbed(&text), expected, "{text}");
        }
    }

    #[test]
    fn however_far_a_value_is_from_its_key_it_is_hidden() {
        let text = format!("{{\"password\":{}\"x\"}}", " ".repeat(1_000));
        assert_eq!(scrubbed(&text), text.replace('x', "…"));
    }

    #[test]
    fn a_value_of_a_query_is_hidden_whatever_is_in_it() {
        let mut hidden = Hidden::default();
        let text = "/?a=1&token=a\"b<c>d e&pw=&b=2&pin";
        find_in_query(&text[2..], 2, &Keys::default(), &mut hidden);
        assert_eq!(hidden.apply(text, HIDDEN).as_deref(), Some("/?a=1&token=…&pw=&b=2&pin"));
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
