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

/// Maximum number of words of pending amendments: 8 MiB.
const MAX_PENDING_WORDS: usize = 1024 * 1024;

/// Cost of the entry of a span, in words.
const ENTRY_WORDS: usize = 16;

/// Number of words of one span that are not reduced yet: 32 KiB.
const MIN_REDUCED_WORDS: usize = 4 * 1024;

/// Amendments of all spans that have not ended yet.
#[derive(Default)]
pub(super) struct Amendments {
    /// By tracer and span id: the fixed ids of one capture are those of the next.
    by_span: FxHashMap<(u16, u64), PendingAmendments>,
    words: usize,
    begun: u64,
}

/// Pending amendments of one span, one after the other.
pub(super) struct PendingAmendments {
    /// Sequence number of the span, in the order of the first amendments.
    number: u64,
    /// Number of amendments, those that were reduced away included.
    pub(super) records: usize,
    pub(super) words: Vec<u64>,
    /// Attributes, events and links that were reduced away.
    pub(super) dropped: Dropped,
    /// Number of words above which they are reduced.
    max_words: usize,
}

impl Amendments {
    /// Keeps an amendment until its span ends.
    pub(super) fn add(&mut self, tracer: u16, record: &[u64]) {
        AMENDMENTS.accept(1);
        let Some(span_id) = decode::amended_span_id(record) else { return };
        if self.words + record.len() + ENTRY_WORDS > MAX_PENDING_WORDS {
            self.forget();
        }
        let Self { by_span, words, begun } = self;
        let pending = by_span.entry((tracer, span_id)).or_insert_with(|| {
            *begun += 1;
            *words += ENTRY_WORDS;
            PendingAmendments::new(*begun)
        });
        pending.records += 1;
        pending.words.extend_from_slice(record);
        *words += record.len();
        if pending.words.len() > pending.max_words {
            *words -= pending.reduce(tracer);
        }
    }

    /// Takes the amendments of a span that has ended.
    #[inline]
    pub(super) fn take(&mut self, span: (u16, u64)) -> Option<PendingAmendments> {
        if self.by_span.is_empty() {
            return None;
        }
        let taken = self.by_span.remove(&span)?;
        self.words -= taken.cost();
        Some(taken)
    }

    /// Drops the amendments of the older half of the spans, which may never end or have ended before.
    fn forget(&mut self) {
        let median = age::median(self.by_span.values().map(|pending| pending.number));
        for (_, forgotten) in self.by_span.extract_if(|_, pending| pending.number <= median) {
            self.words -= forgotten.cost();
            AMENDMENTS.lose(forgotten.records, LossReason::QueueFull);
        }
    }
}

impl PendingAmendments {
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
        ENTRY_WORDS + self.words.len()
    }

    /// Reduces the words to those that the span would keep; returns the number of the others.
    ///
    /// The rest may double before the next reduction, so each word is read only a few times.
    #[cold]
    fn reduce(&mut self, tracer: u16) -> usize {
        let limits = tracer::find(tracer).map(|tracer| tracer.limits).unwrap_or_default();
        let before = self.words.len();
        self.dropped.add(decode::reduce(&mut self.words, &limits));
        self.max_words = MIN_REDUCED_WORDS.max(2 * self.words.len());
        before - self.words.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_amendments_are_bounded_and_the_oldest_go_first() {
        let mut pending = Amendments::default();
        let mut record = vec![0; 4_000];
        for span_id in 1..=1_000 {
            record[2] = span_id;
            pending.add(0, &record);
            assert!(pending.words <= MAX_PENDING_WORDS, "{} words", pending.words);
        }
        assert!(pending.take((0, 1)).is_none());
        let newest = pending.take((0, 1_000)).expect("there was room for it");
        assert_eq!((newest.records, newest.words), (1, record));
        let kept: usize = pending.by_span.values().map(PendingAmendments::cost).sum();
        assert_eq!(pending.words, kept);
    }
}
