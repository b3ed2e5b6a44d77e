//! A span is the same whether its amendments were reduced or not.

use super::*;
use crate::record::{Destinations, Outcome, SpanContext, SpanId, SpanKind, SpanRecord, TraceFlags};
use crate::record::{Source, TraceId};
use crate::span::amend::address;
use crate::span::clock::ClockAnchor;
use crate::span::decode::amend;
use crate::span::layout::{RemoteParent, What};
use crate::span::traits::Traits;

static CALLSITE: Callsite = Callsite {
    source: Source::by_hand("name", "target"),
    kind: SpanKind::Internal,
    keys: &["a", "b"],
    marks: &[],
    subsegment: None,
    destinations: Destinations::ALL,
};

const LIMITS: Limits = Limits { attributes: 2, events: 1, links: 1, value_chars: usize::MAX };

/// Number of the kinds of [`amendment`].
const KINDS: usize = 10;

/// Number of amendments of each span.
const LENGTH: u32 = 4;

/// An amendment of one of several kinds, with its time as the value.
fn amendment(kind: usize, time: u64) -> Vec<u64> {
    let (a, b) = (number(0, &[], time), number(1, &[], time));
    let named = |key: &str| number(0xFFFF, &[1, u64::from(key.as_bytes()[0])], time);
    match kind {
        0 => record(Tag::Items, time, &a),
        1 => record(Tag::Items, time, &named("a")),
        2 => record(Tag::Items, time, &named("c")),
        3 => record(Tag::Items, time, &[b, a].concat()),
        4 => record(Tag::Items, time, &text(Key::NAME, time)),
        5 => record(Tag::Items, time, &text(Key::STATUS_OK, time)),
        6 => record(Tag::Items, time, &text(Key::STATUS_ERROR, time)),
        7 => record(Tag::Items, time, &text(Key::FAILURE, time)),
        8 => record(Tag::Event, time, &[[1, digit(time)].as_slice(), &a].concat()),
        _ => record(Tag::Link, time, &[1, 2, time, 0]),
    }
}

fn record(tag: Tag, time: u64, items: &[u64]) -> Vec<u64> {
    let what = What {
        tag,
        outcome: Outcome::Ok,
        takers: Destinations::NONE,
        traits: Traits::from_bits(0),
        remote: RemoteParent::NONE,
        item_words: u16::try_from(items.len()).unwrap(),
    };
    [&[what.pack(), address(&CALLSITE), 1, time], items].concat()
}

fn number(key: u16, text: &[u64], value: u64) -> Vec<u64> {
    [&[u64::from(key) | 1 << 16], text, &[value]].concat()
}

fn text(key: Key<'_>, time: u64) -> Vec<u64> {
    vec![u64::from(key.index()) | 3 << 16 | 1 << 32, digit(time)]
}

fn digit(time: u64) -> u64 {
    time + u64::from(b'0')
}

/// Every sequence of kinds.
fn sequences() -> impl Iterator<Item = Vec<Vec<u64>>> {
    (0..KINDS.pow(LENGTH)).map(|number| {
        let kind = |at| number / KINDS.pow(at) % KINDS;
        (0..LENGTH).map(|at| amendment(kind(at), u64::from(at) + 1)).collect()
    })
}

/// The span with these amendments, reduced after each of them or not at all.
fn amended(
    amendments: &[Vec<u64>],
    anchor: &ClockAnchor,
    limits: &Limits,
    is_reduced: bool,
) -> String {
    let context = SpanContext {
        trace_id: TraceId::from_u128(1),
        span_id: SpanId::from_u64(1),
        flags: TraceFlags::SAMPLED,
        is_remote: false,
    };
    let mut span = SpanRecord::new(context, &CALLSITE.source, 1, 2);
    let mut words = Vec::new();
    for amendment in amendments {
        words.extend_from_slice(amendment);
        if is_reduced {
            span.dropped.add(reduce(&mut words, limits));
        }
    }
    amend(&mut span, &words, anchor, limits);
    format!("{span:?}")
}

#[test]
fn reduced_amendments_make_the_same_span() {
    let anchor = ClockAnchor::new();
    for amendments in sequences() {
        let [reduced, whole] =
            [true, false].map(|is_reduced| amended(&amendments, &anchor, &LIMITS, is_reduced));
        assert_eq!(reduced, whole, "{amendments:?}");
    }
}

#[test]
fn amendments_of_another_thread_may_be_read_after_a_reduction() {
    let anchor = ClockAnchor::new();
    let limits = Limits { attributes: 8, ..LIMITS };
    for mut amendments in sequences() {
        amendments.rotate_left(2);
        let [reduced, whole] =
            [true, false].map(|is_reduced| amended(&amendments, &anchor, &limits, is_reduced));
        assert_eq!(reduced, whole, "{amendments:?}");
    }
}

#[test]
fn reduced_amendments_are_bounded() {
    for kind in 0..KINDS {
        let mut words: Vec<u64> = (1..=100).flat_map(|time| amendment(kind, time)).collect();
        reduce(&mut words, &LIMITS);
        assert!(words.len() <= 2 * amendment(kind, 0).len(), "kind {kind}: {} words", words.len());
    }
    let distinct = |key: u64| record(Tag::Items, key, &number(0xFFFF, &[8, key], key));
    let mut words: Vec<u64> = (0..100).flat_map(distinct).collect();
    let dropped = reduce(&mut words, &LIMITS);
    assert_eq!((words, dropped.attributes), ([distinct(0), distinct(1)].concat(), 98));
}
