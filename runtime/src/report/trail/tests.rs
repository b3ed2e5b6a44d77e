//! What a trail remembers, with times and ids given.

use super::*;
use crate::record::{Array, Attribute, Level, LogId, Source, SpanContext, SpanKind};

static SOURCE: Source = Source::by_hand("", "");

const TRACE: TraceId = TraceId::from_u128(7);

/// A span of trace 7 that ends at `id` times 10 and has taken 5.
fn span(id: u64, parent: Option<u64>) -> SpanRecord {
    let context = SpanContext::sampled(TRACE, SpanId::from_u64(id));
    SpanRecord {
        name: format!("span {id}").into(),
        parent_span_id: parent.map(SpanId::from_u64),
        local_root_id: SpanId::from_u64(1),
        ..SpanRecord::new(context, &SOURCE, id * 10 - 5, id * 10)
    }
}

fn trail(spans: Vec<SpanRecord>) -> Trail {
    let trail = Trail::default();
    process(&trail, spans);
    trail
}

fn process(trail: &Trail, spans: Vec<SpanRecord>) {
    Processor::<SpanRecord>::process(trail, &spans.into());
}

fn around(trail: &Trail, id: u64, at_unix_ns: u64) -> Around {
    trail.around(TRACE, SpanId::from_u64(id), at_unix_ns)
}

fn note(unix_ns: u64, message: &str) -> Breadcrumb {
    let what = Happening::Note { message: message.to_owned() };
    Breadcrumb { unix_ns, severity: Severity::Debug, what }
}

fn told(around: &Around) -> Vec<String> {
    let texts = around.breadcrumbs.iter().map(|crumb| match &crumb.what {
        Happening::Log { message } | Happening::Note { message } => message.clone(),
        Happening::Span { name, error, .. } => match error {
            Some(error) => format!("{name}: {error}"),
            None => name.to_string(),
        },
        Happening::Call { method, url, status } => format!("{method} {url} {status:?}"),
    });
    texts.collect()
}

#[test]
fn the_path_goes_from_the_request_down_to_the_innermost_span() {
    let mut request = span(2, Some(1));
    request.kind = SpanKind::Server;
    let trail = trail(vec![span(1, None), request, span(4, Some(3)), span(3, Some(2))]);
    assert_eq!(around(&trail, 4, 0).spans, ["span 2", "span 3", "span 4"]);
    assert_eq!(around(&trail, 9, 0).spans, [""; 0]);
}

#[test]
fn a_path_ends_where_a_span_has_not_ended_or_lives_elsewhere_and_a_ring_ends_somewhere() {
    let mut first = span(5, Some(1));
    first.parent_is_remote = true;
    let spans = vec![span(1, None), span(4, Some(3)), first, span(6, Some(7)), span(7, Some(6))];
    let trail = trail(spans);
    assert_eq!(around(&trail, 4, 0).spans, ["span 4"]);
    assert_eq!(around(&trail, 5, 0).spans, ["span 5"]);
    assert_eq!(around(&trail, 6, 0).spans.len(), MAX_DEPTH);
}

#[test]
fn what_happened_before_in_the_same_trace_is_told_oldest_first() {
    let mut other = span(3, None);
    other.context.trace_id = TraceId::from_u128(8);
    let mut request = span(1, None);
    request.kind = SpanKind::Server;
    let trail = trail(vec![span(4, None), span(2, None), other, request, span(6, None)]);
    trail.note(Some(TRACE), note(30, "noted"));
    trail.note(None, note(31, "of nobody"));
    trail.note(Some(TRACE), note(60, "too late"));
    assert_eq!(told(&around(&trail, 9, 50)), ["span 2", "noted", "span 4"]);
    let outside = trail.around(TraceId::INVALID, SpanId::INVALID, 50);
    assert_eq!(told(&outside), ["of nobody"]);
}

#[test]
fn only_so_many_are_told_and_they_are_the_newest() {
    let trail = Trail::new(3);
    Processor::<SpanRecord>::process(&trail, &(1..=10).map(|id| span(id, None)).collect());
    (0..10).for_each(|at| trail.note(Some(TRACE), note(85 + at, &format!("note {at}"))));
    assert_eq!(told(&around(&trail, 9, 92)), ["span 9", "note 6", "note 7"]);
    assert_eq!(told(&around(&trail, 9, 85)), ["span 7", "span 8", "note 0"]);
    assert_eq!(told(&around(&trail, 9, 100)), ["note 8", "note 9", "span 10"]);
}

#[test]
fn what_happened_long_ago_is_not_told() {
    let trail = trail(vec![span(1, None)]);
    assert_eq!(told(&around(&trail, 9, 10 + MAX_AGE_NS)), ["span 1"]);
    assert_eq!(told(&around(&trail, 9, 11 + MAX_AGE_NS)), [""; 0]);
}

