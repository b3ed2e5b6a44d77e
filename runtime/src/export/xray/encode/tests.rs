//! What a document looks like.

use std::sync::Arc;

use super::super::settings::{Indexed, Naming};
use super::*;
use crate::notes::Notes;
use crate::record::{
    Destinations, ErrorClass, Level, Metadata, Namespace, Outcome, Resource, Segment, Source,
    SpanContext, SpanId, SpanKind, TraceId,
};

mod calls;
mod oversize;

static SOURCE: Source = Source {
    name: "home",
    target: "app",
    function: "app::home",
    file: "src/home.rs",
    line: 7,
    level: Level::Info,
};

const SECOND: u64 = 1_000_000_000;

/// Segment 1, or a subsegment of segment 1.
fn span(id: u64) -> SpanRecord {
    let parent_id = (id > 1).then_some(SpanId::from_u64(1));
    let segment = Segment { is_root: id == 1, parent_id, ..Segment::default() };
    let trace_id = TraceId::from_u128(0x6918_0001_0000_0000_0000_0000_0000_000a);
    let context = SpanContext::sampled(trace_id, SpanId::from_u64(id));
    let end_unix_ns = 90 * SECOND + 500_000_000 - id * SECOND;
    SpanRecord {
        parent_span_id: parent_id,
        local_root_id: SpanId::from_u64(1),
        kind: if id == 1 { SpanKind::Server } else { SpanKind::Internal },
        destinations: Destinations::ALL,
        segment: Some(Box::new(segment)),
        ..SpanRecord::new(context, &SOURCE, id * SECOND, end_unix_ns)
    }
}

fn segment(span: &mut SpanRecord) -> &mut Segment {
    span.segment.as_mut().expect("every span of these tests has one")
}

/// A failed span with what its error says.
fn failed(id: u64, errors: &[&str]) -> SpanRecord {
    let mut span = span(id);
    span.outcome = Outcome::Error;
    span.status = Status::Error { message: errors[0].to_owned().into() };
    segment(&mut span).errors = errors.iter().map(|&error| error.to_owned()).collect();
    span
}

fn encoder() -> Encoder {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    Encoder::new(Rules {
        process: Process::of(&resource),
        naming: Naming::default(),
        indexed: Indexed::default(),
        notes: Notes::default(),
    })
}

fn texts(spans: Vec<SpanRecord>) -> Vec<String> {
    let mut out = Vec::new();
    let trace = LocalTrace { root_id: SpanId::from_u64(1), spans };
    encoder().encode(&trace, &mut out);
    assert!(out.len() <= weigh(&trace), "{} bytes, weighed {}", out.len(), weigh(&trace));
    let text = |document: Document| {
        assert_eq!(&out[document.start..document.json_start()], HEADER);
        String::from_utf8(out[document.json_start()..document.end].to_vec()).unwrap()
    };
    documents(&out).map(text).collect()
}

/// The members of a lone subsegment after its times.
fn check(span: SpanRecord, expected: &str) {
    let [text] = &texts(vec![span])[..] else { panic!("expected one document") };
    let (_, rest) = text.split_once("\"end_time\":").expect("it has ended");
    let rest = rest.split_once(',').map_or("", |(_, rest)| rest);
    assert_eq!(rest.strip_suffix('}').unwrap_or(rest), expected);
}

