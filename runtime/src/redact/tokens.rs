//! Finds what looks like a secret whatever it is called.
//!
//! In: any text. Out: where users and passwords of URLs, credentials of HTTP, signed tokens, and
//! private keys are.
//! Never: looks at a byte more than a fixed number of times.

use super::hidden::Hidden;

/// How far the user of a URL may be from its host, where a password has signs that it must not.
const MAX_USER_BYTES: usize = 512;

/// Hides all of them.
pub(super) fn find(text: &str, hidden: &mut Hidden) {
    users(text, hidden);
    oracle(text, hidden);
    credentials(text, hidden);
    web_tokens(text, hidden);
    private_keys(text, hidden);
}

/// `user:password@` of every URL.
fn users(text: &str, hidden: &mut Hidden) {
    for (at, _) in text.match_indices(':') {
        // Some write JSON with a slash escaped.
        let behind = &text[at + 1..];
        let Some(rest) = ["//", "\\/\\/"].iter().find_map(|sign| behind.strip_prefix(sign)) else {
            continue;
        };
        let start = text.len() - rest.len();
        let ends_url = |char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>' | '`');
        let end = rest.find(|char| ends_url(char) || matches!(char, '/' | '?' | '#' | '\\'));
        let authority = &rest[..end.unwrap_or(rest.len())];
        if let Some(at) = authority.rfind('@') {
            hidden.hide(start..start + at);
        } else if !is_port(authority) {
            // A password with a slash in it ends the authority too early.
            let near = &rest[..rest.floor_char_boundary(MAX_USER_BYTES)];
            let near = &near[..near.find(ends_url).unwrap_or(near.len())];
            let at = near.rfind('@').unwrap_or(authority.len());
            hidden.hide(start..start + at);
        }
    }
}

/// `/password` of `user/password@//host` and `jdbc:oracle:thin:user/password@host`.
///
/// Source: <https://docs.oracle.com/en/database/oracle/oracle-database/23/netag/configuring-naming-methods.html>.
fn oracle(text: &str, hidden: &mut Hidden) {
    const DRIVERS: [&str; 3] = [":thin:", ":oci:", ":oci8:"];
    let mut from = 0;
    for (at, _) in text.match_indices('@') {
        let near = &text[from.max(text.floor_char_boundary(at.saturating_sub(MAX_USER_BYTES)))..at];
        from = at;
        let is_end =
            |char: char| char.is_whitespace() || matches!(char, '"' | '\'' | '=' | '(' | ':');
        let start = near.rfind(is_end).map_or(0, |end| end + 1);
        let start = near.ceil_char_boundary(start);
        let is_jdbc = DRIVERS.iter().any(|driver| near[..start].ends_with(driver));
        let Some((user, password)) = near[start..].split_once('/') else { continue };
        if !user.is_empty() && (is_jdbc || text[at..].starts_with("@//")) {
            hidden.hide(at - password.len()..at);
        }
    }
}

/// Whether what stands behind the last colon can be a port, or there is no colon.
fn is_port(authority: &str) -> bool {
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    // An address of IPv6 is in brackets, behind which the port is.
    port.ends_with(']')
        || port.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_punctuation())
}

/// The token behind `Bearer` and `Basic`.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9110#section-11.4>.
fn credentials(text: &str, hidden: &mut Hidden) {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices([' ', '\t']) {
        let Some(scheme) = scheme_before(bytes, at) else { continue };
        let start = at + 1 + count_blanks(&bytes[at + 1..]);
        let token = bytes[start..].iter().take_while(|byte| is_token(**byte)).count();
        if !is_word(&text[start..start + token], scheme == b"bearer") {
            hidden.hide(start..start + token);
        }
    }
}

/// Name of the scheme that ends at a place.
pub(super) fn scheme_before(bytes: &[u8], at: usize) -> Option<&'static [u8]> {
    const SCHEMES: [&[u8]; 3] = [b"bearer", b"basic", b"negotiate"];
    SCHEMES.into_iter().find(|scheme| {
        at >= scheme.len() && bytes[at - scheme.len()..at].eq_ignore_ascii_case(scheme)
    })
}

