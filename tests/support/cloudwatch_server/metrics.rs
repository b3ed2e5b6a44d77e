//! What the service makes of events that hold metrics, by the rules of their format.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::Value;

/// The units that metrics of ours have, of those that there are.
const UNITS: [&str; 2] = ["Count", "Milliseconds"];

/// One value of a metric, with what it was measured at.
#[derive(Debug, PartialEq)]
pub struct Point {
    /// The name of the metric.
    pub name: String,
    /// Names and values of its dimensions.
    pub dimensions: Vec<(String, String)>,
    /// What was measured, in the order of the event.
    pub values: Vec<f64>,
}

/// Extracts the metrics of an event as the service does.
///
/// # Panics
/// The service would refuse to.
pub fn extract(event: &Value) -> Vec<Point> {
    let root = event.as_object().expect("the root is an object");
    let metadata = root["_aws"].as_object().expect("the metadata is an object");
    assert!(metadata["Timestamp"].is_u64(), "{event}");
    let mut points = Vec::new();
    for directive in metadata["CloudWatchMetrics"].as_array().expect("there are directives") {
        let namespace = directive["Namespace"].as_str().expect("a namespace is a text");
        assert!((1..=255).contains(&namespace.len()), "{event}");
        let metrics = directive["Metrics"].as_array().expect("there are metrics");
        assert!((1..=100).contains(&metrics.len()), "{event}");
        for set in directive["Dimensions"].as_array().expect("there are sets of dimensions") {
            let dimensions = dimensions(root, set);
            points.extend(metrics.iter().map(|metric| point(root, metric, dimensions.clone())));
        }
    }
    points
}

fn dimensions(root: &serde_json::Map<String, Value>, set: &Value) -> Vec<(String, String)> {
    let names = set.as_array().expect("a set is a list");
    assert!(names.len() <= 30, "{set}");
    let dimension = |name: &Value| {
        let name = name.as_str().expect("a name is a text");
        let value = root[name].as_str().expect("the value of a dimension is a text");
        assert!((1..=1_024).contains(&value.len()) && !value.trim().is_empty(), "{value:?}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{value:?}");
        (name.to_owned(), value.to_owned())
    };
    names.iter().map(dimension).collect()
}

fn point(
    root: &serde_json::Map<String, Value>,
    metric: &Value,
    dimensions: Vec<(String, String)>,
) -> Point {
    let name = metric["Name"].as_str().expect("a metric has a name").to_owned();
    assert!(UNITS.contains(&metric["Unit"].as_str().expect("a unit is a text")), "{metric}");
    let value = &root[&name];
    let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    assert!((1..=100).contains(&values.len()), "{name}: {}", values.len());
    let number = |value: &Value| value.as_f64().expect("a value is a number");
    Point { name, dimensions, values: values.iter().map(number).collect() }
}

/// The values of one metric of one function, in all events.
pub fn values(events: &[Value], function: &str, metric: &str) -> Vec<f64> {
    let points = events.iter().filter(|event| event["_aws"].is_object()).flat_map(extract);
    let is_meant = |point: &Point| {
        let is_of = |(name, value): &(String, String)| name == "function" && value == function;
        point.name == metric && point.dimensions.iter().any(is_of)
    };
    points.filter(is_meant).flat_map(|point| point.values).collect()
}
