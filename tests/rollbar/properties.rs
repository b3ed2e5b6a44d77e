//! Whatever a failure says, the item is one that Rollbar takes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value as Json;
use spanwright::export::rollbar::{ClientAddress, Exporter, Personal, Settings};
use spanwright::export::{Exporter as _, Reply};
use spanwright::record::{
    Array, Attribute, Breadcrumb, Cause, CodeLines, ErrorRecord, Happening, Level, Person,
    ReportId, RequestRecord, Severity, Source, SpanContext, SpanId, StackFrame, Subject, TraceId,
    Value,
};
use spanwright::secret::Secret;
use support::rollbar_server;

use super::records::message;

/// How large an item may be.
const MAX_BYTES: usize = 524_288;

/// How large an item may be that was too large.
const SMALL_MAX_BYTES: usize = 131_072;

static PLACES: [Source; 3] = [
    place("list", "app::list", "src/list.rs", 3),
    place("run", "app::home::run", "src/home.rs", 7),
    place("by hand", "", "", 0),
];

const fn place(
    name: &'static str,
    function: &'static str,
    file: &'static str,
    line: u32,
) -> Source {
    Source { name, target: "app", function, file, line, level: Level::Info }
}

/// Any text, now and then a long one, or one of signs that need escapes.
fn text() -> impl Strategy<Value = String> {
    let sign = prop_oneof![any::<char>(), Just('\u{1}'), Just('"'), Just('\u{10ffff}')];
    prop_oneof![
        12 => any::<String>(),
        4 => "[a-zA-Z0-9 ./:?=&'\"-]{0,60}",
        1 => (sign, 0..3_000_usize).prop_map(|(char, len)| String::from(char).repeat(len)),
    ]
}

/// A text that may be larger than a whole item.
fn huge() -> impl Strategy<Value = String> {
    let sign = prop_oneof![any::<char>(), Just('\u{1}')];
    let repeated = (sign, 0..700_000_usize).prop_map(|(char, len)| String::from(char).repeat(len));
    prop_oneof![6 => text(), 1 => repeated]
}

/// Any number of things, now and then thousands of one.
fn many<T: Clone + std::fmt::Debug>(
    thing: impl Strategy<Value = T> + Clone,
) -> impl Strategy<Value = Vec<T>> {
    let thousands = (thing.clone(), 0..3_000_usize).prop_map(|(thing, len)| vec![thing; len]);
    prop_oneof![5 => vec(thing, 0..5), 1 => thousands]
}

fn frame() -> impl Strategy<Value = StackFrame> + Clone {
    let file =
        prop_oneof![text(), Just("/build/src/home.rs".to_owned()), Just("src/home.rs".into())];
    let function = prop_oneof![text(), Just("app::home::run::{{closure}}".to_owned())];
    let code = (vec(text(), 0..3), text(), vec(text(), 0..3))
        .prop_map(|(before, line, after)| CodeLines { before, line, after });
    let place = (option::of(function), option::of(file), option::of(any::<u32>()));
    (place, option::of(any::<u32>()), any::<bool>(), option::of(code))
        .prop_map(|((function, file, line), column, is_in_app, code)| StackFrame {
            function,
            file,
            line,
            column,
            is_in_app,
            code,
        })
        .boxed()
}

fn subject() -> impl Strategy<Value = Subject> {
    let cause = (option::of(text()), text())
        .prop_map(|(name, message)| Cause { type_name: name.map(Into::into), message })
        .boxed();
    prop_oneof![
        huge().prop_map(Subject::Message),
        huge().prop_map(|message| Subject::Panic(Cause { type_name: None, message })),
        // Never empty, the record says; the item has to be one all the same.
        many(cause).prop_map(Subject::Error),
    ]
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![text(), Just("content-type".to_owned()), Just("x-forwarded-for".into())];
    let value = prop_oneof![text(), Just("application/json".to_owned())];
    many((name, value).boxed())
}

