//! Redaction: takes secrets out of every record before anything else sees it.
//!
//! ```text
//! record ─▶ texts ─▶ signs ─┬─ keys and their values   (pairs, options, keys)
//!                           ├─ what looks like a token (tokens)        ─▶ ranges ─▶ texts with `…`
//!                           ├─ configured secrets      (needles)
//!                           └─ literals in code        (source)
//! ```
//!
//! One stage for all destinations: the collector thread redacts spans and log records before it hands
//! them to processors, the report worker redacts error reports. No thread of the application runs it.
//! A record that cannot be redacted is lost, and not exported as it is.
//!
//! It never fails, and takes time in proportion to the size of a record. Most texts have none of the
//! signs of a secret and are read once.

mod attributes;
mod classes;
pub(crate) mod connection;
pub(crate) mod database;
mod escapes;
mod hidden;
mod json;
mod log;
mod needles;
mod notation;
mod options;
mod pairs;
mod signs;
mod source;
mod span;
pub(crate) mod statement;
mod tokens;
mod walk;

use self::classes::RulesId;
use self::escapes::Decoded;
use self::hidden::{HIDDEN, Hidden};
use self::needles::Needles;
use self::signs::Signs;
use crate::record::{ErrorRecord, LogRecord, Resource, SpanRecord};
use crate::secret::Secret;
use crate::secret::keys::Keys;

/// Maximum length of a text of an error report, in bytes; the rest is cut off. Those of spans and log
/// records have limits of their own.
const MAX_TEXT_BYTES: usize = 64 << 10;

/// Maximum number of times that a text may be escaped for a URL: one in the query of another is so twice.
const MAX_ESCAPES: usize = 3;

/// Rules that say what is hidden in spans, log records and error reports, for every destination.
///
/// Set by [`Config::redaction`](crate::Config::redaction). Hidden by default are:
///
/// - the values of keys that name a secret by their last words, such as `password`, `authToken`,
///   `X-Api-Key` and `credit_card_number`, but not `token_count`, wherever a key has a value:
///   attributes, fields of the log, annotations and metadata, custom values, queries, forms, headers, JSON,
///   XML, YAML, options of a command line, `Debug` output, literals in lines of code. A truth value of an
///   attribute is kept;
/// - the values of cookies, and in queries those of `code`, which is OAuth's;
/// - users and passwords in URLs, tokens behind `Bearer` and `Basic`, JSON web tokens, private keys;
/// - literals in `db.query.text` and passwords in `db.connection_string`.
///
/// Fields of the attributes of this crate are judged by their keys when they are compiled, where a key that
/// names a secret needs `#[redact]` or `#[allow_sensitive]`; here only their values are searched.
///
/// The credentials of the configured destinations are hidden, too. In the place of each is `…`, which has
/// always the same length; in attributes with a URL or a query it is `REDACTED`, as the
/// [conventions](https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/) want it. Texts
/// of error reports are cut to 64 KiB. Text that is part of the program, such as the name of a span in an
/// attribute, is not searched.
///
/// ```
/// use spanwright::redact::Redaction;
/// use spanwright::secret::Secret;
///
/// let pepper = Secret::new("correct horse battery staple");
/// let redaction = Redaction::new().key("badge").header("x-tenant").secret(pepper);
/// let config = spanwright::Config::from_env()?.redaction(redaction);
/// # let _ = config;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "rules hide nothing before they are given to `Config::redaction`"]
pub struct Redaction {
    id: RulesId,
    keys: Keys,
    /// Those of them that the application has added.
    added_keys: Keys,
    /// Keys of attributes that name no secret, although they end like one.
    kept_keys: Vec<String>,
    headers: Vec<String>,
    kept_headers: Vec<String>,
    needles: Needles,
    keeps_literals: bool,
}

/// Headers with secrets whose names do not end like those of a secret.
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

