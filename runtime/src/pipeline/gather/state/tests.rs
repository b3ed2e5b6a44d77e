//! What goes out when.

use std::sync::OnceLock;
use std::time::Duration;

use super::*;
use crate::record::{Destinations, Segment, Source, SpanContext, TraceId};

static SOURCE: Source = Source::by_hand("work", "");

/// A span of the request whose root has the id 1.
fn span(id: u64, parent: u64) -> SpanRecord {
    of_request(1, id, parent)
}

pub(in super::super) fn of_request(root_id: u64, id: u64, parent: u64) -> SpanRecord {
    let parent_id = Some(SpanId::from_u64(parent)).filter(|id| id.is_valid());
    let context = SpanContext::sampled(TraceId::from_u128(1), SpanId::from_u64(id));
    let segment = Segment { is_root: id == root_id, parent_id, ..Segment::default() };
    SpanRecord {
        parent_span_id: parent_id,
        local_root_id: SpanId::from_u64(root_id),
        destinations: Destinations::ALL,
        segment: Some(Box::new(segment)),
        ..SpanRecord::new(context, &SOURCE, 0, 0)
    }
}

/// A moment, in seconds after the first.
fn at(seconds: u64) -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(clippy::disallowed_methods, reason = "any moment will do to count from")]
    let start = *START.get_or_init(Instant::now);
    start + Duration::from_secs(seconds)
}

/// A span weighs a hundred bytes.
fn state() -> State {
    State::new(GatherSettings::default(), |_| 100)
}

fn ids(traces: &[LocalTrace]) -> Vec<Vec<u64>> {
    let ids = |trace: &LocalTrace| {
        trace.spans.iter().map(|span| span.context.span_id.to_u64()).collect::<Vec<_>>()
    };
    traces.iter().map(ids).collect()
}

#[test]
fn a_time_without_end_overflows_nothing() {
    const MAX: Duration = Duration::MAX;
    let default = GatherSettings::default;
    for settings in [
        GatherSettings { grace: MAX, ..default() },
        GatherSettings { max_age: MAX, ..default() },
        GatherSettings { max_wait: MAX, ..default() },
        GatherSettings { heartbeat: Some(MAX), ..default() },
        GatherSettings {
            grace: MAX,
            max_age: MAX,
            max_wait: MAX,
            heartbeat: Some(MAX),
            min_part_bytes: 0,
            ..default()
        },
    ] {
        let mut state = State::new(settings, |_| 100);
        state.begin([span(1, 0)].into_iter(), at(0));
        // A root whose child is still open, and a request whose root is.
        assert!(state.add(&[span(3, 2), span(1, 0), of_request(7, 8, 7)], at(0)).is_empty());
        let (due, left) = (state.due(at(100_000)), state.release());
        assert_eq!(ids(&due).concat().len() + ids(&left).concat().len(), 3, "{settings:?}");
    }
}

#[test]
fn a_request_whose_spans_have_all_ended_goes_out_with_its_root() {
    let mut state = state();
    assert_eq!(ids(&state.add(&[span(3, 2), span(2, 1)], at(0))), [[0_u64; 0]; 0]);
    assert_eq!(ids(&state.add(&[span(1, 0)], at(0))), [[3, 2, 1]]);
    assert_eq!((state.deadline(), state.memory_bytes), (None, 0));
}

#[test]
fn a_root_read_before_its_child_of_the_same_pass_waits_for_it() {
    let mut state = state();
    assert_eq!(ids(&state.add(&[span(1, 0), span(2, 1)], at(0))), [[1, 2]]);
}

#[test]
fn a_root_above_an_open_span_waits_a_second_for_it() {
    let mut state = state();
    state.add(&[span(3, 2), span(1, 0)], at(0));
    assert_eq!(state.deadline(), Some(at(1)));
    assert_eq!(ids(&state.add(&[span(2, 1)], at(0))), [[3, 1, 2]]);

    let mut late = self::state();
    late.add(&[span(3, 2), span(1, 0)], at(0));
    assert_eq!(late.due(at(0)).len(), 0);
    assert_eq!(ids(&late.due(at(1))), [[3, 1]]);
    assert_eq!(ids(&late.add(&[span(2, 1), span(4, 2)], at(2))), [[2, 4]]);
}

#[test]
fn what_ends_after_its_request_went_out_goes_out_by_itself() {
    let mut state = state();
    state.add(&[span(1, 0)], at(0));
    assert_eq!(ids(&state.add(&[span(2, 1)], at(9))), [[2]]);
    assert_eq!(state.deadline(), None);
}

