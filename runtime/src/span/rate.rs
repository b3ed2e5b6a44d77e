//! The sample rates of this process's traces, each as a number small enough for a span's traits.
//!
//! In: what the sampler said of a trace. Out: a code that its spans carry, and the rate again.
//! Never: locks or forgets; there are few different rates in a process.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// The bits of a code. Of more different rates than that, further ones become the nearest.
pub(super) const BITS: u32 = 10;

/// The rate of each code from 1 on; zero where none is given out yet.
struct Rates<const LEN: usize>([AtomicU32; LEN]);

static RATES: Rates<{ (1 << BITS) - 1 }> = Rates::new();

/// The code of a rate; zero stands for none.
pub(super) fn code(rate: Option<NonZeroU32>) -> u16 {
    rate.map_or(0, |rate| RATES.code(rate.get()))
}

/// The rate behind a code.
pub(super) fn find(code: u16) -> Option<NonZeroU32> {
    if code == 0 { None } else { RATES.find(code) }
}

impl<const LEN: usize> Rates<LEN> {
    const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; LEN])
    }

    fn code(&self, rate: u32) -> u16 {
        let known = (1..).zip(&self.0).find(|(_, place)| {
            let holds = place.load(Ordering::Relaxed);
            holds == rate || holds == 0 && self::take(place, rate)
        });
        known.map_or_else(|| self.nearest(rate), |(code, _)| code)
    }

    #[cold]
    fn nearest(&self, rate: u32) -> u16 {
        let by_distance = |place: &AtomicU32| place.load(Ordering::Relaxed).abs_diff(rate);
        let nearest = (1..).zip(&self.0).min_by_key(|(_, place)| by_distance(place));
        nearest.map_or(0, |(code, _)| code)
    }

    fn find(&self, code: u16) -> Option<NonZeroU32> {
        let place = self.0.get(usize::from(code).checked_sub(1)?)?;
        NonZeroU32::new(place.load(Ordering::Relaxed))
    }
}

/// Gives a free place to a rate; `false` when another rate was faster.
fn take(place: &AtomicU32, rate: u32) -> bool {
    match place.compare_exchange(0, rate, Ordering::Relaxed, Ordering::Relaxed) {
        Ok(_) => true,
        Err(holds) => holds == rate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_keeps_its_code_and_what_finds_no_place_becomes_the_nearest() {
        let rates = Rates::<3>::new();
        for (rate, code, found) in [
            (10, 1, 10),
            (u32::MAX, 2, u32::MAX),
            (10, 1, 10),
            (100, 3, 100),
            (90, 3, 100),
            (2, 1, 10),
        ] {
            assert_eq!(rates.code(rate), code, "{rate}");
            assert_eq!(rates.find(code), NonZeroU32::new(found), "{rate}");
        }
        assert_eq!((rates.find(0), rates.find(4)), (None, None));
    }
}