impl Default for Redaction {
    fn default() -> Self {
        Self {
            id: RulesId::new(),
            keys: Keys::default(),
            added_keys: Keys::none(),
            kept_keys: attributes::KEPT_KEYS.map(str::to_owned).into(),
            headers: HEADERS.map(str::to_owned).into(),
            kept_headers: Vec::new(),
            needles: Needles::default(),
            keeps_literals: false,
        }
    }
}

impl Redaction {
    /// The default rules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Hides the values of keys that end in `key`, too, those of declared fields among them; case and the signs between words do not count.
    /// A `key` of less than five letters has to be whole words.
    pub fn key(mut self, key: &str) -> Self {
        self.id = RulesId::new();
        self.kept_keys.retain(|known| !known.eq_ignore_ascii_case(key));
        self.keys.add(key);
        self.added_keys.add(key);
        self
    }

    /// Stops hiding the values of keys because they end in `key`. Another end may still fit:
    /// without `token`, the value of `access_token` is hidden.
    pub fn without_key(mut self, key: &str) -> Self {
        self.id = RulesId::new();
        self.keys.remove(key);
        self.added_keys.remove(key);
        self
    }

    /// Hides the value of a header, too.
    pub fn header(mut self, name: &str) -> Self {
        self.id = RulesId::new();
        self.kept_headers.retain(|known| !known.eq_ignore_ascii_case(name));
        self.headers.push(name.to_owned());
        self
    }

    /// Stops hiding the value of a header because of its name.
    pub fn without_header(mut self, name: &str) -> Self {
        self.id = RulesId::new();
        self.headers.retain(|known| !known.eq_ignore_ascii_case(name));
        self.kept_headers.push(name.to_owned());
        self
    }

    /// Hides a text wherever it is: as it stands, in the escapes of URLs and strings, in base64. One
    /// of less than six bytes is ignored, as it would be in other words by chance.
    pub fn secret(mut self, secret: Secret) -> Self {
        self.id = RulesId::new();
        self.needles.add(secret);
        self
    }

    /// Removes a text that was given to [`secret`](Self::secret).
    pub fn without_secret(mut self, secret: &Secret) -> Self {
        self.id = RulesId::new();
        self.needles.remove(secret);
        self
    }

    /// Keeps the literals of statements in `db.query.text`, which are `?` by default. For an application
    /// that writes no value into a statement but passes all as parameters; the conventions ask for
    /// [the text as it is](https://opentelemetry.io/docs/specs/semconv/database/database-spans/#sanitization-of-dbquerytext)
    /// then. Documents of X-Ray have a sanitized query in any case.
    pub fn keep_literals(mut self) -> Self {
        self.id = RulesId::new();
        self.keeps_literals = true;
        self
    }

    /// Redacts an error report in place.
    pub fn redact_error(&self, record: &mut ErrorRecord) {
        walk::record(self, record);
    }

    /// Redacts a span in place.
    pub fn redact_span(&self, record: &mut SpanRecord) {
        span::record(self, record);
    }

    /// Redacts a log record in place.
    pub fn redact_log(&self, record: &mut LogRecord) {
        log::record(self, record);
    }

    /// Redacts the attributes of the process in place.
    pub(crate) fn redact_resource(&self, resource: &mut Resource) {
        attributes::all(self, resource.attributes_mut());
    }

    /// Hides what is to be hidden of a text of an error report, and cuts it.
    fn short_text(&self, text: &mut String) {
        cut(text);
        self.text(text);
    }

    /// Hides what is to be hidden of a text.
    fn text(&self, text: &mut String) {
        replace(text, self.hidden(text));
    }

    /// Ranges of a text that are hidden.
    fn hidden(&self, text: &str) -> Hidden {
        let mut hidden = Hidden::default();
        self.find(text, Signs::of(text.as_bytes()), &mut hidden);
        self.needles.find(text, &mut hidden);
        hidden
    }

