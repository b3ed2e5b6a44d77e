//! What waits, and until when.
//!
//! In: spans with their own times, and the time. Out: numbers that are due.
//! Never: reads a clock; knows whom it counts for.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::record::{CallStatistics, Outcome, SpanRecord, Status};

/// Maximum number of functions that have a series of their own at a time; the calls of others are
/// counted in [`CallStatistics::OTHERS`], as OpenTelemetry does beyond its limit of attribute sets.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/metrics/sdk/#cardinality-limits>.
const MAX_FUNCTIONS: usize = 100;

/// Maximum number of these that are named by their spans, which may have any number of names; the rest is
/// for annotated functions, of which a program has only so many.
const MAX_SPAN_NAMES: usize = 50;

/// Time without a call after which a series may be given to another function. CloudWatch charges by
/// the hour and for the metrics that are sent in it, so no hour has more than so many.
///
/// Source: <https://aws.amazon.com/cloudwatch/pricing/>.
const MAX_IDLE: Duration = Duration::from_hours(1);

/// Longest name of a series, in bytes.
const MAX_NAME_BYTES: usize = 1_024;

const NS_PER_MINUTE: u64 = 60_000_000_000;

const MINUTE: Duration = Duration::from_mins(1);

/// How long after its minute a call may still be on its way to us, and be told with the others.
const GRACE: Duration = Duration::from_secs(2);

/// The calls that wait.
#[derive(Debug, Default)]
pub(super) struct State {
    functions: FxHashMap<Cow<'static, str>, Series>,
    /// Calls of functions without a series.
    others: Option<CallStatistics>,
    /// Until when no series can be given to another annotated function.
    full_until: Option<Instant>,
    /// Until when no series can be given to another name of spans.
    names_full_until: Option<Instant>,
    due: Option<Due>,
    /// Whether nothing waits any more.
    is_closed: bool,
}

/// Calls of one function.
#[derive(Debug)]
struct Series {
    /// Those that wait.
    waiting: Option<CallStatistics>,
    /// Time of the last call.
    used: Instant,
    /// True if it is that of an annotated function.
    is_by_function: bool,
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
            self.count(span, now, &mut out);
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
        let latest = self.waiting().map(|calls| minute(calls.unix_ns)).max();
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
        self.waiting().next().is_some()
    }

    fn waiting(&self) -> impl Iterator<Item = &CallStatistics> {
        let of_functions = self.functions.values().filter_map(|series| series.waiting.as_ref());
        of_functions.chain(&self.others)
    }

    fn count(&mut self, span: &SpanRecord, now: Instant, out: &mut Vec<CallStatistics>) {
        let name = series_name(span);
        let is_by_function = is_by_function(span);
        if !self.functions.contains_key(name) && self.has_room(is_by_function, now, out) {
            let series = Series { waiting: None, used: now, is_by_function };
            self.functions.insert(key(span, name), series);
        }
        let (waiting, is_other) = match self.functions.get_mut(name) {
            Some(series) => {
                series.used = now;
                (&mut series.waiting, false)
            }
            None => (&mut self.others, true),
        };
        let key = || if is_other { Cow::Borrowed(CallStatistics::OTHERS) } else { key(span, name) };
        let ended_in = minute(span.end_unix_ns);
        if waiting.as_ref().is_some_and(|calls| minute(calls.unix_ns) != ended_in) {
            out.extend(waiting.take());
        }
        let calls = waiting.get_or_insert_with(|| none_of(key()));
        calls.unix_ns = calls.unix_ns.max(span.end_unix_ns);
        calls.errors += u64::from(has_failed(span));
        calls.durations_ns.push(span.end_unix_ns.saturating_sub(span.start_unix_ns));
        if calls.durations_ns.len() == CallStatistics::MAX_CALLS {
            out.extend(waiting.take());
        }
    }

    /// Returns true if there is room for one more series. Where there is none, the series that was not
    /// used for longest makes room, if that is long enough; what waits in it goes out. A name of spans
    /// takes no series from an annotated function while there are as many names as may be.
    fn has_room(
        &mut self,
        is_by_function: bool,
        now: Instant,
        out: &mut Vec<CallStatistics>,
    ) -> bool {
        let full_until =
            if is_by_function { &mut self.full_until } else { &mut self.names_full_until };
        if full_until.is_some_and(|until| now < until) {
            return false;
        }
        let names = self.functions.values().filter(|series| !series.is_by_function).count();
        let names_are_full = !is_by_function && names >= MAX_SPAN_NAMES;
        if self.functions.len() < MAX_FUNCTIONS && !names_are_full {
            return true;
        }
        let may_yield = |series: &Series| !(names_are_full && series.is_by_function);
        let candidates = self.functions.iter().filter(|(_, series)| may_yield(series));
        let Some((name, oldest)) = candidates.min_by_key(|(_, series)| series.used) else {
            return false;
        };
        let (name, idle_at) = (name.clone(), oldest.used + MAX_IDLE);
        *full_until = Some(idle_at);
        if idle_at > now {
            return false;
        }
        out.extend(self.functions.remove(&name).and_then(|series| series.waiting));
        true
    }

    /// Takes out the calls that ended by the end of a minute.
    fn take_until(&mut self, last_minute: u64) -> Vec<CallStatistics> {
        let is_over = |calls: &mut CallStatistics| minute(calls.unix_ns) <= last_minute;
        let of_functions = self.functions.values_mut().map(|series| &mut series.waiting);
        let all = of_functions.chain([&mut self.others]);
        let mut out: Vec<_> = all.filter_map(|waiting| waiting.take_if(is_over)).collect();
        out.sort_by(|one, other| one.function.cmp(&other.function));
        out
    }
}

/// Returns the name of the series that a call is counted in: that of the annotated function, whatever
/// its spans are called at run time; of requests and of spans without an annotated function, which have
/// one callsite for all, the name of the span.
fn series_name(span: &SpanRecord) -> &str {
    if is_by_function(span) {
        return span.source.name;
    }
    &span.name[..span.name.floor_char_boundary(MAX_NAME_BYTES)]
}

fn key(span: &SpanRecord, name: &str) -> Cow<'static, str> {
    match &span.name {
        _ if is_by_function(span) => Cow::Borrowed(span.source.name),
        Cow::Borrowed(all) => Cow::Borrowed(&all[..name.len()]),
        Cow::Owned(_) => Cow::Owned(name.to_owned()),
    }
}

const fn is_by_function(span: &SpanRecord) -> bool {
    !span.kind.is_request() && !span.source.function.is_empty() && !span.source.name.is_empty()
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
