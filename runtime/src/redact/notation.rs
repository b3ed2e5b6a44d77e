//! Notations of a key and its value, by which a value without quotes ends.

use std::ops::Range;

/// Notation of a key and a value without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notation {
    /// One word, in a sentence or a line of a log.
    Word,
    /// A query or a form.
    Query,
    /// A header whose value has several words, or a line of YAML within a string.
    Line,
    /// A line of YAML, with the number of bytes that it is indented by.
    Yaml(usize),
    /// A list in braces or behind a comma.
    Flow,
    /// Settings between semicolons.
    Settings,
}

impl Notation {
    /// Notation of the key in front of a sign.
    pub(super) fn of(bytes: &[u8], sign: usize, key: &Range<usize>) -> Self {
        let before = bytes[..key.start].last().copied();
        let name = bytes[key.clone()].trim_ascii_end();
        let is_line = [&b"authorization"[..], b"cookie"].iter().any(|end| {
            name.len() >= end.len() && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
        });
        let is_yaml =
            bytes[sign] == b':' && bytes.get(sign + 1).is_some_and(u8::is_ascii_whitespace);
        let is_quoted = matches!(bytes.get(key.end), Some(b'"' | b'\'' | b'`' | b'\\'));
        match before {
            Some(b'?' | b'&') => Self::Query,
            _ if is_yaml && is_quoted && !is_line => Self::Flow,
            _ if is_yaml => Self::of_yaml(before, name).unwrap_or(Self::or_line(is_line)),
            _ if is_line => Self::Line,
            _ if bytes[sign] == b'=' && is_setting(bytes, sign, before) => Self::Settings,
            _ => Self::Word,
        }
    }

    const fn or_line(is_line: bool) -> Self {
        if is_line { Self::Line } else { Self::Word }
    }

    /// Notation of a key in front of `: `; `None` for the end of a sentence.
    fn of_yaml(before: Option<u8>, key: &[u8]) -> Option<Self> {
        let escaped = key.windows(2).rposition(|pair| pair == b"\\n");
        let name = &key[escaped.map_or(0, |at| at + 2)..];
        let indent = name.iter().take_while(|byte| matches!(byte, b' ' | b'-')).count();
        if name[indent..].contains(&b' ') {
            return None;
        }
        match before {
            _ if escaped.is_some() => Some(Self::Line),
            None | Some(b'\n' | b'\r') => Some(Self::Yaml(indent)),
            Some(b':' | b'"' | b'\'' | b'`' | b'\t') => Some(Self::Line),
            Some(b'{' | b'[' | b'(' | b',' | b';') => Some(Self::Flow),
            Some(_) => None,
        }
    }

    /// End of a value that begins at `start`.
    pub(super) fn end(self, bytes: &[u8], start: usize) -> usize {
        let is_end = |at: &usize| {
            let byte = bytes[*at];
            match (self, byte) {
                (_, b'\r' | b'\n' | b'"') => true,
                (Self::Line | Self::Yaml(_), b'\\') => bytes.get(at + 1) == Some(&b'n'),
                (Self::Line | Self::Yaml(_), _) | (Self::Query, b',' | b'}' | b']') => false,
                (Self::Flow, _) => matches!(byte, b',' | b'}' | b']' | b')' | b';'),
                (Self::Settings, _) => byte == b';',
                (_, b',' | b'}' | b']' | b'&' | b'<' | b'>') => true,
                _ => byte.is_ascii_whitespace(),
            }
        };
        (start..bytes.len()).find(is_end).unwrap_or(bytes.len())
    }
}

/// True if a setting is one of several between semicolons.
fn is_setting(bytes: &[u8], sign: usize, before: Option<u8>) -> bool {
    let ends = |byte: &u8| matches!(byte, b';' | b'=' | b'\n' | b'"' | b'&');
    let is_followed = || {
        let rest = &bytes[sign + 1..];
        let end = rest.iter().position(ends).filter(|end| rest[*end] == b';');
        end.is_some_and(|end| rest[end + 1..].iter().find(|byte| ends(byte)) == Some(&b'='))
    };
    before == Some(b';') || is_followed()
}

/// End of a value of YAML behind a sign: that of its line, or of the lines below that are indented more.
///
/// Source: <https://yaml.org/spec/1.2.2/#81-block-scalar-styles>.
pub(super) fn yaml_end(bytes: &[u8], from: usize, indent: usize) -> usize {
    let line_end = |from: usize| {
        let found = bytes[from..].iter().position(|byte| *byte == b'\n');
        found.map_or(bytes.len(), |at| from + at)
    };
    let mut end = line_end(from);
    let first = bytes[from..end].trim_ascii();
    if !first.is_empty() && !first.starts_with(b"|") && !first.starts_with(b">") {
        return end - usize::from(bytes[..end].ends_with(b"\r"));
    }
    while end < bytes.len() {
        let next = line_end(end + 1);
        let line = &bytes[end + 1..next];
        let is_blank = line.trim_ascii().is_empty();
        let blanks = line.iter().take_while(|byte| **byte == b' ').count();
        if !is_blank && blanks <= indent {
            break;
        }
        end = next;
    }
    end
}
