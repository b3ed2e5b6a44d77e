//! Takes secrets out of a failure before anybody is told.
//!
//! ```text
//! record ─▶ texts ─┬─ keys and their values   (pairs, keys)
//!                  ├─ what looks like a token (tokens)        ─▶ ranges ─▶ texts with `…`
//!                  ├─ configured secrets      (needles)
//!                  └─ literals in code        (source)
//! ```
//!
//! In: a record with whatever the application has put into it. Out: the same with `…` in the place
//! of secrets.
//! Never: fails, or takes longer than a time in proportion to the size of the record.

pub(crate) mod connection;
#[cfg_attr(not(feature = "xray"), expect(dead_code, reason = "documents of X-Ray show them"))]
pub(crate) mod database;
mod escapes;
mod hidden;
mod keys;
mod needles;
mod pairs;
mod source;
pub(crate) mod statement;
mod tokens;
mod walk;

use self::escapes::Decoded;
use self::hidden::{HIDDEN, Hidden};
use self::keys::Keys;
use self::needles::Needles;
use crate::record::ErrorRecord;
use crate::secret::Secret;

/// How much of a text is kept, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// How often a text may be escaped for a URL: one that is in the query of another is so twice.
const MAX_ESCAPES: usize = 3;

/// What is hidden of a failure.
///
/// Hidden by default are:
///
/// - the values of keys that name a secret by their last words, such as `password`, `authToken`,
///   `X-Api-Key` and `credit_card_number`, but not `token_count`, wherever a key has a value: custom
///   values, queries, forms, JSON, XML, headers, what `Debug` prints, literals in lines of code;
/// - the values of cookies;
/// - users and passwords in URLs, tokens behind `Bearer` and `Basic`, JSON web tokens, private keys.
///
/// In the place of each is `…`, which does not tell how long it was. Texts longer than 64 KiB are cut.
#[derive(Clone, Debug)]
#[must_use = "nothing is hidden by settings that nobody takes"]
pub struct Scrub {
    keys: Keys,
    headers: Vec<String>,
    kept_headers: Vec<String>,
    needles: Needles,
}

/// Headers with secrets that their names do not tell.
const HEADERS: [&str; 8] = [
    "x-amzn-oidc-data",
    "x-goog-iap-jwt-assertion",
    "cf-access-jwt-assertion",
    "x-forwarded-client-cert",
    "x-client-cert",
    "ssl-client-cert",
    "x-ms-client-principal",
    "x-honeycomb-team",
];

impl Default for Scrub {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            headers: HEADERS.map(str::to_owned).into(),
            kept_headers: Vec::new(),
            needles: Needles::default(),
        }
    }
}

impl Scrub {
    /// What is hidden by default.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides the values of keys that end in `key` too; case and the signs between words do not count.
    /// A `key` of less than five letters has to be whole words.
    pub fn key(mut self, key: &str) -> Self {
        self.keys.add(key);
        self
    }

    /// Does not hide the values of keys because they end in `key`. Another end may still fit:
    /// without `token`, the value of `access_token` is hidden.
    pub fn without_key(mut self, key: &str) -> Self {
        self.keys.remove(key);
        self
    }

    /// Hides the value of a header too.
    pub fn header(mut self, name: &str) -> Self {
        self.kept_headers.retain(|known| !known.eq_ignore_ascii_case(name));
        self.headers.push(name.to_owned());
        self
    }

    /// Does not hide the value of a header because of its name.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|known| !known.eq_ignore_ascii_case(name));
        self.kept_headers.push(name.to_owned());
        self
    }

    /// Hides a text wherever it is: as it stands, in the escapes of URLs and strings, in base64. One
    /// of less than six bytes is ignored, as it would be in other words by chance.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.needles.add(secret);
        self
    }

    /// Does not hide a text that was given before.
    pub fn without_secret(mut self, secret: &Secret) -> Self {
        self.needles.remove(secret);
        self
    }

    /// Hides what is to be hidden of a record, in place. Takes some 60 ns a byte; never fails.
    pub fn scrub(&self, record: &mut ErrorRecord) {
        walk::record(self, record);
    }

    /// Hides what is to be hidden of a text, and cuts it.
    fn text(&self, text: &mut String) {
        cut(text);
        let mut hidden = Hidden::default();
        self.find(text, &mut hidden);
        replace(text, hidden);
    }

    fn find(&self, text: &str, hidden: &mut Hidden) {
        pairs::find(text, 0, &self.keys, hidden);
        self.anywhere(text, hidden);
        self.escaped(text, MAX_ESCAPES, hidden);
    }

    /// What is in the escapes of URLs: an address in the query of another has a query too.
    fn escaped(&self, text: &str, levels: usize, hidden: &mut Hidden) {
        if levels == 0 || !text.contains('%') {
            return;
        }
        let decoded = Decoded::of(text.as_bytes(), 0x7F);
        let Ok(inner) = str::from_utf8(&decoded.bytes) else { return };
        if decoded.is_shorter() {
            let mut found = Hidden::default();
            pairs::find(inner, 0, &self.keys, &mut found);
            self.anywhere(inner, &mut found);
            self.escaped(inner, levels - 1, &mut found);
            found
                .ranges()
                .for_each(|it| hidden.hide(decoded.place(it.start)..decoded.place(it.end)));
        }
    }

    /// Hides what is to be hidden of a query or a form from `start` on, and before it.
    fn query(&self, text: &mut String, start: usize) {
        cut(text);
        let mut hidden = Hidden::default();
        let query = text.get(start..).unwrap_or_default();
        pairs::find_in_query(query, start, &self.keys, &mut hidden);
        self.find(text, &mut hidden);
        replace(text, hidden);
    }

    /// Hides what is to be hidden of lines of code in a row.
    fn code(&self, code: &mut String) {
        cut(code);
        let mut hidden = Hidden::default();
        source::find(code, &self.keys, &mut hidden);
        self.anywhere(code, &mut hidden);
        hidden.keep_lines(code);
        replace(code, hidden);
    }

    fn anywhere(&self, text: &str, hidden: &mut Hidden) {
        tokens::find(text, hidden);
        self.needles.find(text, hidden);
    }

    /// Hides what is to be hidden of a header's value.
    fn header_value(&self, name: &str, value: &mut String) {
        let is_on = |list: &[String]| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        if !is_on(&self.kept_headers) {
            if name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie") {
                cut(value);
                *value = cookies(value, name.eq_ignore_ascii_case("set-cookie"));
            } else if is_on(&self.headers) || self.keys.hit(name) {
                HIDDEN.clone_into(value);
                return;
            }
        }
        self.text(value);
    }
}

/// Cookies with their names alone; the attributes of one that is set are told.
fn cookies(value: &str, is_set: bool) -> String {
    let hide = |(at, part): (usize, &str)| match part.split_once('=') {
        _ if is_set && at > 0 => part.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    };
    value.split(';').enumerate().map(hide).collect::<Vec<_>>().join(";")
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
}

fn replace(text: &mut String, hidden: Hidden) {
    if let Some(told) = hidden.apply(text) {
        *text = told;
    }
}

#[cfg(test)]
mod tests;