#[test]
fn a_trace_is_one_document_with_ids_first_and_children_inside() {
    let mut root = span(1);
    segment(&mut root).parent_id = Some(SpanId::from_u64(0xff));
    segment(&mut root).sampling_rule = Some(Arc::from("Default"));
    let mut inner = span(3);
    segment(&mut inner).parent_id = Some(SpanId::from_u64(2));
    let expected = concat!(
        r#"{"id":"0000000000000001","trace_id":"1-69180001-00000000000000000000000a","#,
        r#""parent_id":"00000000000000ff","name":"cruddur","start_time":1.0,"end_time":89.5,"#,
        r#""service":{"runtime":"rustc"},"aws":{"xray":{"sdk":"spanwright","sdk_version":""#,
        env!("CARGO_PKG_VERSION"),
        r#"","sampling_rule_name":"Default"}},"metadata":{"default":{"otel.resource.service.name":"cruddur"},"#,
        r#""sdk":{"span_name":"home"}},"subsegments":[{"id":"0000000000000002","name":"home","start_time":2.0,"end_time":88.5,"#,
        r#""subsegments":[{"id":"0000000000000003","name":"home","start_time":3.0,"end_time":87.5}]},"#,
        r#"{"id":"0000000000000004","name":"home","start_time":4.0,"end_time":86.5}]}"#,
    );
    assert_eq!(texts(vec![inner, span(4), span(2), root]), [expected]);
}

