//! Which keys name a secret.
//!
//! In: a key as somebody wrote it, in whatever case and with whatever signs between its words.
//! Out: whether its value is hidden.
//! Never: looks at more of a key than its end.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::secret;

/// How much of a key is looked at, in bytes from its end.
pub(super) const MAX_KEY_BYTES: usize = 64;

/// The ends of keys whose values are hidden; those of `secret::QUERY_KEYS` besides.
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
];

/// The shortest end that also counts in the middle of a word: `mypassword`, but not `shoppin`.
const MIN_WITHIN_A_WORD: usize = 5;

/// The ends of keys, lower-case letters and digits alone.
#[derive(Clone, Debug)]
pub(super) struct Keys(Vec<Box<str>>);

impl Default for Keys {
    fn default() -> Self {
        let mut keys = Self(Vec::new());
        ENDS.iter().chain(&secret::QUERY_KEYS).for_each(|end| keys.add(end));
        keys
    }
}

impl Keys {
    /// Hides the values of keys that end so.
    pub(super) fn add(&mut self, end: &str) {
        let Words { letters, .. } = Words::of(end);
        if !letters.is_empty() && !self.0.iter().any(|known| **known == *letters) {
            self.0.push(letters.into());
        }
    }

    /// Tells the values of keys that end so, unless another end fits as well.
    pub(super) fn remove(&mut self, end: &str) {
        let Words { letters, .. } = Words::of(end);
        self.0.retain(|known| **known != *letters);
    }

    /// Whether the value behind a key is hidden: the last words decide.
    pub(super) fn hit(&self, key: &str) -> bool {
        let words = Words::of(&unescaped(tail(key)));
        self.0.iter().any(|end| {
            let Some(before) = words.letters.strip_suffix(&**end) else { return false };
            end.len() >= MIN_WITHIN_A_WORD || words.begins_at(before.len())
        })
    }
}

/// The end of a key.
fn tail(key: &str) -> &str {
    &key[key.ceil_char_boundary(key.len().saturating_sub(MAX_KEY_BYTES))..]
}

/// A key without the escapes of URLs and of JSON, in which the same key may be written.
fn unescaped(key: &str) -> Cow<'_, str> {
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

/// The letters of a key, and where its words begin.
struct Words {
    letters: String,
    begins: Vec<usize>,
}

impl Words {
    fn of(key: &str) -> Self {
        // `password_2` is a password.
        let key = key.trim_end_matches(|char: char| !char.is_alphabetic());
        let mut words = Self { letters: String::with_capacity(key.len()), begins: Vec::new() };
        let mut last = '_';
        let mut chars = key.chars().peekable();
        while let Some(char) = chars.next() {
            if char.is_alphanumeric() {
                // `apiKey`, and `APIKey`.
                let ends_capitals =
                    last.is_uppercase() && chars.peek().is_some_and(|next| next.is_lowercase());
                let is_next = char.is_uppercase() && (!last.is_uppercase() || ends_capitals);
                if !last.is_alphanumeric() || is_next {
                    words.begins.push(words.letters.len());
                }
                words.letters.extend(char.to_lowercase());
            }
            last = char;
        }
        words
    }

    fn begins_at(&self, at: usize) -> bool {
        self.begins.contains(&at)
    }
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
             X_Amz_Security_Token AWSAccessKeyId sig X-Goog-Signature p%61ssword passw\\u006frd \
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