fn request() -> impl Strategy<Value = RequestRecord> {
    let url = prop_oneof![huge(), "http://host/[a-z]{0,5}\\?([a-c]=?[a-z%2]{0,3}&){0,9}"];
    let url = prop_oneof![
        4 => url,
        1 => (0..100_000_usize).prop_map(|len| format!("http://host/?{}", "a&".repeat(len))),
    ];
    // Deeper than a reader goes, and almost.
    let depth = prop_oneof![0..200_usize, 118..128_usize];
    let body = prop_oneof![
        huge(),
        Just("{\"a\":[1,{\"b\":1e300}]}".to_owned()),
        depth.prop_map(|depth| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth))),
    ];
    let address = prop_oneof![text(), Just("198.51.100.7".to_owned()), Just("2001:db8::1".into())];
    let kind = ("content-type".to_owned(), "application/json".to_owned());
    let headers = prop_oneof![pairs(), Just(vec![kind])];
    (text(), url, option::of(text()), pairs(), headers, option::of(address), option::of(body))
        .prop_map(|(method, url, route, params, headers, client_address, body)| RequestRecord {
            method,
            url,
            route,
            params,
            headers,
            client_address,
            body,
        })
}

fn attribute() -> impl Strategy<Value = Attribute> + Clone {
    let key = prop_oneof![
        text(),
        select(vec!["trace_id", "spanwright", "thread"]).prop_map(str::to_owned)
    ];
    let value = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::I64),
        any::<f64>().prop_map(Value::F64),
        text().prop_map(|text| Value::Str(text.into())),
        vec(any::<f64>(), 0..9).prop_map(|items| Value::Array(Array::F64(items))),
        vec(text(), 0..4).prop_map(|items| Value::Array(Array::Str(items))),
    ];
    (key, value).prop_map(|(key, value)| Attribute::new(key, value)).boxed()
}

fn severity() -> impl Strategy<Value = Severity> {
    use Severity::{Critical, Debug, Error, Info, Warning};
    select(vec![Debug, Info, Warning, Error, Critical])
}

fn crumb() -> impl Strategy<Value = Breadcrumb> + Clone {
    let what = prop_oneof![
        text().prop_map(|message| Happening::Log { message }),
        text().prop_map(|message| Happening::Note { message }),
        (text(), any::<u64>(), option::of(text())).prop_map(|(name, duration_ns, error)| {
            Happening::Span { name: name.into(), duration_ns, error }
        }),
        (text(), text(), option::of(any::<u16>()))
            .prop_map(|(method, url, status)| Happening::Call { method, url, status }),
    ];
    (any::<u64>(), severity(), what)
        .prop_map(|(unix_ns, severity, what)| Breadcrumb { unix_ns, severity, what })
        .boxed()
}

fn span() -> impl Strategy<Value = SpanContext> {
    (any::<u128>(), any::<u64>()).prop_map(|(trace_id, span_id)| {
        SpanContext::sampled(TraceId::from_u128(trace_id), SpanId::from_u64(span_id))
    })
}

