//! Calls with times made by hand.

use super::*;
use crate::record::{Source, SpanContext, SpanId, TraceId};

static SOURCE: Source = Source::by_hand("work", "");

const SECOND_NS: u64 = 1_000_000_000;

/// 2026-11-20T10:00:00Z, when a minute begins.
const NOON_NS: u64 = 1_795_168_800 * SECOND_NS;

/// A call that took so many nanoseconds, and ended so many seconds after the minute began.
fn call(name: impl Into<Cow<'static, str>>, ended_at_s: u64, took_ns: u64) -> SpanRecord {
    let end_unix_ns = NOON_NS + ended_at_s * SECOND_NS;
    let context = SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(1));
    let span = SpanRecord::new(context, &SOURCE, end_unix_ns - took_ns, end_unix_ns);
    SpanRecord { name: name.into(), ..span }
}

/// The name and the durations of each.
fn told(calls: &[CallStatistics]) -> Vec<(&str, &[u64])> {
    calls.iter().map(|it| (&*it.function, &*it.durations_ns)).collect()
}

fn start() -> Instant {
    crate::pipeline::worker::now()
}

fn after(begin: Instant, seconds: u64) -> Instant {
    begin + Duration::from_secs(seconds)
}

#[test]
fn the_calls_of_a_minute_are_told_together_a_moment_after_it() {
    let (mut state, begin) = (State::default(), start());
    let spans = [call("b", 10, 1), call("a", 11, 2), call("b", 12, 3)];
    assert_eq!(state.add(&spans, begin), []);
    // The last one ended 48 s before the minute does.
    assert_eq!(state.deadline(), Some(after(begin, 50)));
    assert_eq!(state.due(after(begin, 49)), []);
    let calls = state.due(after(begin, 50));
    assert_eq!(told(&calls), [("a", &[2][..]), ("b", &[1, 3])]);
    assert_eq!(calls[1].unix_ns, NOON_NS + 12 * SECOND_NS);
    assert_eq!((state.deadline(), state.due(after(begin, 200))), (None, vec![]));
}

#[test]
fn a_call_of_the_next_minute_waits_for_its_own_end() {
    let (mut state, begin) = (State::default(), start());
    assert_eq!(state.add(&[call("a", 30, 1), call("b", 30, 2)], begin), []);
    // The new minute has begun, and `a` is told at once.
    let calls = state.add(&[call("a", 61, 3)], after(begin, 31));
    assert_eq!(told(&calls), [("a", &[1][..])]);
    assert_eq!(told(&state.due(after(begin, 32))), [("b", &[2][..])]);
    assert_eq!(state.deadline(), Some(after(begin, 92)));
    assert_eq!(told(&state.due(after(begin, 92))), [("a", &[3][..])]);
    assert_eq!(state.deadline(), None);
}

#[test]
fn as_many_as_are_told_together_do_not_wait() {
    let (mut state, begin) = (State::default(), start());
    let spans: Vec<_> = (0..250).map(|took_ns| call("a", 1, took_ns)).collect();
    let calls = state.add(&spans, begin);
    assert_eq!(calls.iter().map(|it| it.durations_ns.len()).collect::<Vec<_>>(), [100, 100]);
    assert_eq!(state.release()[0].durations_ns, (200..250).collect::<Vec<_>>());
    // Nothing waits where all of it is out.
    assert_eq!(state.add(&spans[..100], begin).len(), 1);
    assert_eq!(state.deadline(), None);
}

#[test]
fn errors_are_those_of_the_status_and_of_the_outcome() {
    let with = |status: Status, outcome| SpanRecord { status, outcome, ..call("a", 1, 1) };
    let error = || Status::Error { message: "".into() };
    let spans = [
        with(Status::Unset, Outcome::Ok),
        with(Status::Ok, Outcome::None),
        with(Status::Unset, Outcome::Cancelled),
        with(error(), Outcome::Ok),
        with(error(), Outcome::Error),
        with(Status::Unset, Outcome::Error),
        with(Status::Unset, Outcome::Panic),
    ];
    let mut state = State::default();
    assert_eq!(state.add(&spans, start()), []);
    let calls = state.release();
    assert_eq!((calls[0].errors, calls[0].durations_ns.len()), (4, 7));
}

