//! What arrived, trace by trace.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use opentelemetry_proto::tonic::trace::v1::Span;
use support::otlp_sink::OtlpSink;

/// The span id of whoever sends the requests.
pub(crate) const CALLER: &str = "00f067aa0ba902b7";

/// The trace id of the request of this number.
pub(crate) fn trace_id(number: usize) -> String {
    format!("4bf92f3577b34da6{number:016x}")
}

/// The same as X-Ray writes it.
pub(crate) fn xray_id(number: usize) -> String {
    let id = trace_id(number);
    format!("1-{}-{}", &id[..8], &id[8..])
}

/// The header that begins the trace of the request of this number.
pub(crate) fn traceparent(number: usize) -> String {
    format!("00-{}-{CALLER}-01", trace_id(number))
}

/// Blocks until that many spans have arrived.
pub(crate) fn wait_for_spans(sink: &OtlpSink, count: usize) {
    for requests in 1.. {
        if sink.spans().iter().map(Vec::len).sum::<usize>() >= count {
            return;
        }
        sink.server.wait_for(requests);
    }
}

/// The traces that arrived, each as a tree of the names of its spans.
///
/// # Panics
/// A span arrived twice.
pub(crate) fn trees(sink: &OtlpSink) -> BTreeMap<String, String> {
    let mut traces: BTreeMap<String, BTreeMap<String, Span>> = BTreeMap::new();
    for span in sink.spans().into_iter().flatten() {
        let spans = traces.entry(hex(&span.trace_id)).or_default();
        let twice = spans.insert(hex(&span.span_id), span);
        assert!(twice.is_none(), "arrived twice: {twice:?}");
    }
    traces.into_iter().map(|(id, spans)| (id, tree(&spans))).collect()
}

/// Children in the order they began; spans whose parent did not arrive stand under its id.
fn tree(spans: &BTreeMap<String, Span>) -> String {
    let mut text = String::new();
    for span in spans.values() {
        let parent = hex(&span.parent_span_id);
        if !spans.contains_key(&parent) {
            let _ = writeln!(text, "{parent}");
            render(span, spans, 1, &mut text);
        }
    }
    text
}

fn render(span: &Span, spans: &BTreeMap<String, Span>, depth: usize, text: &mut String) {
    let _ = writeln!(text, "{:indent$}{}", "", span.name, indent = depth * 2);
    let is_child = |other: &&Span| other.parent_span_id == span.span_id;
    let mut children: Vec<_> = spans.values().filter(is_child).collect();
    children.sort_by_key(|child| child.start_time_unix_nano);
    for child in children {
        render(child, spans, depth + 1, text);
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
