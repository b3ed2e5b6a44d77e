//! The one list of keys that name a secret: of queries, headers, attributes, and in texts.
//!
//! A key is judged by its last words, in whatever case and with whatever signs between them, without an
//! allocation: keys of attributes are looked up for every span, those of queries on the application's
//! threads.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Maximum length of the part of a key that is looked at, in bytes from its end.
pub(crate) const MAX_KEY_BYTES: usize = 64;

/// Ends of keys whose values are hidden.
const ENDS: &[&str] = &[
    // pyrollbar's: <https://github.com/rollbar/pyrollbar>, `scrub_fields`.
    "pw",
    "passwd",
    "password",
    "secret",
    "confirm_password",
    "password_confirmation",
    "access_token",
    "auth",
    "authentication",
    "authorization",
    // Ways to prove who somebody is.
    "passwords",
    "password_hash",
    "password_digest",
    "password_confirm",
    "password_repeat",
    "pass",
    "passphrase",
    "passcode",
    "passkey",
    "pwd",
    "db_pass",
    "user_pass",
    "secrets",
    "token",
    "api_key",
    "apikey",
    "api_keys",
    "access_key",
    "access_key_id",
    "secret_key",
    "private_key",
    "signing_key",
    "encryption_key",
    "client_key",
    "account_key",
    "shared_key",
    "master_key",
    "auth_key",
    "subscription_key",
    "functions_key",
    "session_key",
    "ssh_key",
    "credential",
    "credentials",
    "jwt",
    "otp",
    "pin",
    "bearer",
    "mfa_code",
    "verification_code",
    "security_code",
    "backup_code",
    "recovery_code",
    "saml_response",
    "connection_string",
    "dsn",
    "database_url",
    "code_verifier",
    "totp",
    // What is as good as that while it lasts.
    "session",
    "session_id",
    "sessid",
    "sid",
    "cookie",
    "cookies",
    "csrf",
    "xsrf",
    "signature",
    // What other people have to do with.
    "credit_card",
    "credit_card_number",
    "card_number",
    "card",
    "cc_number",
    "cvv",
    "cvv2",
    "cvc",
    "ssn",
    "social_security",
    "social_security_number",
    "iban",
    // The conventions' own: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/>. Their
    // other keys end like one of the above.
    "AWSAccessKeyId",
    "sig",
];

/// Keys that name a secret in a query or a form alone: elsewhere `code` is that of an error.
///
/// The `state` of the same requests is not among them: it is worth nothing without the cookie of the
/// session that it belongs to, and many queries have a `state` of another kind.
///
/// Sources: <https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3>,
/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.2>, <https://www.rfc-editor.org/rfc/rfc7521#section-4.1>.
const OF_QUERIES: [&str; 5] = ["code", "device_code", "user_code", "assertion", "client_assertion"];

/// The shortest end that also counts in the middle of a word: `mypassword`, but not `shoppin`.
const MIN_WITHIN_A_WORD: usize = 5;

/// Keys that name a secret.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    ends: Vec<End>,
    /// Letters of whole keys.
    of_queries: Vec<Box<str>>,
    /// One bit for each pair of last letters that an end has: most keys end unlike all of them.
    pairs: [u64; PAIRS / 64],
}

/// An end of keys, lower-case letters and digits alone.
#[derive(Clone, Debug)]
struct End {
    letters: Box<str>,
    pair: Option<usize>,
}

/// Number of pairs of letters, of which five bits each count.
const PAIRS: usize = 1 << 10;

impl Default for Keys {
    fn default() -> Self {
        let of_queries = OF_QUERIES.map(|key| letters(key).into()).into();
        let mut keys = Self { of_queries, ..Self::none() };
        for end in ENDS {
            keys.add(end);
        }
        keys
    }
}

impl Keys {
    /// No keys.
    pub(crate) const fn none() -> Self {
        Self { ends: Vec::new(), of_queries: Vec::new(), pairs: [0; PAIRS / 64] }
    }

    /// Adds an end of keys.
    pub(crate) fn add(&mut self, end: &str) {
        let letters = letters(end);
        if letters.is_empty() || self.ends.iter().any(|known| *known.letters == *letters) {
            return;
        }
        let pair = last_pair(&letters);
        match pair {
            Some(pair) => self.pairs[pair / 64] |= 1 << (pair % 64),
            None => self.pairs = [u64::MAX; PAIRS / 64],
        }
        self.ends.push(End { letters: letters.into(), pair });
    }

    /// Removes an end of keys; another one may still fit.
    pub(crate) fn remove(&mut self, end: &str) {
        let letters = letters(end);
        self.ends.retain(|known| *known.letters != *letters);
        self.of_queries.retain(|known| **known != *letters);
    }

    /// True if the last words of a key name a secret.
    pub(crate) fn hit(&self, key: &str) -> bool {
        let key = unescaped(tail(key));
        // `password_2` is a password.
        let key = key.trim_end_matches(|char: char| !char.is_alphabetic());
        let pair = last_pair(key);
        if pair.is_some_and(|pair| self.pairs[pair / 64] >> (pair % 64) & 1 == 0) {
            return false;
        }
        let may_fit = |end: &&End| pair.is_none() || end.pair.is_none() || end.pair == pair;
        self.ends.iter().filter(may_fit).any(|end| ends_with(key, &end.letters))
    }