/// A call of the function of this number, each of which has a callsite of its own.
fn call_of(number: usize, ended_at_s: u64) -> SpanRecord {
    static SOURCES: std::sync::OnceLock<Vec<Source>> = std::sync::OnceLock::new();
    let sources = SOURCES.get_or_init(|| {
        let name = |number: usize| -> &'static str { number.to_string().leak() };
        let source = |number| Source { function: "app::work", ..Source::by_hand(name(number), "") };
        (0..300).map(source).collect()
    });
    let source = &sources[number];
    SpanRecord { source, name: source.name.into(), ..call("", ended_at_s, 1) }
}

/// Names of the series that calls are counted in, and the number of calls in `other`.
fn series(calls: Vec<CallStatistics>) -> (Vec<usize>, usize) {
    let mut others = 0;
    let mut names: Vec<usize> = Vec::new();
    for it in calls {
        if it.function == CallStatistics::OTHERS {
            others += it.durations_ns.len();
        } else {
            names.push(it.function.parse().expect("a name is a number"));
        }
    }
    names.sort_unstable();
    names.dedup();
    (names, others)
}

#[test]
fn functions_beyond_the_bound_are_counted_as_others() {
    let (mut state, begin) = (State::default(), start());
    let spans: Vec<_> = (0..MAX_FUNCTIONS + 20).map(|it| call_of(it, 1)).collect();
    for _ in 0..2 {
        assert_eq!(state.add(&spans, begin), []);
        assert_eq!(series(state.release()), ((0..MAX_FUNCTIONS).collect(), 20));
    }
}

#[test]
fn function_without_calls_for_an_hour_gives_its_series_to_another() {
    let (mut state, begin) = (State::default(), start());
    let first: Vec<_> = (0..MAX_FUNCTIONS).map(|it| call_of(it, 1)).collect();
    state.add(&first, begin);
    state.release();
    // Half of them are called again before the hour is over, and then others.
    let used: Vec<_> = (0..50).map(|it| call_of(it, 1_800)).collect();
    let new: Vec<_> = (200..260).map(|it| call_of(it, 3_600)).collect();
    state.add(&used, after(begin, 1_800));
    state.add(&new[..10], after(begin, 3_599));
    assert_eq!(series(state.release()), ((0..50).collect(), 10), "too early");
    state.add(&new, after(begin, 3_600));
    let expected: Vec<_> = (200..250).collect();
    assert_eq!(series(state.release()), (expected, 10));
    state.add(&used, after(begin, 3_601));
    assert_eq!(series(state.release()), ((0..50).collect(), 0), "those in use keep theirs");
}

static FUNCTION: Source = Source { function: "app::work", ..Source::by_hand("work", "app") };

#[test]
fn names_set_at_run_time_share_the_series_of_their_callsite() {
    let (mut state, begin) = (State::default(), start());
    let named = |id| SpanRecord { source: &FUNCTION, ..call(format!("user {id}"), 1, 1) };
    let spans: Vec<_> = (0..50).map(named).collect();
    assert_eq!(state.add(&spans, begin), []);
    let calls = state.release();
    assert_eq!((calls.len(), &*calls[0].function), (1, "work"));
    assert_eq!(calls[0].durations_ns.len(), 50);
}