#[test]
fn spans_that_are_no_segments_are_not_gathered() {
    let mut state = state();
    let inner = SpanRecord { segment: None, destinations: Destinations::SPANS, ..span(2, 1) };
    assert_eq!(ids(&state.add(&[inner, span(1, 0)], at(0))), [[1]]);
}

#[test]
fn a_request_that_grows_large_sends_what_has_ended_and_goes_on() {
    let mut state = state();
    let many: Vec<_> = (2..=1_002).map(|id| span(id, 1)).collect();
    let parts = state.add(&many, at(0));
    assert_eq!(parts.iter().map(|part| part.spans.len()).collect::<Vec<_>>(), [1_001]);
    assert_eq!(ids(&state.add(&[span(2_000, 1), span(1, 0)], at(1))), [[2_000, 1]]);
}

#[test]
fn a_request_that_grows_large_within_one_pass_goes_out_in_parts_within_the_bounds() {
    let lengths = |parts: &[LocalTrace]| parts.iter().map(|part| part.spans.len()).collect();
    for (settings, expected) in [
        (GatherSettings { max_spans: 3, ..GatherSettings::default() }, vec![4_usize, 4]),
        (GatherSettings { max_trace_bytes: 250, ..GatherSettings::default() }, vec![3, 3, 3]),
    ] {
        let mut state = State::new(settings, |_| 100);
        let many: Vec<_> = (2..12).map(|id| span(id, 1)).collect();
        let found: Vec<usize> = lengths(&state.add(&many, at(0)));
        assert_eq!(found, expected);
        let waiting = 10 - expected.iter().sum::<usize>();
        assert_eq!(lengths(&state.release()), vec![waiting]);
    }
}

#[test]
fn a_request_that_grows_old_sends_what_has_ended_once_that_is_worth_it() {
    let mut state = state();
    state.add(&[span(2, 1)], at(0));
    assert_eq!(state.due(at(60)).len(), 0, "too little");
    let more: Vec<_> = (3..=200).map(|id| span(id, 1)).collect();
    let parts = state.add(&more, at(70));
    assert_eq!(parts.iter().map(|part| part.spans.len()).collect::<Vec<_>>(), [199]);
    assert_eq!(ids(&state.add(&[span(1, 0)], at(80))), [[1]]);
}

#[test]
fn what_has_ended_below_a_root_that_never_does_goes_out_in_the_end() {
    let mut state = state();
    state.add(&[span(2, 1)], at(0));
    assert_eq!(state.due(at(60)).len(), 0);
    assert_eq!(state.deadline(), Some(at(300)));
    assert_eq!(ids(&state.due(at(300))), [[2]]);
    assert_eq!(state.deadline(), None);
}

#[test]
fn beyond_the_bounds_the_oldest_request_goes_out_as_it_is() {
    let mut group = Vec::new();
    let [first, more] =
        [11, 12].map(|id| crate::record::weight::push_span(&mut group, of_request(10, id, 10)));
    // Two requests of one span each, and one and a half further spans.
    let max_bytes = 2 * first + more + more / 2;
    let settings = GatherSettings { max_traces: 2, max_bytes, ..GatherSettings::default() };
    let mut state = State::new(settings, |_| 100);
    state.add(&[of_request(10, 11, 10), of_request(20, 21, 20)], at(0));
    assert_eq!(ids(&state.add(&[of_request(30, 31, 30)], at(0))), [[11]]);
    assert_eq!(
        ids(&state.add(&[of_request(20, 22, 20), of_request(20, 23, 20)], at(0))),
        [[21, 22, 23]]
    );
    assert_eq!(state.memory_bytes, first);
}

#[test]
fn the_end_of_it_all_releases_everything_oldest_first() {
    let mut state = state();
    state.add(&[of_request(10, 11, 10), of_request(20, 21, 20)], at(0));
    assert_eq!(ids(&state.release()), [[11], [21]]);
    assert_eq!((state.deadline(), state.memory_bytes), (None, 0));
}

fn running(root_id: u64) -> SpanRecord {
    of_request(root_id, root_id, 0)
}

