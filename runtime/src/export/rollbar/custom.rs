//! What Rollbar has no field for.
//!
//! In: the application's values, ids, paths. Out: Rollbar's `custom`, in which the application's keys
//! stay what they are.
//! Never: lets a key of the application hide one of ours.
//!
//! Source: <https://docs.rollbar.com/reference/create-item>, `custom`.

use serde_json::{Map, Value, json};

use super::text;
use crate::record::{ErrorRecord, Source, SpanContext};

/// What this crate says about the item itself.
pub(super) const OURS: &str = "spanwright";

/// Where the ids of the innermost span are.
pub(super) const IDS: [&str; 3] = ["trace_id", "span_id", "xray_trace_id"];

const SPANS: &str = "span_path";
const FUNCTIONS: &str = "functions";
const THREAD: &str = "thread";

pub(super) fn custom(record: &ErrorRecord, service: Option<&str>) -> Map<String, Value> {
    let mut custom = Map::new();
    for attribute in &record.custom {
        let is_ours = [OURS, SPANS, FUNCTIONS, THREAD, "service"].contains(&&*attribute.key)
            || IDS.contains(&&*attribute.key);
        let prefix = if is_ours { "custom." } else { "" };
        custom.insert(format!("{prefix}{}", attribute.key), text::value(&attribute.value));
    }
    let mut set = |key: &str, value: Value| _ = custom.insert(key.to_owned(), value);
    if let Some(span) = record.span.filter(SpanContext::is_valid) {
        let [trace_id, span_id, xray_trace_id] = IDS;
        let digits = span.trace_id.to_string();
        let (seconds, random) = digits.split_at(8);
        set(xray_trace_id, json!(format!("1-{seconds}-{random}")));
        set(span_id, json!(span.span_id.to_string()));
        set(trace_id, json!(digits));
    }
    if !record.spans.is_empty() {
        set(SPANS, json!(record.spans.join(" > ")));
    }
    if !record.path.is_empty() {
        set(FUNCTIONS, record.path.iter().map(|source| json!(place(source))).collect());
    }
    for (key, text) in [(THREAD, record.thread.as_deref()), ("service", service)] {
        if let Some(text) = text {
            set(key, json!(text));
        }
    }
    custom
}

/// A function and where it is; of a span made by hand its name.
fn place(source: &Source) -> String {
    let Source { name, function, file, line, .. } = source;
    if file.is_empty() { (*name).to_owned() } else { format!("{function} ({file}:{line})") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::rollbar::testing::{message, source};
    use crate::record::{Attribute, SpanId, TraceId};

    #[test]
    fn ids_are_told_in_the_form_of_each_destination() {
        let trace_id = TraceId::from_u128(0x5759_e988_bd86_2e3f_e1be_46a9_9427_2793);
        let span = SpanContext::sampled(trace_id, SpanId::from_u64(0x53_995c));
        let record = ErrorRecord {
            span: Some(span),
            spans: vec!["GET /home".into(), "load".into()],
            path: vec![&source::LIST, &source::RUN],
            thread: Some("worker-1".to_owned()),
            ..message("")
        };
        let expected = json!({
            "trace_id": "5759e988bd862e3fe1be46a994272793",
            "span_id": "000000000053995c",
            "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
            "span_path": "GET /home > load",
            "functions": ["app::list::list (src/list.rs:3)", "app::home::run (src/home.rs:7)"],
            "thread": "worker-1",
            "service": "shop",
        });
        assert_eq!(Value::Object(custom(&record, Some("shop"))), expected);
        let record = ErrorRecord { span: Some(SpanContext::INVALID), ..message("") };
        assert!(custom(&record, None).is_empty());
    }

    #[test]
    fn a_key_of_the_application_keeps_its_name_unless_it_is_one_of_ours() {
        let custom_values = vec![
            Attribute::new("app.cart", 3),
            Attribute::new("thread", "mine"),
            Attribute::new("spanwright", true),
        ];
        let record = ErrorRecord { custom: custom_values, ..message("") };
        let expected = json!({ "app.cart": 3, "custom.thread": "mine", "custom.spanwright": true });
        assert_eq!(Value::Object(custom(&record, None)), expected);
    }
}
