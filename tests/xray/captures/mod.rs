//! Scenarios of X-Ray's own recorder for Python, written again by its users' means here.
//!
//! What that recorder sent is in `data/captures`, a document a line. In: code that makes spans. Out:
//! documents of the real exporter, each judged, compared in the form that both recorders share.
//! Never: compares what a recorder says of itself.

mod concurrency;
mod exceptions;
mod remote;
mod sizes;
mod sql;
mod streaming;
mod subsegments;
mod web;

use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use spanwright::export::xray;
use spanwright::pipeline::{GatherSettings, Gatherer};
use spanwright::propagate::Composite;
use spanwright::record::{Attribute, LocalTrace, Processor, Resource, SpanRecord};
use spanwright::sample::{DecideSegments, Input, SegmentDecision};
use spanwright::testing::Capture;
use spanwright::{Span, span};

use super::judge;
use super::normal_form::normal_form;

/// The service of most scenarios.
const SERVICE: &str = "seg";

/// What the reference sent in a scenario.
fn reference(scenario: &str) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("xray/data/captures");
    let text = std::fs::read_to_string(folder.join(scenario).with_extension("jsonl"));
    let text = text.expect("the scenario was recorded");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

/// What this recorder sends of a request in the service [`SERVICE`].
fn sent(body: impl FnOnce()) -> Vec<Value> {
    encoded(SERVICE, &with_headers().run(body).1)
}

/// The documents of spans that end up in one flush.
fn encoded(service: &str, spans: &[SpanRecord]) -> Vec<Value> {
    encoded_in_parts(service, [spans])
}

/// The documents of spans of which each part has gone out before the next comes.
fn encoded_in_parts<'a>(
    service: &str,
    parts: impl IntoIterator<Item = &'a [SpanRecord]>,
) -> Vec<Value> {
    let taken = Taken::default();
    let gatherer = Gatherer::new(taken.clone(), GatherSettings::default(), xray::weigh);
    for spans in parts {
        gatherer.process(&spans.into());
        gatherer.release();
    }
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", service.to_owned()));
    let settings = xray::Settings { resource, ..xray::Settings::new("127.0.0.1:2000") };
    taken.traces().iter().flat_map(|trace| judge::judged(&settings, trace)).collect()
}

/// Traces as they leave the gathering room.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<LocalTrace>>>);

impl Taken {
    fn traces(&self) -> Vec<LocalTrace> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Processor<LocalTrace> for Taken {
    fn process(&self, traces: &Arc<[LocalTrace]>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(traces.iter().cloned());
    }
}

/// A capture whose requests carry the header of X-Ray, and all of them are recorded.
fn with_headers() -> Capture {
    let formats = Composite::from_setting("tracecontext,baggage,xray");
    Capture::default()
        .propagator(formats.expect("a list of known names"))
        .segments(Rule { is_sampled: true, name: None })
}

/// Decides alike about every request.
#[derive(Debug)]
struct Rule {
    is_sampled: bool,
    name: Option<&'static str>,
}

impl DecideSegments for Rule {
    fn decide(&self, _: &Input<'_>, _: Duration) -> SegmentDecision {
        SegmentDecision { is_sampled: self.is_sampled, rule: self.name.map(Arc::from) }
    }
}

/// A segment that is called like its service, as `begin_segment` makes one.
fn segment(body: impl FnOnce()) {
    Span::build(SERVICE).segment().start().in_scope(body);
}

/// A subsegment made by hand.
fn subsegment(name: &str) -> Span {
    Span::build(name).subsegment().start()
}

/// A call to somebody else.
fn call(name: &str, attributes: &span::Attributes<'_>) -> Span {
    let span = Span::build(name).kind(spanwright::record::SpanKind::Client).start();
    for (key, value) in attributes {
        span.set_attribute(key, *value);
    }
    span
}

/// Both say the same.
#[track_caller]
fn assert_same(sent: &[Value], reference: &[Value]) {
    let (sent, reference) = (normal_form(sent), normal_form(reference));
    assert_eq!(sent, reference, "{}", pretty(&sent));
}

/// Both say the same but for members that one of them lacks, or that differ on purpose.
#[track_caller]
fn assert_same_but(members: &[&str], sent: &[Value], reference: &[Value]) {
    let form = |documents: &[Value]| {
        let mut form = normal_form(documents);
        for node in &mut form {
            remove(members, node);
        }
        form
    };
    let (sent, reference) = (form(sent), form(reference));
    assert_eq!(sent, reference, "{}", pretty(&sent));
}

/// Removes members wherever they are, but not of annotations and metadata that stay.
fn remove(members: &[&str], node: &mut Value) {
    match node {
        Value::Object(object) => {
            object.retain(|key, _| !members.contains(&key.as_str()));
            object.values_mut().for_each(|value| remove(members, value));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove(members, item)),
        _ => {}
    }
}

fn pretty(documents: &[Value]) -> String {
    let texts: Vec<_> = documents.iter().map(|it| format!("{it:#}")).collect();
    texts.join("\n")
}

/// The segment or subsegment of this name.
#[track_caller]
fn node<'a>(documents: &'a [Value], name: &str) -> &'a Value {
    let mut found = documents.iter().flat_map(judge::nodes).filter(|node| node["name"] == name);
    let node = found.next().unwrap_or_else(|| panic!("no {name}: {}", pretty(documents)));
    assert!(found.next().is_none(), "{name} comes once: {}", pretty(documents));
    node
}

/// Names as an indented tree.
fn names(documents: &[Value]) -> String {
    fn below(node: &Value, depth: usize, text: &mut String) {
        let name = node["name"].as_str().unwrap_or("?");
        text.extend(std::iter::repeat_n("  ", depth).chain([name, "\n"]));
        for child in node["subsegments"].as_array().into_iter().flatten() {
            below(child, depth + 1, text);
        }
    }
    let mut text = String::new();
    for node in &normal_form(documents) {
        below(node, 0, &mut text);
    }
    text
}
