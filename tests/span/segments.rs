//! Who takes a span, and which span is whose parent to whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use spanwright::record::{Attribute, Destinations, Level, Metadata, SpanId, SpanKind, SpanRecord};
use spanwright::sample::{DecideSegments, Input, Sampler, SegmentDecision};
use spanwright::testing::{Capture, capture};
use spanwright::{Span, current, traced};

fn named<'a>(spans: &'a [SpanRecord], name: &str) -> &'a SpanRecord {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span {name}"))
}

fn request() -> Span {
    Span::build("request").kind(SpanKind::Server).start()
}

/// Runs `body` below `span`.
fn below(span: &Span, body: impl FnOnce()) {
    span.in_scope(body);
}

fn parent_segment(span: &SpanRecord) -> Option<u64> {
    span.segment.as_ref()?.parent_id.map(SpanId::to_u64)
}

#[test]
fn what_crosses_the_border_of_a_service_goes_to_everybody_and_what_is_inside_to_those_of_spans() {
    let spans = capture(|| {
        below(&request(), || {
            below(&Span::new("inner"), || drop(Span::build("call").kind(SpanKind::Client).start()));
        });
    });
    let takers: Vec<_> = spans.iter().map(|span| (&*span.name, span.destinations)).collect();
    let expected = [
        ("call", Destinations::ALL),
        ("inner", Destinations::SPANS),
        ("request", Destinations::ALL),
    ];
    assert_eq!(takers, expected);
    assert!(named(&spans, "inner").segment.is_none());
}

#[test]
fn the_parent_of_a_subsegment_is_the_nearest_span_above_that_is_one() {
    let spans = capture(|| {
        below(&request(), || {
            below(&Span::build("outer").subsegment().start(), || {
                below(&Span::new("span alone"), || {
                    drop(Span::build("inner").subsegment().start());
                });
            });
        });
    });
    let id = |name| named(&spans, name).context.span_id;
    assert_eq!(named(&spans, "inner").parent_span_id, Some(id("span alone")));
    assert_eq!(parent_segment(named(&spans, "inner")), Some(id("outer").to_u64()));
    assert_eq!(parent_segment(named(&spans, "outer")), Some(id("request").to_u64()));
    assert_eq!(parent_segment(named(&spans, "request")), None);
    assert!(named(&spans, "request").segment.as_ref().unwrap().is_root);
    assert!(!named(&spans, "outer").segment.as_ref().unwrap().is_root);
}

#[test]
fn a_segment_begins_where_a_request_does_and_where_one_is_asked_for() {
    let spans = capture(|| {
        below(&Span::new("loop"), || {
            drop(Span::build("message").kind(SpanKind::Consumer).start());
            below(&Span::build("job").segment().start(), || {
                drop(Span::build("step").subsegment().start());
            });
        });
    });
    assert!(named(&spans, "loop").segment.is_none());
    for name in ["message", "job"] {
        let span = named(&spans, name);
        assert_eq!(span.local_root_id, span.context.span_id, "{name}");
        assert!(span.segment.as_ref().is_some_and(|segment| segment.is_root), "{name}");
        assert_eq!(span.parent_span_id, Some(named(&spans, "loop").context.span_id));
    }
    assert_eq!(
        parent_segment(named(&spans, "step")),
        Some(named(&spans, "job").context.span_id.to_u64())
    );
}

#[test]
fn a_segment_inside_a_segment_is_below_it_and_both_are_kept() {
    let spans = capture(|| {
        below(&request(), || {
            drop(Span::build("nested").kind(SpanKind::Consumer).start());
            drop(Span::build("after").subsegment().start());
        });
    });
    let request = named(&spans, "request").context.span_id.to_u64();
    assert!(named(&spans, "nested").segment.as_ref().unwrap().is_root);
    assert_eq!(parent_segment(named(&spans, "nested")), Some(request));
    assert_eq!(parent_segment(named(&spans, "after")), Some(request));
}

#[test]
fn without_a_segment_above_a_subsegment_is_a_span_alone() {
    let spans = capture(|| {
        let span = Span::build("orphan").subsegment().start();
        span.set_annotation("a", 1);
    });
    assert_eq!(named(&spans, "orphan").destinations, Destinations::SPANS);
    assert!(named(&spans, "orphan").segment.is_none());
}