fn count_blanks(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'%')
}

/// Whether a word behind a scheme belongs to a sentence.
fn is_word(word: &str, is_bearer: bool) -> bool {
    const WORDS: [&str; 11] = [
        "auth",
        "authentication",
        "authorization",
        "token",
        "tokens",
        "credentials",
        "scheme",
        "header",
        "challenge",
        "realm",
        "error",
    ];
    let bare = word.trim_end_matches(['.', '=']);
    let is_known = WORDS.iter().any(|known| known.eq_ignore_ascii_case(bare));
    // `basic` is an adjective, and base64 has other letters than small ones.
    is_known || !is_bearer && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.')
}

/// JSON web tokens: three parts, of which the first begins with `{"` in base64.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc7519>.
fn web_tokens(text: &str, hidden: &mut Hidden) {
    let mut told = 0;
    for (start, _) in text.match_indices("eyJ") {
        if start < told {
            continue;
        }
        let is_part =
            |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let length = text.as_bytes()[start..].iter().take_while(is_part).count();
        told = start + length;
        let dots = text[start..told].matches('.').count();
        // One that was cut off may have lost its last part.
        if dots >= 2 || dots == 1 && told == text.len() {
            hidden.hide(start..told);
        }
    }
}

/// Private keys as text, whole or cut off.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc7468>.
fn private_keys(text: &str, hidden: &mut Hidden) {
    const BEGIN: &str = "PRIVATE KEY-----";
    let mut rest = 0;
    while let Some(at) = text[rest..].find(BEGIN) {
        let start = rest + at + BEGIN.len();
        let end = text[start..].find("-----END").map_or(text.len(), |at| start + at);
        hidden.hide(start..end);
        // The end has the same words.
        rest = text[end..].find(BEGIN).map_or(text.len(), |at| end + at + BEGIN.len());
    }
}

#[cfg(test)]
mod tests {
    use super::super::hidden::HIDDEN;
    use super::*;

    fn scrubbed(text: &str) -> String {
        let mut hidden = Hidden::default();
        find(text, &mut hidden);
        hidden.apply(text, HIDDEN).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn what_looks_like_a_secret_is_hidden() {
        for (text, expected) in [
            ("postgres://bob:hunter2@db:5432/app", "postgres://…@db:5432/app"),
            (
                "at https://token@a.b/c, twice: http://a:b@c",
                "at https://…@a.b/c, twice: http://…@c",
            ),
            (r#"{"a":"https:\/\/b:p@c\/d"}"#, r#"{"a":"https:\/\/…@c\/d"}"#),
            ("redis://:p/a@s?s@host/0", "redis://…@host/0"),
            ("sqlplus scott/tiger@//db:1521/orcl", "sqlplus scott/…@//db:1521/orcl"),
            ("jdbc:oracle:thin:scott/ti/ger@db:1521:orcl", "jdbc:oracle:thin:scott/…@db:1521:orcl"),
            ("mail a/b@c and /a/b@//c", "mail a/b@c and /a/b@//c"),
            ("https://a.b:80/c?d=e@f.g", "https://a.b:80/c?d=e@f.g"),
            ("https://[::1]:80/@a https://[::1]/@a", "https://[::1]:80/@a https://[::1]/@a"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
            ("sent BASIC dXNlcjpwYXNz to", "sent BASIC … to"),
            (
                "no bearer token, basic auth, a basic understanding.",
                "no bearer token, basic auth, a basic understanding.",
            ),
            ("Bearer ", "Bearer "),
            ("is eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln!", "is …!"),
            ("eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9"),
            ("cut: eyJhbGciOiJIUzI1NiJ9.eyJzdWIi", "cut: …"),
            ("sent Bearer\tabc.def9", "sent Bearer\t…"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMII\nE\n-----END RSA PRIVATE KEY-----\nx",
                "-----BEGIN RSA PRIVATE KEY-----…-----END RSA PRIVATE KEY-----\nx",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMII", "-----BEGIN PRIVATE KEY-----…"),
        ] {
            assert_eq!(scrubbed(text), expected, "{text}");
        }
    }
}
