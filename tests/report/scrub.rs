//! What holds for every failure: a secret that is planted in it is not told.

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_oneof, proptest};
use spanwright::record::{
    Attribute, Breadcrumb, Cause, CodeLines, ErrorRecord, Happening, Person, ReportId,
    RequestRecord, Severity, StackFrame, Subject,
};
use spanwright::redact::Redaction;
use spanwright::secret::Secret;

fn empty() -> ErrorRecord {
    let subject = Subject::Message(String::new());
    ErrorRecord::new(ReportId::from_random(7), 7, Severity::Error, subject)
}

/// A failure that says the same everywhere.
fn everywhere(text: &str) -> ErrorRecord {
    let text = || text.to_owned();
    let what = [
        Happening::Log { message: text() },
        Happening::Span { name: text().into(), duration_ns: 7, error: Some(text()) },
        Happening::Call { method: "GET".into(), url: text(), status: Some(200) },
        Happening::Note { message: text() },
    ];
    let crumb = |what| Breadcrumb { unix_ns: 7, severity: Severity::Info, what };
    let code = CodeLines { before: vec![text()], line: text(), after: vec![text()] };
    ErrorRecord {
        subject: Subject::Error(vec![Cause { type_name: None, message: text() }; 2]),
        title: Some(text()),
        fingerprint: Some(text()),
        context: Some(text()),
        stack: vec![StackFrame { code: Some(code), ..StackFrame::default() }],
        spans: vec![text().into()],
        request: Some(RequestRecord {
            method: "POST".into(),
            url: text(),
            route: None,
            params: vec![("id".into(), text())],
            headers: vec![("referer".into(), text()), ("x-note".into(), text())],
            client_address: None,
            body: Some(text()),
        }),
        person: Person { id: Some(text()), username: None, email: None },
        custom: vec![Attribute::new("note", text())],
        breadcrumbs: what.map(crumb).into(),
        thread: Some(text()),
        ..empty()
    }
}

/// A secret as it may be written into a text.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    Debug,
    Json,
    Percent,
    PercentAll,
    Base64,
}

impl Form {
    fn write(self, secret: &str) -> String {
        let escaped = |byte: u8| format!("%{byte:02X}");
        match self {
            Self::Plain => secret.to_owned(),
            Self::Debug => format!("{secret:?}"),
            Self::Json => serde_json::to_string(secret).expect("a text is JSON"),
            Self::Percent => {
                let write = |char: char| {
                    let mut bytes = [0; 4];
                    let text = char.encode_utf8(&mut bytes);
                    let is_plain = char.is_ascii_alphanumeric();
                    if is_plain { text.to_owned() } else { text.bytes().map(escaped).collect() }
                };
                secret.chars().map(write).collect()
            }
            Self::PercentAll => secret.bytes().map(escaped).collect(),
            Self::Base64 => base64(secret.as_bytes()),
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|chunk| {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let all = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        let six = move |at: usize| usize::try_from(all >> (18 - 6 * at) & 63).expect("six bits");
        (0..=chunk.len()).map(move |at| char::from(LETTERS[six(at)]))
    });
    letters.collect()
}

fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        Just(Form::Plain),
        Just(Form::Debug),
        Just(Form::Json),
        Just(Form::Percent),
        Just(Form::PercentAll),
        Just(Form::Base64),
    ]
}

/// Keys whose values are nobody's business.
fn key() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("password"),
        Just("PASSWORD"),
        Just("token"),
        Just("api_key"),
        Just("apiKey"),
        Just("API-KEY"),
        Just("secret"),
        Just("authorization"),
        Just("creditCard"),
    ];
    ("([a-z]{1,8}[_.-])?", word).prop_map(|(before, word)| before + word)
}