/// Gives a segment to requests of this name.
#[derive(Debug)]
struct Only(&'static str);

impl DecideSegments for Only {
    fn decide(&self, input: &Input<'_>, now: Duration) -> SegmentDecision {
        assert!(now > Duration::from_secs(1_700_000_000), "the time since 1970");
        let is_sampled = input.name == self.0;
        SegmentDecision { is_sampled, rule: Some(Arc::from("only")) }
    }
}

#[test]
fn spans_and_segments_are_decided_apart() {
    for (sampler, rules, expected) in [
        (Sampler::AlwaysOn, "request", Destinations::ALL),
        (Sampler::AlwaysOn, "other", Destinations::SPANS),
        (Sampler::AlwaysOff, "request", Destinations::SEGMENTS),
    ] {
        let settings = Capture::default().sampler(sampler.clone()).segments(Only(rules));
        let ((), spans) = settings.run(|| {
            below(&request(), || {
                below(&Span::new("inner"), || {
                    drop(Span::build("step").subsegment().start());
                });
            });
        });
        assert_eq!(named(&spans, "request").destinations, expected, "{sampler:?} {rules}");
        assert_eq!(named(&spans, "step").destinations, expected, "{sampler:?} {rules}");
        let has_spans = expected.contains(Destinations::SPANS);
        assert_eq!(spans.iter().any(|span| span.name == "inner"), has_spans);
        let rule = named(&spans, "request").segment.as_ref().map(|it| it.sampling_rule.clone());
        let has_segments = expected.contains(Destinations::SEGMENTS);
        assert_eq!(rule, has_segments.then(|| Some(Arc::from("only"))));
    }
    let settings = Capture::default().sampler(Sampler::AlwaysOff).segments(Only("other"));
    let ((), spans) = settings.run(|| below(&request(), || drop(Span::new("inner"))));
    assert_eq!(spans.len(), 0);
}

#[test]
fn below_a_span_that_is_not_sampled_a_request_has_a_segment_by_a_rule_alone() {
    let in_loop = || below(&Span::new("loop"), || drop(request()));
    let as_spans = Capture::default().sampler(Sampler::AlwaysOff);
    assert_eq!(as_spans.run(in_loop).1.len(), 0);
    let by_rule = Capture::default().sampler(Sampler::AlwaysOff).segments(Only("request"));
    let ((), spans) = by_rule.run(in_loop);
    assert_eq!(named(&spans, "request").destinations, Destinations::SEGMENTS);
}

/// Counts the requests that rules are asked about.
#[derive(Debug, Default)]
struct Asked(Arc<AtomicUsize>);

impl DecideSegments for Asked {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        self.0.fetch_add(1, Ordering::Relaxed);
        SegmentDecision { is_sampled: true, rule: Some(Arc::from("asked")) }
    }
}

#[traced(kind = "server", level = "debug")]
fn detailed_request(body: impl FnOnce()) {
    body();
}

#[test]
fn a_request_below_the_level_asks_no_rule_and_leaves_the_next_one_to_ask() {
    for (body, expected) in [(|| {}) as fn(), || drop(request())].into_iter().zip([0, 1]) {
        let asked = Asked::default();
        let count = Arc::clone(&asked.0);
        let settings = Capture::default().level(Level::Info).segments(asked);
        let in_loop = || settings.run(|| below(&Span::new("loop"), || detailed_request(body)));
        // Somebody else records that level, so the span begins.
        let (((), spans), _) = Capture::default().level(Level::Trace).run(in_loop);
        assert_eq!(count.load(Ordering::Relaxed), expected);
        assert!(spans.iter().all(|span| span.name != "detailed_request"));
        let rules: Vec<_> = spans.iter().filter_map(|span| span.segment.as_ref()).collect();
        assert_eq!(rules.len(), expected);
        assert!(rules.iter().all(|segment| segment.sampling_rule.as_deref() == Some("asked")));
    }
}

#[test]
fn where_nobody_takes_spans_the_flag_speaks_of_segments_wherever_the_request_begins() {
    for is_inside in [false, true] {
        let settings = Capture::default().destinations(Destinations::SEGMENTS);
        let in_request =
            || below(&request(), || assert!(current().context().flags.is_sampled(), "{is_inside}"));
        settings.run(|| {
            if is_inside {
                below(&Span::build("loop").start(), in_request);
            } else {
                in_request();
            }
        });
    }
}

#[test]
fn below_a_span_for_segments_alone_the_parent_of_spans_is_the_one_above() {
    let settings = Capture::default().sampler(Sampler::AlwaysOff).segments(Only("request"));
    let ((), spans) = settings.run(|| {
        below(&request(), || {
            let before = current().context();
            below(&Span::build("step").subsegment().start(), || {
                // What travels in a W3C header is a span, not a subsegment.
                assert_eq!(current().context(), before);
                current().set_attribute("said", "in step");
            });
            assert_eq!(current().context(), before);
        });
    });
    let step = named(&spans, "step");
    assert_eq!(step.attributes, [Attribute::new("said", "in step")]);
    assert_ne!(step.context.span_id, named(&spans, "request").context.span_id);
}

#[test]
fn nothing_is_for_segments_where_nobody_takes_them() {
    let settings = Capture::default().destinations(Destinations::SPANS);
    let ((), spans) = settings.run(|| {
        below(&request(), || drop(Span::build("step").subsegment().start()));
    });
    assert!(spans.iter().all(|span| span.destinations == Destinations::SPANS), "{spans:?}");
}

#[test]
fn annotations_and_metadata_are_kept_apart_from_attributes() {
    let spans = capture(|| {
        let span = request();
        span.set_annotation("user_id", 7);
        span.set_annotation("user_id", 8);
        span.set_metadata("debug", "cart", [1, 2]);
        span.set_metadata("other", "cart", "x");
        span.set_metadata("debug", "cart", [3]);
        span.set_attribute("plain", true);
    });
    let span = named(&spans, "request");
    assert_eq!(span.attributes, [Attribute::new("plain", true)]);
    let segment = span.segment.as_ref().unwrap();
    assert_eq!(segment.annotations, [Attribute::new("user_id", 8)]);
    let metadata = |namespace: &'static str, json: &str| Metadata {
        namespace: namespace.into(),
        key: "cart".into(),
        json: json.to_owned(),
    };
    assert_eq!(segment.metadata, [metadata("debug", "[3]"), metadata("other", "\"x\"")]);
}

#[test]
fn a_span_that_is_no_segment_has_no_annotations() {
    let spans = capture(|| {
        below(&request(), || {
            let span = Span::new("inner");
            span.set_annotation("a", 1).set_metadata("n", "k", 2);
        });
    });
    assert_eq!(named(&spans, "inner").attributes, []);
    assert_eq!(named(&spans, "request").segment.as_ref().unwrap().annotations, []);
}
