//! What a trace looks like.

use super::*;
use crate::record::{Attribute, EventRecord, Source, SpanContext, SpanId, TraceId};

static SOURCE: Source = Source::by_hand("", "");

fn span(id: u64, parent: Option<u64>, name: &'static str) -> SpanRecord {
    let context = SpanContext::sampled(TraceId::from_u128(0xabc), SpanId::from_u64(id));
    SpanRecord {
        name: name.into(),
        parent_span_id: parent.map(SpanId::from_u64),
        local_root_id: SpanId::from_u64(1),
        ..SpanRecord::new(context, &SOURCE, id * 1_000_000, 10_000_000)
    }
}

fn request() -> LocalTrace {
    let mut root = span(1, Some(77), "GET /home");
    root.kind = SpanKind::Server;
    root.attributes = vec![Attribute::new("http.route", "/home"), Attribute::new("n", 3_i64)];
    let mut failed = span(3, Some(2), "select");
    failed.status = Status::Error { message: "database is\nlocked".into() };
    failed.outcome = Outcome::Error;
    failed.events = vec![EventRecord {
        name: "retry".into(),
        unix_ns: 4_500_000,
        attributes: vec![Attribute::new("attempt", 2_i64)],
        dropped_attributes: 0,
    }];
    let mut cancelled = span(4, Some(1), "notify");
    cancelled.outcome = Outcome::Cancelled;
    let mut middle = span(2, Some(1), "home");
    middle.attributes = vec![Attribute::new("user.id", "7")];
    LocalTrace { root_id: SpanId::from_u64(1), spans: vec![failed, middle, cancelled, root] }
}

/// Spans from the root on, each with the parent that is asked for.
fn trace_of(count: u64, parent: impl Fn(u64) -> u64) -> LocalTrace {
    let parent = |id| if id == 1 { None } else { Some(parent(id)) };
    let spans = (1..=count).rev().map(|id| span(id, parent(id), "step")).collect();
    LocalTrace { root_id: SpanId::from_u64(1), spans }
}

fn text_of(of: &LocalTrace, is_coloured: bool) -> String {
    let mut out = Vec::new();
    trace(of, is_coloured, &mut out);
    String::from_utf8(out).unwrap()
}

fn rendered(is_coloured: bool) -> String {
    text_of(&request(), is_coloured)
}

#[test]
fn a_trace_is_a_tree_with_the_children_in_the_order_they_began() {
    let expected = "\
GET /home  9.00 ms  server  trace 00000000000000000000000000000abc
│  http.route=/home n=3
├─ home  8.00 ms
│  │  user.id=7
│  └─ select  7.00 ms  ✗ database is locked
│        • retry  +1.50 ms  attempt=2
└─ notify  6.00 ms  cancelled
";
    assert_eq!(rendered(false), expected);
}

#[test]
fn errors_are_red_and_only_on_a_terminal() {
    assert!(rendered(true).contains("\u{1b}[31m✗ database is locked\u{1b}[0m"));
    assert!(!rendered(false).contains('\u{1b}'));
}

#[test]
fn the_weight_of_a_trace_covers_its_text() {
    let deep = trace_of(3_000, |id| id - 1);
    let wide = trace_of(20_000, |_| 1);
    let mut wordy = request();
    for span in &mut wordy.spans {
        span.name = "é".repeat(500).into();
        span.status = Status::Error { message: "漢".repeat(500).into() };
        span.attributes = vec![Attribute::new("key", "漢".repeat(500)); 200];
        span.events = vec![
            EventRecord {
                name: "é".repeat(500).into(),
                unix_ns: u64::MAX,
                attributes: vec![Attribute::new("n", i64::MIN); 20],
                dropped_attributes: 0,
            };
            3
        ];
    }
    for trace in [&request(), &deep, &wide, &wordy, &trace_of(1, |_| 0)] {
        assert!(weigh(trace) >= text_of(trace, true).len());
    }
}

#[test]
fn deep_spans_say_their_depth_instead_of_standing_further_right() {
    let text = text_of(&trace_of(3_000, |id| id - 1), false);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3_000);
    assert_eq!(lines[2], "   └─ step  7.00 ms");
    let of = |line: usize| lines[line].trim_start();
    assert_eq!((of(32), of(33)), ("└─ step  0.00 ms", "⋯33 step  0.00 ms"));
    assert_eq!(of(2_999), "⋯2999 step  0.00 ms");
    assert_eq!(lines[33].len() - of(33).len(), 32 * 3);
}

#[test]
fn the_branches_above_deep_spans_go_on() {
    let mut trace = trace_of(40, |id| id - 1);
    trace.spans.push(span(41, Some(1), "last"));
    let text = text_of(&trace, false);
    assert!(text.lines().skip(2).take(38).all(|line| line.starts_with("│  ")), "{text}");
    assert!(text.ends_with("└─ last  0.00 ms\n"), "{text}");
}

#[test]
fn of_too_many_spans_the_first_are_shown_and_the_others_counted() {
    assert_eq!(text_of(&trace_of(20_000, |_| 1), false).lines().count(), 20_000);
    let text = text_of(&trace_of(40_000, |_| 1), false);
    let shown = text.lines().count() - 1;
    assert!(shown > 20_000 && text.len() <= MAX_TRACE_BYTES + LINE_BYTES);
    assert!(text.ends_with(&format!("\n… {} more spans\n", 40_000 - shown)));
}

#[test]
fn a_span_that_is_its_own_ancestor_is_shown_once() {
    let mut trace = request();
    trace.spans.push(span(8, Some(9), "loop"));
    trace.spans.push(span(9, Some(8), "loop"));
    trace.spans.push(span(5, Some(5), "loop"));
    let text = text_of(&trace, false);
    assert_eq!(text.matches("loop").count(), 3, "{text}");
    assert_eq!(text.lines().count(), rendered(false).lines().count() + 3);
}

#[test]
fn weight_of_a_trace_is_not_less_than_its_memory() {
    let mut trace = request();
    trace.spans[0].attributes.push(Attribute::new("text", "x".repeat(1024 * 1024)));
    assert!(weigh(&trace) >= 1024 * 1024, "{}", weigh(&trace));
}
