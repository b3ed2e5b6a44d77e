//! Kinds of secrets, each as a text that holds one.

use std::fmt::Write as _;

/// A way in which a secret gets into a text.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Writes a text with the value.
    pub(crate) text: fn(&str) -> String,
    /// True if only the place of a statement makes it a secret.
    pub(crate) is_literal: bool,
    /// True if the value is given to `Redaction::secret`.
    pub(crate) is_configured: bool,
}

const fn kind(name: &'static str, text: fn(&str) -> String) -> Kind {
    Kind { name, text, is_literal: false, is_configured: false }
}

const fn configured(name: &'static str, text: fn(&str) -> String) -> Kind {
    Kind { is_configured: true, ..kind(name, text) }
}

const fn literal(name: &'static str, text: fn(&str) -> String) -> Kind {
    Kind { is_literal: true, ..kind(name, text) }
}

/// Every kind.
pub(crate) const KINDS: &[Kind] = &[
    configured("configured", |value| format!("is {value} there")),
    configured("configured, percent-encoded", |value| format!("is {} there", percent(value))),
    configured("configured, base64", |value| format!("is {} there", base64(value.as_bytes()))),
    configured("configured, base64 behind a name", |value| {
        format!("is {} there", base64(format!("bob:{value}").as_bytes()))
    }),
    kind("key=value", |value| format!("failed with token={value} at once")),
    kind("JSON", |value| format!("{{\"user\":\"bob\",\"password\":\"{value}\"}}")),
    kind("JSON in JSON", |value| format!("{:?}", format!("{{\"api_key\":\"{value}\"}}"))),
    kind("Debug", |value| format!("Login {{ name: \"bob\", password: Some(\"{value}\") }}")),
    kind("YAML", |value| format!("invalid line\nsecret: two {value}\nuser: bob")),
    kind("XML", |value| format!("<a><password>{value}</password></a>")),
    kind("option", |value| format!("mysql --user bob --password {value} db")),
    kind("option of several words", |value| format!("psql --password 'two {value}' db")),
    kind("arguments", |value| format!("[\"curl\", \"--token\", \"two {value}\"]")),
    kind("variable", |value| format!("AUTHORIZATION=Basic two {value}")),
    kind("header", |value| format!("Authorization: Digest a=b, response={value}\nHost: x")),
    kind("cookie", |value| format!("Cookie: a=b; sid={value}")),
    kind("bearer", |value| format!("sent Bearer {value}.9 to them")),
    kind("basic", |value| format!("sent Basic {value}9= to them")),
    kind("JWT", |value| format!("is eyJhbGciOiJIUzI1NiJ9.{value}.c2lnbmF0dXJl")),
    kind("private key", |value| {
        format!("-----BEGIN PRIVATE KEY-----\n{value}\n-----END PRIVATE KEY-----")
    }),
    kind("URL password", |value| format!("at postgres://bob:{value}@db:5432/app")),
    kind("URL user", |value| format!("at https://{value}@ingest.example/1")),
    kind("presigned URL", |value| {
        format!("https://b.s3.example/k?X-Amz-Date=1&X-Amz-Signature={value}&X-Amz-Expires=9")
    }),
    kind("presigned URL, credential", |value| {
        format!("https://b.s3.example/k?X-Amz-Credential={value}%2F2026&X-Amz-Date=1")
    }),
    kind("presigned URL, token", |value| {
        format!("https://b.s3.example/k?X-Amz-Security-Token={value}&X-Amz-Date=1")
    }),
    kind("OAuth code", |value| {
        format!("error sending request for url (https://app.example/cb?code={value}&state=s)")
    }),
    kind("OAuth tokens", |value| format!("grant=x&refresh_token={value}&client_id=a")),
    kind("URL in a query", |value| {
        format!("https://a.example/?next=https%3A%2F%2Fb.example%2F%3Fid_token%3D{value}%26a%3Db")
    }),
    kind("ADO.NET", |value| format!("Server=db;Password=two {value};Timeout=1")),
    kind("libpq", |value| format!("host=db password = 'two {value}' user=bob")),
    kind("JDBC", |value| format!("jdbc:postgresql://db/app?user=bob&password={value}")),
    kind("Oracle", |value| format!("sqlplus scott/{value}@//db:1521/orcl")),
    kind("Oracle by JDBC", |value| format!("jdbc:oracle:thin:scott/{value}@db:1521:orcl")),
    kind("user of curl", |value| format!("curl -u bob:{value} https://a.example")),
    literal("literal", |value| format!("select a from b where c = '{value}'")),
    literal("literal with a quote", |value| {
        format!("select a from b where c = 7 and d = 'it''s {value}'")
    }),
    literal("comment", |value| format!("select a from b -- {value}")),
];

/// What every secret begins with.
pub(crate) const BEGIN: &str = "zqHunter5kX";

/// The secret of a cell.
pub(crate) fn value(row: usize, column: usize) -> String {
    format!("{BEGIN}R{row:02}C{column:02}z")
}

/// Forms in which a value may arrive.
pub(crate) fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned(), percent(value)];
    for offset in 0..3 {
        let padded = [&b"xx"[..offset], value.as_bytes()].concat();
        let text = base64(&padded);
        // The letters at both ends depend on what stands around the value.
        let whole = (8 * offset).div_ceil(6)..8 * padded.len() / 6;
        forms.push(text[whole].to_owned());
    }
    forms
}

pub(crate) fn percent(value: &str) -> String {
    value.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02X}");
        out
    })
}

/// The unreserved bytes as they are and the others in escapes.
pub(crate) fn component(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let all = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        let six = move |at: usize| usize::try_from(all >> (18 - 6 * at) & 63).expect("six bits");
        (0..=chunk.len()).map(move |at| char::from(LETTERS[six(at)]))
    });
    letters.collect()
}
