//! Meanings of keys of attributes, which are remembered: the same few keys come with every record.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;

use super::database::Kind;
use super::{Redaction, database};

/// Maximum number of keys that a thread remembers; keys made at run time would grow without end.
const MAX_KEYS: usize = 1_024;

/// Maximum length of a key that is remembered, in bytes.
const MAX_KEY_BYTES: usize = 128;

/// Beginnings of keys that end with the name of a header or of what stands for one.
///
/// Sources: <https://opentelemetry.io/docs/specs/semconv/registry/attributes/http/>,
/// <https://opentelemetry.io/docs/specs/semconv/registry/attributes/rpc/>.
const OF_HEADERS: [&str; 8] = [
    "http.request.header.",
    "http.response.header.",
    "rpc.request.metadata.",
    "rpc.response.metadata.",
    "rpc.grpc.request.metadata.",
    "rpc.grpc.response.metadata.",
    "rpc.connect_rpc.request.metadata.",
    "rpc.connect_rpc.response.metadata.",
];

/// Way in which the value of a key is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Query,
    Url,
    Header,
}

/// Meaning of a key by the rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) role: Role,
    pub(super) database: Option<Kind>,
    /// True if it names a secret.
    pub(super) is_secret: bool,
    /// True if it names a secret by a rule that the application has added.
    pub(super) is_added: bool,
    /// True if the key itself holds nothing that is hidden.
    pub(super) is_plain: bool,
}

impl Class {
    fn of(redaction: &Redaction, key: &str) -> Self {
        Self {
            role: Role::of(key),
            database: database::Kind::of(key),
            is_secret: redaction.hides_key(key),
            is_added: redaction.added_keys.hit(key),
            is_plain: redaction.hidden(key).is_empty(),
        }
    }

    /// True if the value is a connection string.
    pub(super) fn is_connection(self) -> bool {
        self.database == Some(Kind::Connection)
    }
}

impl Role {
    fn of(key: &str) -> Self {
        match key {
            "url.query" => Self::Query,
            "url.full" | "url.original" | "http.url" | "http.target" => Self::Url,
            _ if header(key).is_some() => Self::Header,
            _ => Self::Text,
        }
    }
}

/// Returns the header that a key names.
pub(super) fn header(key: &str) -> Option<&str> {
    OF_HEADERS.iter().find_map(|start| key.strip_prefix(start))
}

/// Number that rules have in common with their copies, and with no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RulesId(u64);

impl RulesId {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Keys that this thread has met, by the rules that it used last.
#[derive(Default)]
struct Known {
    rules: Option<RulesId>,
    classes: FxHashMap<Box<str>, Class>,
}

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
}

impl Redaction {
    /// Returns the meaning of a key.
    pub(super) fn class(&self, key: &str) -> Class {
        let look = |known: &RefCell<Known>| {
            let mut known = known.try_borrow_mut().ok()?;
            if known.rules != Some(self.id) {
                *known = Known { rules: Some(self.id), ..Known::default() };
            }
            if let Some(class) = known.classes.get(key) {
                return Some(*class);
            }
            let class = Class::of(self, key);
            if known.classes.len() < MAX_KEYS && key.len() <= MAX_KEY_BYTES {
                known.classes.insert(key.into(), class);
            }
            Some(class)
        };
        KNOWN.try_with(look).ok().flatten().unwrap_or_else(|| Class::of(self, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_rules_judge_known_keys_anew() {
        let rules = Redaction::new();
        assert!(!rules.class("badge").is_secret);
        let changed = rules.clone().key("badge");
        assert!(changed.class("badge").is_secret && changed.class("badge").is_added);
        assert!(!rules.class("badge").is_secret);
        assert!(!changed.without_key("badge").class("badge").is_secret);
    }

    #[test]
    fn keys_without_end_do_not_fill_the_memory() {
        let rules = Redaction::new();
        for number in 0..2 * MAX_KEYS {
            rules.class(&format!("key.{number}"));
        }
        rules.class(&"x".repeat(1 << 20));
        KNOWN.with_borrow(|known| assert_eq!(known.classes.len(), MAX_KEYS));
        assert!(rules.class("password").is_secret);
    }
}