#[test]
fn flood_of_span_names_leaves_room_for_functions_and_loses_no_call() {
    let (mut state, begin) = (State::default(), start());
    let mut out = Vec::new();
    // Two hours of names that are never used again, and of names that take turns.
    for id in 0..7_200_u64 {
        let now = after(begin, id);
        out.extend(state.add(&[call(format!("user {id}"), id, 1)], now));
        out.extend(state.add(&[call(format!("turn {}", id % 200), id, 1)], now));
    }
    let functions: Vec<_> = (0..50).map(|number| call_of(number, 7_200)).collect();
    out.extend(state.add(&functions, after(begin, 7_200)));
    assert!(state.functions.len() <= MAX_FUNCTIONS);
    out.extend(state.release());
    let calls: usize = out.iter().map(|it| it.durations_ns.len()).sum();
    assert_eq!(calls, 2 * 7_200 + 50, "each call is counted once");
    let is_function = |it: &&CallStatistics| it.function.parse::<usize>().is_ok();
    assert_eq!(out.iter().filter(is_function).count(), 50, "functions have series of their own");
    let names = out.iter().filter(|it| it.function.starts_with(['u', 't'])).map(|it| &it.function);
    let names: std::collections::BTreeSet<_> = names.collect();
    assert!(names.len() <= 3 * MAX_SPAN_NAMES, "{} names in two hours", names.len());
}

#[test]
fn memory_of_waiting_calls_is_bounded() {
    let (mut state, begin) = (State::default(), start());
    for id in 0..20_000 {
        state.add(&[call(format!("{id}{}", "x".repeat(8_000)), 1, 1)], begin);
        state.add(&[call_of(id % 300, 1)], begin);
    }
    let of_calls = |calls: &CallStatistics| size_of_val(calls) + 8 * calls.durations_ns.capacity();
    let of_series = |(name, series): (&Cow<'_, str>, &Series)| {
        size_of::<(Cow<'_, str>, Series)>()
            + 2 * name.len()
            + series.waiting.as_ref().map_or(0, |calls| 8 * calls.durations_ns.capacity())
    };
    let bytes = state.functions.iter().map(of_series).sum::<usize>()
        + state.others.as_ref().map_or(0, of_calls);
    assert!(bytes < 512 * 1024, "{bytes} bytes");
}

#[test]
fn nothing_waits_once_it_is_closed() {
    let (mut state, begin) = (State::default(), start());
    assert_eq!(state.add(&[call("a", 1, 1)], begin), []);
    assert_eq!(told(&state.close()), [("a", &[1][..])]);
    assert_eq!(told(&state.add(&[call("a", 2, 2)], begin)), [("a", &[2][..])]);
    assert_eq!(state.deadline(), None);
}

#[test]
fn a_time_that_was_made_up_holds_up_nothing_for_long() {
    let (mut state, begin) = (State::default(), start());
    let far = 100 * 365 * 86_400;
    assert_eq!(state.add(&[call("past", 0, 0), call("future", far, 1)], begin), []);
    assert_eq!(state.deadline(), Some(after(begin, 62)));
    assert_eq!(state.due(after(begin, 62)).len(), 2);
}

#[test]
fn whatever_comes_every_call_is_told_once_with_those_of_its_minute() {
    let (mut state, begin) = (State::default(), start());
    let (mut seed, mut told) = (7_u64, Vec::new());
    let mut random = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let count = 20_000;
    for id in 0..count {
        let name = ["a", "b", "c", "d"][usize::try_from(random(4)).unwrap()];
        let (at_s, now) = (id / 50 + random(3), after(begin, id / 50));
        // Each takes a time of its own, by which it is known.
        told.extend(state.add(&[call(name, at_s, id)], now));
        told.extend(state.due(now));
    }
    told.extend(state.release());
    let mut ids: Vec<_> = told.iter().flat_map(|it| it.durations_ns.clone()).collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..count).collect::<Vec<_>>());
    for calls in told {
        assert!((1..=CallStatistics::MAX_CALLS).contains(&calls.durations_ns.len()));
        let minutes = calls.durations_ns.iter().map(|id| id / 50 / 60);
        let own = minute(calls.unix_ns) - minute(NOON_NS);
        // A call ends up to two seconds after the one that has its number.
        assert!(minutes.into_iter().all(|minute| minute == own || minute + 1 == own), "{calls:?}");
    }
}
