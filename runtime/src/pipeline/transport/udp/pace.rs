//! Rate limit of datagrams, in bytes as the receiving kernel counts them.
//!
//! A receiver's buffer overflows silently, and the X-Ray daemon does not raise its size.

use std::time::{Duration, Instant};

use crate::pipeline::settings::FOR_EVER;

/// A token bucket: a burst, and the time after which as much may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Burst in bytes as [`truesize`] counts them. Where the receiver is on this host and its counters
    /// can be read, the burst is twice as much, and at most one and a half times as much may wait
    /// unread in its buffer.
    pub max_bytes: u32,
    /// Time after which as much may be sent again.
    pub per: Duration,
}

/// Burst by default, in bytes: half of 212,992, the usual `net.core.rmem_default` of Linux.
const BURST_BYTES: u32 = 100_000;

impl Pace {
    /// Returns a pace of so many bytes per second, in bursts of 100,000 bytes; 0 counts as 1.
    ///
    /// Bytes are those of the receiving kernel, as [`truesize`] counts them: 1,536 for a document of
    /// 600 bytes.
    pub fn bytes_per_second(bytes: u64) -> Self {
        let per_ns = u64::from(BURST_BYTES) * 1_000_000_000 / bytes.max(1);
        Self { max_bytes: BURST_BYTES, per: Duration::from_nanos(per_ns) }
    }
}

impl Default for Pace {
    /// 20,000,000 bytes per second: every 5 ms about 65 documents of 600 bytes, or one of 60,000.
    ///
    /// Two bursts in a row fit the usual buffer of a daemon that did not get to read.
    fn default() -> Self {
        Self::bytes_per_second(20_000_000)
    }
}

/// The memory that a datagram of `len` bytes takes from the receiver's buffer, on the safe side.
///
/// Linux counts what it has allocated: the data with its headers and bookkeeping in the next power
/// of two, and the structure that describes it.
/// Source: <https://www.kernel.org/doc/html/latest/networking/skbuff.html>, `skb->truesize`.
pub const fn truesize(len: usize) -> usize {
    (len + 350).next_power_of_two() + 512
}

/// The bucket at work.
#[derive(Debug)]
pub(super) struct Bucket {
    pace: Option<Pace>,
    /// When it will be full again; `None` when nothing was taken yet.
    full_at: Option<Instant>,
}

impl Bucket {
    /// Begins full; without a pace nothing ever waits.
    pub(super) fn new(pace: Option<Pace>) -> Self {
        let bounded = |pace: Pace| Pace { per: pace.per.min(FOR_EVER), ..pace };
        Self { pace: pace.filter(|pace| pace.max_bytes > 0).map(bounded), full_at: None }
    }

