//! How many failures are reported one by one, and what becomes of the others.
//!
//! In: kinds of failures and the time. Out: whether one is reported, and at the end of a minute how
//! many of each kind were not.
//! Never: reads a clock; holds more than [`MAX_KINDS`] kinds.

use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::record::Severity;

/// What counts together.
const WINDOW: Duration = Duration::from_mins(1);

/// How many kinds of failures are told apart in a minute; further ones count as one kind.
const MAX_KINDS: usize = 1_024;

/// Memory of the titles of kinds that were held back, in bytes; kinds beyond it count as one kind.
const MAX_NAME_BYTES: usize = 1024 * 1024;

/// The kind of all that are too many.
const OTHERS: u64 = 0;

/// Counts failures by kind.
#[derive(Debug)]
pub(super) struct Limiter {
    per_kind: u32,
    per_window: u32,
    all: Window,
    kinds: FxHashMap<u64, Kind>,
    /// Memory of the names of kinds.
    name_bytes: usize,
}

/// How a kind of failures is called in a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) title: String,
    pub(super) severity: Severity,
    pub(super) fingerprint: Option<String>,
}

/// Failures of one kind that were not reported one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    /// The kind.
    pub(super) kind: u64,
    /// How the first of them was called.
    pub(super) named: Named,
    /// How many there were.
    pub(super) occurrences: u64,
    /// When the first of the window was.
    pub(super) since: Duration,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Duration,
    admitted: u32,
}

#[derive(Debug)]
struct Kind {
    window: Window,
    held_back: u64,
    /// How the first that was held back is called.
    named: Option<Named>,
}

impl Limiter {
    pub(super) fn new(per_kind: u32, per_window: u32) -> Self {
        let all = Window { since: Duration::ZERO, admitted: 0 };
        Self { per_kind, per_window, all, kinds: FxHashMap::default(), name_bytes: 0 }
    }

    /// `None` where a failure of this kind is reported; otherwise it is counted, and told with others
    /// at that time.
    pub(super) fn admit(
        &mut self,
        kind: u64,
        now: Duration,
        name: impl FnOnce() -> Named,
    ) -> Option<Duration> {
        if self.all.is_over(now) {
            self.all = Window { since: now, admitted: 0 };
        }
        let has_room = self.kinds.len() < MAX_KINDS && self.name_bytes < MAX_NAME_BYTES;
        let is_known = self.kinds.contains_key(&kind) || has_room;
        let kind = if is_known { kind } else { OTHERS };
        let window = Window { since: now, admitted: 0 };
        let counted = self.kinds.entry(kind).or_insert(Kind { window, held_back: 0, named: None });
        if counted.window.is_over(now) && counted.held_back == 0 {
            counted.window = window;
        }
        if counted.window.admitted < self.per_kind && self.all.admitted < self.per_window {
            counted.window.admitted += 1;
            self.all.admitted += 1;
            return None;
        }
        counted.held_back += 1;
        if counted.named.is_none() {
            self.name_bytes += counted.named.insert(name()).bytes();
        }
        Some(counted.window.since + WINDOW)
    }

    /// When the next window ends that has something to tell.
    pub(super) fn next_at(&self) -> Option<Duration> {
        let told = self.kinds.values().filter(|kind| kind.held_back > 0);
        told.map(|kind| kind.window.since + WINDOW).min()
    }

    /// What the windows that are over have to tell; with `all`, every window.
    pub(super) fn summaries(&mut self, now: Duration, all: bool) -> Vec<Summary> {
        let mut summaries = Vec::new();
        self.kinds.retain(|kind, counted| {
            if !all && !counted.window.is_over(now) {
                return true;
            }
            if let Some(named) = counted.named.take() {
                self.name_bytes -= named.bytes();
                let (occurrences, since) = (counted.held_back, counted.window.since);
                summaries.push(Summary { kind: *kind, named, occurrences, since });
            }
            false
        });
        summaries.sort_by_key(|summary| (summary.since, summary.kind));
        summaries
    }
}

impl Named {
    fn bytes(&self) -> usize {
        self.title.len() + self.fingerprint.as_ref().map_or(0, String::len)
    }
}

impl Window {
    fn is_over(self, now: Duration) -> bool {
        // A clock that was set back ends the window too: it would not end for hours.
        now >= self.since + WINDOW || now < self.since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn named(title: &str) -> Named {
        Named { title: title.to_owned(), severity: Severity::Error, fingerprint: None }
    }

    fn admitted(limiter: &mut Limiter, kind: u64, at: Duration, times: u32) -> usize {
        (0..times).filter(|_| limiter.admit(kind, at, || named("lost")).is_none()).count()
    }

    #[test]
    fn the_first_few_of_a_kind_are_reported_and_the_others_told_together() {
        let mut limiter = Limiter::new(3, 100);
        assert_eq!(admitted(&mut limiter, 7, SECOND, 50), 3);
        assert_eq!(admitted(&mut limiter, 8, SECOND, 2), 2);
        assert_eq!(limiter.next_at(), Some(61 * SECOND));
        assert_eq!(limiter.summaries(60 * SECOND, false), []);
        let told = Summary { kind: 7, named: named("lost"), occurrences: 47, since: SECOND };
        assert_eq!(limiter.summaries(61 * SECOND, false), [told]);
        assert_eq!((limiter.next_at(), admitted(&mut limiter, 7, 62 * SECOND, 5)), (None, 3));
    }

    #[test]
    fn all_kinds_together_are_bounded_too() {
        let mut limiter = Limiter::new(3, 5);
        let sum: usize = (1..=9).map(|kind| admitted(&mut limiter, kind, SECOND, 3)).sum();
        assert_eq!(sum, 5);
        let held_back: u64 =
            limiter.summaries(SECOND, true).iter().map(|summary| summary.occurrences).sum();
        assert_eq!(held_back, 22);
    }

    #[test]
    fn however_many_kinds_there_are_every_failure_is_counted_in_bounded_memory() {
        let mut limiter = Limiter::new(0, 0);
        for kind in 1..=10_000 {
            assert_eq!(limiter.admit(kind, SECOND, || named("odd")), Some(61 * SECOND));
        }
        assert!(limiter.kinds.len() <= MAX_KINDS + 1);
        let summaries = limiter.summaries(SECOND, true);
        assert_eq!(summaries.iter().map(|summary| summary.occurrences).sum::<u64>(), 10_000);
    }

    #[test]
    fn a_clock_that_was_set_back_ends_a_window() {
        let mut limiter = Limiter::new(1, 10);
        assert_eq!(admitted(&mut limiter, 7, 9_000 * SECOND, 2), 1);
        assert_eq!(limiter.summaries(SECOND, false).len(), 1);
        assert_eq!(admitted(&mut limiter, 7, SECOND, 2), 1);
    }

    #[test]
    fn names_of_kinds_are_kept_up_to_a_number_of_bytes() {
        let mut limiter = Limiter::new(0, 0);
        for kind in 1..=500 {
            assert!(limiter.admit(kind, SECOND, || named(&"x".repeat(64 * 1024))).is_some());
        }
        let summaries = limiter.summaries(SECOND, true);
        assert!(summaries.len() < 20, "{} titles of 64 KiB are kept", summaries.len());
        let occurrences: u64 = summaries.iter().map(|summary| summary.occurrences).sum();
        assert_eq!((occurrences, limiter.name_bytes), (500, 0));
    }
}
