//! Calls to others: what is told of them, and what they are told.

use serde_json::{Value, json};
use spanwright::Span;
use spanwright::http_client::Client;
use spanwright::record::{SpanKind, SpanRecord};
use spanwright::testing::Capture;
use support::http_server::{Answer, HttpServer, Log};

use super::{
    SERVICE, assert_same_but, call, encoded, node, reference, segment, sent, with_headers,
};

const HEADER: &str = "x-amzn-trace-id";
const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

/// A server that answers with these, then with 200.
fn server(statuses: &[u16]) -> (HttpServer, Log) {
    let answers = statuses.iter().map(|status| Answer::status(*status)).collect();
    HttpServer::scripted(answers, Answer::status(200))
}

/// Makes requests below a segment, whether they are answered or not.
fn requested(capture: Capture, begin: impl FnOnce() -> Span, urls: &[String]) -> Vec<SpanRecord> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let client = reqwest::Client::builder().no_proxy().build().expect("a plain client");
    let client = Client::from(client);
    let requests = async {
        for url in urls {
            drop(client.get(url).send().await);
        }
    };
    capture.run(|| runtime.block_on(begin().wrap(requests))).1
}

fn begin() -> Span {
    Span::build(SERVICE).segment().start()
}

/// A call whose answer has this status, by another client.
fn answered(status: u16) {
    drop(call("GET", &[("http.request.method", &"GET"), ("http.response.status_code", &status)]));
}

#[test]
fn calls_are_told_by_host_status_and_transport_error() {
    let (server, _) = server(&[200, 404, 429, 503]);
    let mut reference = reference("remote_http_requests");
    for call in reference[0]["subsegments"].as_array_mut().unwrap() {
        let request = &mut call["http"]["request"];
        let url = request["url"].as_str().unwrap();
        request["url"] = json!(url.replace("http://127.0.0.1:38343", &server.url()));
        // There the method is as the user wrote it.
        request["method"] = json!("GET");
        // There the length of an answer is not told.
        if let Some(response) = call["http"].get_mut("response") {
            response["content_length"] = json!(0);
        }
    }
    let paths =
        ["200", "404", "429", "503"].map(|path| format!("{}/{path}?q=secret", server.url()));
    let urls = [&paths[..], &["http://127.0.0.1:1/refused".to_owned()]].concat();
    let documents = encoded(SERVICE, &requested(with_headers(), begin, &urls));
    // What went wrong has the words of another library, and went wrong with somebody else.
    let but = ["metadata", "message", "type", "remote"];
    assert_same_but(&but, &documents, &reference);
    let exception = &documents[0]["subsegments"][4]["cause"]["exceptions"][0];
    assert_eq!(exception["remote"], true, "{exception:#}");
    assert!(exception["message"].as_str().is_some_and(|text| !text.is_empty()), "{exception:#}");
}

#[test]
fn a_query_is_not_told() {
    let (server, _) = server(&[]);
    let urls = [format!("{}/200?q=secret", server.url())];
    let documents = encoded(SERVICE, &requested(with_headers(), begin, &urls));
    assert!(!documents[0].to_string().contains("secret"), "{:#}", documents[0]);
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
        let documents = sent(|| segment(|| answered(status)));
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
    let (server, _) = server(&[]);
    let urls = [format!("{}/200?q=1", server.url())];
    let documents = encoded(SERVICE, &requested(with_headers(), begin, &urls));
    let [call] = &documents[0]["subsegments"].as_array().unwrap()[..] else {
        panic!("{documents:#?}")
    };
    assert_eq!((&call["name"], &call["namespace"]), (&whole["name"], &whole["namespace"]));
    let mut response = whole["http"]["response"].clone();
    response["content_length"] = json!(0);
    assert_eq!(call["http"]["response"], response);
    assert_eq!(call["http"]["request"]["url"], format!("{}/200", server.url()));
}

#[test]
fn a_service_that_is_called_is_told_the_subsegment_of_the_call() {
    // The reference says nothing where a client of the standard library calls below a segment.
    let (server, log) = server(&[]);
    let documents = encoded(SERVICE, &requested(with_headers(), begin, &[server.url()]));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let root = text(&documents[0]["trace_id"]);
    let id = text(&node(&documents, "127.0.0.1")["id"]);
    let told = format!("Root={root};Parent={id};Sampled=1");
    assert_eq!(log.all()[0].header(HEADER), Some(told.as_str()));
}

#[test]
fn an_unsampled_trace_goes_on_with_its_id_where_the_reference_sends_zeros() {
    let caller = format!("{ROOT};Parent=53995c3f42cd8ad8;Sampled=0");
    let begin = || {
        let incoming = spanwright::extract(&[(HEADER, caller.as_str())].as_slice());
        Span::build(SERVICE).kind(SpanKind::Server).incoming(&incoming).start()
    };
    let (server, log) = server(&[]);
    let spans = requested(with_headers(), begin, &[server.url()]);
    assert_eq!(encoded(SERVICE, &spans), [] as [Value; 0]);
    let received = log.all();
    let told = received[0].header(HEADER).unwrap();
    assert!(told.starts_with(&format!("{ROOT};Parent=")), "{told}");
    assert!(told.ends_with(";Sampled=0"), "{told}");
    assert!(!told.contains("Parent=0000000000000000"), "{told}");
}
