//! From ticks to time of day.
//!
//! A [`Line`] turns ticks into nanoseconds since the Unix epoch. The collector compares its newest line
//! with the clocks now and then, and continues with a new one from there; so ticks of before stay where
//! they were, and a parent and a child that are read in different passes keep their order.
//! Never: panics, whatever the clocks say.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ticks::{self, ticks};
use super::{now, steady};
use crate::span::per_process::PerProcess;

/// Maximum offset of a line from the wall clock, in nanoseconds; more means that the clock was set.
const MAX_OFFSET_NS: u64 = 1_000_000;

/// The longest time between two looks at the clocks.
const INTERVAL: Duration = Duration::from_secs(10);

/// The time between the first two looks, which doubles from then on.
const FIRST_INTERVAL: Duration = Duration::from_millis(20);

/// The distance of the two readings that give the first rate of the counter. Each is right to some
/// 50 ns, so the rate is to some 50 ppm: 1 µs in the 20 ms until the next look.
const FIRST_DISTANCE: Duration = Duration::from_millis(1);

/// Maximum difference of two measured rates of the counter to be believed: 0.1 %.
const MAX_RATE_DIFFERENCE: f64 = 1e-3;

/// Number of lines kept: ten minutes at the least. Older ticks follow the oldest one.
const MAX_LINES: usize = 64;

/// Number of attempts for one reading of all clocks.
const ATTEMPTS: usize = 5;

/// The first reading of the process.
static FIRST: PerProcess<OnceLock<Reading>> = PerProcess::new(OnceLock::new);

/// The newest line of the process.
static NEWEST: PerProcess<Mutex<Option<Line>>> = PerProcess::new(Mutex::default);

/// One moment on all clocks.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    ticks: u64,
    steady: Duration,
    /// Nanoseconds since the Unix epoch; negative before it.
    unix_ns: i64,
}

/// A straight line from ticks to time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    ticks: u64,
    unix_ns: i64,
    ns_per_tick: f64,
}

/// Turns ticks into time of day; for the collector, which keeps it up to date.
pub(in crate::span) struct ClockAnchor {
    /// The oldest first; never empty.
    lines: VecDeque<Line>,
    last: Reading,
    /// The rate between the last two readings.
    measured: f64,
    interval: Duration,
}

/// Takes the first reading, unless there is one.
pub(super) fn start() {
    FIRST.get().get_or_init(Reading::take);
}

/// The newest line, once the collector has made one.
pub(super) fn newest() -> Option<Line> {
    *NEWEST.get().lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reading {
    /// The best of a few attempts, as a thread may lose its processor between two clocks.
    fn take() -> Self {
        let attempt = |_| {
            let begin = ticks();
            let (steady, unix_ns) = (steady(), wall_ns());
            let end = ticks();
            (end.wrapping_sub(begin), Self { ticks: begin.midpoint(end), steady, unix_ns })
        };
        let best = (1..ATTEMPTS)
            .map(attempt)
            .fold(attempt(0), |best, next| if next.0 < best.0 { next } else { best });
        best.1
    }

    /// Nanoseconds per tick between this and an earlier reading, if both clocks went on.
    fn rate_since(&self, earlier: &Self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "52 bits are 52 days of nanoseconds")]
        let ticks = self.ticks.checked_sub(earlier.ticks)? as f64;
        let ns = self.steady.checked_sub(earlier.steady)?.as_secs_f64() * 1e9;
        let rate = ns / ticks;
        (rate.is_finite() && rate > 0.0).then_some(rate)
    }
}

impl Line {
    /// Nanoseconds since the Unix epoch, negative before it.
    fn signed_ns(&self, ticks: u64) -> i64 {
        let distance = ticks.wrapping_sub(self.ticks).cast_signed();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "52 bits are 52 days of nanoseconds"
        )]
        let ns = (distance as f64 * self.ns_per_tick) as i64;
        self.unix_ns.saturating_add(ns)
    }

    /// Nanoseconds since the Unix epoch; zero before it.
    pub(super) fn unix_ns(&self, ticks: u64) -> u64 {
        u64::try_from(self.signed_ns(ticks)).unwrap_or(0)
    }

    /// The length of a time in nanoseconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "52 bits are 52 days of nanoseconds, and the cast saturates"
    )]
    fn ns(&self, ticks: u64) -> u64 {
        (ticks as f64 * self.ns_per_tick) as u64
    }
}

