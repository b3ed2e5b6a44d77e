//! The share of a rule that the control plane raises for a while.
//!
//! Source: <https://docs.aws.amazon.com/xray/latest/api/API_SamplingBoost.html>.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
}