proptest! {
    #[test]
    fn a_configured_secret_is_told_nowhere_whatever_stands_around_it(
        before in any::<String>(),
        after in any::<String>(),
        // Signs that JSON and `Debug` write in ways of their own would be another text.
        secret in "[ -~]{6,40}",
        form in form(),
    ) {
        let planted = form.write(&secret);
        // What stands around it in quotes is not part of it.
        let needle = planted.trim_matches('"');
        let redaction = Redaction::new().secret(Secret::new(secret.as_str()));
        let mut record = everywhere(&format!("{before} {planted} {after}"));
        // By chance it may be in what is there in any case.
        if !format!("{:?}", everywhere(&format!("{before}  {after}"))).contains(needle) {
            redaction.redact_error(&mut record);
            for text in texts(&record) {
                prop_assert!(!text.contains(needle), "{text:?} has {needle:?}");
            }
        }
    }

    #[test]
    fn the_value_of_a_secret_key_is_told_in_no_notation(
        key in key(),
        // Not a word of any record.
        value in "[A-Za-z0-9]{4}zq[A-Za-z0-9_.~-]{4,30}",
        before in "[a-z ]{0,20}",
    ) {
        let custom = vec![Attribute::new(key.clone(), value.clone())];
        let mut record = ErrorRecord { custom, ..empty() };
        Redaction::new().redact_error(&mut record);
        let told = format!("{record:?}");
        prop_assert!(!told.contains(&value));
        for text in [
            format!("https://a.b/c?x=1&{key}={value}&y=2"),
            format!("x=1&{key}={value}"),
            format!("{{\"x\":[{{\"{key}\":\"{value}\"}}]}}"),
            format!("{{\"{key}\":{{\"x\":[\"{value}\"]}}}}"),
            format!("{before} {key}={value}"),
            format!("{before} {key}: {value}"),
            format!("{before} {key} = \"{value}\""),
            format!("{before} {{ {key}: Some(\"{value}\") }}"),
            format!("{before} Bearer {value}1 {key}"),
            format!("{before} postgres://bob:{value}@db/app"),
        ] {
            let mut record = ErrorRecord { stack: Vec::new(), ..everywhere(&text) };
            Redaction::new().redact_error(&mut record);
            let told = format!("{record:?}");
            prop_assert!(!told.contains(&value), "{text}");
        }
        let mut record = empty();
        record.request = Some(RequestRecord {
            headers: vec![(key, value.clone()), ("cookie".into(), format!("a={value}; b={value}"))],
            ..RequestRecord::default()
        });
        Redaction::new().redact_error(&mut record);
        let told = format!("{record:?}");
        prop_assert!(!told.contains(&value));
    }

    #[test]
    fn any_text_is_scrubbed_without_a_panic_and_does_not_grow_out_of_proportion(
        parts in vec(prop_oneof![
            any::<String>(),
            "[=:\"'\\\\{}\\[\\]();&%+./@ -]{0,9}",
            Just("token".to_owned()),
            Just("://".to_owned()),
            Just("Bearer ".to_owned()),
            Just("eyJ".to_owned()),
            Just("PRIVATE KEY-----".to_owned()),
            Just("\n--b\r\nname=\"pw\"\r\n\r\n".to_owned()),
        ], 0..20),
    ) {
        let redaction = Redaction::new().secret(Secret::new("token:token"));
        let mut once = everywhere(&parts.concat());
        redaction.redact_error(&mut once);
        for text in texts(&once) {
            prop_assert!(text.len() <= 3 * parts.concat().len().max(1) + 64);
        }
    }
}

/// Some of the texts of a record, each by itself.
fn texts(record: &ErrorRecord) -> Vec<String> {
    let request = record.request.as_ref().expect("there is a request");
    let code = record.stack[0].code.as_ref().expect("there is code");
    let mut texts = vec![
        record.subject.causes()[0].message.clone(),
        record.title.clone().expect("there is a title"),
        request.url.clone(),
        request.body.clone().expect("there is a body"),
        request.headers[0].1.clone(),
        code.line.clone(),
        record.custom[0].value.to_string(),
    ];
    texts.extend(code.before.clone());
    texts
}

#[test]
fn a_record_of_megabytes_is_scrubbed() {
    let text = "password=\"hunter2\" {\"token\":\"abc\"} https://a:b@c/?sig=1 ".repeat(20_000);
    let mut record = everywhere(&text);
    let before = text.len();
    Redaction::new().secret(Secret::new("hunter2-and-more")).redact_error(&mut record);
    for text in texts(&record) {
        assert!(text.len() < before / 10, "a text of 1 MiB is cut");
        assert!(!text.contains("hunter2") && !text.contains("a:b@"));
    }
}