#[test]
fn a_request_to_another_service_is_told_as_a_call() {
    let mut call = span(1, None);
    call.attributes = vec![
        Attribute::new("http.request.method", "GET"),
        Attribute::new("url.full", "http://a/b"),
        Attribute::new("http.response.status_code", 503),
    ];
    let found = around(&trail(vec![call]), 9, 50).breadcrumbs;
    let what =
        Happening::Call { method: "GET".into(), url: "http://a/b".into(), status: Some(503) };
    assert_eq!(found, [Breadcrumb { unix_ns: 10, severity: Severity::Error, what }]);
}

#[test]
fn a_span_that_failed_says_why() {
    let mut failed = span(1, None);
    failed.status = Status::Error { message: "no rows".into() };
    let mut panicked = span(2, None);
    panicked.outcome = Outcome::Panic;
    let found = around(&trail(vec![failed, panicked, span(3, None)]), 9, 50);
    assert_eq!(told(&found), ["span 1: no rows", "span 2: panic", "span 3"]);
    let severities: Vec<_> = found.breadcrumbs.iter().map(|crumb| crumb.severity).collect();
    assert_eq!(severities, [Severity::Error, Severity::Error, Severity::Info]);
    let Happening::Span { duration_ns, .. } = found.breadcrumbs[2].what else {
        panic!("a span is told as a span")
    };
    assert_eq!(duration_ns, 5);
}

#[test]
fn events_are_notes_but_for_exceptions() {
    let event = |name: &'static str, unix_ns, attributes| EventRecord {
        name: name.into(),
        unix_ns,
        attributes,
        dropped_attributes: 0,
    };
    let mut span = span(1, None);
    span.events = vec![
        event("exception", 6, Vec::new()),
        event("retried", 7, vec![Attribute::new("attempt", 2)]),
        event("large", 8, vec![Attribute::new("text", "ä".repeat(4_096))]),
    ];
    let found = around(&trail(vec![span]), 9, 8);
    let told = told(&found);
    assert_eq!(told[0], "retried attempt=2");
    assert_eq!(told[1].len(), MAX_EVENT_BYTES - 1);
    assert_eq!(told.len(), 2);
}

#[test]
fn groups_are_kept_by_reference_and_the_oldest_go_first() {
    let trail = Trail::default();
    let group: Arc<[SpanRecord]> = (1..=10).map(|id| span(id, None)).collect();
    for _ in 0..10_000 {
        Processor::<SpanRecord>::process(&trail, &group);
    }
    let kept = trail.spans.groups();
    assert!(kept.iter().all(|kept| Arc::ptr_eq(kept, &group)));
    let bytes: usize = group.iter().map(SpanRecord::weight_bytes).sum();
    assert_eq!(kept.len(), MAX_SPAN_BYTES / bytes);
}

#[test]
fn where_a_value_of_an_event_ends_can_be_seen_by_whoever_hides_it() {
    let attributes = [
        ("user", Value::from("bob")),
        ("password", "correct horse, \"battery\"".into()),
        ("token", Array::Str(vec!["a b".into(), "c".into()]).into()),
        ("q", "a b".into()),
    ];
    let attributes = attributes.map(|(key, value)| Attribute::new(key, value));
    let event = EventRecord {
        name: "login".into(),
        unix_ns: 1,
        attributes: attributes.into(),
        dropped_attributes: 0,
    };
    let told = sentence(&event.name, &event.attributes);
    assert_eq!(
        told,
        r#"login user=bob password="correct horse, \"battery\"" token=["a b", "c"] q="a b""#
    );
}

/// An event of the log in trace 7, or in none.
fn logged(unix_ns: u64, level: Level, message: &str, trace_id: TraceId) -> LogRecord {
    LogRecord {
        id: LogId::new(unix_ns, 0),
        unix_ns,
        level,
        target: "".into(),
        file: None,
        line: None,
        message: message.to_owned().into(),
        attributes: vec![Attribute::new("left", 3)],
        span: trace_id.is_valid().then_some(SpanContext {
            trace_id,
            span_id: SpanId::from_u64(1),
            ..SpanContext::INVALID
        }),
        user: None,
    }
}

#[test]
fn what_was_logged_before_is_told_once_with_its_level_and_its_fields() {
    let mut first = span(1, None);
    first.events.push(EventRecord {
        name: "running low".into(),
        unix_ns: 8,
        attributes: Vec::new(),
        dropped_attributes: 0,
    });
    let trail = trail(vec![first]);
    let records = [
        logged(8, Level::Warn, "running low", TRACE),
        logged(9, Level::Info, "of another trace", TraceId::from_u128(8)),
        logged(7, Level::Trace, "", TRACE),
        logged(99, Level::Info, "too late", TRACE),
    ];
    Processor::<LogRecord>::process(&trail, &records.into());
    let found = around(&trail, 1, 50);
    assert_eq!(told(&found), ["left=3", "running low left=3", "span 1"]);
    let severities: Vec<_> = found.breadcrumbs.iter().map(|crumb| crumb.severity).collect();
    assert_eq!(severities, [Severity::Debug, Severity::Warning, Severity::Info]);
    assert!(matches!(found.breadcrumbs[0].what, Happening::Log { .. }));
}

