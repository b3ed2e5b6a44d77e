//! JSON texts that have to be valid JSON afterwards.
//!
//! Strings are searched without their escapes, and what is hidden of a value is a string. Needs no parser:
//! the text was made by one.

use std::fmt::Write as _;

use super::Redaction;
use super::hidden::HIDDEN;

/// Redacts a JSON text in place.
pub(super) fn text(redaction: &Redaction, json: &mut String) {
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(open) = json[at..].find('"').map(|found| at + found) {
        let end = string_end(json.as_bytes(), open);
        let string = unescaped(json[open + 1..end].strip_suffix('"').unwrap_or_default());
        let value = secret_value(redaction, json.as_bytes(), &string, end);
        let hidden = redaction.hidden(&string).apply(&string, HIDDEN);
        at = end;
        if let Some(string) = hidden {
            out.push_str(&json[kept..open]);
            push_string(&mut out, &string);
            kept = end;
        }
        if let Some((start, end)) = value {
            out.push_str(&json[kept..start]);
            push_string(&mut out, HIDDEN);
            (kept, at) = (end, end);
        }
    }
    if kept > 0 {
        out.push_str(&json[kept..]);
        *json = out;
    }
}

/// JSON text of a hidden value.
pub(super) fn hidden() -> String {
    format!("\"{HIDDEN}\"")
}

/// Range of the value behind a string that is a key of a secret. Truth values are kept.
fn secret_value(
    redaction: &Redaction,
    bytes: &[u8],
    string: &str,
    end: usize,
) -> Option<(usize, usize)> {
    let colon = end + blanks(bytes, end);
    if bytes.get(colon) != Some(&b':') || !redaction.hides_key(string) {
        return None;
    }
    let start = colon + 1 + blanks(bytes, colon + 1);
    let end = value_end(bytes, start);
    let is_kept = matches!(&bytes[start..end], b"true" | b"false" | b"null");
    (!is_kept).then_some((start, end))
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    bytes.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// End of the string that begins at a quote, behind its last quote.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut is_escaped = false;
    for (at, byte) in bytes.iter().enumerate().skip(open + 1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn value_end(bytes: &[u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' if depth == 0 => return string_end(bytes, at),
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 0 { at } else { at + 1 },
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => return at,
            byte if depth == 0 && byte.is_ascii_whitespace() => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Content of a string without its escapes; what is no escape is left out.
fn unescaped(string: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(string.len());
    let mut rest = string;
    while let Some(at) = rest.find('\\') {
        units.extend(rest[..at].encode_utf16());
        let escape = rest[at + 1..].chars().next().unwrap_or_default();
        rest = rest.get(at + 1 + escape.len_utf8()..).unwrap_or_default();
        match escape {
            'u' => {
                let digits = rest.get(..4).unwrap_or_default();
                units.extend(u16::from_str_radix(digits, 16).ok());
                rest = rest.get(4..).unwrap_or_default();
            }
            'n' => units.push(u16::from(b'\n')),
            't' => units.push(u16::from(b'\t')),
            'r' => units.push(u16::from(b'\r')),
            'b' => units.push(8),
            'f' => units.push(12),
            other => units.extend_from_slice(other.encode_utf16(&mut [0; 2])),
        }
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units)
}

fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            char if u32::from(char) < 0x20 => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    #[test]
    fn redacted_json_is_valid_json() {
        let redaction = Redaction::new().secret(Secret::new("hunter2\n"));
        for (json, expected) in [
            (r#"{"password": "a\"b", "n": 1}"#, r#"{"password": "…", "n": 1}"#),
            (r#"{"pin":1234,"n":[1,2]}"#, r#"{"pin":"…","n":[1,2]}"#),
            (r#"{"a":[{"secret":{"b":["}",1]},"c":2}]}"#, r#"{"a":[{"secret":"…","c":2}]}"#),
            (
                r#"{"token":true,"secret":null,"pin":0}"#,
                r#"{"token":true,"secret":null,"pin":"…"}"#,
            ),
            (r#"{"p\u0061ssword" : [1]}"#, r#"{"p\u0061ssword" : "…"}"#),
            (r#""is hunter2\n!""#, r#""is …!""#),
            (r#""is hunter2\u000A\t\"!""#, r#""is …\u0009\"!""#),
            (r#"["https://a:b@c/?code=d"]"#, r#"["https://…@c/?code=…"]"#),
            (r#"{"n":"\ud83d\ude00","sig":-1.5e3}"#, r#"{"n":"\ud83d\ude00","sig":"…"}"#),
            (r#"{"n":"plain","m":null}"#, r#"{"n":"plain","m":null}"#),
            ("7", "7"),
            ("\"", "\""),
            ("\"\\", "\"\\"),
            ("{\"pin\":", "{\"pin\":\"…\""),
        ] {
            let mut redacted = json.to_owned();
            text(&redaction, &mut redacted);
            assert_eq!(redacted, expected, "{json}");
        }
    }
}
