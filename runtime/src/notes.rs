//! Counts and examples of what was lost, cut, collided or was refused on the way out.
//!
//! Mappings by a documented rule that loses nothing (`user.id` to `user_id`, `{id}` to `:id`) are not
//! counted: nothing is to be done about them. Bounded: the newest examples of each kind, by their starts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many examples are kept of each kind.
const MAX_EXAMPLES: usize = 20;

/// How much of a text is kept, in characters.
const MAX_CHARS: usize = 200;

/// Counts and examples that are shared: every clone sees and adds to the same.
///
/// May be used from any thread; waits no longer than it takes to copy the examples.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    kinds: Arc<Mutex<BTreeMap<&'static str, Kind>>>,
}

/// What is known of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// How often it happened.
    pub count: u64,
    /// What it happened to, the newest last; each once, and at most twenty.
    pub examples: VecDeque<Example>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The start of what was there.
    pub was: String,
    /// The start of what it became, or why.
    pub became: String,
}

impl Notes {
    /// Everything so far, by kind.
    pub fn all(&self) -> BTreeMap<&'static str, Kind> {
        self.lock().clone()
    }

    /// How often one kind of thing happened.
    pub fn count(&self, kind: &str) -> u64 {
        self.lock().get(kind).map_or(0, |kind| kind.count)
    }

    /// How often each kind of thing happened.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.lock().iter().map(|(name, kind)| (*name, kind.count)).collect()
    }

    /// Counts without an example.
    pub(crate) fn add(&self, kind: &'static str, count: u64) {
        if count > 0 {
            self.lock().entry(kind).or_default().count += count;
        }
    }

    /// Counts one case, and keeps it as an example unless it is one already.
    pub(crate) fn example(&self, kind: &'static str, was: &str, became: &str) {
        let mut kinds = self.lock();
        let kind = kinds.entry(kind).or_default();
        kind.count += 1;
        let (was, became) = (start(was), start(became));
        if kind.examples.iter().any(|known| known.was == was && known.became == became) {
            return;
        }
        if kind.examples.len() == MAX_EXAMPLES {
            kind.examples.pop_front();
        }
        kind.examples.push_back(Example { was: was.to_owned(), became: became.to_owned() });
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, Kind>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn start(text: &str) -> &str {
    text.char_indices().nth(MAX_CHARS).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_is_known_is_counted_and_not_kept_again() {
        let notes = Notes::default();
        for _ in 0..3 {
            notes.clone().example("name", "a?", "a");
        }
        notes.add("name", 2);
        notes.add("never", 0);
        let all = notes.all();
        assert_eq!((all["name"].count, all["name"].examples.len(), all.len()), (5, 1, 1));
        assert_eq!(notes.count("never"), 0);
        assert_eq!(notes.counts(), BTreeMap::from([("name", 5)]));
    }

    #[test]
    fn the_last_examples_are_kept_by_their_starts() {
        let notes = Notes::default();
        for number in 0..30 {
            notes.example("name", &format!("{number}{}", "ü".repeat(500)), "");
        }
        let examples = &notes.all()["name"].examples;
        assert_eq!(examples.len(), MAX_EXAMPLES);
        assert!(examples[0].was.starts_with("10ü") && examples[19].was.starts_with("29ü"));
        assert_eq!(examples[0].was.chars().count(), MAX_CHARS);
    }
}