    /// Takes `cost` out and returns how long to wait before using it.
    ///
    /// What costs more than the bucket holds waits until it is full and leaves a debt.
    pub(super) fn take(&mut self, cost: usize, now: Instant) -> Duration {
        let Some(Pace { max_bytes, per }) = self.pace else { return Duration::ZERO };
        let refill = |bytes: usize| {
            let ns = per.as_nanos() * bytes as u128 / u128::from(max_bytes);
            Duration::from_nanos(u64::try_from(ns).unwrap_or(u64::MAX))
        };
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        self.full_at = Some(full_at + refill(cost));
        let missing = full_at.duration_since(now) + refill(cost).min(per);
        missing.saturating_sub(per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(number: u64) -> Duration {
        Duration::from_micros(number)
    }

    #[expect(clippy::disallowed_methods, reason = "an origin for made-up moments")]
    fn origin() -> Instant {
        Instant::now()
    }

    #[test]
    fn a_pace_without_end_overflows_nothing() {
        for max_bytes in [1, u32::MAX] {
            let mut bucket = Bucket::new(Some(Pace { max_bytes, per: Duration::MAX }));
            for _ in 0..1_000 {
                let _ = bucket.take(truesize(65_507), origin());
            }
        }
    }

    #[test]
    fn the_cost_of_a_datagram_is_what_the_receiver_s_kernel_counts() {
        for (len, expected) in
            [(0, 1024), (630, 1536), (674, 1536), (675, 2560), (8_230, 16_896), (60_031, 66_048)]
        {
            assert_eq!(truesize(len), expected, "{len}");
        }
    }

    #[test]
    fn what_the_bucket_holds_goes_at_once_and_the_rest_as_it_fills() {
        let start = origin();
        let mut bucket = Bucket::new(Some(Pace { max_bytes: 100, per: micros(1000) }));
        let mut take = |cost, at| bucket.take(cost, start + micros(at)).as_micros();
        assert_eq!([take(60, 0), take(40, 0)], [0, 0]);
        // Empty: ten bytes come in 100 µs, and the next ten after them.
        assert_eq!([take(10, 0), take(10, 0)], [100, 200]);
        assert_eq!(take(10, 250), 50);
        assert_eq!(take(10, 400), 0);
        // However long it rests, it holds no more than it can.
        assert_eq!([take(100, 60_000_000), take(1, 60_000_000)], [0, 10]);
    }

    #[test]
    fn what_is_larger_than_the_bucket_waits_until_it_is_full_and_is_paid_off_afterwards() {
        let start = origin();
        let mut bucket = Bucket::new(Some(Pace { max_bytes: 100, per: micros(1000) }));
        let mut take = |cost, at| bucket.take(cost, start + micros(at)).as_micros();
        assert_eq!([take(250, 0), take(50, 0)], [0, 2000]);
        assert_eq!(take(250, 2000), 1000);
    }

    #[test]
    fn a_rate_is_a_burst_and_the_time_it_takes() {
        for (rate, per) in [(20_000_000, micros(5_000)), (100_000, micros(1_000_000))] {
            let expected = Pace { max_bytes: 100_000, per };
            assert_eq!(Pace::bytes_per_second(rate), expected, "{rate}");
        }
        assert_eq!(Pace::bytes_per_second(0).per, Duration::from_secs(100_000));
        assert_eq!(Pace::bytes_per_second(u64::MAX).per, Duration::ZERO);
    }

    #[test]
    fn without_a_pace_nothing_waits() {
        let mut bucket = Bucket::new(None);
        assert!((0..1000).all(|_| bucket.take(65_536, origin()).is_zero()));
        let mut bucket = Bucket::new(Some(Pace { max_bytes: 0, per: micros(1) }));
        assert!(bucket.take(65_536, origin()).is_zero());
    }

    /// Whatever is sent as soon as it may, a buffer of the usual size that is read at the pace
    /// never overflows; without the pace it would.
    #[test]
    fn no_order_of_sizes_overflows_a_buffer_that_is_read_as_fast_as_the_pace() {
        const BUFFER_BYTES: usize = 212_992;
        let Pace { max_bytes, per } = Pace::default();
        let play = |pace, sizes: &mut dyn Iterator<Item = usize>| {
            let start = origin();
            let (mut bucket, mut now) = (Bucket::new(pace), start);
            let (mut held, mut read_at, mut overflows) = (0_u128, start, 0);
            for len in sizes {
                now += bucket.take(truesize(len), now);
                let read = now.duration_since(read_at).as_nanos() * u128::from(max_bytes);
                held = held.saturating_sub(read / per.as_nanos());
                read_at = now;
                held += truesize(len) as u128;
                overflows += usize::from(held > BUFFER_BYTES as u128);
            }
            overflows
        };
        let same = |len| std::iter::repeat_n(len, 5000);
        let mixed = || (0..5000).map(|number| number * 7919 % 65_507);
        for pace in [Some(Pace::default()), None] {
            for len in [600, 8_230, 31_000, 33_000, 60_000, 65_507] {
                assert_eq!(play(pace, &mut same(len)) == 0, pace.is_some(), "{len}");
            }
            assert_eq!(play(pace, &mut mixed()) == 0, pace.is_some());
        }
    }
}