impl ClockAnchor {
    /// The one of this process. The first time it blocks for up to a millisecond.
    pub(in crate::span) fn new() -> Self {
        let first = *FIRST.get().get_or_init(Reading::take);
        if !ticks::are_nanoseconds() && newest().is_none() {
            wait_until(first.steady + FIRST_DISTANCE);
        }
        let mut anchor = Self::between(first, Reading::take());
        let mut newest = NEWEST.get().lock().unwrap_or_else(PoisonError::into_inner);
        // There is one where the collector was started again.
        anchor.lines = [*newest.get_or_insert(anchor.lines[0])].into();
        anchor
    }

    fn between(first: Reading, second: Reading) -> Self {
        let measured = second.rate_since(&first).unwrap_or(1.0);
        let ns_per_tick = if ticks::are_nanoseconds() { 1.0 } else { measured };
        let line = Line { ticks: second.ticks, unix_ns: second.unix_ns, ns_per_tick };
        Self { lines: [line].into(), last: second, measured, interval: FIRST_INTERVAL }
    }

    /// Compares the newest line with the clocks, if it is time to.
    pub(in crate::span) fn follow_clocks(&mut self) {
        if steady().saturating_sub(self.last.steady) < self.interval {
            return;
        }
        self.interval = (self.interval * 2).min(INTERVAL);
        self.follow(Reading::take());
        *NEWEST.get().lock().unwrap_or_else(PoisonError::into_inner) = self.lines.back().copied();
    }

    fn follow(&mut self, reading: Reading) {
        let Some(line) = self.lines.back().copied() else { return };
        let rate = self.believed_rate(line.ns_per_tick, &reading);
        let has_gone_back = reading.ticks < self.last.ticks;
        self.last = reading;
        let expected = line.signed_ns(reading.ticks);
        let offset = reading.unix_ns.saturating_sub(expected);
        let next = if has_gone_back || offset.unsigned_abs() > MAX_OFFSET_NS {
            Line { unix_ns: reading.unix_ns, ticks: reading.ticks, ns_per_tick: rate }
        } else {
            // The line goes on where it is, and meets the wall clock when it is compared again.
            #[expect(clippy::cast_precision_loss, reason = "an offset is a millisecond at most")]
            let correction = 1.0 + offset as f64 / INTERVAL.as_secs_f64() / 1e9;
            Line { unix_ns: expected, ticks: reading.ticks, ns_per_tick: rate * correction }
        };
        if has_gone_back {
            // After the machine has slept; nothing is known of ticks of before.
            self.lines.clear();
        }
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(next);
    }

    /// The rate since the last reading, if the one before agrees: a machine that was stopped in between
    /// gives an odd one.
    fn believed_rate(&mut self, known: f64, reading: &Reading) -> f64 {
        let Some(measured) = reading.rate_since(&self.last) else { return known };
        let before = std::mem::replace(&mut self.measured, measured);
        let is_believed = (measured / before - 1.0).abs() < MAX_RATE_DIFFERENCE;
        if is_believed { measured } else { known }
    }

    /// The length of a time in nanoseconds.
    pub(in crate::span) fn ns(&self, ticks: u64) -> u64 {
        self.lines.back().map_or(0, |line| line.ns(ticks))
    }

    /// Nanoseconds since the Unix epoch; zero before it.
    #[inline]
    pub(in crate::span) fn unix_ns(&self, ticks: u64) -> u64 {
        let newest_first = || self.lines.iter().rev();
        let line = newest_first().find(|line| ticks >= line.ticks).or(self.lines.front());
        line.map_or(0, |line| line.unix_ns(ticks))
    }
}

/// Nanoseconds since the Unix epoch by the wall clock, negative before it.
pub(super) fn wall_ns() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "this is where the wall clock is read")]
    let now = SystemTime::now();
    let ns = |distance: Duration| i64::try_from(distance.as_nanos()).unwrap_or(i64::MAX);
    now.duration_since(UNIX_EPOCH).map_or_else(|before| -ns(before.duration()), ns)
}

/// Blocks until a moment of the steady clock.
fn wait_until(moment: Duration) {
    let begin = now();
    let rest = moment.saturating_sub(steady());
    while let Some(rest) = rest.checked_sub(begin.elapsed())
        && !rest.is_zero()
    {
        std::thread::park_timeout(rest);
    }
}

#[cfg(test)]
mod tests;
