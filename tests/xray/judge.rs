//! The official schema of segment documents, and what it does not say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use spanwright::export::{Batch, Exporter as _, Request, xray};
use spanwright::record::LocalTrace;

/// The line before every document, with its end.
pub(crate) const HEADER: &str = "{\"format\":\"json\",\"version\":1}\n";

/// What a datagram may have over IPv4.
const MAX_DATAGRAM_BYTES: usize = 65_507;

/// As AWS publishes it.
static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let text = include_str!("data/xray-segmentdocument-schema-v1.0.0.json");
    let schema = serde_json::from_str(text).expect("the schema is JSON");
    jsonschema::validator_for(&schema).expect("the schema is one")
});

/// The request for traces by datagrams.
pub(crate) fn request(settings: &xray::Settings, traces: &[LocalTrace]) -> Request {
    let mut exporter = xray::Exporter::new(settings);
    let batch = Batch::collect(&mut exporter, traces).expect("every trace has a form");
    let weight: usize = traces.iter().map(xray::Exporter::weigh).sum();
    assert!(batch.bytes().len() <= weight, "{} bytes, {weight} said", batch.bytes().len());
    exporter.request(&batch)
}

/// The documents of a trace, each judged.
pub(crate) fn documents(trace: &LocalTrace) -> Vec<Value> {
    judged(&xray::Settings::new("127.0.0.1:2000"), trace)
}

/// The documents of a trace by these settings, each judged.
pub(crate) fn judged(settings: &xray::Settings, trace: &LocalTrace) -> Vec<Value> {
    let request = request(settings, std::slice::from_ref(trace));
    request.body.iter().map(|datagram| judge(datagram)).collect()
}

/// The document of a datagram, which everybody would take.
pub(crate) fn judge(datagram: &[u8]) -> Value {
    assert!(datagram.len() <= MAX_DATAGRAM_BYTES, "{} bytes", datagram.len());
    let text = std::str::from_utf8(datagram).expect("a document is text");
    let document = text.strip_prefix(HEADER).expect("the header comes first");
    // What the daemon finds ids by when a document is refused.
    assert!(document[25..].starts_with("\"trace_id\":\"1-"), "{}", &document[..60]);
    let document: Value = serde_json::from_str(document).expect("a document is JSON");
    let errors: Vec<_> = SCHEMA.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {document}");
    check_beyond_the_schema(&document);
    document
}

/// Every id of a segment or a subsegment, in any order.
pub(crate) fn ids(documents: &[Value]) -> Vec<&str> {
    let nodes = documents.iter().flat_map(nodes);
    nodes.map(|node| node["id"].as_str().expect("the schema wants one")).collect()
}

/// A document and all that is nested in it.
pub(crate) fn nodes(document: &Value) -> Vec<&Value> {
    let mut nodes = vec![document];
    let mut at = 0;
    while let Some(&node) = nodes.get(at) {
        nodes.extend(node["subsegments"].as_array().into_iter().flatten());
        at += 1;
    }
    nodes
}

/// What the documentation asks for, and the service refuses without a word.
fn check_beyond_the_schema(document: &Value) {
    let is_subsegment = document["type"] == "subsegment";
    assert!(!is_subsegment || document["parent_id"].is_string(), "{document}");
    let mut annotations = 0;
    for (at, node) in nodes(document).into_iter().enumerate() {
        let name = node["name"].as_str().expect("the schema wants one");
        assert!(SCHEMA.is_valid(&with_name(name)), "{name:?}");
        assert!(at == 0 || node["trace_id"].is_null(), "embedded ones have no trace id: {node}");
        let is_open = node["in_progress"] == true;
        assert!(is_open != node["end_time"].is_number(), "{node}");
        if !is_open {
            assert!(node["end_time"].as_f64() >= node["start_time"].as_f64(), "{node}");
        }
        annotations += node["annotations"].as_object().map_or(0, serde_json::Map::len);
        let namespaces = node["metadata"].as_object().into_iter().flatten();
        assert!(namespaces.into_iter().all(|(name, _)| !name.starts_with("AWS.")), "{node}");
        let ids: BTreeSet<_> = node["cause"]["exceptions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| it["id"].as_str())
            .collect();
        let count = node["cause"]["exceptions"].as_array().map_or(0, Vec::len);
        assert_eq!(ids.len(), count, "{node}");
    }
    assert!(annotations <= 50, "{annotations} annotations");
}

/// A segment of this name, since the schema is lenient with those of subsegments.
fn with_name(name: &str) -> Value {
    serde_json::json!({
        "name": name,
        "id": "0000000000000001",
        "trace_id": "1-69180001-00000000000000000000000a",
        "start_time": 1.0,
    })
}