    /// True if a key of a query or a form names a secret.
    pub(crate) fn hit_in_query(&self, key: &str) -> bool {
        self.hit(key) || self.is_of_queries(&unescaped(key))
    }

    fn is_of_queries(&self, key: &str) -> bool {
        let letters =
            || key.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase);
        self.of_queries.iter().any(|known| known.chars().eq(letters()))
    }

    /// Start of the value of the first secret in a part of a query between two `&`. `;` separates
    /// pairs for some servers, and a second `?` begins another query in a malformed one.
    pub(crate) fn secret_value(&self, part: &str) -> Option<usize> {
        let mut end = 0;
        part.split_inclusive([';', '?']).find_map(|pair| {
            let start = end;
            end += pair.len();
            let (key, _) = pair.split_once('=')?;
            self.hit_in_query(key).then_some(start + key.len() + 1)
        })
    }
}

/// True if a key ends with these letters, whatever signs are between them.
fn ends_with(key: &str, end: &str) -> bool {
    let mut chars = key.char_indices().rev().filter(|(_, char)| char.is_alphanumeric());
    let mut start = key.len();
    for letter in end.chars().rev() {
        match chars.next() {
            Some((at, char)) if char.to_lowercase().eq([letter]) => start = at,
            _ => return false,
        }
    }
    end.len() >= MIN_WITHIN_A_WORD || begins_word(key, start)
}

/// True if a word begins at this place of a key: `api_key`, `apiKey`, and `APIKey`.
fn begins_word(key: &str, at: usize) -> bool {
    let Some(before) = key[..at].chars().next_back().filter(|char| char.is_alphanumeric()) else {
        return true;
    };
    let mut chars = key[at..].chars();
    let is_upper = chars.next().is_some_and(char::is_uppercase);
    is_upper && (!before.is_uppercase() || chars.next().is_some_and(char::is_lowercase))
}

/// Letters and digits of a key in lower case, without digits at its end.
fn letters(key: &str) -> String {
    let key = key.trim_end_matches(|char: char| !char.is_alphabetic());
    key.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Number of the last two letters of a key; `None` where they are not of ASCII, or there is one alone.
fn last_pair(key: &str) -> Option<usize> {
    let mut bytes =
        key.bytes().rev().filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    let (last, before) = (bytes.next()?, bytes.next()?);
    let is_ascii = last.is_ascii() && before.is_ascii();
    is_ascii.then_some(usize::from(before & 31) << 5 | usize::from(last & 31))
}

/// The end of a key.
fn tail(key: &str) -> &str {
    &key[key.ceil_char_boundary(key.len().saturating_sub(MAX_KEY_BYTES))..]
}

/// A key without the escapes of URLs and of JSON, in which the same key may be written.
fn unescaped(key: &str) -> Cow<'_, str> {
    // Two searches that most keys are spared.
    if !key.bytes().any(|byte| matches!(byte, b'%' | b'\\')) {
        return Cow::Borrowed(key);
    }
    let key = if key.contains('%') {
        percent_decode_str(key).decode_utf8_lossy()
    } else {
        Cow::Borrowed(key)
    };
    if !key.contains("\\u") {
        return key;
    }
    let mut out = String::with_capacity(key.len());
    let mut parts = key.split("\\u");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let digits = part.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match digits.and_then(char::from_u32) {
            Some(char) => {
                out.push(char);
                out.push_str(&part[4..]);
            }
            None => out.push_str(part),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_a_key_decide() {
        let keys = Keys::default();
        let hit = "password PASSWORD user.password DB_PASSWORD userPassword mypassword user[password] \
             password2 password_2 confirmPassword passwordConfirmation pw userPw auth_token \
             authToken AUTH-TOKEN accesstoken api_key apiKey APIKey x-api-key \
             X_Amz_Security_Token AWSAccessKeyId sig X-Amz-Credential refresh_token \
             id_token client_secret jwt X-Goog-Signature p%61ssword passw\\u006frd \
             creditCardNumber cvv userSSN private_key session session_id PHPSESSID oauth.token \
             proxy-authorization ssn passwordHash password_confirm X-Auth-Key \
             Ocp-Apim-Subscription-Key x-functions-key DB_PASS userpass smtp.pwd ssh_key \
             verificationCode backup_code security-code SAMLResponse session_key passkey";
        for key in hit.split(' ').chain(["credit card"]) {
            assert!(keys.hit(key), "{key}");
        }
        let missed = "token_count tokens password_is_set design shopping author bypass compass oauth \
             keyboard key user.id username secretary = ä \\u \\u00 % monkey spin discard";
        for key in missed.split(' ').chain([""]) {
            assert!(!keys.hit(key), "{key}");
        }
    }

    #[test]
    fn keys_can_be_added_and_taken_away_in_any_spelling() {
        let mut keys = Keys::default();
        keys.add("Birth-Date");
        keys.remove("SESSION");
        keys.add("…");
        assert!(keys.hit("user.birthDate") && keys.hit("birthdate"));
        assert!(!keys.hit("session") && keys.hit("session_id"));
        assert!(!keys.hit("date"));
    }

    #[test]
    fn of_a_very_long_key_the_end_is_read() {
        let keys = Keys::default();
        assert!(keys.hit(&("ä".repeat(1 << 20) + ".password")));
        assert!(!keys.hit(&"password.".repeat(1 << 17).replace("password.", "a.b")));
    }
}
