//! Values of which a part or a hash is recorded.
//!
//! Runs on the thread of the application, where the attribute is recorded: the value itself goes no
//! further.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::per_process::PerProcess;
use super::tracer;

/// A value shows at most one of this many characters.
const MIN_CHARS_BY_SHOWN: usize = 4;

/// Form in which a value is recorded that must not be readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redaction {
    /// The value becomes `…`.
    Full,
    /// The value becomes 16 hexadecimal digits, equal for equal values.
    ///
    /// With a [redaction key](crate::Config::redaction_key), they are the start of the value's
    /// HMAC-SHA-256, and equal in every process that has the same key. Without, the key is random and of
    /// this process alone: another process, and the same after a restart, has other digits for the same
    /// value.
    Hash,
    /// The value becomes `…` and this many of its last characters, if it has at least four times as many;
    /// a shorter value becomes `…`.
    Last(usize),
}

/// The key of hashes.
#[derive(Clone)]
pub(crate) struct RedactionKey(Hmac<Sha256>);

impl RedactionKey {
    /// Makes a key of a text; `None` if the algorithm refuses its length, as HMAC does for none.
    pub(crate) fn new(key: &str) -> Option<Self> {
        Hmac::new_from_slice(key.as_bytes()).ok().map(Self)
    }

    fn hash(&self, text: &str) -> u64 {
        let code = self.0.clone().chain_update(text).finalize().into_bytes();
        code.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

impl fmt::Debug for RedactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A value that formats as what may be read of it.
pub(super) struct Redacted<'a, T: ?Sized> {
    pub(super) redaction: Redaction,
    pub(super) value: &'a T,
}

impl<T: fmt::Display + ?Sized> fmt::Display for Redacted<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.redaction {
            Redaction::Full => f.write_str("…"),
            Redaction::Hash => write!(f, "{:016x}", hash(&self.value.to_string())),
            Redaction::Last(chars) => write!(f, "…{}", last(&self.value.to_string(), chars)),
        }
    }
}

/// Returns the last characters of a text, or nothing of one that is too short to show them.
fn last(text: &str, chars: usize) -> &str {
    let count = text.chars().count();
    if count < chars.saturating_mul(MIN_CHARS_BY_SHOWN) {
        return "";
    }
    text.char_indices().nth(count - chars).map_or("", |(start, _)| &text[start..])
}

fn hash(text: &str) -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    static RANDOM: PerProcess<RandomState> = PerProcess::new(RandomState::new);
    match tracer::here().and_then(|tracer| tracer.redaction_key.as_ref()) {
        Some(key) => key.hash(text),
        None => RANDOM.get().hash_one(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_do_not_show_their_last_characters() {
        for (text, chars, expected) in [
            ("12345", 4, ""),
            ("123456789012345", 4, ""),
            ("1234567890123456", 4, "3456"),
            ("äöüß", 1, "ß"),
            ("äö", 1, ""),
            ("secret", 0, ""),
            ("", 0, ""),
            ("secret", usize::MAX, ""),
        ] {
            assert_eq!(last(text, chars), expected, "{text} {chars}");
        }
    }

    #[test]
    fn hashes_by_a_key_are_those_of_the_standard() {
        // Source: <https://www.rfc-editor.org/rfc/rfc4231#section-4.3>.
        let key = RedactionKey::new("Jefe").unwrap();
        assert_eq!(key.hash("what do ya want for nothing?"), 0x5bdc_c146_bf60_754e);
        assert_eq!(format!("{key:?}"), "…");
    }
}