fn any_record() -> impl Strategy<Value = ErrorRecord> {
    let path = vec(select(PLACES.iter().collect::<Vec<&'static Source>>()), 0..4);
    let said = (subject(), vec(option::of(huge()), 4), vec(option::of(text()), 3));
    let place = (many(frame()), path, many(text().boxed()), option::of(span()));
    let around = (option::of(request()), many(attribute()), many(crumb()));
    (any::<u128>(), any::<u64>(), severity(), said, place, around).prop_map(
        |(id, unix_ns, severity, said, place, around)| {
            let (subject, mut texts, mut person) = said;
            let (stack, path, spans, span) = place;
            let (request, custom, breadcrumbs) = around;
            let mut text = || texts.pop().flatten();
            let mut personal = || person.pop().flatten();
            ErrorRecord {
                id: ReportId::from_random(id),
                unix_ns,
                severity,
                title: text(),
                fingerprint: text(),
                context: text(),
                thread: text(),
                person: Person { id: personal(), username: personal(), email: personal() },
                stack,
                path,
                spans: spans.into_iter().map(Into::into).collect(),
                span,
                request,
                custom,
                breadcrumbs,
                ..ErrorRecord { subject, ..message("") }
            }
        },
    )
}

fn runner(cases: u32) -> TestRunner {
    // The same cases every time.
    TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    )
}

fn exporter(client_address: ClientAddress) -> Exporter {
    let settings = Settings {
        environment: Some("ä".repeat(255)),
        person: Personal { username: true, email: true },
        client_address,
        ..Settings::new(Secret::new("token"))
    };
    Exporter::new(&settings)
}

fn encoded(exporter: &mut Exporter, record: &ErrorRecord) -> Vec<u8> {
    let mut item = Vec::new();
    exporter.encode(record, &mut item).expect("every record has a form");
    item
}

/// What the item is, which is one by Rollbar's rules.
fn judged(item: &[u8], record: &ErrorRecord) -> Json {
    const KNOWN: [&str; 18] = [
        "environment",
        "body",
        "level",
        "timestamp",
        "code_version",
        "platform",
        "language",
        "framework",
        "context",
        "request",
        "person",
        "server",
        "client",
        "custom",
        "fingerprint",
        "title",
        "uuid",
        "notifier",
    ];
    let item: Json = serde_json::from_slice(item).expect("an item is JSON");
    let data = &item["data"];
    for key in data.as_object().expect("an object").keys() {
        assert!(KNOWN.contains(&key.as_str()), "`{key}` is no field");
    }
    assert_eq!(data["uuid"], record.id.to_string());
    assert_eq!(data["level"], record.severity.as_str());
    assert_eq!(data["environment"], "ä".repeat(255));
    assert_eq!(data["timestamp"], record.unix_ns / 1_000_000_000);
    for (path, max_chars) in [
        ("/context", 255),
        ("/title", 255),
        ("/fingerprint", 40),
        ("/person/id", 40),
        ("/person/username", 255),
        ("/person/email", 255),
    ] {
        if let Some(value) = data.pointer(path) {
            assert!(value.as_str().expect("a text").chars().count() <= max_chars, "{path}");
        }
    }
    assert_eq!(rollbar_server::check(&item), Ok(()));
    item
}

#[test]
fn any_failure_makes_a_valid_item_that_fits_and_says_how_it_was_cut() {
    let steps = RefCell::new(BTreeSet::new());
    let checked = runner(60).run(&any_record(), |record| {
        let mut exporter = exporter(ClientAddress::Full);
        let item = encoded(&mut exporter, &record);
        assert!(item.len() <= MAX_BYTES, "{} bytes", item.len());
        assert!(item.len() <= Exporter::weigh(&record), "{} bytes", item.len());
        assert_eq!(item, encoded(&mut exporter, &record), "the same record makes the same bytes");
        let item = judged(&item, &record);
        let truncated = &item["data"]["custom"]["spanwright"]["truncated"];
        if truncated.is_object() {
            assert!(truncated["full_bytes"].as_u64() > Some(MAX_BYTES as u64));
            steps.borrow_mut().insert(truncated["step"].as_str().expect("a name").to_owned());
        }
        Ok(())
    });
    checked.expect("every item does");
    let steps = steps.into_inner();
    for step in ["frames", "texts_1024", "outline"] {
        assert!(steps.contains(step), "the cases reach `{step}`: {steps:?}");
    }
}

#[test]
fn any_item_that_is_refused_becomes_less_until_only_that_is_told() {
    let checked = runner(20).run(&(any_record(), any::<bool>()), |(record, is_too_large)| {
        let status = if is_too_large { 413 } else { 422 };
        let mut exporter = exporter(ClientAddress::Full);
        let mut item = encoded(&mut exporter, &record);
        let reply = Reply { status, ..Reply::default() };
        let mut forms = 0;
        while let Some(less) = exporter.reduce(&item, &reply) {
            assert!(less.len() <= SMALL_MAX_BYTES.min(Exporter::weigh(&record)), "{}", less.len());
            assert!(less.len() < item.len(), "each is smaller than the one before");
            judged(&less, &record);
            (item, forms) = (less, forms + 1);
        }
        let last: Json = serde_json::from_slice(&item).expect("an item is JSON");
        assert_eq!(last["data"]["custom"]["spanwright"]["failsafe"], true);
        assert!(forms == 1 || (forms == 2 && is_too_large), "{forms}");
        Ok(())
    });
    checked.expect("every item does");
}

#[test]
fn an_address_that_may_not_be_told_is_in_no_part_of_an_item() {
    for policy in [ClientAddress::Anonymized, ClientAddress::Omitted] {
        for (address, network) in
            [("198.51.100.77", "198.51.100.0"), ("2001:db8:1:2::77", "2001:db8:1:2::")]
        {
            let proxies = ["forwarded", "X-Forwarded-For", "x-real-ip", "cf-connecting-ip"];
            let headers = proxies.map(|name| (name.to_owned(), address.to_owned())).to_vec();
            let client_address = Some(address.to_owned());
            let request = RequestRecord { headers, client_address, ..RequestRecord::default() };
            let record = ErrorRecord { request: Some(request), ..message("") };
            let item = encoded(&mut exporter(policy), &record);
            let text = String::from_utf8(item).expect("an item is text");
            assert!(!text.contains("77"), "{text}");
            assert_eq!(text.contains(network), policy == ClientAddress::Anonymized);
        }
    }
}
