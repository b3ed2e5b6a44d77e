//! Amendments of spans that have not ended yet.
//!
//! Bounded in words. The words of a span that is amended without end are reduced to what its limits
//! keep, so that they take no room from those of other spans.

use rustc_hash::FxHashMap;

use crate::loss::LossReason;
use crate::record::Dropped;
use crate::span::age;
use crate::span::decode;
use crate::span::{AMENDMENTS, tracer};

/// Words of amendments that may wait for the end of their spans: 8 MiB.
const MAX_WAITING_WORDS: usize = 1024 * 1024;

/// Cost of a span's place among the waiting, in words.
const PLACE_WORDS: usize = 16;

/// Number of words of one span that are not reduced yet: 32 KiB.
const MIN_REDUCED_WORDS: usize = 4 * 1024;

/// Amendments of all spans that have not ended yet.
#[derive(Default)]
pub(super) struct Amendments {
    /// By tracer and span id: the fixed ids of one capture are those of the next.
    by_span: FxHashMap<(u16, u64), Waiting>,
    words: usize,
    begun: u64,
}

/// Amendments of one span, one behind the other.
pub(super) struct Waiting {
    /// Counts up with every span that waits.
    number: u64,
    /// Number of amendments, those that were reduced away included.
    pub(super) records: usize,
    pub(super) words: Vec<u64>,
    /// Events and links that were reduced away.
    pub(super) dropped: Dropped,
    /// Number of words above which they are reduced.
    max_words: usize,
}

impl Amendments {
    /// Keeps an amendment until its span ends.
    pub(super) fn add(&mut self, tracer: u16, record: &[u64]) {
        AMENDMENTS.accept(1);
        let Some(span_id) = decode::amended_span_id(record) else { return };
        if self.words + record.len() + PLACE_WORDS > MAX_WAITING_WORDS {
            self.forget();
        }
        let Self { by_span, words, begun } = self;
        let waiting = by_span.entry((tracer, span_id)).or_insert_with(|| {
            *begun += 1;
            *words += PLACE_WORDS;
            Waiting::new(*begun)
        });
        waiting.records += 1;
        waiting.words.extend_from_slice(record);
        *words += record.len();
        if waiting.words.len() > waiting.max_words {
            *words -= waiting.reduce(tracer);
        }
    }

    /// Takes the amendments of a span that has ended.
    #[inline]
    pub(super) fn take(&mut self, span: (u16, u64)) -> Option<Waiting> {
        if self.by_span.is_empty() {
            return None;
        }
        let taken = self.by_span.remove(&span)?;
        self.words -= taken.cost();
        Some(taken)
    }

    /// Makes room: what waits for spans that never end, or were over before, must not grow without
    /// bound.
    fn forget(&mut self) {
        let median = age::median(self.by_span.values().map(|waiting| waiting.number));
        for (_, forgotten) in self.by_span.extract_if(|_, waiting| waiting.number <= median) {
            self.words -= forgotten.cost();
            AMENDMENTS.lose(forgotten.records, LossReason::QueueFull);
        }
    }
}

impl Waiting {
    fn new(number: u64) -> Self {
        Self {
            number,
            records: 0,
            words: Vec::new(),
            dropped: Dropped::default(),
            max_words: MIN_REDUCED_WORDS,
        }
    }

    fn cost(&self) -> usize {
        PLACE_WORDS + self.words.len()
    }

    /// Reduces the words to what the span would keep of them; returns how many are gone.
    ///
    /// What is left may double before the next time, so that each word is looked at a few times only.
    #[cold]
    fn reduce(&mut self, tracer: u16) -> usize {
        let limits = tracer::find(tracer).map(|tracer| tracer.limits).unwrap_or_default();
        let before = self.words.len();
        let dropped = decode::reduce(&mut self.words, &limits);
        self.dropped.events += dropped.events;
        self.dropped.links += dropped.links;
        self.max_words = MIN_REDUCED_WORDS.max(2 * self.words.len());
        before - self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_spans_that_never_end_is_bounded_and_the_oldest_goes_first() {
        let mut waiting = Amendments::default();
        let mut record = vec![0; 4_000];
        for span_id in 1..=1_000 {
            record[2] = span_id;
            waiting.add(0, &record);
            assert!(waiting.words <= MAX_WAITING_WORDS, "{} words", waiting.words);
        }
        assert!(waiting.take((0, 1)).is_none());
        let newest = waiting.take((0, 1_000)).expect("there was room for it");
        assert_eq!((newest.records, newest.words), (1, record));
        let kept: usize = waiting.by_span.values().map(Waiting::cost).sum();
        assert_eq!(waiting.words, kept);
    }
}
