//! The SDK's own OTLP exporter, whose client blocks its thread, as a destination.

use std::time::Duration;

use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use spanwright::Span;
use spanwright::opentelemetry::Destination;
use spanwright::record::{Attribute, Resource};
use spanwright::testing::capture;
use support::otlp_sink::OtlpSink;

const LONG: Duration = Duration::from_mins(1);

#[test]
fn the_otlp_exporter_with_a_blocking_client_delivers() {
    let sink = OtlpSink::start();
    let endpoint = format!("{}/v1/traces", sink.endpoint());
    let exporter = SpanExporter::builder().with_http().with_endpoint(endpoint).build().unwrap();
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    let delivery = Destination::new(exporter).named("otlp-sdk").start(&resource).unwrap();

    delivery.processor().process(&capture(|| Span::new("work").end()).into());
    assert!(delivery.flush(LONG) && delivery.shutdown(LONG));
    assert_eq!((delivery.tally().delivered, delivery.tally().pending()), (1, 0));

    let requests = sink.requests();
    let [request] = requests.as_slice() else { panic!("one request: {requests:?}") };
    let sent = &request.resource_spans[0];
    let service = &sent.resource.as_ref().unwrap().attributes[0];
    assert_eq!(service.key, "service.name");
    assert_eq!(sent.scope_spans[0].spans[0].name, "work");
}
