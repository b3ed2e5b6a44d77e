//! Log records, decoded again with the message types of the specification.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use prost::Message;

use super::*;
use crate::export::otlp::{Compression, Endpoint};
use crate::record::{
    Array, Breadcrumb, Cause, Happening, Level, Person, ReportId, RequestRecord, Resource, Source,
    SpanId, StackFrame, TraceFlags, TraceId,
};

static SOURCE: Source = Source {
    name: "home_activities",
    target: "cruddur::services",
    function: "cruddur::services::home_activities",
    file: "src/services.rs",
    line: 12,
    level: Level::Info,
};

static BILLING: Source = Source { target: "billing", ..SOURCE };

/// A failure of which no more is known than must be.
fn plain() -> ErrorRecord {
    ErrorRecord::new(
        ReportId::from_random(7),
        10,
        Severity::Error,
        Subject::Error(vec![Cause { type_name: None, message: "no route".to_owned() }]),
    )
}

fn frame(function: &str, file: &str, line: u32, is_in_app: bool) -> StackFrame {
    StackFrame {
        function: Some(function.to_owned()),
        file: Some(file.to_owned()),
        line: Some(line),
        is_in_app,
        ..StackFrame::default()
    }
}

/// A failure that uses every field.
fn full() -> ErrorRecord {
    let cause = |type_name: &'static str, message: &str| Cause {
        type_name: Some(type_name.into()),
        message: message.to_owned(),
    };
    let causes = vec![cause("cruddur::Error", "größer"), cause("sqlx::Error", "pool timed out")];
    let text = |text: &str| Some(text.to_owned());
    ErrorRecord {
        subject: Subject::Error(causes),
        title: text("no activities"),
        fingerprint: text("home"),
        context: text("home"),
        stack: vec![
            frame("main", "src/main.rs", 1, true),
            frame("cruddur::home", "src/home.rs", 42, true),
            frame("sqlx::fetch", "/lib/sqlx.rs", 7, false),
        ],
        path: vec![&SOURCE],
        spans: vec!["GET /home".into()],
        span: Some(SpanContext {
            trace_id: TraceId::from_u128(0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10),
            span_id: SpanId::from_u64(0x1112_1314_1516_1718),
            flags: TraceFlags::SAMPLED.with(TraceFlags::RANDOM),
            is_remote: false,
        }),
        request: Some(RequestRecord {
            method: "GET".to_owned(),
            url: "http://localhost/home?q=1".to_owned(),
            ..RequestRecord::default()
        }),
        person: Person { id: text("7"), username: text("andrew"), email: text("a@b.c") },
        custom: vec![Attribute::new("attempt", 3_i64)],
        breadcrumbs: vec![Breadcrumb {
            unix_ns: 9,
            severity: Severity::Info,
            what: Happening::Log { message: "before".to_owned() },
        }],
        thread: text("worker-1"),
        ..plain()
    }
}

fn exporter() -> Exceptions {
    Exceptions::new(&settings())
}

fn settings() -> Settings {
    Settings::new(Endpoint::base_for_logs("http://localhost:4318").expect("it is an address"))
}

fn encode(record: &ErrorRecord) -> LogRecord {
    encode_with(&mut exporter(), record)
}

fn encode_with(exporter: &mut Exceptions, record: &ErrorRecord) -> LogRecord {
    let mut out = Vec::new();
    exporter.encode(record, &mut out).expect("every failure has a form");
    let mut records = ScopeLogs::decode(out.as_slice()).expect("an item is of a scope").log_records;
    assert_eq!(records.len(), 1);
    records.remove(0)
}

fn text(text: &str) -> any_value::Value {
    any_value::Value::StringValue(text.to_owned())
}

fn attribute(key: &str, value: &str) -> KeyValue {
    attributes::message(key, text(value))
}

const STACKTRACE: &str = "   0: sqlx::fetch
             at /lib/sqlx.rs:7
   1: cruddur::home
             at src/home.rs:42
   2: main
             at src/main.rs:1
Caused by: sqlx::Error: pool timed out
";

