//! A fixed share of all traces, told by their ids.
//!
//! In: a share and a trace id. Out: the same answer in every service that uses the same share.
//! Never: draws a random number; the id has been drawn already.
//!
//! OpenTelemetry leaves the algorithm open. This is the one of its Go and Rust SDKs, so that a
//! trace is kept or dropped whole where services in several languages decide for themselves: of the
//! last 8 bytes of the id, the first 63 bits as a number must be below the share of 2⁶³. It follows
//! that what is kept at one share is kept at every higher one. The first 8 bytes, in which our ids
//! hold the time, do not matter.
//! Source: <https://opentelemetry.io/docs/specs/otel/trace/sdk/#traceidratiobased>.

use std::num::NonZeroU32;

use super::Decision;
use crate::record::TraceId;

const TWO_TO_THE_63: f64 = 9_223_372_036_854_775_808.0;

/// A number is not a share.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("sampling ratio {share}: expected a number from 0 to 1")]
pub struct RatioError {
    share: f64,
}

/// A share of all traces, from 0 (none) to 1 (all).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    bound: u64,
    sample_rate: Option<NonZeroU32>,
}

impl Ratio {
    /// Takes the share to keep, from 0 to 1.
    ///
    /// # Errors
    /// Any other number, and not-a-number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "neither is negative, and a cast of what is too large stops at the largest"
    )]
    pub fn new(share: f64) -> Result<Self, RatioError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(RatioError { share });
        }
        let bound = (share * TWO_TO_THE_63) as u64;
        let one_in = (1.0 / share).round() as u32;
        Ok(Self { bound, sample_rate: NonZeroU32::new(one_in).filter(|rate| rate.get() > 1) })
    }

    /// The traces of which one is kept, to the nearest whole number; `None` when it is every one.
    pub const fn sample_rate(self) -> Option<NonZeroU32> {
        self.sample_rate
    }

    pub(super) fn decide(self, trace_id: TraceId) -> Decision {
        let last_8_bytes = trace_id.to_u128() & u128::from(u64::MAX);
        if last_8_bytes >> 1 < u128::from(self.bound) {
            Decision::Record { sample_rate: self.sample_rate }
        } else {
            Decision::Drop
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_kept(share: f64, trace_id: u128) -> bool {
        Ratio::new(share).unwrap().decide(TraceId::from_u128(trace_id)).is_sampled()
    }

    #[test]
    fn the_last_eight_bytes_of_the_id_below_the_share_are_kept() {
        const QUARTER: u128 = 1 << 62;
        for (share, trace_id, expected) in [
            (0.25, QUARTER - 1, true),
            (0.25, QUARTER, false),
            (0.25, 1, true),
            (0.25, u128::MAX << 64, true),
            (0.25, u128::MAX, false),
            (0.5, QUARTER, true),
            (1.0, u128::MAX, true),
            (0.0, u128::MAX << 64, false),
            (-0.0, 1, false),
            (1e-300, 1, false),
        ] {
            assert_eq!(is_kept(share, trace_id), expected, "{share} {trace_id:032x}");
        }
    }

    #[test]
    fn the_rate_is_the_traces_that_one_stands_for() {
        for (share, rate) in [
            (1.0, None),
            (0.7, None),
            (0.5, NonZeroU32::new(2)),
            (0.3, NonZeroU32::new(3)),
            (0.01, NonZeroU32::new(100)),
            (1e-300, NonZeroU32::new(u32::MAX)),
        ] {
            assert_eq!(Ratio::new(share).unwrap().sample_rate(), rate, "{share}");
        }
    }

    #[test]
    fn what_is_not_between_zero_and_one_is_refused() {
        for share in [-0.1, 1.000_001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Ratio::new(share).is_err(), "{share}");
        }
        let message = "sampling ratio 2: expected a number from 0 to 1";
        assert_eq!(Ratio::new(2.0).unwrap_err().to_string(), message);
    }
}
