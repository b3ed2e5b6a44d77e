//! What waits, and until when.
//!
//! In: spans with their own times, and the time. Out: numbers that are due.
//! Never: reads a clock; knows whom it counts for.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::record::{CallStatistics, Outcome, SpanRecord, Status};

/// How many functions have numbers of their own, for as long as the process lives: each is paid for
/// by the month.
const MAX_FUNCTIONS: usize = 100;

const NS_PER_MINUTE: u64 = 60_000_000_000;

const MINUTE: Duration = Duration::from_mins(1);

/// How long after its minute a call may still be on its way to us, and be told with the others.
const GRACE: Duration = Duration::from_secs(2);

/// The calls that wait.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The functions that were seen, each with what of it waits.
    functions: FxHashMap<Cow<'static, str>, Option<CallStatistics>>,
    due: Option<Due>,
    /// Whether nothing waits any more.
    is_closed: bool,
}

/// When calls are handed out.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Instant,
    /// Those that ended by the end of this minute since the Unix epoch.
    minute: u64,
}

impl State {
    /// Takes spans in; returns what need not wait.
    pub(super) fn add(&mut self, spans: &[SpanRecord], now: Instant) -> Vec<CallStatistics> {
        let mut out = Vec::new();
        for span in spans {
            self.count(span, &mut out);
        }
        if self.is_closed {
            out.append(&mut self.release());
        }
        let latest = spans.iter().map(|span| span.end_unix_ns).max();
        if let Some(unix_ns) = latest.filter(|_| self.due.is_none() && self.waits()) {
            let left_ns = NS_PER_MINUTE - unix_ns % NS_PER_MINUTE;
            let at = now + Duration::from_nanos(left_ns) + GRACE;
            self.due = Some(Due { at, minute: minute(unix_ns) });
        }
        out
    }

    /// When something is due; `None` while nothing waits.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due.map(|due| due.at)
    }

    /// Takes out the calls whose minute is over.
    pub(super) fn due(&mut self, now: Instant) -> Vec<CallStatistics> {
        let Some(due) = self.due.filter(|due| due.at <= now) else { return Vec::new() };
        let out = self.take_until(due.minute);
        let waiting = self.functions.values().flatten();
        let latest = waiting.map(|calls| minute(calls.unix_ns)).max();
        self.due = latest.map(|minute| Due { at: now.max(due.at + MINUTE), minute });
        out
    }

    /// Takes out everything.
    pub(super) fn release(&mut self) -> Vec<CallStatistics> {
        self.due = None;
        self.take_until(u64::MAX)
    }

    /// Takes out everything; from now on nothing waits.
    pub(super) fn close(&mut self) -> Vec<CallStatistics> {
        self.is_closed = true;
        self.release()
    }

    fn waits(&self) -> bool {
        self.functions.values().any(Option::is_some)
    }

    fn count(&mut self, span: &SpanRecord, out: &mut Vec<CallStatistics>) {
        let name = &span.name;
        let is_known = self.functions.contains_key(name) || self.functions.len() < MAX_FUNCTIONS;
        let name = if is_known { name } else { &Cow::Borrowed(CallStatistics::OTHERS) };
        if !self.functions.contains_key(name) {
            self.functions.insert(name.clone(), None);
        }
        let Some(waiting) = self.functions.get_mut(name) else { return };
        let ended_in = minute(span.end_unix_ns);
        if waiting.as_ref().is_some_and(|calls| minute(calls.unix_ns) != ended_in) {
            out.extend(waiting.take());
        }
        let calls = waiting.get_or_insert_with(|| none_of(name.clone()));
        calls.unix_ns = calls.unix_ns.max(span.end_unix_ns);
        calls.errors += u64::from(has_failed(span));
        calls.durations_ns.push(span.end_unix_ns.saturating_sub(span.start_unix_ns));
        if calls.durations_ns.len() == CallStatistics::MAX_CALLS {
            out.extend(waiting.take());
        }
    }

    /// Takes out the calls that ended by the end of a minute.
    fn take_until(&mut self, last_minute: u64) -> Vec<CallStatistics> {
        let is_over = |calls: &mut CallStatistics| minute(calls.unix_ns) <= last_minute;
        let mut out: Vec<_> =
            self.functions.values_mut().filter_map(|waiting| waiting.take_if(is_over)).collect();
        out.sort_by(|one, other| one.function.cmp(&other.function));
        out
    }
}

const fn none_of(function: Cow<'static, str>) -> CallStatistics {
    CallStatistics { function, unix_ns: 0, errors: 0, durations_ns: Vec::new() }
}

/// The minute since the Unix epoch.
const fn minute(unix_ns: u64) -> u64 {
    unix_ns / NS_PER_MINUTE
}

/// Whether anybody would call the call a failure: its status, or how it ended.
fn has_failed(span: &SpanRecord) -> bool {
    matches!(span.status, Status::Error { .. })
        || matches!(span.outcome, Outcome::Error | Outcome::Panic)
}

#[cfg(test)]
mod tests;
