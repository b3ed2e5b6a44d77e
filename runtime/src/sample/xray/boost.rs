//! More requests of a rule while they go wrong.
//!
//! In: how requests ended. Out: counts for the control plane, which may answer with a higher share
//! for a while.
//! Never: decides what is an anomaly, or sees a request end: only who calls `Sampler::end` counts.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_SamplingBoostStatisticsDocument.html> and
//! <https://docs.aws.amazon.com/xray/latest/api/API_SamplingBoost.html>.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

/// What the control plane is told about how the requests of one rule ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AnomalyCounts {
    pub(super) total: u32,
    pub(super) anomalies: u32,
    /// Those of the anomalies that were recorded.
    pub(super) sampled: u32,
}

/// Counts since the last report.
#[derive(Debug, Default)]
pub(super) struct Anomalies {
    total: AtomicU32,
    odd: AtomicU32,
    sampled: AtomicU32,
}

impl Anomalies {
    pub(super) fn count(&self, is_anomaly: bool, is_sampled: bool) {
        self.add(AnomalyCounts {
            total: 1,
            anomalies: is_anomaly.into(),
            sampled: (is_anomaly && is_sampled).into(),
        });
    }

    /// Takes all counts; they are zero then.
    pub(super) fn take(&self) -> AnomalyCounts {
        AnomalyCounts {
            total: self.total.swap(0, Relaxed),
            anomalies: self.odd.swap(0, Relaxed),
            sampled: self.sampled.swap(0, Relaxed),
        }
    }

    /// Adds counts; the largest number there is stays what it is.
    pub(super) fn add(&self, counts: AnomalyCounts) {
        for (counter, count) in [
            (&self.total, counts.total),
            (&self.odd, counts.anomalies),
            (&self.sampled, counts.sampled),
        ] {
            if count > 0 {
                let add = |sum: u32| Some(sum.saturating_add(count));
                // It always is some number.
                let _ = counter.fetch_update(Relaxed, Relaxed, add);
            }
        }
    }
}

/// A share with an end, in one word: half the digits of a float, and the second.
#[derive(Debug, Default)]
pub(super) struct Boost(AtomicU64);

impl Boost {
    /// Sets the share, and the second since the epoch in which it does not hold any more.
    #[expect(clippy::cast_possible_truncation, reason = "half the digits are enough for a share")]
    pub(super) fn set(&self, rate: f64, until: u32) {
        let bits = (rate as f32).to_bits();
        self.0.store(u64::from(bits) << 32 | u64::from(until), Relaxed);
    }

    /// The share; 0 when there is none.
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
    pub(super) fn rate(&self, second: u32) -> f64 {
        let word = self.0.load(Relaxed);
        if second < word as u32 { f32::from_bits((word >> 32) as u32).into() } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boost_holds_until_its_second() {
        let boost = Boost::default();
        let bits = |second| boost.rate(second).to_bits();
        assert_eq!(bits(0), 0);
        boost.set(0.75, 100);
        assert_eq!((bits(99), bits(100)), (0.75_f64.to_bits(), 0));
    }

    #[test]
    fn counts_are_taken_once_and_do_not_run_over() {
        let anomalies = Anomalies::default();
        for (is_anomaly, is_sampled) in [(true, true), (true, false), (false, true)] {
            anomalies.count(is_anomaly, is_sampled);
        }
        let counts = AnomalyCounts { total: 3, anomalies: 2, sampled: 1 };
        assert_eq!(anomalies.take(), counts);
        assert_eq!(anomalies.take(), AnomalyCounts::default());
        anomalies.add(AnomalyCounts { total: u32::MAX, ..counts });
        anomalies.count(true, true);
        let most = AnomalyCounts { total: u32::MAX, anomalies: 3, sampled: 2 };
        assert_eq!(anomalies.take(), most);
    }
}