#[test]
fn a_request_that_runs_long_sends_one_sign_of_life_and_its_end_another_document() {
    let settings =
        GatherSettings { heartbeat: Some(Duration::from_secs(30)), ..Default::default() };
    let mut state = State::new(settings, |_| 100);
    state.begin([running(1), running(2)].into_iter(), at(0));
    assert_eq!(state.deadline(), Some(at(30)));
    assert_eq!(ids(&state.add(&[running(2)], at(10))), [[2]]);
    assert_eq!(state.due(at(29)).len(), 0);
    assert_eq!(ids(&state.due(at(30))), [[1]]);
    assert_eq!((state.due(at(90)).len(), state.deadline()), (0, None));
    assert_eq!(ids(&state.add(&[running(1)], at(99))), [[1]]);
}

#[test]
fn requests_that_begin_are_forgotten_where_nobody_wants_signs_of_life() {
    let mut state = state();
    state.begin([running(1)].into_iter(), at(0));
    assert_eq!(state.deadline(), None);
}

#[test]
fn what_ends_after_the_end_of_all_does_not_wait() {
    let mut state = state();
    assert_eq!(state.add(&[span(2, 1)], at(0)).len(), 0);
    assert_eq!(ids(&state.close()), [[2]]);
    assert_eq!(ids(&state.add(&[span(4, 3)], at(1))), [[4]]);
    assert_eq!(state.deadline(), None);
}

#[test]
fn a_request_that_has_ended_is_not_looked_at_for_a_sign_of_life() {
    let settings =
        GatherSettings { heartbeat: Some(Duration::from_secs(30)), ..Default::default() };
    let mut state = State::new(settings, |_| 100);
    state.begin([running(1)].into_iter(), at(0));
    assert_eq!(ids(&state.add(&[running(1)], at(10))), [[1]]);
    assert_eq!(state.deadline(), None);
}

/// A child of span 2, which is still open, with a text of so many bytes.
fn heavy(id: u64, bytes: usize) -> SpanRecord {
    let attributes = vec![crate::record::Attribute::new("text", "x".repeat(bytes))];
    SpanRecord { attributes, ..span(id, 2) }
}

#[test]
fn request_with_its_root_keeps_to_its_bounds_in_its_grace() {
    for settings in [
        GatherSettings { max_spans: 10, ..GatherSettings::default() },
        GatherSettings { max_trace_bytes: 1_000, ..GatherSettings::default() },
    ] {
        let mut state = State::new(settings, |_| 100);
        assert!(state.add(&[span(1, 0), span(3, 2)], at(0)).is_empty());
        let parts: Vec<_> = (4..100)
            .flat_map(|id| state.add(&[span(id, 2)], at(0)))
            .map(|it| it.spans.len())
            .collect();
        assert_eq!(parts.iter().max(), Some(&11), "{parts:?}");
        // What comes after it goes out by itself.
        assert_eq!(parts.iter().sum::<usize>(), 98);
        assert_eq!((state.memory_bytes, state.deadline()), (0, None));
    }
}

#[test]
fn spans_wait_up_to_a_number_of_bytes_of_memory() {
    let settings = GatherSettings { max_bytes: 1024 * 1024, ..GatherSettings::default() };
    let mut state = State::new(settings, |_| 100);
    let mut out = 0;
    for id in 0..100 {
        let other =
            SpanRecord { local_root_id: SpanId::from_u64(500 + id), ..heavy(1_000 + id, 65_536) };
        out += state.add(&[other], at(0)).len();
    }
    assert!((84..=90).contains(&out), "{} spans of 64 KiB wait", 100 - out);
}

#[test]
fn memory_of_waiting_spans_counts_with_the_room_for_more() {
    let mut state = state();
    for id in 0..1_000 {
        state.add(&[of_request(10 + id % 300, 5_000 + id, 10 + id % 300)], at(0));
    }
    let counted = state.memory_bytes;
    let waiting = state.release();
    let memory = waiting.iter().map(|trace| trace.weight_bytes() - size_of::<LocalTrace>());
    assert_eq!((counted, state.memory_bytes), (memory.sum(), 0));
}

#[test]
fn running_requests_wait_up_to_a_number_of_bytes() {
    let settings = GatherSettings {
        max_bytes: 1024 * 1024,
        heartbeat: Some(Duration::from_secs(9)),
        ..GatherSettings::default()
    };
    let mut state = State::new(settings, |_| 100);
    let running = (0..100).map(|id| SpanRecord {
        local_root_id: SpanId::from_u64(500 + id),
        ..heavy(500 + id, 65_536)
    });
    state.begin(running, at(0));
    let alive = state.due(at(9)).len();
    assert!((10..=16).contains(&alive), "{alive} running requests of 64 KiB are kept");
}