#[test]
fn a_breadcrumb_has_the_fields_of_the_spans_around_its_event() {
    let field = |key: &'static str, value: i64| Attribute::new(key, value);
    let mut request = span(1, None);
    request.kind = SpanKind::Server;
    request.attributes = vec![Attribute::new("http.route", "/")];
    let mut outer = span(2, Some(1));
    outer.attributes = vec![field("order", 7), field("left", 9), field("busy_ns", 5)];
    let mut inner = span(3, Some(2));
    inner.attributes = vec![field("attempt", 2), Attribute::new("error.type", "E")];
    inner.events.push(EventRecord {
        name: "retried".into(),
        unix_ns: 8,
        attributes: vec![field("attempt", 1)],
        dropped_attributes: 0,
    });
    let trail = trail(vec![inner, outer, request]);
    let mut record = logged(7, Level::Info, "charged", TRACE);
    record.span = record.span.map(|span| SpanContext { span_id: SpanId::from_u64(3), ..span });
    Processor::<LogRecord>::process(&trail, &[record].into());
    let expected = ["charged left=3 attempt=2 order=7", "retried attempt=1 order=7 left=9"];
    assert_eq!(told(&around(&trail, 3, 9)), expected);
}

#[test]
fn a_failure_outside_of_any_trace_has_what_was_logged_outside() {
    let trail = Trail::default();
    let records =
        [logged(8, Level::Info, "outside", TraceId::INVALID), logged(9, Level::Info, "in", TRACE)];
    Processor::<LogRecord>::process(&trail, &records.into());
    let found = trail.around(TraceId::INVALID, SpanId::INVALID, 50);
    assert_eq!(told(&found), ["outside left=3"]);
}

#[test]
fn memory_is_bounded_by_what_was_logged() {
    let trail = Trail::default();
    let text = "x".repeat(512 * 1024);
    for unix_ns in 1..=10 {
        Processor::<LogRecord>::process(
            &trail,
            &[logged(unix_ns, Level::Info, &text, TRACE)].into(),
        );
    }
    let found = around(&trail, 1, 50);
    assert_eq!(found.breadcrumbs.len(), 3);
    assert!(found.breadcrumbs.iter().all(|crumb| crumb.unix_ns >= 8));
    let Happening::Log { message } = &found.breadcrumbs[0].what else { panic!("expected the log") };
    assert_eq!(message.len(), MAX_EVENT_BYTES);
}

/// A text of 64 KiB.
fn heavy() -> Attribute {
    Attribute::new("text", "x".repeat(64 * 1024))
}

#[test]
fn spans_are_kept_up_to_a_number_of_bytes() {
    let trail = Trail::new(usize::MAX);
    for id in 1..=200 {
        process(&trail, vec![SpanRecord { attributes: vec![heavy()], ..span(id, None) }]);
    }
    let kept = told(&around(&trail, 9, 10_000));
    assert!((30..=64).contains(&kept.len()), "{} spans of 64 KiB are kept", kept.len());
    assert_eq!(kept.last().map(String::as_str), Some("span 200"));
}

#[test]
fn newest_records_of_an_oversized_group_are_kept() {
    let trail = Trail::new(usize::MAX);
    let group = (1..=200).map(|id| SpanRecord { attributes: vec![heavy()], ..span(id, None) });
    process(&trail, group.collect());
    let kept = told(&around(&trail, 9, 10_000));
    assert!((30..=64).contains(&kept.len()), "{} spans of 64 KiB are kept", kept.len());
    assert_eq!(kept.last().map(String::as_str), Some("span 200"));
}

#[test]
fn events_of_the_log_are_kept_up_to_a_number_of_bytes() {
    let trail = Trail::new(usize::MAX);
    for at in 1..=200 {
        // The texts of a list count as well.
        let texts = Array::Str(vec!["x".repeat(1_024); 64]);
        let attributes = vec![Attribute::new("texts", texts)];
        let record = LogRecord { attributes, ..logged(at, Level::Info, "", TRACE) };
        Processor::<LogRecord>::process(&trail, &vec![record].into());
    }
    let kept = told(&around(&trail, 9, 10_000)).len();
    assert!((15..=32).contains(&kept), "{kept} events of 64 KiB are kept");
}

#[test]
fn own_breadcrumbs_are_kept_up_to_a_number_of_bytes() {
    let trail = Trail::new(usize::MAX);
    for at in 1..=200 {
        trail.note(Some(TRACE), note(at, &"x".repeat(64 * 1024)));
    }
    let kept = told(&around(&trail, 9, 10_000)).len();
    assert!((8..=16).contains(&kept), "{kept} breadcrumbs of 64 KiB are kept");
    trail.note(Some(TRACE), note(300, &"x".repeat(64 * 1024 * 1024)));
    assert_eq!(told(&around(&trail, 9, 10_000)).len(), kept, "one that is too large is not kept");
}
