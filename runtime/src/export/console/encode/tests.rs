//! What a trace looks like.

use super::*;
use crate::record::{Dropped, EventRecord, Level, Source, SpanContext, TraceFlags, TraceId};

static SOURCE: Source =
    Source { name: "", target: "", function: "", file: "", line: 0, level: Level::Info };

fn span(id: u64, parent: Option<u64>, name: &'static str) -> SpanRecord {
    SpanRecord {
        name: name.into(),
        context: SpanContext {
            trace_id: TraceId::from_u128(0xabc),
            span_id: SpanId::from_u64(id),
            flags: TraceFlags::SAMPLED,
            is_remote: false,
        },
        parent_span_id: parent.map(SpanId::from_u64),
        parent_is_remote: false,
        local_root_id: SpanId::from_u64(1),
        trace_state: None,
        kind: SpanKind::Internal,
        start_unix_ns: id * 1_000_000,
        end_unix_ns: 10_000_000,
        attributes: Vec::new(),
        events: Vec::new(),
        links: Vec::new(),
        dropped: Dropped::default(),
        status: Status::Unset,
        outcome: Outcome::Ok,
        source: &SOURCE,
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

fn rendered(is_coloured: bool) -> String {
    let mut out = Vec::new();
    trace(&request(), is_coloured, &mut out);
    String::from_utf8(out).unwrap()
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
fn text_from_outside_cannot_colour_the_terminal_or_fill_it() {
    assert_eq!(on_one_line("a\u{1b}[31mb\nc"), "a [31mb c");
    assert_eq!(on_one_line(&"x".repeat(200)).chars().count(), MAX_VALUE_CHARS + 1);
}

#[test]
fn the_weight_of_a_trace_covers_its_text() {
    assert!(weigh(&request()) >= rendered(true).len());
}
