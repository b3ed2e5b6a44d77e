//! Signs of a secret: one pass over the bytes of a text, before anything slower looks at it.
//!
//! Most texts of spans have none, and are done with.

/// Signs that a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signs(u8);

impl Signs {
    /// A key may have a value: `=`, `:`, `"key",`, `<`, a part of a form.
    pub(super) const PAIR: Self = Self(1);
    /// An option of a command line may have a value.
    pub(super) const OPTION: Self = Self(2);
    /// A URL with a user, a scheme of HTTP, a web token or a private key may be there.
    pub(super) const TOKEN: Self = Self(4);
    /// There are escapes of URLs.
    pub(super) const ESCAPE: Self = Self(8);

    /// Signs of a text.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut signs = Self(0);
        for (at, byte) in bytes.iter().enumerate() {
            if IS_SIGN[usize::from(*byte)] {
                signs.0 |= sign(bytes, at).0;
            }
        }
        signs
    }

    pub(super) const fn has(self, sign: Self) -> bool {
        self.0 & sign.0 != 0
    }

    pub(super) const fn without(self, sign: Self) -> Self {
        Self(self.0 & !sign.0)
    }
}

/// Bytes that may be a sign.
static IS_SIGN: [bool; 256] = {
    let mut table = [false; 256];
    let signs = b"=:,<%- \tJ@";
    let mut at = 0;
    while at < signs.len() {
        table[signs[at] as usize] = true;
        at += 1;
    }
    table
};

/// Meaning of a byte by those around it.
fn sign(bytes: &[u8], at: usize) -> Signs {
    let before = || bytes[..at].last().copied();
    match bytes[at] {
        b'=' | b'<' => Signs::PAIR,
        b':' => Signs(Signs::PAIR.0 | Signs::TOKEN.0),
        b'%' => Signs::ESCAPE,
        b',' if matches!(before(), Some(b'"' | b'\'' | b'`')) => Signs::PAIR,
        b'-' => match before() {
            // Forms in several parts and keys in PEM begin with two.
            None | Some(b'-') => Signs(Signs::PAIR.0 | Signs::OPTION.0 | Signs::TOKEN.0),
            Some(byte) if !byte.is_ascii_alphanumeric() => Signs::OPTION,
            _ => Signs(0),
        },
        // Behind `Bearer`, `Basic`, `Negotiate`.
        b' ' | b'\t' if matches!(before(), Some(b'r' | b'R' | b'c' | b'C' | b'e' | b'E')) => {
            if super::tokens::scheme_before(bytes, at).is_some() {
                Signs::TOKEN
            } else {
                Signs(0)
            }
        }
        b'@' if bytes[at..].starts_with(b"@//") => Signs::TOKEN,
        b'J' if bytes[..at].ends_with(b"ey") => Signs::TOKEN,
        _ => Signs(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_texts_have_no_sign_of_a_secret() {
        for text in [
            "",
            "GET",
            "/api/activities/home",
            "andrew brown",
            "cruddur.example.com",
            "2026-11-30T12.00",
            "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
            "no basis for your",
            "a, b, and J",
        ] {
            assert_eq!(Signs::of(text.as_bytes()), Signs(0), "{text}");
        }
    }

    #[test]
    fn every_kind_of_secret_has_its_sign() {
        for (text, sign) in [
            ("token=x", Signs::PAIR),
            ("secret: x", Signs::PAIR),
            ("(\"pw\", \"x\")", Signs::PAIR),
            ("<pw>x</pw>", Signs::PAIR),
            ("--b\r\nname", Signs::PAIR),
            ("mysql --password x", Signs::OPTION),
            ("mysql -password x", Signs::OPTION),
            ("-password x", Signs::OPTION),
            ("http://a@b", Signs::TOKEN),
            ("BEARER x", Signs::TOKEN),
            ("basic\tx", Signs::TOKEN),
            ("is eyJh.b.c", Signs::TOKEN),
            ("-----BEGIN PRIVATE KEY-----", Signs::TOKEN),
            ("scott/tiger@//db", Signs::TOKEN),
            ("a%3Db", Signs::ESCAPE),
        ] {
            assert!(Signs::of(text.as_bytes()).has(sign), "{text}");
        }
    }
}