#[test]
fn what_comes_without_its_parent_is_independent() {
    let expected = concat!(
        r#"{"id":"0000000000000002","trace_id":"1-69180001-00000000000000000000000a","#,
        r#""type":"subsegment","parent_id":"0000000000000001","name":"home","start_time":2.0,"end_time":88.5}"#,
    );
    assert_eq!(texts(vec![span(2)]), [expected]);
    let mut orphan = span(2);
    segment(&mut orphan).parent_id = None;
    assert!(texts(vec![orphan])[0].contains(r#""service":"#), "no parent at all makes a segment");
    let mut other = span(3);
    other.segment = None;
    assert_eq!(texts(vec![other]), [""; 0]);
}

#[test]
fn a_span_that_runs_is_in_progress() {
    let mut running = span(1);
    running.end_unix_ns = 0;
    let [text] = &texts(vec![running])[..] else { panic!("expected one document") };
    assert!(text.contains(r#""start_time":1.0,"in_progress":true,"service""#), "{text}");
}

#[test]
fn flags_go_by_status_unless_the_code_says_otherwise() {
    let status = |code: i64| {
        let mut span = span(2);
        span.attributes = vec![Attribute::new("http.response.status_code", code)];
        span
    };
    let with = |mut span: SpanRecord, failure| {
        segment(&mut span).error_class = Some(failure);
        span
    };
    let http = |code| format!(r#""http":{{"response":{{"status":{code}}}}}"#);
    for (code, flags) in [
        (200, ""),
        (301, ""),
        (399, ""),
        (400, r#""error":true,"#),
        (404, r#""error":true,"#),
        (428, r#""error":true,"#),
        (429, r#""error":true,"throttle":true,"#),
        (499, r#""error":true,"#),
        (500, r#""fault":true,"#),
        (599, r#""fault":true,"#),
    ] {
        check(status(code), &format!("{flags}{}", http(code)));
    }
    check(with(status(500), ErrorClass::Ignored), &http(500));
    check(
        with(status(200), ErrorClass::Throttle),
        &format!(r#""error":true,"throttle":true,{}"#, http(200)),
    );
    let mut not_found = failed(2, &["no"]);
    not_found.attributes = vec![Attribute::new("http.response.status_code", 404_i64)];
    let [text] = &texts(vec![not_found])[..] else { panic!("expected one document") };
    assert!(text.contains(r#""error":true,"http""#), "{text}");
    check(with(failed(2, &["no"]), ErrorClass::Ignored), "");
    let mut cancelled = span(2);
    cancelled.outcome = Outcome::Cancelled;
    check(cancelled, r#""metadata":{"sdk":{"cancelled":true}}"#);
}

#[test]
fn a_chain_of_errors_is_linked_and_says_where() {
    let mut span = failed(2, &["cannot load", "connection refused"]);
    span.attributes = vec![Attribute::new("error.type", "app::db::Error")];
    span.kind = SpanKind::Client;
    check(
        span,
        concat!(
            r#""namespace":"remote","fault":true,"cause":{"exceptions":["#,
            r#"{"id":"975835de1c9756ce","message":"cannot load","type":"Error","remote":true,"#,
            r#""cause":"bfc846100bfc1e42","stack":[{"path":"src/home.rs","line":7,"label":"app::home"}]},"#,
            r#"{"id":"bfc846100bfc1e42","message":"connection refused","remote":true}]}"#,
        ),
    );
    let mut panicked = self::span(2);
    panicked.outcome = Outcome::Panic;
    let [text] = &texts(vec![panicked])[..] else { panic!("expected one document") };
    assert!(text.contains(r#""fault":true,"cause":{"exceptions":[{"id":"#), "{text}");
    assert!(text.contains(r#""message":"panicked","type":"panic""#), "{text}");
}

fn causes(spans: Vec<SpanRecord>) -> Vec<(String, Vec<String>)> {
    let [text] = &texts(spans)[..] else { panic!("expected one document") };
    let mut found = Vec::new();
    let document: serde_json::Value = serde_json::from_str(text).unwrap();
    let mut level = &document;
    while level.is_object() {
        let cause = &level["cause"];
        let exceptions = cause["exceptions"].as_array().into_iter().flatten();
        let told =
            exceptions.map(|it| format!("{}<-{}", it["message"].as_str().unwrap(), it["cause"]));
        found.push((cause.as_str().unwrap_or("own").to_owned(), told.collect()));
        level = &level["subsegments"][0];
    }
    found
}

#[test]
fn an_error_on_its_way_out_is_told_where_it_began() {
    let below = |mut span: SpanRecord, parent| {
        segment(&mut span).parent_id = Some(SpanId::from_u64(parent));
        span
    };
    let own = || "own".to_owned();
    let same = causes(vec![below(failed(3, &["no"]), 2), failed(2, &["no"]), failed(1, &["no"])]);
    let head = same[0].0.clone();
    assert_eq!(
        same,
        [(head.clone(), vec![]), (head.clone(), vec![]), (own(), vec!["no<-null".to_owned()])]
    );
    assert_eq!(head, "1d0b14e4db018fed");

    let wrapped = causes(vec![
        below(failed(3, &["no"]), 2),
        failed(2, &["w", "no"]),
        failed(1, &["w", "no"]),
    ]);
    assert_eq!(wrapped[1], (own(), vec![format!("w<-\"{head}\"")]));
    assert_ne!(wrapped[0].0, head, "the outermost hands on what wraps it");
    assert_eq!(wrapped[0].0.len(), 16);

    // The edge of a web framework has the message, and guesses the type.
    let mut edge = span(1);
    let event = |message: &'static str| EventRecord {
        name: "exception".into(),
        unix_ns: 7,
        attributes: vec![
            Attribute::new("exception.type", "NotFound"),
            Attribute::new("exception.message", message),
        ],
        dropped_attributes: 0,
    };
    edge.events = vec![event("w")];
    let told = causes(vec![failed(2, &["w", "no"]), edge.clone()]);
    assert_eq!(told[0], ("975835de1c9756ce".to_owned(), vec![]));
    assert_eq!(told[1].1.len(), 2);
    edge.events = vec![event("no")];
    let told = causes(vec![failed(2, &["w", "no"]), edge]);
    assert_eq!(told[0], (own(), vec!["no<-null".to_owned()]));
    let mut edge = failed(1, &["w"]);
    segment(&mut edge).errors.clear();
    edge.attributes = vec![Attribute::new("error.type", "NotFound")];
    assert_eq!(causes(vec![failed(2, &["w"]), edge])[0].1.len(), 0);

    let other = causes(vec![failed(2, &["a"]), failed(1, &["b"])]);
    assert_eq!(other, [(own(), vec!["b<-null".to_owned()]), (own(), vec!["a<-null".to_owned()])]);
}

#[test]
fn a_request_is_told_without_its_query() {
    let mut root = span(1);
    root.attributes = vec![
        Attribute::new("http.request.method", "get"),
        Attribute::new("url.scheme", "https"),
        Attribute::new("url.path", "/api/home"),
        Attribute::new("url.query", "a=b"),
        Attribute::new("server.address", "cruddur.com"),
        Attribute::new("server.port", 443_i64),
        Attribute::new("client.address", "10.0.0.1"),
        Attribute::new("network.peer.address", "10.0.0.2"),
        Attribute::new("user_agent.original", "curl"),
        Attribute::new("http.route", "/api/{page}"),
        Attribute::new("http.response.status_code", 200_i64),
        Attribute::new("http.response.body.size", 12_i64),
        Attribute::new("user.id", 7_i64),
    ];
    let [text] = &texts(vec![root])[..] else { panic!("expected one document") };
    for part in [
        concat!(
            r#""http":{"request":{"method":"GET","url":"https://cruddur.com/api/home","#,
            r#""user_agent":"curl","client_ip":"10.0.0.1","x_forwarded_for":true},"#,
            r#""response":{"status":200,"content_length":12}}"#
        ),
        r#""user":"7""#,
        r#""annotations":{"http_route":"/api/{page}"}"#,
        r#""url.query":"a=b","network.peer.address":"10.0.0.2"}"#,
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn calls_are_named_by_the_other_side_and_told_by_their_kind() {
    let call = |attributes: Vec<Attribute>| {
        let mut span = span(2);
        span.kind = SpanKind::Client;
        span.attributes = attributes;
        texts(vec![span]).remove(0)
    };
    let sql = call(vec![
        Attribute::new("db.system.name", "postgresql"),
        Attribute::new("db.namespace", "cruddur"),
        Attribute::new("server.address", "db"),
        Attribute::new("server.port", 5432_i64),
        Attribute::new("db.query.text", "SELECT 1, 'x' -- secret"),
    ]);
    assert!(sql.contains(r#""name":"cruddur@db""#), "{sql}");
    assert!(
        sql.ends_with(concat!(
            r#""namespace":"remote","sql":{"url":"postgresql://db:5432/cruddur","#,
            r#""database_type":"postgresql","sanitized_query":"SELECT ?, ?"}}"#
        )),
        "{sql}"
    );
    let aws = call(vec![
        Attribute::new("rpc.system", "aws-api"),
        Attribute::new("rpc.service", "DynamoDB"),
        Attribute::new("rpc.method", "PutItem"),
        Attribute::new("aws.region", "eu-central-1"),
        Attribute::new("aws.dynamodb.table_names", Array::Str(vec!["a".into(), "b".into()])),
    ]);
    assert!(aws.contains(r#""name":"DynamoDB""#), "{aws}");
    let block = r#""namespace":"aws","aws":{"operation":"PutItem","region":"eu-central-1","table_names":["a","b"]}"#;
    assert!(aws.contains(block), "{aws}");
    let stable = call(vec![
        Attribute::new("rpc.system.name", "aws-api"),
        Attribute::new("rpc.method", "DynamoDB/PutItem"),
        Attribute::new("db.system.name", "aws.dynamodb"),
        Attribute::new("cloud.region", "eu-central-1"),
        Attribute::new("aws.dynamodb.table_names", Array::Str(vec!["a".into()])),
    ]);
    assert!(stable.contains(r#""name":"DynamoDB""#), "{stable}");
    let block = r#""aws":{"operation":"PutItem","region":"eu-central-1","table_name":"a"}"#;
    assert!(stable.contains(block), "{stable}");
    let http = call(vec![Attribute::new("url.full", "https://me:pw@api.example.com/x?token=1")]);
    assert!(http.contains(r#""name":"api.example.com""#), "{http}");
    assert!(http.ends_with(r#""http":{"request":{"url":"https://api.example.com/x"}}}"#), "{http}");
}

#[test]
fn annotations_and_metadata_have_their_places() {
    let mut span = span(2);
    span.name = "GET /{id}".into();
    let mut own = Segment {
        parent_id: Some(SpanId::from_u64(1)),
        namespace: Some(Namespace::Remote),
        ..Segment::default()
    };
    own.annotations = vec![
        Attribute::new("app.len", 3_i64),
        Attribute::new("user.id", "u"),
        Attribute::new("user_id", "twice"),
        Attribute::new("large", 1_i64 << 54),
        Attribute::new("nan", f64::NAN),
    ];
    own.metadata = vec![Metadata { namespace: "ns".into(), key: "k".into(), json: "[1]".into() }];
    span.segment = Some(Box::new(own));
    span.attributes = vec![
        Attribute::new("app.now", "today"),
        Attribute::new(
            "aws.xray.annotations",
            Array::Str(vec!["app.len".into(), "app.more".into()]),
        ),
        Attribute::new("app.len", 3_i64),
        Attribute::new("app.more", true),
        Attribute::new("aws.xray.metadata.more", r#"{"a":{"b":1}}"#),
    ];
    check(
        span,
        concat!(
            r#""namespace":"remote","annotations":{"app_len":3,"user_id":"u","large":"18014398509481984","nan":"NaN","app_more":true},"#,
            r#""metadata":{"sdk":{"original_name":"GET /{id}"},"annotations_overflow":{"user_id":"twice"},"#,
            r#""ns":{"k":[1]},"default":{"app.now":"today"},"more":{"a":{"b":1}}}"#,
        ),
    );
}

#[test]
fn annotations_beyond_fifty_of_a_document_are_metadata() {
    let mut spans: Vec<_> = (2..=61).map(span).collect();
    for span in &mut spans {
        segment(span).annotations = vec![Attribute::new("n", 1_i64)];
    }
    spans.push(span(1));
    let [text] = &texts(spans)[..] else { panic!("expected one document") };
    assert_eq!(text.matches(r#""annotations":{"n":1}"#).count(), 50);
    assert_eq!(text.matches(r#""annotations_overflow":{"n":1}"#).count(), 10);
}

#[test]
fn a_user_is_told_once_and_another_user_too() {
    let mut spans = vec![span(2), span(3), span(1)];
    for (span, user) in spans.iter_mut().zip(["alice", "bob", "alice"]) {
        span.attributes = vec![Attribute::new("user.id", user)];
    }
    let [text] = &texts(spans)[..] else { panic!("one document") };
    assert!(text.contains(r#""user":"alice""#), "{text}");
    assert_eq!(text.matches("alice").count(), 1, "{text}");
    assert!(text.contains(r#""metadata":{"default":{"user.id":"bob"}}"#), "{text}");
}

#[test]
fn a_job_says_its_own_name_beside_that_of_the_service() {
    let mut job = span(1);
    job.kind = SpanKind::Consumer;
    job.name = "orders process".into();
    let of_job = texts(vec![job.clone()]).remove(0);
    assert!(of_job.contains(r#""name":"cruddur""#), "{of_job}");
    assert!(of_job.contains(r#""sdk":{"span_name":"orders process"}"#), "{of_job}");
    job.attributes = vec![Attribute::new("aws.local.service", "orders process")];
    let named = texts(vec![job]).remove(0);
    assert_eq!(named.matches("orders process").count(), 1, "{named}");
    let mut request = span(1);
    request.attributes = vec![Attribute::new("http.request.method", "GET")];
    assert!(!texts(vec![request])[0].contains("span_name"));
}

#[test]
fn weight_of_a_trace_is_not_less_than_its_memory() {
    let large = "x".repeat(1024 * 1024);
    let attributes = vec![Attribute::new("text", large.clone())];
    let plain = SpanRecord { attributes: attributes.clone(), segment: None, ..span(2) };
    let segment = Some(Box::new(Segment { errors: vec![large], ..Segment::default() }));
    for span in [plain, SpanRecord { attributes, segment, ..span(2) }] {
        let trace = LocalTrace { root_id: SpanId::from_u64(1), spans: vec![span] };
        assert!(weigh(&trace) >= 1024 * 1024, "{}", weigh(&trace));
    }
}
