//! From ticks to time of day.
//!
//! A [`Line`] turns ticks into nanoseconds since the Unix epoch. The collector compares its newest line
//! with the clocks now and then, and continues with a new one from there; so ticks of before stay where
//! they were, and a parent and a child that are read in different passes keep their order. A wall clock
//! that was set, or that went on while the machine was suspended, shows in the next pass: times follow it
//! from the pass before on, and lengths of time leave the step out.
//! Never: panics, whatever the clocks say.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::ticks::{self, ticks};
use super::{now, steady};
use crate::record::SpanRecord;
use crate::span::per_process::PerProcess;

/// Maximum offset of a line from the wall clock, in nanoseconds; more means that the clock was set.
const MAX_OFFSET_NS: u64 = 1_000_000;

/// Offset of the newest line from the wall clock that is corrected in the next pass, in nanoseconds.
/// Smaller ones wait for the next comparison, which measures better.
pub(super) const MAX_STEP_NS: u64 = 100_000_000;

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
    /// Sum of the steps of the wall clock that the lines up to this one have followed.
    stepped_ns: i64,
}

/// Turns ticks into time of day; for the collector, which keeps it up to date.
pub(in crate::span) struct ClockAnchor {
    /// The oldest first; never empty.
    lines: VecDeque<Line>,
    last: Reading,
    /// Ticks of the last pass in which the wall clock was where it was expected.
    agreed: u64,
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
    /// One look at all clocks, a few microseconds apart at worst unless the thread loses its processor.
    fn glance() -> Self {
        Self { ticks: ticks(), steady: steady(), unix_ns: wall_ns() }
    }

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
    pub(super) fn signed_ns(&self, ticks: u64) -> i64 {
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

    /// The same line, known from other ticks on.
    fn known_since(self, ticks: u64) -> Self {
        Self { ticks, unix_ns: self.signed_ns(ticks), ..self }
    }

    /// Returns true if the wall clock is not near where this line expects it.
    pub(super) fn is_off(&self, ticks: u64, wall_ns: i64) -> bool {
        self.signed_ns(ticks).abs_diff(wall_ns) > MAX_STEP_NS
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
        let Reading { ticks, unix_ns, .. } = second;
        let line = Line { ticks, unix_ns, ns_per_tick, stepped_ns: 0 };
        let (lines, interval) = ([line].into(), FIRST_INTERVAL);
        Self { lines, last: second, agreed: ticks, measured, interval }
    }

    /// Compares the newest line with the clocks, if it is time to or the wall clock was set.
    pub(in crate::span) fn follow_clocks(&mut self) {
        if self.is_due(&Reading::glance()) {
            self.follow(Reading::take());
            let mut newest = NEWEST.get().lock().unwrap_or_else(PoisonError::into_inner);
            *newest = self.lines.back().copied();
        }
    }

    fn is_due(&mut self, glance: &Reading) -> bool {
        let is_off =
            self.lines.back().is_some_and(|line| line.is_off(glance.ticks, glance.unix_ns));
        if !is_off {
            self.agreed = glance.ticks;
        }
        let is_time = glance.steady.saturating_sub(self.last.steady) >= self.interval;
        if is_time {
            self.interval = (self.interval * 2).min(INTERVAL);
        }
        is_time || is_off
    }

    fn follow(&mut self, reading: Reading) {
        let Some(line) = self.lines.back().copied() else { return };
        let rate = self.believed_rate(line.ns_per_tick, &reading);
        let has_gone_back = reading.ticks < self.last.ticks;
        self.last = reading;
        let expected = line.signed_ns(reading.ticks);
        let offset = reading.unix_ns.saturating_sub(expected);
        let next = if has_gone_back || offset.unsigned_abs() > MAX_OFFSET_NS {
            let Reading { ticks, unix_ns, .. } = reading;
            let stepped_ns = line.stepped_ns.saturating_add(offset);
            let next = Line { ticks, unix_ns, ns_per_tick: rate, stepped_ns };
            let is_step = !has_gone_back && offset.unsigned_abs() > MAX_STEP_NS;
            // The step came some time after the clocks agreed, perhaps while this thread slept.
            if is_step { next.known_since(self.agreed.max(line.ticks)) } else { next }
        } else {
            // The line goes on where it is, and meets the wall clock when it is compared again.
            #[expect(clippy::cast_precision_loss, reason = "an offset is a millisecond at most")]
            let correction = 1.0 + offset as f64 / INTERVAL.as_secs_f64() / 1e9;
            let (ticks, ns_per_tick) = (reading.ticks, rate * correction);
            Line { unix_ns: expected, ticks, ns_per_tick, ..line }
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
        self.line(ticks).map_or(0, |line| line.unix_ns(ticks))
    }

    /// Begin and end of a time in nanoseconds since the Unix epoch; zero before it. The end follows no step
    /// of the wall clock after the begin, so the length is right.
    #[inline]
    pub(in crate::span) fn unix_ns_between(&self, begin: u64, end: u64) -> (u64, u64) {
        let (Some(first), Some(last)) = (self.line(begin), self.line(end)) else { return (0, 0) };
        let begin_ns = first.unix_ns(begin);
        if first.stepped_ns == last.stepped_ns {
            return (begin_ns, last.unix_ns(end).max(begin_ns));
        }
        let stepped_ns = last.stepped_ns.saturating_sub(first.stepped_ns);
        let end_ns = u64::try_from(last.signed_ns(end).saturating_sub(stepped_ns)).unwrap_or(0);
        (begin_ns, end_ns.max(begin_ns))
    }

    /// The time of an event of a span, in nanoseconds since the Unix epoch. Where the wall clock was set
    /// in the last minutes, it is within the span.
    pub(in crate::span) fn unix_ns_in(&self, span: &SpanRecord, ticks: u64) -> u64 {
        let SpanRecord { start_unix_ns, end_unix_ns, .. } = *span;
        let unix_ns = self.unix_ns(ticks);
        if !self.has_stepped() || end_unix_ns < start_unix_ns {
            return unix_ns;
        }
        unix_ns.clamp(start_unix_ns, end_unix_ns)
    }

    /// Returns true if a step of the wall clock is within reach of the lines.
    fn has_stepped(&self) -> bool {
        let steps =
            [self.lines.front(), self.lines.back()].map(|it| it.map(|line| line.stepped_ns));
        steps[0] != steps[1]
    }

    #[inline]
    fn line(&self, ticks: u64) -> Option<&Line> {
        let newest_first = || self.lines.iter().rev();
        newest_first().find(|line| ticks >= line.ticks).or(self.lines.front())
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
