//! The daemon's TCP port: requests that it signs and passes on, and the answers of the service.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::{Shared, Way};
use crate::http_server::{Answer, Received};

/// Keeps a request and answers it: by script, by handler, or as the service would.
pub(super) fn answer(shared: &Shared, request: &Received) -> Answer {
    let path = request.path.clone();
    let (scripted, handler) = shared.state.change(|state| {
        state.requests.push(request.clone());
        let scripted = state.scripts.get_mut(&path).and_then(VecDeque::pop_front);
        (scripted, state.handlers.get(&path).cloned())
    });
    match (scripted, handler) {
        (Some(answer), _) => answer,
        (None, Some(handler)) => handler(request),
        (None, None) if request.method == "POST" => serve(shared, &path, &request.body),
        (None, None) => Answer::status(404),
    }
}

fn serve(shared: &Shared, path: &str, body: &[u8]) -> Answer {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return reply(400, &json!({"message": "the body is not JSON"}));
    };
    match path {
        "/TraceSegments" => trace_segments(shared, &body),
        "/GetSamplingRules" => reply(200, &json!({"SamplingRuleRecords": []})),
        "/SamplingTargets" => reply(
            200,
            &json!({
                "SamplingTargetDocuments": [],
                "LastRuleModification": 0.0,
                "UnprocessedStatistics": [],
            }),
        ),
        _ => Answer::status(404),
    }
}

fn trace_segments(shared: &Shared, body: &Value) -> Answer {
    let Some(documents) = body.get("TraceSegmentDocuments").and_then(Value::as_array) else {
        return reply(400, &json!({"message": "TraceSegmentDocuments is missing"}));
    };
    let texts: Option<Vec<&str>> = documents.iter().map(Value::as_str).collect();
    let Some(texts) = texts else {
        return reply(400, &json!({"message": "a document is not a string"}));
    };
    let mut unprocessed = Vec::new();
    for text in &texts {
        if let Err(refusal) = shared.process(Way::Tcp, (*text).to_owned()) {
            let code = refusal.error_code;
            unprocessed.push(json!({"Id": refusal.id, "ErrorCode": code, "Message": code}));
        }
    }
    let texts = texts.into_iter().map(|text| (Way::Tcp, text.to_owned()));
    shared.state.change(|state| state.arrived.extend(texts));
    reply(200, &json!({"UnprocessedTraceSegments": unprocessed}))
}

fn reply(status: u16, body: &Value) -> Answer {
    Answer::status(status).header("content-type", "application/json").body(body.to_string())
}
