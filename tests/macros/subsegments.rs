//! What can only be seen of subsegments while spans are recorded.

use std::cell::Cell;
use std::time::Duration;

use spanwright::record::{Array, Attribute, Destinations, SpanRecord, Value};
use spanwright::sample::{DecideSegments, Input, Sampler, SegmentDecision};
use spanwright::testing::{self, Capture};
use spanwright::{ErrorClass, traced, xray_subsegment};

#[traced(kind = "server")]
fn request(run: impl FnOnce()) {
    run();
}

#[xray_subsegment]
fn subsegment() {}

#[traced]
fn span() {}

/// The line of the function below, whichever attribute is above it.
const LINE: u32 = line!() + 4;

#[xray_subsegment("both")]
#[traced("span of both")]
fn both() {}

fn find<'a>(spans: &'a [SpanRecord], function: &str) -> &'a SpanRecord {
    let is_of = |it: &&SpanRecord| it.source.function.rsplit("::").next() == Some(function);
    spans.iter().find(is_of).expect(function)
}

#[test]
fn each_attribute_adds_its_destinations_and_the_span_is_one() {
    let spans = testing::capture(|| {
        request(|| {
            subsegment();
            span();
            both();
        });
    });
    assert_eq!(spans.len(), 4);
    let taken = |function| find(&spans, function).destinations;
    assert_eq!(taken("subsegment"), Destinations::SEGMENTS);
    assert_eq!(taken("span"), Destinations::SPANS);
    assert_eq!(taken("both"), Destinations::ALL);
    let both = find(&spans, "both");
    assert_eq!(both.name, "span of both");
    assert_eq!(both.segment.as_ref().and_then(|segment| segment.name), Some("both"));
    assert_eq!((both.source.file, both.source.line), (file!(), LINE));
}

#[xray_subsegment(annotations(yes = true, int = 7_u8, float = 1.5, text = "t", big = u64::MAX))]
fn typed() {}

#[test]
fn annotations_arrive_with_their_type() {
    let spans = testing::capture(|| request(typed));
    let segment = find(&spans, "typed").segment.clone().unwrap_or_default();
    let expected = [
        Attribute::new("yes", true),
        Attribute::new("int", 7_i64),
        Attribute::new("float", 1.5),
        Attribute::new("text", "t"),
        Attribute::new("big", u64::MAX.to_string()),
    ];
    assert_eq!(segment.annotations, expected);
    assert_eq!(find(&spans, "typed").attributes, []);
}

#[traced(fields(#[annotation] user.id = 7, plain = 1))]
#[xray_subsegment(annotations(limit = 2), metadata(limit = 3))]
fn shared() {}

#[test]
fn each_destination_sees_its_own_values() {
    let spans = testing::capture(|| request(shared));
    let span = find(&spans, "shared");
    let segment = span.segment.clone().unwrap_or_default();
    let annotated = Value::from(Array::Str(vec!["user.id".to_owned()]));
    let expected = [
        Attribute::new("aws.xray.annotations", annotated),
        Attribute::new("user.id", 7_i64),
        Attribute::new("plain", 1_i64),
    ];
    assert_eq!(span.attributes, expected);
    let expected = [Attribute::new("user.id", 7_i64), Attribute::new("limit", 2_i64)];
    assert_eq!(segment.annotations, expected);
    assert_eq!((&*segment.metadata[0].namespace, &*segment.metadata[0].json), ("default", "3"));
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated() -> u32 {
    EVALUATED.replace(EVALUATED.get() + 1)
}

#[traced(fields(a = evaluated()))]
#[xray_subsegment(
    annotations(b = evaluated()),
    metadata(c = evaluated()),
    class = |_| { evaluated(); ErrorClass::Error },
)]
fn counted() -> Result<(), u32> {
    spanwright::record!(annotations(d = evaluated()), metadata(e = evaluated()));
    Err(1)
}

/// Decides alike about every request.
#[derive(Debug)]
struct Always(bool);

impl DecideSegments for Always {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision { is_sampled: self.0, rule: None }
    }
}

#[test]
fn nothing_is_evaluated_for_a_segment_that_nobody_records() {
    let answered = || request(|| assert_eq!(counted(), Err(1)));
    for (sampler, segments, expected) in [
        (Sampler::AlwaysOff, false, 0),
        // The field of the span alone.
        (Sampler::AlwaysOn, false, 1),
        (Sampler::AlwaysOn, true, 6),
    ] {
        EVALUATED.set(0);
        let ((), _) = Capture::default().sampler(sampler).segments(Always(segments)).run(answered);
        assert_eq!(EVALUATED.get(), expected);
    }
    EVALUATED.set(0);
    let ((), _) = Capture::default().destinations(Destinations::SPANS).run(answered);
    assert_eq!(EVALUATED.get(), 1);
}

async fn wait(list: &[u8]) -> usize {
    std::future::ready(list.len()).await
}

#[traced(fields(len = list.len(), first = list[0]))]
async fn one_attribute(list: &[u8]) -> Result<usize, String> {
    Ok(wait(list).await)
}

#[traced(fields(len = list.len()))]
#[xray_subsegment(annotations(first = list[0]), class = "error")]
async fn two_attributes(list: &[u8]) -> Result<usize, String> {
    Ok(wait(list).await)
}

#[test]
fn y13_two_attributes_add_one_layer_to_a_future() {
    let list = [1];
    let (one, two) = (one_attribute(&list), two_attributes(&list));
    assert_eq!(size_of_val(&two), size_of_val(&one));
}
