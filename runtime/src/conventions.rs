//! What the HTTP conventions of OpenTelemetry say about both ends of a request.
//!
//! In: parts of a request as text. Out: the same as it may be recorded.
//! Never: knows a library that speaks HTTP.

use std::borrow::Cow;

use crate::secret::QUERY_KEYS;

/// The known name of a method; `None` for one that the conventions call `_OTHER`.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>.
pub(crate) fn known_method(method: &str) -> Option<&'static str> {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"];
    KNOWN.into_iter().find(|known| *known == method)
}

/// Start of the value of the first secret in a part of a query. `;` separates pairs for some servers,
/// and a second `?` begins another query in a malformed one.
fn secret_value(part: &str) -> Option<usize> {
    let mut end = 0;
    part.split_inclusive([';', '?']).find_map(|pair| {
        let start = end;
        end += pair.len();
        let (key, _) = pair.split_once('=')?;
        is_secret(key).then_some(start + key.len() + 1)
    })
}

/// Returns the name of a version of HTTP, given the versions 0.9, 1.0, 1.1, 2 and 3 in the type of the
/// library that speaks it: two versions of that type are in use.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/network/>.
pub(crate) fn protocol_version<V: PartialEq>(version: &V, known: &[V; 5]) -> Option<&'static str> {
    let at = known.iter().position(|it| it == version)?;
    Some(["0.9", "1.0", "1.1", "2", "3"][at])
}

fn is_secret(key: &str) -> bool {
    // A key may be written in escapes, and would still be one for the application.
    let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy();
    QUERY_KEYS.iter().any(|secret| secret.eq_ignore_ascii_case(&key))
}

/// A query with `REDACTED` for the values of secrets; allocates only where there are some.
pub(crate) fn without_secrets(query: &str) -> Cow<'_, str> {
    if !query.split('&').any(|part| secret_value(part).is_some()) {
        return Cow::Borrowed(query);
    }
    let parts = query.split('&').map(|part| match secret_value(part) {
        Some(start) => Cow::Owned(format!("{}REDACTED", &part[..start])),
        None => Cow::Borrowed(part),
    });
    Cow::Owned(parts.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_secrets_are_not_told_and_the_rest_of_a_query_is() {
        for (query, expected) in [
            ("q=color&sig=39Up9jzHkxhuIhFE9594DJxe7w6cIRCg0V", "q=color&sig=REDACTED"),
            (
                "TOKEN=a=b&x=%20&X-Goog-Signature=1",
                "TOKEN=REDACTED&x=%20&X-Goog-Signature=REDACTED",
            ),
            ("p%61ssword=x", "p%61ssword=REDACTED"),
            ("api_key=&token", "api_key=REDACTED&token"),
            (
                "X-Amz-Date=2026&X-Amz-Credential=a%2Fb&X-Amz-Security-Token=c&X-Amz-Signature=d",
                "X-Amz-Date=2026&X-Amz-Credential=REDACTED&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED",
            ),
            ("design=sig&tokens=2&&", "design=sig&tokens=2&&"),
            ("a=b?token=c?d&e", "a=b?token=REDACTED&e"),
            ("a=b;sig=c;d=e&f=g", "a=b;sig=REDACTED&f=g"),
        ] {
            assert_eq!(without_secrets(query), expected);
        }
    }

    #[test]
    fn only_methods_of_the_conventions_are_known_and_only_in_upper_case() {
        for (text, expected) in
            [("GET", Some("GET")), ("QUERY", Some("QUERY")), ("get", None), ("PROPFIND", None)]
        {
            assert_eq!(known_method(text), expected);
        }
    }
}
