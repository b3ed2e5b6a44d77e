//! What the HTTP conventions of OpenTelemetry say about both ends of a request.
//!
//! In: parts of a request as text. Out: the same as it may be recorded.
//! Never: knows a library that speaks HTTP.

use std::borrow::Cow;

use crate::secret;

/// The known name of a method; `None` for one that the conventions call `_OTHER`.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>.
pub(crate) fn known_method(method: &str) -> Option<&'static str> {
    const KNOWN: [&str; 10] =
        ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE", "QUERY"];
    KNOWN.into_iter().find(|known| *known == method)
}

/// Returns the name of a version of HTTP, given the versions 0.9, 1.0, 1.1, 2 and 3 in the type of the
/// library that speaks it: two versions of that type are in use.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/network/>.
pub(crate) fn protocol_version<V: PartialEq>(version: &V, known: &[V; 5]) -> Option<&'static str> {
    let at = known.iter().position(|it| it == version)?;
    Some(["0.9", "1.0", "1.1", "2", "3"][at])
}

/// A query with `REDACTED` for the values of secrets by the default list of keys; allocates only where
/// there are some. For what the application's own layers see: records are redacted by the collector.
#[cfg_attr(
    all(not(test), any(not(feature = "actix"), not(feature = "tracing"), feature = "off")),
    expect(dead_code, reason = "for the access log")
)]
pub(crate) fn without_secrets(query: &str) -> Cow<'_, str> {
    let keys = secret::default_keys();
    if !query.split('&').any(|part| keys.secret_value(part).is_some()) {
        return Cow::Borrowed(query);
    }
    let parts = query.split('&').map(|part| match keys.secret_value(part) {
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
            (
                "code=4%2F0A&state=xy&error_code=7&zip_code=8",
                "code=REDACTED&state=xy&error_code=7&zip_code=8",
            ),
            (
                "refresh_token=a&id_token=b&client_secret=c&jwt=d&client_assertion=e",
                "refresh_token=REDACTED&id_token=REDACTED&client_secret=REDACTED&jwt=REDACTED&client_assertion=REDACTED",
            ),
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
