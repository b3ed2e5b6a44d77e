//! Documents of different recorders in one form, so that they can be compared.
//!
//! What is the same said twice, or says nothing, goes; times, ids and versions become variables.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The documents as one tree a segment, in which every recorder writes the same the same way.
///
/// - `in_progress: false` and the namespace `local` say nothing; ids of embedded ones are said by
///   their place; independent subsegments move to their parents.
/// - Ids become `id1`, `id2` … in the order of the tree, times `time`, and the recorder itself, its
///   process and stacks are left out.
pub(crate) fn normal_form(documents: &[Value]) -> Vec<Value> {
    let (segments, independent): (Vec<_>, Vec<_>) =
        documents.iter().cloned().partition(|document| document["type"] != "subsegment");
    let mut trees = Trees { waiting: BTreeMap::new() };
    for subsegment in independent {
        let parent = subsegment["parent_id"].as_str().unwrap_or_default().to_owned();
        trees.waiting.entry(parent).or_default().push(subsegment);
    }
    let mut ids = BTreeMap::new();
    let mut normal: Vec<_> = segments.into_iter().map(|it| trees.gather(it)).collect();
    // Those whose parents are elsewhere.
    while let Some((_, left)) = trees.waiting.pop_first() {
        for subsegment in left {
            normal.push(trees.gather(subsegment));
        }
    }
    for node in &mut normal {
        name_ids(node, &mut ids);
    }
    normal.iter().map(|node| node_form(node, &ids)).collect()
}

struct Trees {
    /// Independent subsegments by their parents.
    waiting: BTreeMap<String, Vec<Value>>,
}

impl Trees {
    /// Moves independent subsegments to where they belong.
    fn gather(&mut self, mut node: Value) -> Value {
        let mut children = match node["subsegments"].take() {
            Value::Array(children) => children,
            _ => Vec::new(),
        };
        children.extend(
            self.waiting.remove(node["id"].as_str().unwrap_or_default()).unwrap_or_default(),
        );
        let mut children: Vec<_> = children.into_iter().map(|child| self.gather(child)).collect();
        children.sort_by(|one, other| {
            let start = |node: &Value| node["start_time"].as_f64().unwrap_or_default();
            start(one).total_cmp(&start(other))
        });
        node["subsegments"] = Value::Array(children);
        node
    }
}

fn name_ids(node: &mut Value, ids: &mut BTreeMap<String, String>) {
    let next = format!("id{}", ids.len() + 1);
    if let Some(id) = node["id"].as_str() {
        ids.entry(id.to_owned()).or_insert(next);
    }
    for child in node["subsegments"].as_array_mut().into_iter().flatten() {
        name_ids(child, ids);
    }
    for exception in node["cause"]["exceptions"].as_array().into_iter().flatten() {
        let next = format!("id{}", ids.len() + 1);
        if let Some(id) = exception["id"].as_str() {
            ids.entry(id.to_owned()).or_insert(next);
        }
    }
}

fn node_form(node: &Value, ids: &BTreeMap<String, String>) -> Value {
    let named = |id: &Value| match id.as_str().and_then(|id| ids.get(id)) {
        Some(name) => json!(name),
        None => json!("elsewhere"),
    };
    let mut form = Map::new();
    for (key, value) in node.as_object().into_iter().flatten() {
        let value = match key.as_str() {
            "id" => named(value),
            "cause" if value.is_string() => named(value),
            "cause" => cause_form(value, &named),
            "start_time" | "end_time" => json!("time"),
            "namespace" if value == "local" => continue,
            "subsegments" => {
                let children = value.as_array().into_iter().flatten();
                Value::Array(children.map(|child| node_form(child, ids)).collect())
            }
            "aws" => without(value, "xray"),
            "metadata" => metadata_form(value),
            "trace_id" | "parent_id" | "type" | "service" | "precursor_ids" => continue,
            _ => value.clone(),
        };
        let says_nothing = matches!(&value, Value::Null | Value::Bool(false))
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(Map::is_empty);
        if !says_nothing {
            form.insert(key.clone(), value);
        }
    }
    Value::Object(form)
}

fn cause_form(cause: &Value, named: &impl Fn(&Value) -> Value) -> Value {
    let exceptions = cause["exceptions"].as_array().into_iter().flatten();
    let forms = exceptions.map(|exception| {
        let mut form = without(exception, "stack");
        form["id"] = named(&exception["id"]);
        if exception["cause"].is_string() {
            form["cause"] = named(&exception["cause"]);
        }
        if exception["remote"] == false {
            form = without(&form, "remote");
        }
        form
    });
    json!({ "exceptions": forms.collect::<Vec<_>>() })
}

/// Metadata without what is the same for all segments of a process.
fn metadata_form(metadata: &Value) -> Value {
    let mut metadata = metadata.clone();
    for namespace in metadata.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(values) = namespace.as_object_mut() {
            values.retain(|key, _| !key.starts_with("otel.resource."));
        }
    }
    if let Some(namespaces) = metadata.as_object_mut() {
        namespaces.retain(|_, values| !values.as_object().is_some_and(Map::is_empty));
    }
    metadata
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    if let Some(members) = value.as_object_mut() {
        members.remove(key);
    }
    value
}

#[test]
fn the_same_trace_has_one_form_whoever_wrote_it() {
    let python = json!({
        "id": "90a83f70e15fd672", "name": "seg", "start_time": 1.5, "in_progress": false,
        "aws": {"xray": {"sdk": "X-Ray for Python"}}, "cause": "68719afa0aec4d77",
        "trace_id": "1-6b000f63-b02d8525419056a10598709b", "fault": true, "end_time": 2.5,
        "subsegments": [{
            "id": "3a1a7e250df90ab6", "name": "inner", "start_time": 1.7, "end_time": 2.0,
            "in_progress": false, "namespace": "local", "fault": true, "type": "subsegment",
            "parent_id": "90a83f70e15fd672", "trace_id": "1-6b000f63-b02d8525419056a10598709b",
            "cause": {"exceptions": [{"id": "68719afa0aec4d77", "message": "m", "remote": false, "stack": [{"line": 1}]}]},
        }],
    });
    let ours = [
        json!({
            "id": "0000000000000001", "trace_id": "1-69180001-00000000000000000000000a",
            "name": "seg", "start_time": 7.0, "end_time": 8.0, "fault": true, "cause": "00000000000000aa",
        }),
        json!({
            "id": "0000000000000002", "trace_id": "1-69180001-00000000000000000000000a",
            "type": "subsegment", "parent_id": "0000000000000001", "name": "inner",
            "start_time": 7.0, "end_time": 8.0, "fault": true,
            "cause": {"exceptions": [{"id": "00000000000000aa", "message": "m"}]},
        }),
    ];
    assert_eq!(normal_form(&[python]), normal_form(&ours));
    assert_ne!(normal_form(&ours), normal_form(&ours[..1]));
}
