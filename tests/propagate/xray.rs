//! The tracing header as X-Ray's own implementations read and write it, from their tests.

use serde_json::Value;
use spanwright::propagate::{Composite, Context, Propagator, Sampled, Xray, XrayContext};
use spanwright::record::{SpanContext, SpanId, TraceId};

const HEADER: &str = "X-Amzn-Trace-Id";

fn vectors(group: &str) -> Vec<Value> {
    let all: Value =
        serde_json::from_str(include_str!("data/trace_header.json")).expect("it is JSON");
    all[group].as_array().expect("it is a list").clone()
}

fn extract(header: &str) -> Context {
    let mut context = Context::default();
    Xray.extract(&[(HEADER, header)].as_slice(), &mut context);
    context
}

fn inject(context: &Context) -> Option<String> {
    let mut written = None;
    Xray.inject(context, &mut |_, value| written = Some(value.to_owned()));
    written
}

/// A trace id of W3C's form, for a root in X-Ray's.
fn trace_id(root: &Value) -> Option<TraceId> {
    let digits = root.as_str()?.strip_prefix("1-")?.replace('-', "");
    TraceId::parse(digits.as_bytes()).ok()
}

fn span_id(parent: &Value) -> Option<SpanId> {
    SpanId::parse(parent.as_str()?.as_bytes()).ok()
}

fn sampled(text: Option<&str>) -> Sampled {
    match text {
        Some("1") => Sampled::Yes,
        Some("0") => Sampled::No,
        Some("?") => Sampled::Asked,
        _ => Sampled::Unsaid,
    }
}

/// The pairs passed on, `name=value`, in the order of their names.
fn data(vector: &Value) -> Vec<String> {
    let pairs = vector["data"].as_object().expect("it has pairs").iter();
    let mut pairs: Vec<_> =
        pairs.map(|(key, value)| format!("{key}={}", value.as_str().expect("a text"))).collect();
    pairs.sort();
    pairs
}

/// The trace and what comes with it, but for what we read otherwise on purpose.
fn expected(vector: &Value) -> (Option<TraceId>, XrayContext) {
    // The others know the names in one case only, and pass these on as pairs of somebody else.
    let is_other_case = vector["in"].as_str().expect("a text").starts_with("root=");
    let source = if is_other_case { &vector["data"] } else { vector };
    let [root, parent, said] = [&source["root"], &source["parent"], &source["sampled"]];
    let rest = if is_other_case { String::new() } else { data(vector).join(";") };
    let root = trace_id(root);
    let xray = XrayContext {
        // The others keep a parent without its trace.
        parent_id: span_id(parent).filter(|_| root.is_some()),
        sampled: sampled(said.as_str()),
        rest: (!rest.is_empty()).then(|| rest.into()),
    };
    (root, xray)
}

#[test]
fn headers_are_read_as_the_implementations_of_x_ray_read_them() {
    let vectors = vectors("parse");
    assert_eq!(vectors.len(), 34);
    for vector in &vectors {
        let header = vector["in"].as_str().unwrap();
        let context = extract(header);
        let (root, expected) = expected(vector);
        let mut found = context.xray.clone().unwrap_or_default();
        found.rest = found.rest.map(|rest| {
            let mut pairs: Vec<_> = rest.split(';').collect();
            pairs.sort_unstable();
            pairs.join(";").into()
        });
        assert_eq!(found, expected, "{header}");
        let span = context.span;
        assert_eq!(Some(span.trace_id).filter(|id| id.is_valid()), root, "{header}");
        assert_eq!(Some(span.span_id).filter(|id| id.is_valid()), expected.parent_id, "{header}");
        let is_unreadable = root.is_none() && expected == XrayContext::default();
        assert_eq!(context == Context::default(), is_unreadable, "{header}");
    }
}

#[test]
fn headers_are_written_as_the_implementations_of_x_ray_write_them() {
    let mut written = 0;
    for vector in vectors("format") {
        let said = vector["sampled"].as_u64().map(|said| said.to_string());
        let rest = data(&vector).join(";");
        let xray = XrayContext {
            parent_id: span_id(&vector["parent"]),
            sampled: sampled(said.as_deref()),
            rest: (!rest.is_empty()).then(|| rest.into()),
        };
        let trace_id = trace_id(&vector["root"]).unwrap_or_default();
        let span = SpanContext { trace_id, ..SpanContext::INVALID };
        let context = Context { span, xray: Some(xray), ..Context::default() };
        let header = inject(&context);
        // Two of them write what is no root; there is no trace to continue then.
        let expected = vector["out"].as_str().filter(|out| out.starts_with("Root=1-"));
        assert_eq!(header.as_deref(), expected);
        written += usize::from(header.is_some());
    }
    assert_eq!(written, 2);
}

#[test]
fn a_lineage_is_passed_on_if_it_obeys_the_grammar() {
    let vectors: Value = serde_json::from_str(include_str!("data/trace_header.json")).unwrap();
    let root = "Root=1-5759e988-bd862e3fe1be46a994272793";
    for (group, is_valid) in [("valid", true), ("invalid", false)] {
        for lineage in vectors["lineage_v2"][group].as_array().unwrap() {
            let header = format!("{root};Lineage={}", lineage.as_str().unwrap());
            let expected = if is_valid { header.clone() } else { root.to_owned() };
            assert_eq!(inject(&extract(&header)), Some(expected), "{header}");
        }
    }
}

#[test]
fn one_id_serves_both_formats() {
    let formats = Composite::from_setting("tracecontext,xray").unwrap();
    let traceparent = "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01";
    let mut context = Context::default();
    formats.extract(&[("traceparent", traceparent)].as_slice(), &mut context);
    let mut headers = Vec::new();
    formats.inject(&context, &mut |name, value| headers.push((name.to_owned(), value.to_owned())));
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let expected = [("traceparent", traceparent), ("x-amzn-trace-id", header)];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(extract(header).span, context.span);
}

#[test]
fn a_message_of_a_queue_carries_the_header_as_an_attribute() {
    let attributes = [
        ("SenderId", "AIDAEXAMPLE"),
        (
            "AWSTraceHeader",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        ),
    ];
    let header = attributes.iter().find(|(name, _)| *name == "AWSTraceHeader").unwrap().1;
    let context = extract(header);
    assert!(context.span.is_valid() && context.span.flags.is_sampled());
    assert_eq!(inject(&context).as_deref(), Some(header));
    // An invocation of a function that a service without tracing called.
    let context = extract("Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a87bd80c:1");
    assert!(context.span.trace_id.is_valid() && !context.span.is_valid());
}
