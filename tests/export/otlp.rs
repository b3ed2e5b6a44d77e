//! OTLP as a receiver sees it.

use std::net::{Ipv6Addr, TcpListener};

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use spanwright::export::{Header, otlp};
use spanwright::record::{Attribute, Level, Resource, Source, SpanRecord};
use spanwright::secret::Secret;
use support::otlp_sink::{OtlpSink, count_spans};

use crate::rig::{LONG, Rig, client, otlp_rig, otlp_settings, quick, spans};

/// Ten spans with these settings; all arrive.
fn deliver(settings: &otlp::Settings) {
    let rig = Rig::new(otlp::Exporter::new(settings), client(LONG), &quick());
    assert_eq!(rig.deliver(&spans(1..=10)).delivered, 10);
}

#[test]
fn a_request_has_one_resource_one_scope_and_the_spans_in_order() {
    let sink = OtlpSink::start();
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    deliver(&otlp::Settings { resource, ..otlp_settings(&sink) });

    let [request] = &sink.requests()[..] else { panic!("one request") };
    let [of_resource] = &request.resource_spans[..] else { panic!("one resource") };
    let [of_scope] = &of_resource.scope_spans[..] else { panic!("one scope") };
    let resource = of_resource.resource.as_ref().expect("there is a resource");
    let name = resource.attributes[0].value.clone().and_then(|value| value.value);
    assert_eq!(resource.attributes[0].key, "service.name");
    assert_eq!(name, Some(Value::StringValue("cruddur".to_owned())));
    let scope = of_scope.scope.as_ref().expect("there is a scope");
    assert_eq!(scope.name, "spanwright");
    assert!(!scope.version.is_empty());
    assert_eq!(of_resource.schema_url, of_scope.schema_url);
    assert!(of_scope.schema_url.starts_with("https://opentelemetry.io/schemas/1."));
    let ids: Vec<u8> = of_scope.spans.iter().map(|span| span.span_id[7]).collect();
    assert_eq!(ids, (1..=10).collect::<Vec<u8>>());
    assert_eq!(count_spans(&sink.received()[0].body), 10);
}

static BILLING: Source = Source {
    name: "charge",
    target: "billing",
    function: "cruddur::charge",
    file: "src/main.rs",
    line: 1,
    level: Level::Info,
};

#[test]
fn targets_and_libraries_are_scopes_of_their_own() {
    let group: Vec<SpanRecord> = (1..=6)
        .map(support::records::span)
        .map(|mut span| {
            match span.context.span_id.to_u64() {
                2 | 5 => span.source = &BILLING,
                3 | 6 => span.attributes.push(Attribute::new("otel.scope.name", "pg")),
                _ => {}
            }
            span
        })
        .collect();
    for compression in [otlp::Compression::None, otlp::Compression::Gzip] {
        let sink = OtlpSink::start();
        let settings = otlp::Settings { compression, ..otlp_settings(&sink) };
        let rig = Rig::new(otlp::Exporter::new(&settings), client(LONG), &quick());
        assert_eq!(rig.deliver(&group.clone().into()).delivered, 6);

        let [request] = &sink.requests()[..] else { panic!("one request") };
        let scopes = request.resource_spans[0].scope_spans.iter();
        let found: Vec<(&str, Vec<u8>)> = scopes
            .map(|of_scope| {
                let name = of_scope.scope.as_ref().map_or("", |scope| &scope.name);
                (name, of_scope.spans.iter().map(|span| span.span_id[7]).collect())
            })
            .collect();
        let expected = [("spanwright", vec![1, 4]), ("billing", vec![2, 5]), ("pg", vec![3, 6])];
        assert_eq!(found, expected);
        assert_eq!(count_spans(&sink.received()[0].body), 6);
    }
}

#[test]
fn a_request_says_what_it_is_and_carries_the_headers_of_the_settings() {
    let sink = OtlpSink::start();
    let team = Header { name: "x-honeycomb-team".into(), value: Secret::new("key") };
    deliver(&otlp::Settings { headers: vec![team], ..otlp_settings(&sink) });

    let request = &sink.received()[0];
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/traces"));
    assert_eq!(request.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(request.header("x-honeycomb-team"), Some("key"));
    assert_eq!(request.header("content-encoding"), None);
    let user_agent = request.header("user-agent").expect("there is a user agent");
    assert!(user_agent.starts_with("spanwright-otlp-exporter-rust/"), "{user_agent}");
}

#[test]
fn a_compressed_request_is_smaller_and_says_the_same() {
    let (plain, packed) = (OtlpSink::start(), OtlpSink::start());
    deliver(&otlp_settings(&plain));
    let compression = otlp::Compression::Gzip;
    deliver(&otlp::Settings { compression, ..otlp_settings(&packed) });

    let (plain, packed) = (&plain.received()[0], &packed.received()[0]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(plain.body, packed.body);
    assert!(packed.raw_body.len() < plain.raw_body.len() / 2);
}

#[test]
fn a_connection_serves_many_requests() {
    let sink = OtlpSink::start();
    let rig = otlp_rig(&sink, &quick());
    for number in 1..=5 {
        spanwright::record::Processor::process(&rig.handle, &spans(number..=number));
        assert!(rig.flush(LONG).in_time);
    }
    assert_eq!((sink.received().len(), sink.server.connections()), (5, 1));
}

// https://github.com/open-telemetry/opentelemetry-erlang/issues/595
#[test]
fn a_collector_on_ipv6_is_reached() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        #[expect(clippy::print_stderr, reason = "a skipped test must be visible")]
        {
            eprintln!("skipped: no IPv6");
        }
        return;
    };
    let sink = OtlpSink::on(listener);
    assert!(sink.endpoint().starts_with("http://[::1]:"), "{}", sink.endpoint());
    deliver(&otlp_settings(&sink));
    assert_eq!(sink.spans().concat().len(), 10);
}
