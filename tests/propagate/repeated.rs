//! Headers that come several times, as headers of their own or joined by commas on the way.

use std::collections::HashMap;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use spanwright::propagate::{Carrier, Composite, Context, Propagator};

const ROOT: &str = "5759e988bd862e3fe1be46a994272793";
const FIRST: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const SECOND: &str = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=0";

fn formats() -> Composite {
    Composite::from_setting("tracecontext,baggage,b3,jaeger,xray").expect("known names")
}

fn extract(carrier: &dyn Carrier) -> Context {
    let mut context = Context::default();
    formats().extract(carrier, &mut context);
    context
}

/// The same headers in each kind of map.
fn in_each_carrier(headers: &[(&'static str, &str)], check: &dyn Fn(&Context, &str)) {
    let mut http = reqwest::header::HeaderMap::new();
    let mut actix = actix_web::http::header::HeaderMap::new();
    for (name, value) in headers {
        http.append(*name, value.parse().expect("a header"));
        let name = actix_web::http::header::HeaderName::from_static(name);
        actix.append(name, value.parse().expect("a header"));
    }
    check(&extract(&headers), "slice");
    check(&extract(&http), "http");
    check(&extract(&actix), "actix-web");
}

/// The headers of a request as the API of OpenTelemetry reads them.
struct Headers(Vec<(&'static str, &'static str)>);

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| *name).collect()
    }

    fn get_all(&self, key: &str) -> Option<Vec<&str>> {
        Some(self.0.iter().filter(|(name, _)| *name == key).map(|(_, value)| *value).collect())
    }
}

#[test]
fn of_several_x_ray_headers_the_first_counts_in_every_carrier() {
    let joined = format!("{FIRST}, {SECOND}");
    for headers in [
        &[("x-amzn-trace-id", FIRST), ("x-amzn-trace-id", SECOND)][..],
        &[("x-amzn-trace-id", joined.as_str())],
    ] {
        in_each_carrier(headers, &|context, carrier| {
            assert_eq!(*context, extract(&[("x-amzn-trace-id", FIRST)].as_slice()), "{carrier}");
            assert_eq!(context.span.trace_id.to_string(), ROOT, "{carrier}");
        });
    }
    let headers = Headers(vec![("x-amzn-trace-id", FIRST), ("x-amzn-trace-id", SECOND)]);
    let context = spanwright::opentelemetry::Propagator::new(formats()).extract(&headers);
    assert_eq!(context.span().span_context().trace_id().to_string(), ROOT);
}

#[test]
fn of_several_headers_with_ids_of_other_formats_none_counts() {
    let with = |name, value: &str| (name, value.to_owned());
    for (name, value) in [
        with("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        with("traceparent", "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x"),
        with("b3", "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1"),
        with("uber-trace-id", "80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:1"),
    ] {
        let one = extract(&[(name, &value)].as_slice());
        assert!(one.span.is_valid(), "{name}");
        let joined = format!("{value}, {value}");
        for headers in [&[(name, value.as_str()), (name, value.as_str())][..], &[(name, &*joined)]]
        {
            in_each_carrier(headers, &|context, carrier| {
                assert_eq!(*context, Context::default(), "{name}: {carrier}");
            });
        }
    }
}

#[test]
fn a_map_with_a_name_in_two_cases_is_read_in_one_order() {
    let names = ["x-amzn-trace-id", "X-Amzn-Trace-Id", "X-AMZN-TRACE-ID"];
    for _ in 0..20 {
        let headers: HashMap<_, _> = names
            .into_iter()
            .zip([SECOND, SECOND, FIRST])
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(extract(&headers).span.trace_id.to_string(), ROOT);
    }
}
