//! The API's global functions.

use std::collections::HashMap;

use opentelemetry::trace::{TraceContextExt, Tracer as _};
use opentelemetry::{Context, KeyValue, global};
use spanwright::opentelemetry::install_global;
use spanwright::testing::{capture, tree};

use crate::annotated;

#[test]
fn code_that_knows_only_the_api_makes_spans_of_ours_and_sends_our_headers() {
    install_global();
    let spans = capture(|| {
        annotated(|| {
            global::tracer("billing").in_span("charge", |cx| {
                cx.span().set_attribute(KeyValue::new("cents", 995));
                cx.span().add_event("paid", vec![]);
                annotated(|| {
                    let mut headers = HashMap::new();
                    global::get_text_map_propagator(|propagator| propagator.inject(&mut headers));
                    let current = spanwright::current().context();
                    assert!(headers["traceparent"].contains(&current.span_id.to_string()));
                });
                cx.span().end();
            });
        });
        assert!(!Context::current().has_active_span());
    });
    let expected = "annotated\n  charge otel.scope.name=billing cents=995 @paid\n    annotated\n";
    assert_eq!(tree(&spans), expected);
}
