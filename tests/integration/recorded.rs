//! What a segment says, put back into the words of the span it was made of.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

/// Attributes by key.
pub(crate) type Attributes = BTreeMap<String, Value>;

/// What only tells others from the rest, is said by another one, or is told of errors alone.
const LEFT_OUT: [&str; 6] = [
    "aws.xray.annotations",
    "network.peer.address",
    "error.type",
    "code.function.name",
    "code.file.path",
    "code.line.number",
];

/// The attributes of a span as they were recorded, as far as a segment has them one by one.
pub(crate) fn attributes(span: &Span) -> Attributes {
    let mut attributes = collect(&span.attributes);
    attributes.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    if let Some(Value::String(query)) = attributes.get_mut("db.query.text") {
        *query = masked(query);
    }
    attributes
}

/// The same attributes, from wherever a segment or a subsegment has them.
pub(crate) fn told(node: &Value) -> Attributes {
    let mut told = Attributes::new();
    for (path, key) in [
        ("/user", "user.id"),
        ("/http/request/method", "http.request.method"),
        ("/http/request/user_agent", "user_agent.original"),
        ("/http/request/client_ip", "client.address"),
        ("/http/response/status", "http.response.status_code"),
        ("/http/response/content_length", "http.response.body.size"),
        ("/sql/database_type", "db.system.name"),
        ("/sql/sanitized_query", "db.query.text"),
        ("/annotations/http_route", "http.route"),
        ("/annotations/app_result_length", "app.result_length"),
    ] {
        told.extend(node.pointer(path).map(|value| (key.to_owned(), value.clone())));
    }
    if let Some(url) = node.pointer("/http/request/url").and_then(Value::as_str) {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (host, path) = rest.split_once('/').expect("a URL has a path");
        let (address, port) = host.split_once(':').expect("a port of ours is no default");
        let port: u16 = port.parse().expect("a port is a number");
        told.extend([
            ("url.scheme".to_owned(), json!(scheme)),
            ("url.path".to_owned(), json!(format!("/{path}"))),
            ("server.address".to_owned(), json!(address)),
            ("server.port".to_owned(), json!(port)),
        ]);
    }
    if let Some(url) = node.pointer("/sql/url").and_then(Value::as_str) {
        let name = url.strip_prefix("sqlite:").expect("the tests use the embedded database");
        told.insert("db.namespace".to_owned(), json!(name));
    }
    if node.pointer("/cause/exceptions/0/type") == Some(&json!("panic")) {
        told.insert("spanwright.outcome".to_owned(), json!("panic"));
    }
    for (key, value) in node["metadata"]["default"].as_object().into_iter().flatten() {
        let is_of_process = key.starts_with("otel.resource.");
        if !is_of_process && let Some(twice) = told.insert(key.clone(), value.clone()) {
            panic!("{key} is told twice, also as {twice}");
        }
    }
    told
}

/// The messages of a span's error, by its status and its events.
pub(crate) fn errors(span: &Span) -> Vec<Value> {
    let status = span.status.iter().map(|status| json!(status.message));
    let events = span.events.iter().filter(|event| event.name == "exception");
    let events = events.filter_map(|event| collect(&event.attributes).remove("exception.message"));
    status.chain(events).collect()
}

/// Where in the code a span was, as the frame of a stack.
pub(crate) fn frame(span: &Span) -> Value {
    let code = collect(&span.attributes);
    let [path, line, label] =
        ["file.path", "line.number", "function.name"].map(|key| &code[&format!("code.{key}")]);
    json!({ "path": path, "line": line, "label": label })
}

/// Attributes as they came, by key.
pub(crate) fn collect(attributes: &[KeyValue]) -> Attributes {
    let pair = |it: &KeyValue| (it.key.clone(), json_of(it.value.as_ref()));
    attributes.iter().map(pair).collect()
}

fn json_of(value: Option<&AnyValue>) -> Value {
    use any_value::Value as Any;
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        Some(Any::BoolValue(is_true)) => json!(is_true),
        Some(Any::ArrayValue(array)) => {
            array.values.iter().map(|value| json_of(Some(value))).collect()
        }
        other => panic!("no attribute of the service is {other:?}"),
    }
}

/// A statement with a question mark for each number; those of the tests have no other literals.
fn masked(query: &str) -> String {
    let mut text = String::new();
    for char in query.chars() {
        // The digit of a name or a placeholder, as in `$1`.
        let is_part = text.ends_with(|last: char| last.is_alphanumeric() || last == '$');
        if !char.is_ascii_digit() || is_part {
            text.push(char);
        } else if !text.ends_with('?') {
            text.push('?');
        }
    }
    text
}
