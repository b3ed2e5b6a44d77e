//! How many requests of one rule are recorded: so many a second, then a share.
//!
//! In: the second, and the randomness of a trace. Out: yes or no, and counts for the control plane.
//! Never: locks; each word is changed by one atomic step, so that threads do not wait for another.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sampling.html>.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use super::boost::Boost;
use crate::record::TraceId;

const RANDOM_BITS: u32 = 53;
const TWO_TO_THE_53: f64 = 9_007_199_254_740_992.0;

/// Counts beyond this are given up rather than put back, so that no half of a word runs over.
const MAX_PUT_BACK: u64 = 1 << 31;

/// A trace as a number from 0 to 1, which it never is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Randomness(f64);

impl Randomness {
    /// The last 53 bits of the id: all services that ask for the same share keep the same traces.
    #[expect(clippy::cast_precision_loss, reason = "as many bits as the number has")]
    pub(super) const fn of(trace_id: TraceId) -> Self {
        Self((trace_id.to_u128() & ((1 << RANDOM_BITS) - 1)) as f64 / TWO_TO_THE_53)
    }
}

/// What has been taken in the present second, in one word: the second, and how many.
#[derive(Debug, Default)]
struct Window(AtomicU64);

impl Window {
    /// Takes one, unless `limit` have been taken in this second.
    fn take(&self, second: u32, limit: u32) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |word| take_of(word, second, limit)).is_ok()
    }
}

fn take_of(word: u64, second: u32, limit: u32) -> Option<u64> {
    let (current, taken) = halves(word);
    // A thread that read the clock just before the second changed does not bring the old one back.
    let is_current = current == second || current.checked_sub(1) == Some(second);
    let (current, taken) = if is_current { (current, taken) } else { (second, 0) };
    (taken < limit).then(|| join(current, taken + 1))
}

/// What the control plane is told about one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Requests that the rule was for.
    pub(super) requests: u32,
    /// Those recorded, the borrowed ones among them.
    pub(super) sampled: u32,
    /// Those recorded without a quota, one a second.
    pub(super) borrowed: u32,
}

/// Counts since the last report.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Requests and those sampled, in one word, so that a report never has more of the latter.
    decided: AtomicU64,
    borrowed: AtomicU32,
}

impl Counters {
    fn count(&self, is_sampled: bool, is_borrowed: bool) {
        self.decided.fetch_add(join(1, is_sampled.into()), Relaxed);
        if is_borrowed {
            self.borrowed.fetch_add(1, Relaxed);
        }
    }

    /// Whether there is anything to report.
    pub(super) fn has_requests(&self) -> bool {
        halves(self.decided.load(Relaxed)).0 > 0
    }

    /// Takes all counts; they are zero then.
    pub(super) fn take(&self) -> Counts {
        let (requests, sampled) = halves(self.decided.swap(0, Relaxed));
        let borrowed = self.borrowed.swap(0, Relaxed);
        Counts { requests, sampled, borrowed }
    }

    /// Adds what was taken and could not be reported.
    pub(super) fn put_back(&self, counts: Counts) {
        let add = |word: u64| {
            let requests = (word >> 32) + u64::from(counts.requests);
            (requests < MAX_PUT_BACK).then(|| word + join(counts.requests, counts.sampled))
        };
        if self.decided.fetch_update(Relaxed, Relaxed, add).is_ok() {
            self.borrowed.fetch_add(counts.borrowed, Relaxed);
        }
    }
}

/// What the control plane says about one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Target {
    /// The share after the quota; `None` leaves the one there is.
    pub(super) fixed_rate: Option<f64>,
    /// How many a second, and until which second since the epoch; `None` leaves what there is.
    pub(super) quota: Option<(u32, u32)>,
    /// A share, and the second since the epoch in which it ends.
    pub(super) boost: Option<(f64, u32)>,
}

/// The state of one rule.
#[derive(Debug)]
pub(super) struct Reservoir {
    counters: Arc<Counters>,
    /// The bits of the share that is kept.
    fixed_rate: AtomicU64,
    /// How many a second, and until which second; the epoch when there never was a quota.
    quota: AtomicU64,
    boost: Boost,
    taken: Window,
    borrowed: Window,
}

impl Reservoir {
    /// Begins with the rate of a rule and counters that may have counted before.
    pub(super) fn new(fixed_rate: f64, counters: Arc<Counters>) -> Self {
        Self {
            counters,
            fixed_rate: AtomicU64::new(fixed_rate.to_bits()),
            quota: AtomicU64::new(0),
            boost: Boost::default(),
            taken: Window::default(),
            borrowed: Window::default(),
        }
    }

    pub(super) const fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Decides where nobody else shares the rule: `size` a second, then the share.
    pub(super) fn decide_alone(&self, size: u32, second: u32, randomness: Randomness) -> bool {
        self.taken.take(second, size) || self.is_in_share(second, randomness)
    }