#[test]
fn every_field_arrives() {
    let expected = LogRecord {
        time_unix_nano: 10,
        observed_time_unix_nano: 10,
        severity_number: 17,
        severity_text: "error".to_owned(),
        body: Some(AnyValue { value: Some(text("no activities")) }),
        attributes: vec![
            attribute("exception.type", "cruddur::Error"),
            attribute("exception.message", "größer"),
            attribute("exception.stacktrace", STACKTRACE),
            attribute("code.function.name", "cruddur::home"),
            attribute("code.file.path", "src/home.rs"),
            attributes::message("code.line.number", any_value::Value::IntValue(42)),
            attribute("user.id", "7"),
            attribute("thread.name", "worker-1"),
            attribute("log.record.uid", "00000000-0000-4000-8000-000000000007"),
            attributes::message("attempt", any_value::Value::IntValue(3)),
        ],
        dropped_attributes_count: 0,
        flags: 3,
        trace_id: (1..=16).collect(),
        span_id: (0x11..=0x18).collect(),
        event_name: "http.server.request.exception".to_owned(),
    };
    assert_eq!(encode(&full()), expected);
}

#[test]
fn a_plain_failure_says_no_more_than_it_knows() {
    let record = encode(&plain());
    assert_eq!((record.event_name.as_str(), record.body, record.flags), ("exception", None, 0));
    assert!(record.trace_id.is_empty() && record.span_id.is_empty());
    let uid = attribute("log.record.uid", "00000000-0000-4000-8000-000000000007");
    assert_eq!(record.attributes, [attribute("exception.message", "no route"), uid]);
}

#[test]
fn a_span_that_names_none_is_left_out() {
    let record = encode(&ErrorRecord { span: Some(SpanContext::INVALID), ..full() });
    assert!(record.trace_id.is_empty() && record.span_id.is_empty());
}

#[test]
fn severities_have_the_numbers_of_the_specification_and_panics_are_no_worse() {
    let panic = Subject::Panic(Cause { type_name: None, message: "index".to_owned() });
    for subject in [plain().subject, panic] {
        for (severity, number, text) in [
            (Severity::Debug, 5, "debug"),
            (Severity::Info, 9, "info"),
            (Severity::Warning, 13, "warning"),
            (Severity::Error, 17, "error"),
            (Severity::Critical, 21, "critical"),
        ] {
            let record = encode(&ErrorRecord { severity, subject: subject.clone(), ..plain() });
            assert_eq!((record.severity_number, record.severity_text.as_str()), (number, text));
        }
    }
}

#[test]
fn an_exception_is_of_the_request_when_the_request_fails_of_it() {
    for (severity, name) in [
        (Severity::Warning, "exception"),
        (Severity::Error, "http.server.request.exception"),
        (Severity::Critical, "http.server.request.exception"),
    ] {
        assert_eq!(encode(&ErrorRecord { severity, ..full() }).event_name, name);
        assert_eq!(encode(&ErrorRecord { severity, ..plain() }).event_name, "exception");
    }
}

#[test]
fn a_message_is_a_log_record_and_no_exception() {
    let subject = Subject::Message("Hello World!".to_owned());
    let record = encode(&ErrorRecord { subject, ..full() });
    assert_eq!(record.body, Some(AnyValue { value: Some(text("Hello World!")) }));
    assert_eq!(record.event_name, "");
    let keys: Vec<_> = record.attributes.iter().map(|attribute| &*attribute.key).collect();
    assert!(keys.iter().all(|key| !key.starts_with("exception.")), "{keys:?}");
    assert!(keys.contains(&"code.function.name"), "{keys:?}");
}

#[test]
fn a_panic_without_a_type_is_of_type_panic_and_a_silent_error_has_its_type() {
    let panic = Subject::Panic(Cause { type_name: None, message: "index".to_owned() });
    let record = encode(&ErrorRecord { subject: panic, ..plain() });
    let expected = [attribute("exception.type", "panic"), attribute("exception.message", "index")];
    assert_eq!(record.attributes[..2], expected);
    let silent = Cause { type_name: Some("app::Silent".into()), message: String::new() };
    let record = encode(&ErrorRecord { subject: Subject::Error(vec![silent]), ..plain() });
    assert_eq!(record.attributes[0], attribute("exception.type", "app::Silent"));
    assert_eq!(record.attributes.len(), 2);
}

#[test]
fn without_a_stack_the_place_is_the_innermost_annotated_function() {
    let record = encode(&ErrorRecord { path: vec![&BILLING, &SOURCE], ..plain() });
    let expected = [
        attribute("code.function.name", "cruddur::services::home_activities"),
        attribute("code.file.path", "src/services.rs"),
        attributes::message("code.line.number", any_value::Value::IntValue(12)),
    ];
    assert_eq!(record.attributes[1..4], expected);
}

