//! New ids, one generator per thread.
//!
//! In: entropy once per thread. Out: span ids and trace ids.
//! Never: locks, allocates, or hands out zero.

use super::{clock, fork};

/// A generator as one word of state: zero before it is seeded, and counting up instead of being
/// random once it was [fixed](Generator::fixed).
#[derive(Clone, Copy, Debug)]
pub(super) struct Generator {
    state: u64,
    fixed: bool,
}

impl Generator {
    /// A generator that seeds itself from the operating system at its first id.
    pub(super) const UNSEEDED: Self = Self { state: 0, fixed: false };

    /// A generator whose ids are 1, 2, 3 …, for tests that compare whole records.
    pub(super) const fn fixed() -> Self {
        Self { state: 0, fixed: true }
    }

    /// This generator in a forked child, where the parent goes on with the same state.
    pub(super) const fn in_child(self) -> Self {
        if self.fixed { self } else { Self::UNSEEDED }
    }

    /// A span id.
    #[inline]
    pub(super) fn span_id(&mut self) -> u64 {
        self.next().max(1)
    }

    /// A trace id: 32 bits of epoch seconds, as AWS X-Ray wants them, then 96 random bits, of
    /// which the W3C `random` flag needs 56.
    /// Source: <https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids>.
    pub(super) fn trace_id(&mut self) -> u128 {
        if self.fixed {
            return u128::from(self.next());
        }
        let random = u128::from(self.next()) << 64 | u128::from(self.next());
        u128::from(clock::epoch_seconds()) << 96 | random >> 32
    }

    #[inline]
    fn next(&mut self) -> u64 {
        if self.fixed {
            self.state += 1;
            return self.state;
        }
        if self.state == 0 {
            self.state = fork::entropy().max(1);
        }
        // One addition and one wide multiplication ("wyrand"): it passes the usual statistical
        // tests, and ids need to be unique, not secret.
        self.state = self.state.wrapping_add(0xa076_1d64_78bd_642f);
        let product = u128::from(self.state) * u128::from(self.state ^ 0xe703_7ed1_a0b4_28db);
        #[expect(clippy::cast_possible_truncation, reason = "the two halves are folded")]
        let folded = (product >> 64) as u64 ^ product as u64;
        folded
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_two_generators_do_not_meet() {
        let mut generators = [Generator::UNSEEDED, Generator::UNSEEDED];
        let ids: HashSet<u64> = (0..20_000).map(|index| generators[index % 2].span_id()).collect();
        assert_eq!(ids.len(), 20_000);
        assert!(!ids.contains(&0));
    }

    #[test]
    fn a_trace_id_begins_with_the_epoch_seconds() {
        let mut generator = Generator::UNSEEDED;
        let id = generator.trace_id();
        assert!(u32::try_from(id >> 96).unwrap().abs_diff(clock::epoch_seconds()) <= 1);
    }

    #[test]
    fn fixed_ids_count_up_from_one() {
        let mut generator = Generator::fixed();
        assert_eq!((generator.trace_id(), generator.span_id(), generator.span_id()), (1, 2, 3));
    }
}
