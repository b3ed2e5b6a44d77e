//! Finished spans in the SDK's type.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{
    Event, Link, Span as _, SpanBuilder, SpanId, SpanKind, Status, TraceContextExt,
    TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue};
use spanwright::opentelemetry::{TracerProvider, sdk_resource, span_data};
use spanwright::record::{Attribute, Outcome, Resource};
use spanwright::testing::capture;

use crate::{annotated, remote};

#[test]
fn a_span_of_the_api_arrives_at_an_exporter_as_it_was_described() {
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    let scope = InstrumentationScope::builder("kafka").with_version("3").build();
    let event = Event::new("polled", at(11), vec![KeyValue::new("n", 2)], 0);
    let link = Link::new(remote(""), vec![KeyValue::new("why", "batch")], 0);
    let attributes = vec![KeyValue::new("topic", "likes"), KeyValue::new("lag", 0.5)];
    let spans = capture(|| {
        let tracer = TracerProvider::new().tracer_with_scope(scope.clone());
        let mut span = SpanBuilder::from_name("poll")
            .with_kind(SpanKind::Consumer)
            .with_start_time(at(10))
            .with_attributes(attributes.clone())
            .with_events(vec![event.clone()])
            .with_links(vec![link.clone()])
            .start_with_context(&tracer, &Context::new().with_remote_span_context(remote("a=1")));
        span.set_status(Status::error("late"));
        span.end_with_timestamp(at(12));
    });
    let data = span_data(&spans[0]);
    assert_eq!(data.span_context.trace_id(), remote("").trace_id());
    assert_eq!(data.span_context.trace_state().header(), "a=1");
    assert!(data.span_context.is_sampled() && !data.span_context.is_remote());
    assert_eq!((data.parent_span_id, data.parent_span_is_remote), (SpanId::from(0xb), true));
    assert_eq!((data.name.as_ref(), data.span_kind), ("poll", SpanKind::Consumer));
    assert_eq!((data.start_time, data.end_time), (at(10), at(12)));
    assert_eq!((data.attributes, data.dropped_attributes_count), (attributes, 0));
    assert_eq!((data.events.events, data.events.dropped_count), (vec![event], 0));
    assert_eq!((data.links.links, data.links.dropped_count), (vec![link], 0));
    assert_eq!(data.status, Status::error("late"));
    assert_eq!(data.instrumentation_scope, scope);
}

#[test]
fn a_span_of_ours_names_its_place_in_the_code_and_our_scope() {
    let spans = capture(|| annotated(|| {}));
    let data = span_data(&spans[0]);
    let text = |key: &str| {
        let found = data.attributes.iter().find(|attribute| attribute.key.as_str() == key);
        found.map(|attribute| attribute.value.to_string()).unwrap_or_default()
    };
    assert_eq!(text("code.function.name"), "opentelemetry::annotated");
    assert!(text("code.file.path").ends_with("opentelemetry/main.rs"), "{data:?}");
    assert!(text("code.line.number").parse::<u32>().is_ok_and(|line| line > 1), "{data:?}");
    assert_eq!(data.instrumentation_scope.name(), "spanwright");
    assert_eq!((data.parent_span_id, data.status), (SpanId::INVALID, Status::Unset));
}

#[test]
fn a_resource_is_handed_over_without_additions() {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    resource.set(Attribute::new("host.cpus", 2));
    let theirs = sdk_resource(&resource);
    assert_eq!(theirs.len(), 2);
    assert_eq!(theirs.get(&"service.name".into()), Some("cruddur".into()));
    assert_eq!(theirs.get(&"host.cpus".into()), Some(2.into()));
}

#[spanwright::traced(target = "billing")]
fn charge() {}

#[test]
fn a_target_given_by_hand_is_the_scope() {
    let spans = capture(charge);
    let scope = span_data(&spans[0]).instrumentation_scope;
    assert_eq!((scope.name(), scope.version()), ("billing", None));
}

#[test]
fn an_outcome_the_status_cannot_say_is_an_attribute_and_no_key_comes_twice() {
    let mut record = support::records::span(1);
    record.outcome = Outcome::Cancelled;
    record.attributes = vec![Attribute::new("code.file.path", "mine")];
    let attributes = span_data(&record).attributes;
    let texts: Vec<_> =
        attributes.iter().map(|it| format!("{}={}", it.key.as_str(), it.value)).collect();
    let expected = [
        "code.file.path=mine",
        "code.function.name=cruddur::services::home_activities",
        "code.line.number=12",
        "spanwright.outcome=cancelled",
    ];
    assert_eq!(texts, expected);
}