    /// Finds what is to be hidden but for configured secrets.
    fn find(&self, text: &str, signs: Signs, hidden: &mut Hidden) {
        if signs.has(Signs::PAIR) {
            pairs::find(text, 0, &self.keys, hidden);
        }
        if signs.has(Signs::OPTION) {
            options::find(text, &self.keys, hidden);
        }
        if signs.has(Signs::TOKEN) {
            tokens::find(text, hidden);
        }
        if signs.has(Signs::ESCAPE) {
            self.escaped(text, MAX_ESCAPES, hidden);
        }
    }

    /// Finds what is in the escapes of URLs: an address in the query of another has a query too.
    fn escaped(&self, text: &str, levels: usize, hidden: &mut Hidden) {
        if levels == 0 || !text.contains('%') {
            return;
        }
        let decoded = Decoded::of(text.as_bytes(), 0x7F);
        let Ok(inner) = str::from_utf8(&decoded.bytes) else { return };
        if decoded.is_shorter() {
            let mut found = Hidden::default();
            self.find(inner, Signs::of(inner.as_bytes()).without(Signs::ESCAPE), &mut found);
            self.needles.find(inner, &mut found);
            self.escaped(inner, levels - 1, &mut found);
            found
                .ranges()
                .for_each(|it| hidden.hide(decoded.place(it.start)..decoded.place(it.end)));
        }
    }

    /// Hides what is to be hidden of a query or a form from `start` on, and before it; cuts it.
    fn query(&self, text: &mut String, start: usize) {
        cut(text);
        let hidden = self.hidden_of_query(text, start);
        replace(text, hidden);
    }

    /// Hides what is to be hidden of an attribute with a URL or a query, as the conventions want it.
    fn url(&self, text: &mut String, start: usize) {
        let hidden = self.hidden_of_query(text, start);
        if let Some(redacted) = hidden.apply(text, "REDACTED") {
            *text = redacted;
        }
    }

    fn hidden_of_query(&self, text: &str, start: usize) -> Hidden {
        let mut hidden = self.hidden(text);
        let query = text.get(start..).unwrap_or_default();
        pairs::find_in_query(query, start, &self.keys, &mut hidden);
        hidden
    }

    /// Hides what is to be hidden of lines of code in a row.
    fn code(&self, code: &mut String) {
        cut(code);
        let mut hidden = Hidden::default();
        source::find(code, &self.keys, &mut hidden);
        tokens::find(code, &mut hidden);
        self.needles.find(code, &mut hidden);
        hidden.keep_lines(code);
        replace(code, hidden);
    }

    /// Hides what is to be hidden of a header's value.
    fn header_value(&self, name: &str, value: &mut String) {
        let is_cookie = is_cookie(name);
        if self.hides_header(name) && !is_cookie {
            HIDDEN.clone_into(value);
            return;
        }
        if is_cookie && !is_on(&self.kept_headers, name) {
            *value = cookies(value, name.eq_ignore_ascii_case("set-cookie"));
        }
        self.text(value);
    }

    /// True if the name of a header says that its value is secret.
    fn hides_header(&self, name: &str) -> bool {
        !is_on(&self.kept_headers, name) && (is_on(&self.headers, name) || self.keys.hit(name))
    }
}

fn is_on(list: &[String], name: &str) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn is_cookie(name: &str) -> bool {
    name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie")
}

/// Cookies with their names alone; the attributes of one that is set are kept.
fn cookies(value: &str, is_set: bool) -> String {
    let hide = |(at, part): (usize, &str)| match part.split_once('=') {
        _ if is_set && at > 0 => part.to_owned(),
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    };
    value.split(';').enumerate().map(hide).collect::<Vec<_>>().join(";")
}

fn cut(text: &mut String) {
    if text.len() > MAX_TEXT_BYTES {
        text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    }
}

fn replace(text: &mut String, hidden: Hidden) {
    if let Some(redacted) = hidden.apply(text, HIDDEN) {
        *text = redacted;
    }
}

#[cfg(test)]
mod tests;