    /// Decides by what the control plane has allotted to this process, and counts. Without a quota
    /// one request a second is borrowed from the `size` of the rule.
    pub(super) fn decide_allotted(&self, size: u32, second: u32, randomness: Randomness) -> bool {
        let (quota, until) = halves(self.quota.load(Relaxed));
        let has_quota = until > 0 && second <= until;
        let is_borrowed = !has_quota && size > 0 && self.borrowed.take(second, 1);
        let is_sampled = is_borrowed
            || (has_quota && self.taken.take(second, quota))
            || self.is_in_share(second, randomness);
        self.counters.count(is_sampled, is_borrowed);
        is_sampled
    }

    /// Takes what the control plane says.
    pub(super) fn apply(&self, target: Target) {
        if let Some(fixed_rate) = target.fixed_rate {
            self.fixed_rate.store(fixed_rate.to_bits(), Relaxed);
        }
        if let Some((quota, until)) = target.quota {
            self.quota.store(join(quota, until), Relaxed);
        }
        if let Some((rate, until)) = target.boost {
            self.boost.set(rate, until);
        }
    }

    /// The quota a second and the second it ends with.
    pub(super) fn quota(&self) -> Option<(u32, u32)> {
        Some(halves(self.quota.load(Relaxed))).filter(|(_, until)| *until > 0)
    }

    /// The share that holds in a second.
    pub(super) fn rate(&self, second: u32) -> f64 {
        f64::from_bits(self.fixed_rate.load(Relaxed)).max(self.boost.rate(second))
    }

    fn is_in_share(&self, second: u32, randomness: Randomness) -> bool {
        randomness.0 < self.rate(second)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
const fn halves(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

fn join(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Randomness = Randomness(0.999);

    #[test]
    fn a_thread_that_is_late_by_a_second_does_not_open_the_last_one_again() {
        let window = Window::default();
        for (second, is_taken) in [
            (10, true),
            (10, true),
            (10, false),
            (11, true),
            // Late: it takes from the second that has begun.
            (10, true),
            (10, false),
            (11, false),
            // The clock was put back.
            (5, true),
            (5, true),
            (5, false),
        ] {
            assert_eq!(window.take(second, 2), is_taken, "{second}");
        }
        assert!(!window.take(12, 0));
    }

    #[test]
    fn the_share_is_told_by_the_last_bits_of_the_trace() {
        let reservoir = Reservoir::new(0.25, Arc::default());
        let quarter = 1_u128 << 51;
        for (trace_id, is_sampled) in
            [(quarter - 1, true), (quarter, false), (u128::MAX << 53, true), (u128::MAX, false)]
        {
            let randomness = Randomness::of(TraceId::from_u128(trace_id));
            assert_eq!(reservoir.decide_alone(0, 1, randomness), is_sampled, "{trace_id:x}");
        }
        let highest = Randomness::of(TraceId::from_u128(u128::MAX));
        let lowest = Randomness::of(TraceId::from_u128(1 << 53));
        assert!(Reservoir::new(1.0, Arc::default()).decide_alone(0, 1, highest));
        assert!(!Reservoir::new(0.0, Arc::default()).decide_alone(0, 1, lowest));
    }

    #[test]
    fn counts_go_back_unless_they_would_run_over() {
        let reservoir = Reservoir::new(0.0, Arc::default());
        reservoir.decide_allotted(1, 1, NEVER);
        reservoir.decide_allotted(1, 1, NEVER);
        let counters = reservoir.counters();
        let counts = counters.take();
        assert_eq!(counts, Counts { requests: 2, sampled: 1, borrowed: 1 });
        assert_eq!(counters.take(), Counts::default());
        counters.put_back(counts);
        reservoir.decide_allotted(1, 1, NEVER);
        assert_eq!(counters.take(), Counts { requests: 3, ..counts });
        let most = Counts { requests: u32::MAX / 2, ..counts };
        counters.put_back(most);
        counters.put_back(counts);
        assert_eq!(counters.take(), most, "the rest is given up");
    }

    #[test]
    fn a_target_changes_only_what_it_names() {
        let reservoir = Reservoir::new(0.5, Arc::default());
        reservoir.apply(Target { quota: Some((3, 99)), ..Target::default() });
        reservoir.apply(Target { fixed_rate: Some(0.25), ..Target::default() });
        reservoir.apply(Target { boost: Some((0.75, 60)), ..Target::default() });
        assert_eq!(reservoir.quota(), Some((3, 99)));
        let rates = [59, 60].map(|second| reservoir.rate(second).to_bits());
        assert_eq!(rates, [0.75_f64, 0.25].map(f64::to_bits));
    }
}
