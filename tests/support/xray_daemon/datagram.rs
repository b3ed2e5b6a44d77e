//! What the daemon reads in a datagram, and what only the service behind it does.

use serde_json::Value;

/// What a sender puts before a document.
pub const HEADER: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";

/// Why a datagram goes no further than the daemon, whose log alone knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// There is no line break, so there is no header.
    NoHeader,
    /// The first line is not a JSON object with a format and a whole number as version.
    NoJsonHeader,
    /// Another format, or another version than 1.
    UnknownHeader,
    /// Nothing follows the header.
    NoDocument,
}

/// Takes the header off.
///
/// # Errors
/// The daemon drops the datagram.
pub fn document(datagram: &[u8]) -> Result<&[u8], Dropped> {
    if let Some(document) = datagram.strip_prefix(HEADER) {
        return if document.is_empty() { Err(Dropped::NoDocument) } else { Ok(document) };
    }
    let end = datagram.iter().position(|byte| *byte == b'\n').ok_or(Dropped::NoHeader)?;
    let (header, document) = (&datagram[..end], &datagram[end + 1..]);
    let header: Value = serde_json::from_slice(header).map_err(|_| Dropped::NoJsonHeader)?;
    let format = header.get("format").and_then(Value::as_str).ok_or(Dropped::NoJsonHeader)?;
    let version = header.get("version").and_then(Value::as_i64).ok_or(Dropped::NoJsonHeader)?;
    if !format.eq_ignore_ascii_case("json") || version != 1 {
        return Err(Dropped::UnknownHeader);
    }
    if document.is_empty() { Err(Dropped::NoDocument) } else { Ok(document) }
}

/// The value of the first `"key":"…"` in the text, blind to nesting and without blanks, as the
/// daemon finds what its log names.
pub fn find_id(text: &str, key: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{key}\":\""))?;
    rest.split_once('"').map(|(id, _)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_taken_and_dropped_as_the_daemon_does() {
        use Dropped::{NoDocument, NoHeader, NoJsonHeader, UnknownHeader};
        for (datagram, expected) in [
            ("{\"format\":\"json\",\"version\":1}\n{}", Ok("{}")),
            ("{\"format\": \"json\", \"version\": 1}\n{}", Ok("{}")),
            ("{\"format\":\"JSON\",\"version\":1}\n{}", Ok("{}")),
            ("{\"version\":1,\"format\":\"json\",\"more\":[]}\n{}", Ok("{}")),
            ("{\"format\":\"json\",\"version\":1}\r\n{}", Ok("{}")),
            ("{\"format\":\"json\",\"version\":1}\n{\n}", Ok("{\n}")),
            ("{\"format\":\"json\",\"version\":1}\n{}\n{}", Ok("{}\n{}")),
            ("{\"format\":\"json\",\"version\":2}\n{}", Err(UnknownHeader)),
            ("{\"format\":\"xml\",\"version\":1}\n{}", Err(UnknownHeader)),
            ("{\"format\":\"json\",\"version\":\"1\"}\n{}", Err(NoJsonHeader)),
            ("{\"format\":\"json\"}\n{}", Err(NoJsonHeader)),
            ("\n{}", Err(NoJsonHeader)),
            ("{\"id\":\"1\"}", Err(NoHeader)),
            ("{\"format\":\"json\",\"version\":1}\\n{}", Err(NoHeader)),
            ("{\"format\":\"json\",\"version\":1}\n", Err(NoDocument)),
            ("", Err(NoHeader)),
        ] {
            assert_eq!(document(datagram.as_bytes()), expected.map(str::as_bytes), "{datagram}");
        }
    }

    #[test]
    fn ids_are_found_only_where_nothing_is_between_key_and_value() {
        let text = r#"{"trace_id":"1-a","id":"b","subsegments":[{"id":"c"}]}"#;
        assert_eq!(find_id(text, "id").as_deref(), Some("b"));
        assert_eq!(find_id(text, "trace_id").as_deref(), Some("1-a"));
        assert_eq!(find_id(r#"{"id": "b"}"#, "id"), None);
    }
}
