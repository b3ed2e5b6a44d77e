//! Calls to others: what is told of them, and what they are told.

use serde_json::{Value, json};
use spanwright::Span;
use spanwright::propagate::Context;
use spanwright::record::{Outcome, SpanKind};

use super::{
    SERVICE, assert_same_but, call, encoded, node, reference, segment, sent, with_headers,
};

const HEADER: &str = "x-amzn-trace-id";
const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// Begins a call as clients with the standard attributes do.
fn get(url: &str) -> Span {
    let address: &str = "127.0.0.1";
    let attributes: [(&str, &dyn spanwright::ToAttribute); 3] =
        [("http.request.method", &"GET"), ("url.full", &url), ("server.address", &address)];
    call("GET", &attributes)
}

/// A call that was answered.
fn answered(url: &str, status: u16) {
    get(url).set_attribute("http.response.status_code", status);
}

/// The header that goes out with a call.
fn header() -> Option<String> {
    let mut found = None;
    spanwright::inject(|name, value| {
        if name.eq_ignore_ascii_case(HEADER) {
            found = Some(value.to_owned());
        }
    });
    found
}

#[test]
fn calls_are_told_by_host_status_and_transport_error() {
    let mut reference = reference("remote_http_requests");
    let calls = reference[0]["subsegments"].as_array_mut().unwrap();
    for call in calls.iter_mut() {
        // It writes the method as its user did, and calls its own errors local.
        call["http"]["request"]["method"] = json!("GET");
    }
    let exception = &mut calls[4]["cause"]["exceptions"][0];
    assert_eq!(exception["remote"], false);
    exception["remote"] = json!(true);
    let message = exception["message"].as_str().unwrap().to_owned();
    let documents = sent(|| {
        segment(|| {
            for status in [200, 404, 429, 503] {
                answered(&format!("http://127.0.0.1:38343/{status}?q=secret"), status);
            }
            let mut refused = get("http://127.0.0.1:1/refused");
            let exception: [(&str, &dyn spanwright::ToAttribute); 2] =
                [("exception.type", &"reqwest::ConnectionError"), ("exception.message", &message)];
            refused.add_event("exception", &exception);
            refused.set_outcome(Outcome::Error);
        });
    });
    assert_same_but(&["metadata"], &documents, &reference);
    assert!(!documents[0].to_string().contains("secret"));
}

#[test]
fn statuses_have_the_flags_of_the_reference() {
    for (status, flags) in [
        (200, &[][..]),
        (301, &[]),
        (399, &[]),
        (400, &["error"]),
        (403, &["error"]),
        (404, &["error"]),
        (428, &["error"]),
        (429, &["error", "throttle"]),
        (499, &["error"]),
        (500, &["fault"]),
        (503, &["fault"]),
        (599, &["fault"]),
    ] {
        let documents = sent(|| segment(|| answered("http://127.0.0.1/", status)));
        let call = &documents[0]["subsegments"][0];
        for flag in ["error", "throttle", "fault"] {
            assert_eq!(call[flag] == true, flags.contains(&flag), "{status}: {flag}");
        }
        assert_eq!(documents[0]["fault"], Value::Null, "the segment itself is fine");
    }
}

#[test]
fn a_call_is_one_subsegment_where_the_reference_makes_three_of_its_parts() {
    let reference = reference("remote_http_httplib");
    let parts = reference[0]["subsegments"].as_array().unwrap();
    let [_, whole, _] = &parts[..] else { panic!("{} parts", parts.len()) };
    let documents = sent(|| segment(|| answered("http://127.0.0.1/200?q=1", 200)));
    let [call] = &documents[0]["subsegments"].as_array().unwrap()[..] else {
        panic!("{documents:#?}")
    };
    for member in ["name", "namespace", "http"] {
        assert_eq!(call[member], whole[member], "{member}");
    }
}

#[test]
fn a_service_that_is_called_is_told_the_subsegment_of_the_call() {
    let ((of_call, of_segment), spans) = with_headers().run(|| {
        let segment = Span::build(SERVICE).segment().start();
        let of_call = segment.in_scope(|| get("http://127.0.0.1/200").in_scope(header));
        // The reference says nothing where only a segment is open.
        (of_call, segment.in_scope(header))
    });
    let documents = encoded(SERVICE, &spans);
    let told = |name| {
        let (root, id) = (&documents[0]["trace_id"], &node(&documents, name)["id"]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Some(format!("Root={};Parent={};Sampled=1", text(root), text(id)))
    };
    assert_eq!((of_call, of_segment), (told("127.0.0.1"), told(SERVICE)));
}

#[test]
fn an_unsampled_trace_goes_on_with_its_id_where_the_reference_sends_zeros() {
    let caller = [(HEADER, format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0"))];
    let (told, spans) = with_headers().run(|| {
        let headers: Vec<_> = caller.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let incoming: Context = spanwright::extract(&headers.as_slice());
        let request = Span::build(SERVICE).kind(SpanKind::Server).incoming(&incoming).start();
        request.in_scope(|| get("http://127.0.0.1/200").in_scope(header))
    });
    assert_eq!(encoded(SERVICE, &spans), [] as [Value; 0]);
    let told = told.unwrap();
    assert!(told.starts_with(&format!("{ROOT};Parent=")), "{told}");
    assert!(told.ends_with(";Sampled=0"), "{told}");
    assert!(!told.contains("Parent=0000000000000000"), "{told}");
}