#[test]
fn an_attribute_of_the_applications_own_wins_over_ours_of_the_same_key() {
    for key in ["exception.type", "code.file.path", "user.id", "log.record.uid"] {
        let record = encode(&ErrorRecord { custom: vec![Attribute::new(key, "mine")], ..full() });
        assert_eq!(record.attributes.last(), Some(&attribute(key, "mine")));
        let keys: BTreeSet<_> = record.attributes.iter().map(|it| &it.key).collect();
        assert_eq!((keys.len(), record.attributes.len()), (9, 9), "{keys:?}");
    }
}

#[test]
fn nothing_of_a_request_and_no_name_of_a_person_is_sent() {
    let sent = format!("{:?}", encode(&full()));
    for secret in ["q=1", "andrew", "a@b.c", "before"] {
        assert!(!sent.contains(secret), "{secret}");
    }
}

#[test]
fn texts_are_cut_on_a_character_boundary() {
    let mut exporter = Exceptions::new(&Settings { max_text_bytes: Some(3), ..settings() });
    let record = encode_with(&mut exporter, &full());
    assert_eq!(record.attributes[1].value, Some(AnyValue { value: Some(text("gr")) }));
    assert_eq!(record.body, Some(AnyValue { value: Some(text("no ")) }));
}

#[test]
fn a_record_weighs_more_than_its_encoded_form() {
    let arrays = vec![
        Attribute::new("bools", Array::Bool(vec![true; 1000])),
        Attribute::new("texts", Array::Str(vec![String::new(); 1000])),
    ];
    let deep =
        StackFrame { line: Some(u32::MAX), column: Some(u32::MAX), ..frame("f", "", 1, true) };
    let causes = vec![Cause::default(); 1000];
    let heavy = ErrorRecord {
        stack: vec![deep; 1000],
        custom: arrays,
        path: vec![&BILLING],
        subject: Subject::Error(causes),
        ..full()
    };
    let no_stack = ErrorRecord { path: vec![&BILLING], ..plain() };
    for record in [plain(), full(), no_stack, heavy] {
        let mut out = Vec::new();
        exporter().encode(&record, &mut out).expect("every failure has a form");
        let weight = Exceptions::weigh(&record);
        assert!(weight >= out.len(), "{weight} < {}", out.len());
    }
}

/// The requests' bodies, decoded.
fn requested(records: &[ErrorRecord]) -> ResourceLogs {
    let mut resource = Resource::default();
    resource.set(Attribute::new("service.name", "cruddur"));
    let settings = Settings { resource, compression: Compression::None, ..settings() };
    let mut exporter = Exceptions::new(&settings);
    let batch = Batch::collect(&mut exporter, records).expect("every failure has a form");
    let request = exporter.request(&batch);
    assert_eq!(request.url.reveal(), "http://localhost:4318/v1/logs");
    let body = request.body.concat();
    let decoded = ExportLogsServiceRequest::decode(body.as_slice()).expect("it is a request");
    let [logs] = &decoded.resource_logs[..] else { panic!("one resource") };
    logs.clone()
}

#[test]
fn a_request_has_one_resource_and_one_scope() {
    let logs = requested(&[full(), plain()]);
    let resource = logs.resource.expect("there is a resource");
    assert_eq!(resource.attributes, [attribute("service.name", "cruddur")]);
    let [of_scope] = &logs.scope_logs[..] else { panic!("one scope") };
    assert_eq!(of_scope.scope.as_ref().map(|scope| &*scope.name), Some("spanwright"));
    assert_eq!((&of_scope.schema_url, of_scope.log_records.len()), (&logs.schema_url, 2));
    assert!(logs.schema_url.ends_with("/1.44.0"), "{}", logs.schema_url);
}

#[test]
fn a_target_is_a_scope_of_its_own() {
    let other = ErrorRecord { path: vec![&SOURCE, &BILLING], ..plain() };
    let logs = requested(&[full(), other, plain()]);
    let found: Vec<_> = logs
        .scope_logs
        .iter()
        .map(|it| (it.scope.as_ref().map(|scope| &*scope.name), it.log_records.len()))
        .collect();
    assert_eq!(found, [(Some("spanwright"), 2), (Some("billing"), 1)]);
}
